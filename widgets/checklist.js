// 审核材料清单: one fieldset a document; category and ground appear once something is wrong with it.
import { exercise, h, select } from "./kit.js";

const STATUS = [["ok", "合格"], ["defect", "有问题"], ["", "待定"]];

export default exercise(({ spec, change, say, current }) => {
  const group = `ck${Math.random().toString(36).slice(2)}`;
  const [title, ...details] = spec.columns;
  const read = () => ({ rows: {}, disposition: null, ...current() });

  const rows = spec.rows.map((row) => {
    const name = row.cells[title.id];
    const edit = (patch) => {
      const answer = read();
      const old = answer.rows[row.id] ?? {};
      const next = { ...old, ...patch };
      if (next.status !== "defect") answer.rows[row.id] = { status: next.status || null };
      else answer.rows[row.id] = next;
      if (!next.status) delete answer.rows[row.id];
      show(answer);
      change(answer);
    };
    const radios = STATUS.map(([value]) =>
      h("input", { type: "radio", name: `${group}-${row.id}`, value, onchange: () => { edit({ status: value }); say(`${name}：${STATUS.find(([v]) => v === value)[1]}`); } }));
    const category = select(`${name}：问题类别`, "选择问题类别…", spec.categories, (value) => edit({ category: value }));
    const reason = select(`${name}：理由`, "选择理由…", spec.reasons, (value) => edit({ reason: value }));
    const notice = h("input", { type: "checkbox", onchange: () => edit({ notice: notice.checked }) });
    const defect = h("div", { class: "ck-defect", hidden: true }, category, reason,
      spec.dispositions.length ? h("label", { class: "ck-check" }, notice, "列入一次性告知书") : null);
    const box = h("fieldset", { class: "ck-doc" }, h("legend", {}, name),
      h("dl", {}, details.filter((column) => row.cells[column.id]).map((column) => [h("dt", {}, column.text), h("dd", {}, row.cells[column.id])])),
      h("div", { class: "ck-seg" }, radios.map((radio, index) => h("label", {}, radio, STATUS[index][1]))), defect);
    const paint = (given = {}) => {
      radios.forEach((radio) => { radio.checked = radio.value === (given.status ?? ""); });
      defect.hidden = given.status !== "defect";
      defect.style.display = defect.hidden ? "none" : "";
      category.value = given.category ?? "";
      reason.value = given.reason ?? "";
      notice.checked = Boolean(given.notice);
    };
    return { id: row.id, box, paint };
  });

  const choices = spec.dispositions.map((item) =>
    h("input", { type: "radio", name: `${group}-decision`, value: item.id, onchange: () => { const answer = read(); answer.disposition = item.id; change(answer); } }));
  const decision = spec.dispositions.length
    ? h("fieldset", { class: "ck-decide" }, h("legend", {}, "处理决定"),
        spec.dispositions.map((item, index) => h("label", { class: "ck-check", style: "margin-right:1rem" }, choices[index], item.text)))
    : null;

  const show = (answer) => {
    rows.forEach((row) => row.paint(answer?.rows?.[row.id]));
    choices.forEach((choice) => { choice.checked = choice.value === answer?.disposition; });
  };
  return {
    nodes: [h("div", { class: "ck-docs" }, rows.map((row) => row.box)), ...(decision ? [decision] : [])],
    blank: { rows: {}, disposition: null },
    show,
    progress: (answer) => [
      Object.values(answer?.rows ?? {}).filter((row) => row.status).length + (answer?.disposition ? 1 : 0),
      spec.rows.length + (decision ? 1 : 0),
    ],
  };
});
