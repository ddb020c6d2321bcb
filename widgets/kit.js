// What every exercise shares: building nodes, saving with acknowledgement, undo, and what is said of it.
// A kind's module calls exercise(build); build(tools) returns {nodes, show(answer), progress(answer)}.

/** Make an element; text is always text, never markup. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== "string") node[name] = value;
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A select whose first entry asks for a choice. */
export function select(label, ask, items, onchange) {
  const node = h("select", { "aria-label": label, onchange: () => onchange(node.value || null) });
  node.append(h("option", { value: "" }, ask), ...items.map((item) => h("option", { value: item.id }, item.text)));
  return node;
}

/** A table to read; it scrolls by itself where it is too wide, by keyboard too. */
export function table(label, columns, rows) {
  const [title, ...rest] = columns;
  return h("div", { class: "ck-sheet", role: "region", "aria-label": label, tabIndex: 0 },
    h("table", { class: "ck-table" },
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col" }, column.text)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.cells[title.id]), rest.map((column) => h("td", {}, row.cells[column.id])))))));
}

const TYPING_MS = 400;

/** Save what is typed soon after the last key and at once on leaving, never while a character is being composed. */
export function typed(node, save) {
  let timer = null, composing = false, dirty = false;
  const flush = () => {
    clearTimeout(timer);
    if (dirty && !composing) { dirty = false; save(node.value); }
  };
  const touch = () => {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(flush, TYPING_MS);
  };
  node.addEventListener("compositionstart", () => { composing = true; });
  node.addEventListener("compositionend", () => { composing = false; touch(); });
  node.addEventListener("input", (event) => { if (!event.isComposing) touch(); });
  node.addEventListener("change", flush);
  node.addEventListener("blur", () => { composing = false; flush(); });
  return {
    /** Show a saved text, but not over one that is being typed: it will be saved in a moment. */
    put: (text) => { if (!dirty && !composing && node.value !== text) node.value = text; },
  };
}

export const clone = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (v) =>
  v && typeof v === "object" && !Array.isArray(v)
    ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])]))
    : Array.isArray(v) ? v.map(sorted) : v;
/** Join two changes of an answer as journal.py does: what one side changed is kept, where both did mine wins. */
export function merge(before, mine, theirs, depth = 2) {
  const plain = (value) => value && typeof value === "object" && !Array.isArray(value);
  if (!depth || !plain(mine) || !plain(theirs)) return same(mine, before) ? theirs : mine;
  const joined = {};
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = merge(before?.[name], mine[name], theirs[name], depth - 1);
    if (value !== undefined) joined[name] = value;
  }
  return joined;
}
const clock = (at) => new Date(at).toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });

const ACK_MS = 2500; // a kernel that is alive answers within this time
const RETRY_MS = 4000;

/** The visitor's token, as the sign-in page left it. */
export const visitorToken = () => document.cookie.split("; ").find((one) => one.startsWith("coursekit_visitor="))?.slice(18) ?? "";
const HELLO_MS = 2000;
const HELLOS = 6;

/** A message in the place of an exercise, with one thing to do. */
function notice(el, text, label, act) {
  el.replaceChildren(h("section", { class: "ck-card", lang: "zh-CN" }, h("p", { role: "status" }, text),
    label ? h("p", { class: "ck-tools" }, h("button", { type: "button", class: "ck-primary", onclick: act }, label)) : null));
}
const again = () => location.reload();

/** A served kernel shows nothing before it knows who came: sign in to it, then open; returns what stops asking. */
function admission(model, el, open) {
  const me = Math.random().toString(36).slice(2);
  let timer = null, tries = 0, close = null;
  notice(el, "正在打开演练……");
  const hello = () => {
    if (++tries > HELLOS) { notice(el, "暂时连不上演练服务。请检查网络，然后按“重新打开”，您会从原来的地方继续。", "重新打开", again); return; }
    try { model.send({ type: "hello", from: me, n: 0, token: visitorToken() }); } catch { /* the next one may pass */ }
    timer = setTimeout(hello, HELLO_MS);
  };
  const onMessage = (message) => {
    if (message.to !== me || close) return;
    clearTimeout(timer);
    if (message.type === "admitted") { close = open(); return; }
    const signIn = () => { location.assign(`/signin?next=${encodeURIComponent(location.pathname)}`); };
    if (message.signin) notice(el, message.message, "去签到", signIn);
    else notice(el, message.message, "重新打开", again);
  };
  model.on("msg:custom", onMessage);
  hello();
  return () => { clearTimeout(timer); model.off("msg:custom", onMessage); close?.(); };
}

