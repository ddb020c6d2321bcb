// What the two pages of a class share: a conversation with the kernel that survives its death, bars, drawings.
import { h } from "../../widgets/kit.js";

const ANSWER_MS = 4000; // a kernel that is alive answers within this time
const LOSSES = 2; // so many unanswered questions, and the page opens itself again
const RELOAD_MS = 2500;
const REACH_MS = 5000; // a network that swallows everything gives no error

export const LETTERS = "ABCDEFGHIJ";
export const percent = (count, total) => (total ? `${Math.round((100 * count) / total)}%` : "0%");

// An HTML parser knows SVG's namespace, so that no address stands here.
const NAMESPACE = new DOMParser().parseFromString("<svg></svg>", "text/html").querySelector("svg").namespaceURI;
export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(props)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.flat(9).filter(Boolean));
  return node;
}

/** One bar an option with its letter, text and count; *mark* says more about an option, or null. */
export function bars(options, counts, mark = () => null) {
  const total = options.reduce((sum, one) => sum + (counts[one.id] ?? 0), 0);
  return h("ol", { class: "ck-bars" }, options.map((one, index) => {
    const count = counts[one.id] ?? 0;
    const bar = h("span", { class: "ck-meter", "aria-hidden": "true" }, h("span", {}));
    bar.firstChild.style.width = percent(count, total);
    return h("li", {}, h("span", { class: "ck-letter" }, LETTERS[index]),
      h("div", { class: "ck-choice" }, h("p", {}, one.text, mark(one)), bar),
      h("span", { class: "ck-count" }, `${count} 人 · ${percent(count, total)}`));
  }));
}

/** What was done and what came of it. */
export function outcome(who, deed) {
  return [h("p", { class: "ck-did" }, h("span", { class: "ck-who" }, `${who}：`), deed.text),
    h("div", { class: "ck-then" }, h("p", {}, h("span", { class: "ck-who" }, "结果："), deed.then),
      deed.changes.map((change) => h("p", { class: "ck-changed" }, change)))];
}

export const levels = (page) => (page.levels?.length
  ? h("p", { class: "ck-levels" }, page.levels.map((one) => h("span", {}, `${one.text} `, h("strong", {}, `${one.level}`)))) : null);

/** The debrief: the best way, and each option's reason, basis and share. */
export function debriefPage(found) {
  const said = (one) => [h("p", { class: "ck-why" }, one.why), one.basis ? h("p", { class: "ck-basis" }, `依据：${one.basis}`) : null];
  return [
    h("h4", {}, `最佳路径（${found.best.length} 步，结局：${found.end}）`),
    h("ol", { class: "ck-way" }, found.best.map((one) => h("li", {}, h("p", {}, h("strong", {}, `${one.stage}：`), one.text), said(one)))),
    h("h4", {}, "逐步复盘：每种做法的理由与依据"),
    found.steps.map((step) => h("section", { class: "ck-reviewed" }, h("h5", {}, `${step.stage}（${step.total} 人作答）`),
      h("ol", { class: "ck-reasons" }, step.options.map((one, index) => h("li", { "data-verdict": one.verdict },
        h("p", {}, h("strong", {}, `${LETTERS[index]} [${one.verdict}] `), one.text,
          one.best ? h("span", { class: "ck-tag" }, "最佳路径") : null, one.taken ? h("span", { class: "ck-tag" }, "全班采用") : null,
          h("span", { class: "ck-count" }, ` ${one.count} 人 · ${Math.round(100 * one.share)}%`)),
        said(one)))))),
  ];
}

/** A countdown that ends at zero; it only tells, the trainer locks. */
export function countdown(seconds, zero) {
  const node = h("p", { class: "ck-clock", role: "timer" });
  const until = Date.now() + 1000 * seconds;
  const tick = () => {
    const rest = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    node.textContent = rest ? `剩余 ${rest} 秒` : zero;
    if (rest && (node.isConnected || Date.now() < until - 1000 * seconds + 2000)) setTimeout(tick, 250);
  };
  tick();
  return node;
}

/**
 * Talk with the kernel: hello() says who comes, show(reply) paints a state, notice(text, action) tells of trouble.
 * Returns ask(message), which resolves to the reply, or to {type: "lost"}.
 */
export function conversation(model, { hello, every, show, notice }) {
  const me = Math.random().toString(36).slice(2);
  const waiting = new Map();
  let n = 0, stamp = null, losses = 0, timer = null, isOver = false;

  const ask = (message) => new Promise((done) => {
    const number = ++n;
    const finish = (reply) => { clearTimeout(late); waiting.delete(number); done(reply); };
    const late = setTimeout(() => finish({ type: "lost" }), ANSWER_MS);
    waiting.set(number, finish);
    try { model.send({ ...message, from: me, n: number }); } catch { finish({ type: "lost" }); }
  }).then((reply) => {
    losses = reply.type === "lost" ? losses + 1 : 0;
    if (reply.stamp !== undefined) stamp = reply.stamp;
    if (reply.page) show(reply);
    return reply;
  });
  const onMessage = (message) => { if (message.to === me) waiting.get(message.n)?.(message); };
  model.on("msg:custom", onMessage);

  /** Open the page again as soon as the server answers; the class goes on where it was. */
  const reopen = async () => {
    isOver = true;
    notice("与教室电脑的连接断了，正在重新连接……您提交过的作答都在，不用重做。", { text: "重新打开", act: () => location.reload() });
    try {
      await fetch(location.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(REACH_MS) });
      setTimeout(() => location.reload(), Math.random() * RELOAD_MS);
    } catch { setTimeout(reopen, RELOAD_MS); }
  };
  const later = (ms) => { clearTimeout(timer); if (!isOver) timer = setTimeout(poll, ms); };
  const poll = async () => {
    const reply = await ask({ type: "poll", stamp });
    if (losses >= LOSSES) { reopen(); return; }
    if (reply.type === "failed") notice(reply.message, null);
    else if (reply.type !== "lost") notice("", null);
    later(every);
  };
  const greet = async () => {
    const reply = await ask({ type: "hello", ...hello() });
    if (reply.type === "state") { notice("", null); later(every); return; }
    if (reply.type === "refused") { isOver = true; notice(reply.message, { text: "重新打开", act: () => location.reload() }); return; }
    if (losses > 2 * LOSSES) { reopen(); return; }
    if (reply.message) notice(reply.message, null);
    timer = setTimeout(greet, every);
  };
  const onSight = () => { if (document.visibilityState === "visible" && !isOver && stamp !== null) later(0); };
  document.addEventListener("visibilitychange", onSight);
  greet();
  return { ask, reopen, close: () => { isOver = true; clearTimeout(timer); model.off("msg:custom", onMessage); document.removeEventListener("visibilitychange", onSight); } };
}
