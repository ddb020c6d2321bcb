// 计算: what is given above, one blank after another below; numbers are sent as they were typed.
import { exercise, h, select, table, typed } from "./kit.js";

export default exercise(({ spec, change, current }) => {
  const group = `ck${Math.random().toString(36).slice(2)}`;
  const edit = (id, patch) => {
    const blanks = { ...current()?.blanks };
    const { value = "", unit = null } = { ...blanks[id], ...patch };
    if (value || unit) blanks[id] = unit ? { value, unit } : { value };
    else delete blanks[id];
    change({ blanks });
  };
  const hintOf = (blank) => [
    blank.answer === "date" ? "年月日，如 2026-09-30" : "",
    blank.decimals === 0 ? "取整数" : blank.decimals ? `保留 ${blank.decimals} 位小数` : "",
    blank.units.length ? "只填数，单位在后面选" : "",
  ].filter(Boolean).join("；");

  const choice = (blank) => {
    const radios = blank.options.map((option) =>
      h("input", { type: "radio", name: `${group}-${blank.id}`, value: option.id, onchange: () => edit(blank.id, { value: option.id }) }));
    return {
      box: h("fieldset", { class: "ck-blank" }, h("legend", {}, blank.text),
        blank.options.map((option, at) => h("label", { class: "ck-line" }, radios[at], h("span", {}, option.text)))),
      paint: (given) => radios.forEach((radio) => { radio.checked = radio.value === given?.value; }),
    };
  };
  const quantity = (blank) => {
    const id = `${group}-${blank.id}`;
    const hint = hintOf(blank);
    const node = h("input", { type: "text", id, maxlength: "200", autocomplete: "off", spellcheck: "false", "aria-describedby": hint ? `${id}-hint` : null });
    const value = typed(node, (text) => edit(blank.id, { value: text }));
    const unit = blank.units.length ? select(`单位：${blank.text}`, "选择单位…", blank.units, (chosen) => edit(blank.id, { unit: chosen })) : null;
    return {
      box: h("div", { class: "ck-blank" }, h("label", { for: id }, blank.text), h("div", { class: "ck-sum" }, node, unit),
        hint ? h("p", { class: "ck-hint", id: `${id}-hint` }, hint) : null),
      paint: (given) => {
        value.put(given?.value ?? "");
        if (unit) unit.value = given?.unit ?? "";
      },
    };
  };
  const blanks = spec.blanks.map((blank) => ({ id: blank.id, ...(blank.answer === "choice" ? choice(blank) : quantity(blank)) }));

  return {
    nodes: [
      ...(spec.rows.length ? [table(`${spec.title}：已知数据`, spec.columns, spec.rows)] : []),
      h("div", { class: "ck-blanks" }, blanks.map((blank) => blank.box)),
    ],
    blank: { blanks: {} },
    show: (answer) => blanks.forEach((blank) => blank.paint(answer?.blanks?.[blank.id])),
    progress: (answer) => [Object.values(answer?.blanks ?? {}).filter((given) => given.value).length, spec.blanks.length],
  };
});