/** The way to the journal: one answer in flight, kept in the browser until the kernel says that it is on the disk. */
function courier(model, report, adopt, advise) {
  const page = model.get("page");
  const me = Math.random().toString(36).slice(2);
  let asked = null;
  let n = 0, base = model.get("seq"), flight = null, waiting = null, timer = null, losses = 0;

  const store = (item) => {
    try {
      if (item) localStorage.setItem(page.store, JSON.stringify(item));
      else localStorage.removeItem(page.store);
    } catch { /* private mode: the journal alone must do */ }
  };
  const later = (ms, then) => { clearTimeout(timer); timer = setTimeout(then, ms); };
  const transmit = () => {
    flight.n = ++n;
    try {
      model.send({ type: "save", from: me, n, answer: flight.answer, base: flight.base });
      later(ACK_MS, lost);
    } catch { lost(); }
  };
  const lost = () => { report(page.served && ++losses > 1 ? "cut" : "lost"); later(RETRY_MS, transmit); };
  const send = (answer, from) => {
    flight = { answer, base: from };
    report("saving");
    transmit();
  };
  const onMessage = (message) => {
    if (message.to !== me) return;
    if (message.type === "comment" || (message.type === "failed" && message.n === asked)) { advise(message); return; }
    if (message.type === "state") {
      if (message.seq > base && !flight) { base = message.seq; adopt(message.answer); report("saved", message.at); }
      return;
    }
    if (!flight || message.n !== flight.n) return;
    clearTimeout(timer);
    losses = 0;
    if (message.type === "failed" && flight.own && !same(flight.own, flight.answer)) { adopt(flight.own); send(flight.own, flight.base); return; }
    if (message.type === "failed") { report("failed", message.message); later(RETRY_MS, transmit); return; }
    const sent = flight.answer;
    base = message.seq;
    flight = null;
    if (waiting !== null) {
      const own = waiting;
      const next = merge(sent, own, message.answer);
      waiting = null;
      if (!same(next, own)) adopt(next);
      send(next, base);
      flight.own = own; // should the two not go together, the trainee's last word stands
      return;
    }
    store(null);
    if (!same(sent, message.answer)) adopt(message.answer);
    report("saved", message.at);
  };
  model.on("msg:custom", onMessage);
  const ask = () => {
    if (document.visibilityState === "visible") try { model.send({ type: "hello", from: me, n: 0 }); } catch { /* lost() speaks */ }
  };
  document.addEventListener("visibilitychange", ask);
  window.addEventListener("focus", ask);

  return {
    put(answer) {
      if (page.preview) { report("preview"); return; }
      store({ answer, base });
      if (flight) { waiting = answer; report("saving"); } else send(answer, base);
    },
    /** Ask how a practice answer is doing. */
    ask(answer) {
      asked = ++n;
      try { model.send({ type: "check", from: me, n: asked, answer }); } catch { advise({ message: "与内核断开，请稍后再检查。" }); }
    },
    /** Send what an earlier page could not: its kernel died before it said 已保存. */
    resume() {
      let kept = null;
      try { kept = JSON.parse(localStorage.getItem(page.store)); } catch { /* nothing kept */ }
      if (kept && "answer" in kept) { adopt(kept.answer); send(kept.answer, kept.base); return; }
      if (page.preview) report("preview");
      else if (base) report("saved");
      ask();
    },
    close() {
      clearTimeout(timer);
      model.off("msg:custom", onMessage);
      document.removeEventListener("visibilitychange", ask);
      window.removeEventListener("focus", ask);
    },
  };
}

const POLICIES = {
  module: "计分练习：提交作业前可以随时修改，提交并评分后给出逐项反馈。",
  examination: "考试题：交卷前可以修改，只能交一次，不公布答案。",
  practice: "自测练习：不计分，可以反复检查，每次多给一点提示。",
  record: "这张表不计分，记名：提交作业前可以随时修改，提交后由教师收进培训档案。",
  survey: "这张表不计分、没有对错：提交作业前可以随时修改；汇总成数据时不记姓名、工号和时间。",
};

const STATES = {
  blank: ["○", "未作答"],
  saving: ["…", "保存中"],
  saved: ["✓", "已保存"],
  lost: ["!", "未保存（与内核断开），正在自动重试，请不要关闭页面"],
  cut: ["!", "与演练服务断开。您的选择已记在本机，网络恢复后请按“重新打开”，从原来的地方继续"],
  failed: ["!", "未保存"],
  preview: ["○", "预览：这里是教师的源文件，作答不保存"],
};

