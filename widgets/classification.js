// 归类: one fieldset an item; segments for up to four classes, a select for more, and how many each class has.
import { exercise, h, select } from "./kit.js";

const SEGMENTS = 4; // more do not fit beside a sentence

export default exercise(({ spec, change, say, current }) => {
  const group = `ck${Math.random().toString(36).slice(2)}`;
  const read = () => ({ bins: {}, ...current() });
  const left = (answer) => spec.items.filter((item) => !(item.id in (answer?.bins ?? {}))).length;

  const put = (item, bin) => {
    const { bins } = read();
    const answer = { bins: Object.fromEntries(Object.entries({ ...bins, [item]: bin }).filter(([, value]) => value)) };
    show(answer);
    change(answer);
    const rest = left(answer);
    say(rest ? `还有 ${rest} 条没有归类` : "全部条目都已归类");
  };
  const segments = (item) => {
    const radios = spec.bins.map((bin) => h("input", { type: "radio", name: `${group}-${item.id}`, onchange: () => put(item.id, bin.id) }));
    return {
      node: h("div", { class: "ck-seg" }, radios.map((radio, at) => h("label", {}, radio, spec.bins[at].text))),
      paint: (given) => radios.forEach((radio, at) => { radio.checked = spec.bins[at].id === given; }),
    };
  };
  const menu = (item) => {
    const node = select(`${item.text}：类别`, "选择类别…", spec.bins, (bin) => put(item.id, bin));
    return { node, paint: (given) => { node.value = given ?? ""; } };
  };
  const rows = spec.items.map((item) => {
    const choice = spec.bins.length > SEGMENTS ? menu(item) : segments(item);
    return { ...choice, id: item.id, box: h("fieldset", { class: "ck-item" }, h("legend", {}, item.text), choice.node) };
  });
  const counts = [...spec.bins.map((bin) => bin.text), "未归类"].map((text) => ({ text, node: h("b") }));

  const show = (answer) => {
    const given = answer?.bins ?? {};
    rows.forEach((row) => row.paint(given[row.id]));
    const sizes = [...spec.bins.map((bin) => Object.values(given).filter((value) => value === bin.id).length), left(answer)];
    counts.forEach((count, at) => { count.node.textContent = sizes[at]; });
  };
  return {
    nodes: [
      h("div", { class: "ck-items" }, rows.map((row) => row.box)),
      h("ul", { class: "ck-tally", "aria-label": "各类条数" }, counts.map(({ text, node }) => h("li", {}, h("span", {}, text), node))),
      h("p", { class: "ck-rule" }, "归类：各类分别计算归对的比例再平均，全部归入同一类不得分。"),
    ],
    blank: { bins: {} },
    show,
    progress: (answer) => [spec.items.length - left(answer), spec.items.length],
  };
});
