// 找错: one table, one listener; a click or Enter marks a cell, the list below says what is wrong with it.
import { exercise, h, select } from "./kit.js";

export default exercise(({ spec, change, say, current }) => {
  const columns = Object.fromEntries(spec.columns.map((column) => [column.id, column.text]));
  const rows = Object.fromEntries(spec.rows.map((row) => [row.id, row]));
  const cells = new Map();
  const read = () => ({ marks: {}, none: false, ...current() });
  const nameOf = (cell) => {
    const [row, column] = cell.split("/");
    return `${rows[row].cells[spec.columns[0].id]} · ${columns[column]}：${rows[row].cells[column] || "（空）"}`;
  };

  const body = h("tbody", {}, spec.rows.map((row) => h("tr", { "data-row": row.id }, spec.columns.map((column) => {
    const id = `${row.id}/${column.id}`;
    const node = h("td", { role: "gridcell", "data-cell": id, tabIndex: -1, "aria-selected": "false" }, row.cells[column.id]);
    cells.set(id, node);
    return node;
  }))));
  const table = h("table", { class: "ck-grid", role: "grid", "aria-multiselectable": "true", "aria-label": spec.title },
    h("thead", {}, h("tr", {}, spec.columns.map((column) => h("th", { scope: "col" }, column.text)))), body);
  const counter = h("h4", { style: "margin:.75rem 0 0;font-size:1rem" });
  const marks = h("ul", { class: "ck-marks", "aria-label": "已标记的错误" });
  const none = h("input", { type: "checkbox", onchange: () => put(none.checked ? { marks: {}, none: true } : { marks: {}, none: false }, none.checked ? "已声明全部记录正确" : "") });
  let active = `${spec.rows[0].id}/${spec.columns[0].id}`;

  const put = (answer, message) => {
    show(answer);
    change(answer);
    if (message) say(message);
  };
  const toggle = (id) => {
    const answer = read();
    const off = id in answer.marks;
    if (off) delete answer.marks[id];
    else { answer.marks[id] = { reason: null }; answer.none = false; }
    put(answer, off ? `已取消标记 ${nameOf(id)}` : `已标记 ${nameOf(id)}，请在下方选择错在哪里`);
  };
  const focusCell = (id) => {
    cells.get(active)?.setAttribute("tabindex", "-1");
    active = id;
    const node = cells.get(id);
    node.setAttribute("tabindex", "0");
    node.focus();
  };
  const step = (id, down, right) => {
    const [row, column] = id.split("/");
    const y = spec.rows.findIndex((item) => item.id === row) + down;
    const x = spec.columns.findIndex((item) => item.id === column) + right;
    const to = spec.rows[y] && spec.columns[x] ? `${spec.rows[y].id}/${spec.columns[x].id}` : null;
    if (to) focusCell(to);
  };
  table.addEventListener("click", (event) => {
    const id = event.target.closest("td")?.dataset.cell;
    if (!id) return;
    focusCell(id);
    toggle(id);
  });
  table.addEventListener("keydown", (event) => {
    const id = event.target.dataset?.cell;
    const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!id) return;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(id); }
    else if (arrows[event.key]) { event.preventDefault(); step(id, ...arrows[event.key]); }
  });

  const line = (id, mark) => {
    const why = select(`错在哪里：${nameOf(id)}`, "选择错在哪里…", spec.reasons, (value) => {
      const answer = read();
      answer.marks[id] = { reason: value };
      put(answer, value ? `${nameOf(id)}：${spec.reasons.find((reason) => reason.id === value).text}` : "");
      [...marks.children].find((node) => node.dataset.mark === id)?.querySelector("select")?.focus();
    });
    why.value = mark.reason ?? "";
    return h("li", { "data-mark": id },
      h("span", { class: "ck-text" }, nameOf(id)), why,
      h("button", { type: "button", class: "ck-quiet", "aria-label": `查看：${nameOf(id)}`, onclick: () => focusCell(id) }, "查看"),
      h("button", { type: "button", class: "ck-quiet", "aria-label": `取消标记：${nameOf(id)}`, onclick: () => toggle(id) }, "取消标记"));
  };
  const show = (answer) => {
    const given = answer?.marks ?? {};
    for (const node of body.querySelectorAll('[aria-selected="true"]')) node.setAttribute("aria-selected", "false");
    for (const id of Object.keys(given)) cells.get(id)?.setAttribute("aria-selected", "true");
    const order = [...cells.keys()];
    const listed = Object.entries(given).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
    marks.replaceChildren(...listed.map(([id, mark]) => line(id, mark)));
    const open = listed.filter(([, mark]) => !mark.reason).length;
    counter.textContent = listed.length ? `已标记 ${listed.length} 处${open ? `，其中 ${open} 处还没有选错在哪里` : ""}` : "点击表格中有错的内容（或用方向键移动、回车标记）";
    none.checked = Boolean(answer?.none);
  };
  cells.get(active).setAttribute("tabindex", "0");
  return {
    nodes: [
      spec.rules?.length ? h("ul", { class: "ck-rules" }, spec.rules.map((rule) => h("li", {}, rule))) : null,
      h("div", { class: "ck-scroll" }, table), counter, marks,
      h("label", { class: "ck-check" }, none, "全部记录正确，没有错误"),
    ].filter(Boolean),
    blank: { marks: {}, none: false },
    show,
    progress: (answer) => [answer?.none || Object.keys(answer?.marks ?? {}).length ? 1 : 0, 0],
  };
});
