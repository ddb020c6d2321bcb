// 选择题: radio or check rows; a letter or a digit chooses while the focus is inside.
import { exercise, h } from "./kit.js";

const LETTERS = "ABCDEFGHIJK";
const DIGITS = "1234567890";
const ASK = { single: () => "请选一项", tf: () => "请判断", multi: () => "请选出所有符合的选项", select_n: (n) => `请选 ${n} 项` };
const RULE = {
  single: () => "单选：选错不倒扣分。",
  tf: () => "判断：选错不倒扣分。",
  multi: () => "多选：选对得分，错选扣分，最低 0 分，全部勾选不得分。",
  select_n: (n) => `选 ${n} 项：选对几项得几项的分，错选不扣分，最多选 ${n} 项。`,
};

export default exercise(({ spec, change, say, current }) => {
  const many = spec.mode === "multi" || spec.mode === "select_n";
  const group = `ck${Math.random().toString(36).slice(2)}`;
  const rows = [...spec.options, ...(spec.none_option ? [{ id: null, text: "以上均不符合" }] : [])];
  const read = () => ({ chosen: {}, none: false, ...current() });

  const put = (answer) => {
    show(answer);
    change(answer);
  };
  /** Choose a row, or take the choice back where several may be chosen; null is 以上均不符合. */
  const toggle = (id) => {
    const { chosen, none } = read();
    if (id === null) put({ chosen: {}, none: !none });
    else if (!many) put({ chosen: { [id]: true }, none: false });
    else if (id in chosen) {
      const rest = Object.fromEntries(Object.entries(chosen).filter(([other]) => other !== id));
      put({ chosen: rest, none: false });
    } else if (spec.choose && Object.keys(chosen).length >= spec.choose) refuse();
    else put({ chosen: { ...chosen, [id]: true }, none: false });
  };
  const refuse = () => {
    show(read());
    note.textContent = `已选满 ${spec.choose} 项，要换选，请先取消一项`;
    say(note.textContent);
  };
  const clear = () => {
    put({ chosen: {}, none: false });
    inputs[0].focus(); // the button is disabled now and would lose the focus
    say("已清除选择");
  };

  const inputs = rows.map((row) => h("input", { type: many ? "checkbox" : "radio", name: group, onchange: () => toggle(row.id) }));
  const wipe = h("button", { type: "button", class: "ck-quiet", onclick: clear }, "清除选择");
  const note = h("p", { class: "ck-note" });
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    const at = Math.max(LETTERS.indexOf(event.key.toUpperCase()), DIGITS.indexOf(event.key));
    if (at < 0 || at >= rows.length) return;
    event.preventDefault();
    inputs[at].focus();
    toggle(rows[at].id);
  };
  const box = h("fieldset", { class: "ck-choice", "aria-describedby": `${group}-rule`, onkeydown: onKey },
    h("legend", {}, ASK[spec.mode](spec.choose)),
    rows.map((row, at) => h("label", { class: row.id === null ? "ck-option ck-apart" : "ck-option" },
      inputs[at], h("span", { class: "ck-letter" }, LETTERS[at]), h("span", { class: "ck-text" }, row.text))),
    h("div", { class: "ck-tools" }, wipe, note));

  const show = (answer) => {
    const chosen = answer?.chosen ?? {};
    const count = Object.keys(chosen).length;
    rows.forEach((row, at) => { inputs[at].checked = row.id === null ? Boolean(answer?.none) : row.id in chosen; });
    wipe.disabled = !count && !answer?.none;
    note.textContent = many && count ? `已选 ${count}${spec.choose ? `/${spec.choose}` : ""} 项` : "";
  };
  return {
    nodes: [box, h("p", { class: "ck-rule", id: `${group}-rule` }, RULE[spec.mode](spec.choose), spec.none_option ? "都不符合时请选最后一项，不选就是没有作答。" : "",
      h("span", { class: "ck-keys" }, `也可按 ${LETTERS[0]}–${LETTERS[rows.length - 1]} 键选择。`))],
    blank: { chosen: {}, none: false },
    show,
    progress: (answer) => [answer?.none ? 1 : Object.keys(answer?.chosen ?? {}).length, spec.choose ?? 0],
  };
});
