// 案例判断: the case above, one fieldset a question with its decisions and the clause that carries the decision.
import { exercise, h, select, table } from "./kit.js";

export default exercise(({ spec, change, say, current }) => {
  const group = `ck${Math.random().toString(36).slice(2)}`;
  const edit = (id, patch) => {
    const questions = { ...current()?.questions };
    const { decision = null, basis = null } = { ...questions[id], ...patch };
    if (decision || basis) questions[id] = { decision, basis };
    else delete questions[id];
    show({ questions });
    change({ questions });
  };

  const questions = spec.questions.map((question) => {
    const name = `${group}-${question.id}`;
    const clause = Object.fromEntries(question.bases.map((item) => [item.id, item.text]));
    const radios = question.decisions.map((item) =>
      h("input", { type: "radio", name, value: item.id, onchange: () => edit(question.id, { decision: item.id }) }));
    const basis = select(`依据：${question.text}`, "选择依据…", question.bases, (value) => {
      edit(question.id, { basis: value });
      say(value ? `依据：${clause[value]}` : "已取消依据");
    });
    basis.id = `${name}-basis`;
    const whole = h("p", { class: "ck-clause" });
    return {
      id: question.id,
      box: h("fieldset", { class: "ck-question" }, h("legend", {}, question.text),
        question.decisions.map((item, at) => h("label", { class: "ck-line" }, radios[at], h("span", {}, item.text))),
        h("div", { class: "ck-basis" }, h("label", { for: basis.id }, "依据"), basis), whole,
        h("details", { class: "ck-clauses" }, h("summary", {}, `先看可选条款的全文（${question.bases.length} 条）`),
          h("ul", {}, question.bases.map((item) => h("li", {}, item.text))))),
      paint: (given) => {
        radios.forEach((radio) => { radio.checked = radio.value === given?.decision; });
        basis.value = given?.basis ?? "";
        whole.textContent = given?.basis ? clause[given.basis] : "";
      },
    };
  });

  const show = (answer) => questions.forEach((question) => question.paint(answer?.questions?.[question.id]));
  return {
    nodes: [
      ...(spec.rows.length ? [table(`${spec.title}：案情经过`, spec.columns, spec.rows)] : []),
      ...questions.map((question) => question.box),
      h("p", { class: "ck-hint" }, spec.policy === "practice" ? "计分：处理和依据都对得满分，只有处理对得一半。" : "计分：处理和依据都对才得分。"),
    ],
    blank: { questions: {} },
    show,
    progress: (answer) => {
      const given = Object.values(answer?.questions ?? {});
      const done = given.filter((pair) => pair.decision && pair.basis).length;
      return [given.length ? Math.max(1, done) : 0, spec.questions.length];
    },
  };
});
