// 文字作答: a text area a question, with a count beside the length asked for; Enter begins a new line and nothing else.
import { exercise, h, typed } from "./kit.js";

const LONGEST = 4000;

/** Characters that people count: a rare character is one, spaces and line ends are none. */
const length = (text) => [...text.replace(/\s/gu, "")].length;

export default exercise(({ spec, change, current }) => {
  const group = `ck${Math.random().toString(36).slice(2)}`;
  const put = (id, text) => {
    const texts = { ...current()?.texts };
    if (text) texts[id] = text;
    else delete texts[id];
    change({ texts });
  };
  const asked = ({ min_chars: least, max_chars: most }) => {
    if (least && most < LONGEST) return `要求 ${least}–${most} 字`;
    return least ? `至少 ${least} 字` : most < LONGEST ? `不超过 ${most} 字` : "";
  };
  const state = (question, count) => {
    if (count > question.max_chars) return `，超出 ${count - question.max_chars} 字`;
    return count && count < question.min_chars ? `，还差 ${question.min_chars - count} 字` : "";
  };

  const questions = spec.questions.map((question) => {
    const id = `${group}-${question.id}`;
    const node = h("textarea", { id, rows: 6, maxlength: `${LONGEST}`, "aria-describedby": `${id}-count` });
    const count = h("p", { class: "ck-hint", id: `${id}-count` });
    const tell = () => {
      const n = length(node.value);
      count.textContent = [asked(question), `已写 ${n} 字${state(question, n)}`].filter(Boolean).join("；");
    };
    const entry = typed(node, (text) => put(question.id, text));
    node.addEventListener("input", (event) => { if (!event.isComposing) tell(); });
    node.addEventListener("compositionend", tell);
    return { id: question.id, box: h("div", { class: "ck-writing" }, h("label", { for: id }, question.text), node, count), paint: (text) => { entry.put(text); tell(); } };
  });

  return {
    nodes: [...questions.map((question) => question.box), h("p", { class: "ck-hint" }, "文字由教师评阅。写的内容会自动保存，字数不计空格和换行。")],
    blank: { texts: {} },
    show: (answer) => questions.forEach((question) => question.paint(answer?.texts?.[question.id] ?? "")),
    progress: (answer) => [Object.values(answer?.texts ?? {}).filter((text) => text.trim()).length, spec.questions.length],
  };
});