/** Make the default export of a kind: render its card and tie it to the journal. */
export function exercise(build) {
  return {
    render({ model, el }) {
      return model.get("page").served ? admission(model, el, () => open({ model, el })) : open({ model, el });
    },
  };
  function open({ model, el }) {
    const spec = model.get("spec"), page = model.get("page");
    const status = h("p", { class: "ck-status", role: "status" });
    const progress = h("span", { class: "ck-progress" });
    const undoButton = h("button", { type: "button", class: "ck-quiet", disabled: true, onclick: () => undo() }, "撤销");
    const spoken = h("p", { class: "ck-spoken", "aria-live": "polite" });
    const past = [];
    let answer = model.get("answer"), kind = null;

    const report = (state, detail) => {
      const [icon, text] = STATES[state];
      const tail = state === "saved" && detail ? ` ${clock(detail)}` : state === "failed" ? `：${detail}` : "";
      status.dataset.state = state;
      status.replaceChildren(h("span", { "aria-hidden": "true" }, icon), ` ${text}${tail}`);
      if (state === "cut") status.append(" ", h("button", { type: "button", onclick: again }, "重新打开"));
      kind?.settled?.(state === "saved");
    };
    const count = () => {
      const [done, all, words] = kind.progress(answer);
      progress.textContent = words ?? (done === 0 ? "未作答" : all && done < all ? `已作答 ${done}/${all}` : "已作答");
    };
    const adopt = (value) => { answer = clone(value); kind.show(answer); count(); };
    const change = (value) => {
      if (same(value, answer)) return;
      if (!kind.final) { past.push(answer); undoButton.disabled = false; }
      answer = clone(value);
      count();
      mail.put(answer);
    };
    const undo = () => {
      if (!past.length) return;
      const previous = past.pop();
      undoButton.disabled = !past.length;
      const value = previous ?? kind.blank;
      adopt(value);
      mail.put(value);
      say("已撤销上一步");
    };
    let hush = null;
    const say = (text) => { clearTimeout(hush); hush = setTimeout(() => { spoken.textContent = text; }, 100); };

    const remark = h("div", { class: "ck-remark", role: "status", hidden: true });
    const advise = (given) => {
      const rows = (given.parts ?? []).map((part) => h("li", { class: part.right ? "ck-good" : "ck-bad" },
        h("strong", {}, `${part.right ? "✓" : "✗"} ${part.item}`), ` ${part.verdict}`,
        part.expected && !part.right ? h("div", {}, `正确：${part.expected}`) : null, part.why ? h("div", { class: "ck-why" }, part.why) : null));
      remark.replaceChildren(...[h("p", {}, h("strong", {}, given.head ?? given.message ?? "")), given.hint ? h("p", {}, `提示：${given.hint}`) : null,
        ...(given.flags ?? []).map((flag) => h("p", { class: "ck-bad" }, `红线：${flag}`)), rows.length ? h("ul", {}, rows) : null, given.more ? h("p", { class: "ck-progress" }, given.more) : null].filter(Boolean));
      remark.hidden = false;
    };
    const checkButton = spec.policy === "practice"
      ? h("button", { type: "button", class: "ck-check-answer", onclick: () => { if (answer) mail.ask(answer); else advise({ head: "还没有作答。" }); } }, "检查")
      : null;
    const mail = courier(model, report, adopt, advise);
    try {
      kind = build({ spec, served: Boolean(page.served), change, say, current: () => clone(answer) });
    } catch (error) {
      el.replaceChildren(h("p", { class: "ck-card ck-broken", lang: "zh-CN" }, `练习无法显示（${error.message}），请告诉教师。`));
      return;
    }
    report(answer ? "saved" : "blank");
    const title = `${model.model_id ?? page.store}-title`;
    el.replaceChildren(h("section", { class: "ck-card", lang: "zh-CN", "aria-labelledby": title,
      onkeydown: (event) => {
        event.stopPropagation(); // JupyterLab would take single letters for commands
        if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.matches("textarea, input:not([type=radio]):not([type=checkbox])")) { event.preventDefault(); undo(); }
      } },
      h("header", {}, h("span", { class: "ck-kind" }, page.label), h("h3", { id: title }, spec.title), progress),
      h("p", { class: "ck-prompt" }, spec.prompt),
      spec.facts?.length ? h("dl", { class: "ck-facts" }, spec.facts.map((fact) => [h("dt", {}, fact.text.split("：", 2).length > 1 ? labelOf(fact) : ""), h("dd", {}, bodyOf(fact))])) : null,
      ...kind.nodes, remark,
      h("footer", {}, status, h("span", { class: "ck-actions" }, kind.final ? null : undoButton, checkButton)),
      h("p", { class: "ck-policy" }, kind.policy ?? POLICIES[spec.policy ?? "module"]), spoken));
    adopt(answer);
    mail.resume();
    const follow = () => { if (!same(model.get("answer"), answer) && status.dataset.state === "saved") adopt(model.get("answer")); };
    model.on("change:seq", follow);
    return () => { mail.close(); model.off("change:seq", follow); };
  }
}

/** A fact is written "名目：内容". */
const labelOf = (fact) => fact.text.split("：", 1)[0];
const bodyOf = (fact) => fact.text.slice(labelOf(fact).length + 1) || fact.text;
