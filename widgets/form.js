// 录入: the document beside the form; every entry is kept as it was typed, nothing is checked here.
// A form to be collected (record, survey) has no document to read from: its fields stand below a short guide, all in sight.
import { exercise, h, select, table, typed } from "./kit.js";

const SHAPES = {
  date: "年月日，如 2026-09-30",
  digits: "只填数字",
  id_no: "18 位，末位可能是 X",
  uscc: "18 位，数字和大写字母",
};

export default exercise(({ spec, change, current }) => {
  const group = `ck${Math.random().toString(36).slice(2)}`;
  const put = (id, entry) => {
    const fields = { ...current()?.fields };
    if (entry) fields[id] = entry;
    else delete fields[id];
    change({ fields });
  };

  const rows = spec.fields.map((field) => {
    const id = `${group}-${field.id}`;
    const hints = [SHAPES[field.input], field.max_length ? `最多 ${field.max_length} ${field.input === "text" ? "字" : "位"}` : "", field.hint].filter(Boolean);
    const node = field.input === "select"
      ? select(field.text, "请选择…", field.options, (value) => put(field.id, value))
      : h("input", { type: "text", maxlength: "200", autocomplete: "off", spellcheck: "false", inputmode: field.input === "digits" ? "numeric" : null });
    node.id = id;
    if (field.required) node.setAttribute("aria-required", "true");
    if (hints.length) node.setAttribute("aria-describedby", `${id}-hint`);
    const entry = field.input === "select" ? { put: (value) => { node.value = value; } } : typed(node, (value) => put(field.id, value));
    return {
      id: field.id,
      entry,
      box: h("div", { class: "ck-field" },
        h("label", { for: id }, field.text, field.required ? h("span", { class: "ck-must" }, "必填") : null),
        node, hints.length ? h("p", { class: "ck-hint", id: `${id}-hint` }, hints.join("；")) : null),
    };
  });

  const lines = spec.document.map((line) => {
    const [name, ...rest] = line.text.split("：");
    return [h("dt", {}, rest.length ? name : ""), h("dd", {}, rest.join("：") || name)];
  });
  const paper = h("div", { class: "ck-paper" }, h("h4", {}, spec.document_title),
    lines.length ? h("dl", {}, lines) : null, spec.rows.length ? table(`${spec.title}：${spec.document_title}`, spec.columns, spec.rows) : null);
  const isSheet = spec.policy === "record" || spec.policy === "survey";
  const heading = isSheet ? `请填写（共 ${rows.length} 项）` : `录入栏（共 ${rows.length} 栏）`;
  const required = spec.fields.filter((field) => field.required).map((field) => field.id);

  return {
    nodes: [h("div", { class: "ck-entry" }, h("div", { class: isSheet ? "ck-form ck-plainform" : "ck-form" }, paper, h("div", { class: "ck-fields" }, h("h4", {}, heading), rows.map((row) => row.box))))],
    blank: { fields: {} },
    show: (answer) => rows.forEach((row) => row.entry.put(answer?.fields?.[row.id] ?? "")),
    progress: (answer) => {
      const filled = Object.keys(answer?.fields ?? {});
      const done = required.filter((id) => filled.includes(id)).length;
      return [filled.length ? Math.max(1, done) : 0, required.length];
    },
  };
});
