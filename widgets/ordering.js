// 流程排序: buttons, a place menu, pick-and-place by tap, arrow keys after Space, and dragging by the handle.
import { exercise, h } from "./kit.js";

export default exercise(({ spec, change, say, current }) => {
  const text = Object.fromEntries(spec.steps.map((step) => [step.id, step.text]));
  const fixed = spec.fixed ?? {};
  /** Where steps are chosen, those fixed at the beginning stand there from the start. */
  const leading = () => {
    const at = Object.fromEntries(Object.entries(fixed).map(([id, place]) => [place, id])), found = [];
    while (at[found.length + 1]) found.push(at[found.length + 1]);
    return found;
  };
  const initial = spec.choose ? leading() : spec.steps.map((step) => step.id);
  const list = h("ol", { class: "ck-steps", "aria-label": "排好的步骤" });
  const pool = h("ul", { class: "ck-steps", "aria-label": "备选步骤" });
  let order = [...initial];
  let picked = null; // step taken by tap or Space, waiting for its place
  let before = null; // order when it was taken, for Esc

  const movable = (step) => !(step in fixed);
  const commit = (next, message, focus) => {
    order = next;
    paint();
    change({ order });
    if (message) say(message);
    focusOn(focus);
  };
  const focusOn = (focus) => {
    if (!focus) return;
    const item = [...list.children, ...pool.children].find((node) => node.dataset.step === focus.step);
    const wanted = item?.querySelector(`[data-do="${focus.tool}"]:not(:disabled)`) ?? item?.querySelector("button:not(:disabled)");
    wanted?.focus();
  };
  /** Put *step* at *place* (from 0) among the places that are not fixed. */
  const placed = (step, place) => {
    const free = order.filter((other) => movable(other) && other !== step);
    const held = Object.entries(fixed).filter(([id]) => order.includes(id) || !spec.choose);
    const total = free.length + 1 + held.length;
    const next = Array(total).fill(null);
    for (const [id, at] of held) if (at <= total) next[at - 1] = id;
    const slots = next.map((id, at) => (id ? null : at)).filter((at) => at !== null);
    const slot = slots.reduce((best, at) => (Math.abs(at - place) < Math.abs(best - place) ? at : best), slots[0]);
    next[slot] = step;
    for (const id of free) next[next.indexOf(null)] = id;
    return next;
  };
  const move = (step, place, tool) => {
    const next = placed(step, Math.max(0, Math.min(place, order.includes(step) ? order.length - 1 : order.length)));
    commit(next, `“${text[step]}”移到第 ${next.indexOf(step) + 1} 位，共 ${next.length} 位`, tool && { step, tool });
  };
  const shift = (step, by, tool) => {
    let place = order.indexOf(step) + by;
    while (order[place] && !movable(order[place])) place += by;
    if (place >= 0 && place < order.length) move(step, place, tool);
  };
  const add = (step) => move(step, order.length, "up");
  const remove = (step) => commit(order.filter((other) => other !== step), `“${text[step]}”已移出`, { step, tool: "add" });
  const pick = (step) => {
    before = [...order];
    picked = picked === step ? null : step;
    paint();
    say(picked ? `已拿起“${text[step]}”，用上下键移动，空格放下，Esc 取消；或点击要放的位置` : `“${text[step]}”已放下`);
    focusOn({ step, tool: "grip" });
  };
  const onTap = (step) => {
    if (!picked || picked === step) { pick(step); return; }
    const moving = picked;
    picked = null;
    move(moving, order.indexOf(step), "grip");
  };
  const onKey = (event, step) => {
    if (event.target.tagName === "SELECT" || picked !== step) return;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") { event.preventDefault(); shift(step, event.key === "ArrowUp" ? -1 : 1, "grip"); }
    if (event.key === "Escape") { event.preventDefault(); picked = null; commit(before, "已放回原位", { step, tool: "grip" }); }
  };

  /** Drag by the handle only, so that a finger elsewhere scrolls the page. */
  const drag = (event, step, grip) => {
    if (event.button) return;
    let dragging = false;
    const startY = event.clientY;
    grip.setPointerCapture(event.pointerId);
    const over = (y) => {
      const items = [...list.children].filter((node) => node.dataset.step && node.dataset.step !== step);
      return items.filter((node) => { const box = node.getBoundingClientRect(); return y > box.top + box.height / 2; }).length;
    };
    const onMove = (moved) => {
      if (!dragging && Math.abs(moved.clientY - startY) < 6) return;
      dragging = true;
      grip.closest("li").dataset.drag = "true";
      const box = list.getBoundingClientRect();
      if (moved.clientY < 60) window.scrollBy(0, -12);
      else if (moved.clientY > window.innerHeight - 60) window.scrollBy(0, 12);
      list.style.outline = moved.clientY >= box.top - 40 && moved.clientY <= box.bottom + 40 ? "2px dashed var(--ck-blue)" : "";
    };
    const onUp = (ended) => {
      grip.removeEventListener("pointermove", onMove);
      list.style.outline = "";
      delete grip.closest("li").dataset.drag;
      if (dragging && ended.type === "pointerup") { grip.dataset.dragged = "true"; move(step, over(ended.clientY), "grip"); }
    };
    grip.addEventListener("pointermove", onMove);
    grip.addEventListener("pointerup", onUp, { once: true });
    grip.addEventListener("pointercancel", onUp, { once: true });
  };

  const button = (tool, step, label, name, onclick, off = false) =>
    h("button", { type: "button", "data-do": tool, "aria-label": `${name}：${text[step]}`, title: name, disabled: off, onclick }, label);
  const item = (step, place) => {
    const inside = place !== null;
    const at = inside ? place + 1 : null;
    const locked = !movable(step);
    const grip = h("button", { type: "button", class: "ck-grip", "data-do": "grip", disabled: locked,
      "aria-label": `拿起：${text[step]}`, "aria-pressed": String(picked === step),
      onclick: () => { if (grip.dataset.dragged) delete grip.dataset.dragged; else onTap(step); },
      onpointerdown: (event) => drag(event, step, grip) }, "⠿");
    const places = h("select", { "data-do": "place", "aria-label": `移到：${text[step]}`, disabled: locked, onchange: () => move(step, Number(places.value), "place") });
    if (inside) places.append(...order.map((_, index) => h("option", { value: String(index), selected: index === place }, `第 ${index + 1} 位`)));
    const tools = !inside
      ? [button("add", step, "加入", "加入", () => add(step))]
      : locked
        ? [h("span", { class: "ck-progress" }, "已固定")]
        : [
            button("up", step, "↑", "上移", () => shift(step, -1, "up"), place === 0),
            button("down", step, "↓", "下移", () => shift(step, 1, "down"), place === order.length - 1),
            places,
            spec.choose ? button("out", step, "移出", "移出", () => remove(step)) : null,
          ];
    return h("li", { class: "ck-step", "data-step": step, "data-picked": String(picked === step),
      onkeydown: (event) => onKey(event, step),
      onclick: (event) => { if (picked && picked !== step && !event.target.closest("button, select")) onTap(step); } },
      locked ? null : grip, inside ? h("span", { class: "ck-place", "aria-hidden": "true" }, `${at}`) : null,
      h("span", { class: "ck-text" }, text[step]), h("span", { class: "ck-tools" }, tools));
  };
  const empty = (words) => h("li", { class: "ck-empty" }, words);
  const paint = () => {
    list.replaceChildren(...order.map((step, place) => item(step, place)));
    if (!order.length) list.append(empty("请从备选步骤中加入，并排好先后"));
    const rest = spec.steps.map((step) => step.id).filter((step) => !order.includes(step));
    pool.replaceChildren(...rest.map((step) => item(step, null)));
    if (!rest.length) pool.append(empty("没有剩余步骤"));
  };

  const keep = h("button", { type: "button", class: "ck-quiet", onclick: () => change({ order }) }, "就按现在的顺序作答");
  const nodes = spec.choose
    ? [h("div", { class: "ck-lists ck-two" }, h("div", {}, h("h4", {}, "排好的步骤"), list), h("div", {}, h("h4", {}, "备选步骤（可能有不属于本流程的）"), pool))]
    : [h("div", { class: "ck-lists" }, h("div", {}, list)), keep];
  return {
    nodes,
    blank: { order: [] },
    show: (answer) => {
      order = answer?.order?.length ? [...answer.order] : [...initial];
      picked = null;
      keep.hidden = Boolean(answer?.order?.length);
      keep.style.display = keep.hidden ? "none" : "";
      paint();
    },
    progress: (answer) => [answer?.order?.length ? 1 : 0, 0],
  };
});
