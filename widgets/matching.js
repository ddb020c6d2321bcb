// 匹配: a select for each stem; choosing an option that another stem has swaps the two.
import { exercise, h } from "./kit.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export default exercise(({ spec, change, say, current }) => {
  const letter = Object.fromEntries(spec.options.map((option, at) => [option.id, LETTERS[at]]));
  const text = Object.fromEntries([...spec.stems, ...spec.options].map((item) => [item.id, item.text]));
  const read = () => ({ ...(current()?.pairs ?? {}) });
  let held = null; // {stem, pairs}: the pairs as they were when the stem's select got the focus

  /** Give *stem* the option, and the stem that had it what *stem* had. */
  const swapped = (pairs, stem, option) => {
    const next = { ...pairs };
    const loser = Object.keys(pairs).find((other) => other !== stem && pairs[other] === option);
    if (loser && pairs[stem]) next[loser] = pairs[stem];
    else if (loser) delete next[loser];
    if (option) next[stem] = option;
    else delete next[stem];
    return [next, loser];
  };
  /** Arrow keys walk a closed select through options in use: each step starts from the pairs at focus, so none is lost. */
  const choose = (stem, option) => {
    if (held?.stem !== stem) held = { stem, pairs: read() };
    const [pairs, loser] = swapped(held.pairs, stem, option);
    paint(pairs);
    change({ pairs });
    const now = loser && pairs[loser];
    note.textContent = !loser ? "" : `“${text[loser]}”${now ? `换成了 ${letter[now]}` : `原来选的也是 ${letter[option]}，请重新选`}`;
    if (loser) say(note.textContent);
  };

  const rows = spec.stems.map((stem) => {
    const entries = spec.options.map((option) => h("option", { value: option.id }));
    const node = h("select", { "aria-label": stem.text, onchange: () => choose(stem.id, node.value || null), onblur: () => { held = null; } },
      h("option", { value: "" }, "选择…"), entries);
    const whole = h("span", { class: "ck-whole", "aria-hidden": "true" });
    const paint = (pairs) => {
      const others = Object.entries(pairs).filter(([other]) => other !== stem.id).map(([, option]) => option);
      spec.options.forEach((option, at) => { entries[at].textContent = `${letter[option.id]}. ${option.text}${others.includes(option.id) ? "（已用）" : ""}`; });
      node.value = pairs[stem.id] ?? "";
      whole.textContent = pairs[stem.id] ? text[pairs[stem.id]] : "";
    };
    return { paint, box: h("li", { class: "ck-stem" }, h("span", { class: "ck-text" }, stem.text), node, whole) };
  });
  const bank = spec.options.map((option) => {
    const used = h("span", { class: "ck-used" });
    return { used, id: option.id, box: h("li", {}, h("b", {}, `${letter[option.id]}.`), h("span", { class: "ck-text" }, option.text), used) };
  });
  const note = h("p", { class: "ck-note" });

  const paint = (pairs) => {
    rows.forEach((row) => row.paint(pairs));
    bank.forEach((entry) => {
      const used = Object.values(pairs).includes(entry.id);
      entry.used.textContent = used ? "已用" : "";
      entry.box.dataset.used = String(used);
    });
  };
  return {
    nodes: [
      h("div", { class: "ck-match" },
        h("div", {}, h("h4", {}, "题干"), h("ol", { class: "ck-stems" }, rows.map((row) => row.box))),
        h("div", {}, h("h4", {}, `备选项（多出 ${spec.options.length - spec.stems.length} 个）`), h("ul", { class: "ck-bank" }, bank.map((entry) => entry.box)))),
      note,
      h("p", { class: "ck-rule" }, "匹配：每个选项最多用一次，配对的得分，配错不扣分；选了已用的选项，两处互换。"),
    ],
    blank: { pairs: {} },
    show: (answer) => {
      held = null;
      note.textContent = "";
      paint(answer?.pairs ?? {});
    },
    progress: (answer) => [Object.keys(answer?.pairs ?? {}).length, spec.stems.length],
  };
});
