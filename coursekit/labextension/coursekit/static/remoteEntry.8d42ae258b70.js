(() => {
"use strict";
const STYLE = "/* The look of pages around the exercises: the colours and spacing of widgets/kit.css. */\n.ck-lab {\n  --ck-ink: #1d2733; --ck-soft: #55636f; --ck-line: #cdd7e1; --ck-paper: #fff; --ck-wash: #f3f6fa;\n  --ck-blue: #1f4e79; --ck-blue-wash: #e4edf6; --ck-green: #17663a; --ck-red: #a3261c; --ck-red-wash: #fbeceb;\n  --ck-amber: #7a4b00; --ck-s1: .25rem; --ck-s2: .5rem; --ck-s3: 1rem; --ck-radius: 6px;\n  color: var(--ck-ink); font: 16px/1.65 \"Noto Sans CJK SC\", \"Source Han Sans SC\", \"Microsoft YaHei\", \"PingFang SC\", sans-serif; overflow-wrap: anywhere;\n}\n.ck-lab, .ck-lab *, .ck-lab *::before { box-sizing: border-box; }\n.ck-lab h1 { margin: 0; font-size: 1.5rem; line-height: 1.4; font-weight: 600; }\n.ck-lab h2 { margin: 0; font-size: 1.15rem; line-height: 1.4; font-weight: 600; }\n.ck-lab p { margin: var(--ck-s1) 0; }\n.ck-lab a { color: var(--ck-blue); text-decoration: underline; }\n.ck-lab .ck-soft { color: var(--ck-soft); font-size: .9rem; }\n.ck-lab .ck-warn { color: var(--ck-amber); font-size: .9rem; }\n.ck-lab .ck-strong { font-weight: 600; }\n.ck-lab button { min-height: 2.75rem; padding: var(--ck-s1) .9rem; color: var(--ck-ink); background: var(--ck-paper); border: 1px solid var(--ck-soft);\n  border-radius: var(--ck-radius); font: inherit; line-height: 1.3; cursor: pointer; }\n.ck-lab button:hover:not(:disabled) { background: var(--ck-blue-wash); }\n.ck-lab button:disabled { opacity: .55; cursor: default; }\n.ck-lab button.ck-main { color: var(--ck-paper); background: var(--ck-blue); border-color: var(--ck-blue); }\n.ck-lab button.ck-main:hover:not(:disabled) { background: #17406a; }\n.ck-lab button[hidden], .ck-lab [hidden] { display: none !important; }\n.ck-lab :focus-visible { outline: 3px solid var(--ck-blue); outline-offset: 2px; }\n.ck-lab .ck-buttons { display: flex; flex-wrap: wrap; gap: var(--ck-s2); align-items: center; }\n\n/* the trainee's frame */\nbody.ck-trainee { --jp-private-menubar-height: 3.25rem; --jp-content-font-size1: 16px; --jp-ui-font-size1: 16px; }\nbody.ck-trainee #jp-top-panel { min-height: 3.25rem; max-height: 3.25rem; border-bottom: 3px solid #1f4e79; background: #fff; }\nbody.ck-trainee #jp-top-panel > :not(#coursekit-top), body.ck-trainee #jp-MainLogo, body.ck-trainee #jp-menu-panel { display: none !important; }\nbody.ck-trainee #jp-main-dock-panel > .lm-DockPanel-tabBar { min-height: 0 !important; max-height: 0 !important; height: 0 !important; border: 0; overflow: hidden; }\nbody.ck-trainee #jp-main-dock-panel { padding: 0; }\nbody.ck-trainee .lm-DockPanel-widget { border: 0; }\nbody.ck-trainee .jp-NotebookPanel > .jp-NotebookPanel-toolbar { display: none !important; min-height: 0 !important; }\n#coursekit-top { display: flex; align-items: center; justify-content: space-between; gap: var(--ck-s3); flex: 1 1 auto; min-width: 0; padding: 0 var(--ck-s3); }\n#coursekit-top button { border: 0; padding: 0; background: none; color: var(--ck-blue); font-size: 1.1rem; text-align: left; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; min-width: 0; }\n#coursekit-top .ck-soft { white-space: nowrap; flex: none; }\n@media (max-width: 640px) { #coursekit-top .ck-soft { display: none; } #coursekit-top button { font-size: 1rem; } }\n\n/* course notebooks */\n.ck-course .jp-CodeCell .jp-Cell-inputWrapper, .ck-course .jp-InputPrompt, .ck-course .jp-OutputPrompt,\n.ck-course .jp-OutputArea-promptOverlay, .ck-course .jp-Collapser, .ck-course .jp-collapseHeadingButton, .ck-course .jp-CellHeader, .ck-course .jp-CellFooter,\n.ck-course .jp-Notebook-footer, .ck-course .jp-cell-toolbar, .ck-course .jp-CodeCell.jp-mod-noOutputs, .ck-course .jp-NotebookPanel-toolbar { display: none !important; }\nbody.ck-trainee .jp-InputPlaceholder, body.ck-trainee .jp-InputPrompt, body.ck-trainee .jp-OutputPrompt, body.ck-trainee .jp-Collapser { display: none !important; }\nbody.ck-trainee .jp-Notebook .jp-Cell { border-color: transparent !important; box-shadow: none !important; background: none; }\nbody.ck-trainee .jp-Notebook .jp-MarkdownOutput { border-color: transparent !important; }\n.ck-waiting .jp-CodeCell { visibility: hidden; }\n.ck-course .jp-Notebook { max-width: 66rem; margin: 0 auto; }\n.ck-course .jp-Notebook .jp-Cell, .ck-course .jp-Notebook .jp-Cell.jp-mod-active, .ck-course .jp-Notebook .jp-Cell.jp-mod-selected { background: none; box-shadow: none; border-color: transparent; padding: 2px 8px; }\n.ck-course .jp-Notebook .jp-Cell:focus, .ck-course .jp-Notebook:focus { outline: none; }\n.ck-course .jp-RenderedHTMLCommon { font: 16px/1.75 \"Noto Sans CJK SC\", \"Source Han Sans SC\", \"Microsoft YaHei\", \"PingFang SC\", sans-serif; padding-right: 0; }\n.ck-course .jp-RenderedHTMLCommon table { margin-left: 0; font-size: 15px; }\n.ck-course .jp-RenderedHTMLCommon td, .ck-course .jp-RenderedHTMLCommon th { text-align: left; white-space: normal; }\n.ck-course .jp-OutputArea-output { padding: 0; overflow: visible; }\n@media (max-width: 640px) { .ck-course .jp-Notebook { padding: 4px 0; } .ck-course .jp-Notebook .jp-Cell { padding: 2px; } .ck-course .jp-RenderedHTMLCommon table { display: block; overflow-x: auto; } }\n.ck-course .jp-Notebook .jp-MarkdownOutput { border-color: transparent !important; }\n.ck-strip { background: #fff; overflow: hidden; }\n.ck-lab .ck-bar { display: flex; flex-wrap: wrap; align-items: center; gap: var(--ck-s1) var(--ck-s3); padding: var(--ck-s1) var(--ck-s3); background: var(--ck-wash, #f3f6fa); border-bottom: 1px solid var(--ck-line, #cdd7e1); }\n.ck-lab .ck-bar strong { flex: 1 1 10rem; min-width: 0; }\n.ck-lab .ck-bar button { min-height: 2.5rem; }\n@media (max-width: 640px) { .ck-lab .ck-bar { justify-content: space-between; gap: var(--ck-s1); padding: var(--ck-s1) var(--ck-s2); } .ck-strip .ck-bar strong { display: none; } }\n.ck-banner { display: flex; flex-wrap: wrap; align-items: center; gap: var(--ck-s1) var(--ck-s3); padding: var(--ck-s1) var(--ck-s3); background: var(--ck-blue-wash); }\n.ck-banner span { flex: 1 1 14rem; }\n.ck-banner[data-state=\"dead\"] { background: var(--ck-red-wash); color: var(--ck-red); font-weight: 600; }\n.ck-banner[data-state=\"refused\"] { background: #fdf3e0; color: var(--ck-amber); }\n.ck-banner[data-state=\"calm\"] { background: #e7f3ec; color: var(--ck-green); }\n.ck-offline { position: fixed; inset: 0 0 auto; z-index: 20000; padding: var(--ck-s2) var(--ck-s3); background: var(--ck-red-wash); color: var(--ck-red); border-bottom: 2px solid var(--ck-red); font-weight: 600; }\n\n/* 课程首页 */\n.ck-home, .ck-desk { background: var(--ck-wash); overflow: auto; }\n.ck-home main { max-width: 66rem; margin: 0 auto; padding: var(--ck-s3); }\n.ck-modules { list-style: none; margin: var(--ck-s3) 0; padding: 0; display: grid; gap: var(--ck-s3); grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }\n.ck-module { display: flex; flex-direction: column; padding: var(--ck-s3); background: var(--ck-paper); border: 1px solid var(--ck-line); border-top: 3px solid var(--ck-blue); border-radius: var(--ck-radius); }\n.ck-module header { display: flex; flex-wrap: wrap; align-items: baseline; gap: var(--ck-s1) var(--ck-s2); }\n.ck-module h2 { flex: 1 1 10rem; }\n.ck-module .ck-buttons { margin-top: auto; padding-top: var(--ck-s2); }\n.ck-lab .ck-chip { padding: 0 var(--ck-s2); border-radius: 3px; background: var(--ck-blue-wash); color: var(--ck-blue); font-size: .9rem; white-space: nowrap; }\n.ck-module[data-state=\"new\"] .ck-chip { background: var(--ck-wash); color: var(--ck-soft); }\n.ck-module[data-state=\"submitted\"] .ck-chip, .ck-module[data-state=\"graded\"] .ck-chip { background: #e7f3ec; color: var(--ck-green); }\n.ck-meter { height: .5rem; margin: var(--ck-s2) 0; background: var(--ck-wash); border: 1px solid var(--ck-line); border-radius: var(--ck-radius); overflow: hidden; }\n.ck-meter span { display: block; height: 100%; background: var(--ck-blue); }\n.ck-lab .ck-note { padding: var(--ck-s2) var(--ck-s3); background: var(--ck-blue-wash); border-radius: var(--ck-radius); white-space: pre-line; }\n.ck-lab .ck-note[data-state=\"failed\"] { background: var(--ck-red-wash); color: var(--ck-red); }\n.ck-lab .ck-note[data-state=\"done\"] { background: #e7f3ec; color: var(--ck-green); }\n\n/* questions and answers */\n.ck-dialog { width: min(34rem, calc(100vw - 2rem)); max-height: calc(100vh - 2rem); overflow: auto; padding: var(--ck-s3) 1.5rem; border: 1px solid var(--ck-line); border-top: 4px solid var(--ck-blue); border-radius: var(--ck-radius); background: var(--ck-paper); }\n.ck-dialog::backdrop { background: rgb(29 39 51 / 45%); }\n.ck-dialog > .ck-buttons { margin-top: var(--ck-s3); }\n.ck-dialog ul { margin: var(--ck-s2) 0; padding-left: 1.2em; max-height: 40vh; overflow: auto; }\n.ck-dialog li { padding: var(--ck-s1) 0; }\n.ck-dialog .ck-receipt { margin: var(--ck-s2) 0; padding: var(--ck-s2); text-align: center; font: 600 2rem/1.4 ui-monospace, \"DejaVu Sans Mono\", monospace; letter-spacing: .06em; background: var(--ck-wash); border: 2px dashed var(--ck-blue); border-radius: var(--ck-radius); }\n@media (max-width: 480px) { .ck-dialog .ck-receipt { font-size: 1.45rem; } }\n.ck-framed { display: flex; flex-direction: column; background: var(--ck-paper); }\n.ck-framed iframe { flex: 1; width: 100%; border: 0; }\n\n/* 教学台 */\n.ck-desk main { padding: var(--ck-s3); }\n.ck-desk .ck-scroll { overflow-x: auto; background: var(--ck-paper); border: 1px solid var(--ck-line); border-radius: var(--ck-radius); }\n.ck-desk table { border-collapse: collapse; width: 100%; font-size: .95rem; }\n.ck-desk th, .ck-desk td { padding: var(--ck-s2); text-align: left; border-bottom: 1px solid var(--ck-line); vertical-align: middle; }\n.ck-desk thead th { background: var(--ck-blue-wash); white-space: nowrap; font-weight: 600; }\n.ck-desk tbody th { font-weight: 400; min-width: 14rem; }\n.ck-desk td.ck-number { text-align: right; font-variant-numeric: tabular-nums; }\n.ck-desk td .ck-buttons { min-width: 13rem; gap: var(--ck-s1); }\n.ck-desk tbody td:nth-child(2) { white-space: nowrap; }\n.ck-desk td button { min-height: 2.25rem; padding: 0 .7rem; white-space: nowrap; }\n.ck-desk .ck-problems td { padding-top: 0; color: var(--ck-amber); }\n.ck-desk .ck-problems ul { margin: 0; padding-left: 1.4em; }\n.ck-desk progress { width: 100%; height: .75rem; accent-color: var(--ck-blue); }\n.ck-desk .ck-link { padding: 0 var(--ck-s2); }\n.ck-door { padding: var(--ck-s3); display: flex; flex-direction: column; gap: var(--ck-s2); background: var(--ck-paper); }\n";
// What every part of the extension shares: the front end's packages, nodes, requests, times. No bundler: the files of
// this folder are joined in the order of __main__.py into one federated module; JupyterLab's packages come from its scope.

const NAME = "coursekit";
const kit = {}; // JupyterLab's classes, filled before any plugin is made
let scope;
const load = async (name) => (await Object.values(scope[name])[0].get())();

/** Make an element; text is always text, never markup. */
function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== "string") node[name] = value;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const button = (text, onclick, kind = "") => h("button", { type: "button", class: kind, onclick }, text);

const role = () => kit.PageConfig.getOption("coursekitRole") || "instructor";
const address = (...parts) => kit.URLExt.join(kit.PageConfig.getBaseUrl(), ...parts);

/** Ask the course's server; every failure is one Chinese sentence that says what to do. */
async function call(path, body) {
  const settings = kit.ServerConnection.makeSettings();
  const init = body === undefined ? { method: "GET", cache: "no-store" } : { method: "POST", body: JSON.stringify(body) };
  let response;
  try {
    response = await kit.ServerConnection.makeRequest(kit.URLExt.join(settings.baseUrl, "coursekit", path), init, settings);
  } catch {
    throw Object.assign(new Error("与服务器的连接断了。请检查网线或无线网络，稍等片刻再试。"), { isOffline: true });
  }
  const data = await response.json().catch(() => null);
  if (!response.ok) throw new Error(data?.message ?? `服务器没有正常答复（${response.status}）。请稍后再试，仍不行请告诉教师。`);
  return data;
}

const beijing = (options) => new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hourCycle: "h23", ...options });
const HOUR = { hour: "2-digit", minute: "2-digit" };
/** A time as people here write it: 14:03 today, otherwise 11月22日 14:03, with the year when it is another. */
function when(instant, now = new Date()) {
  const at = new Date(instant);
  const day = beijing({ year: "numeric", month: "numeric", day: "numeric" });
  if (day.format(at) === day.format(now)) return beijing(HOUR).format(at);
  const year = beijing({ year: "numeric" });
  const date = { month: "long", day: "numeric", ...(year.format(at) === year.format(now) ? {} : { year: "numeric" }) };
  return `${beijing(date).format(at)} ${beijing(HOUR).format(at)}`;
}
const deadline = (instant) => {
  const at = new Date(instant);
  return `${beijing({ year: "numeric", month: "long", day: "numeric" }).format(at)} ${beijing(HOUR).format(at)}（北京时间）`;
};

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
/** Wait until *holds* returns something true, at most *ms*; returns that, or what it said last. */
async function until(holds, ms) {
  const end = Date.now() + ms;
  let found = holds();
  while (!found && Date.now() < end) { await pause(60); found = holds(); }
  return found;
}

/** Show a question or a message above everything; returns the value of the button that closed it. */
function ask(title, body, choices) {
  return new Promise((done) => {
    const close = (value) => { box.close(); box.remove(); done(value); };
    const head = h("h2", { id: "ck-ask" }, title);
    const box = h("dialog", { class: "ck-lab ck-dialog", lang: "zh-CN", "aria-labelledby": "ck-ask",
      oncancel: (event) => { event.preventDefault(); close(null); },
      onkeydown: (event) => event.stopPropagation() },
      head, h("div", {}, body), h("div", { class: "ck-buttons" }, choices.map(([text, value, kind]) => button(text, () => close(value), kind))));
    document.body.append(box);
    box.showModal();
  });
}
const tell = (title, ...body) => ask(title, body.map((part) => (typeof part === "string" ? h("p", {}, part) : part)), [["知道了", true, "ck-main"]]);

/** Do something that takes a moment: the button is off meanwhile, and a failure is told. */
async function doing(node, title, work) {
  const text = node.textContent;
  node.disabled = true;
  node.setAttribute("aria-busy", "true");
  node.textContent = `${text}…`;
  try { return await work(); } catch (error) { await tell(title, error.message); return undefined; } finally {
    node.disabled = false;
    node.removeAttribute("aria-busy");
    node.textContent = text;
  }
}

/** Give a widget in one of JupyterLab's boxes the height of what it holds, whatever the width. */
function fitting(widget, inner, box) {
  let height = -1;
  new ResizeObserver(() => {
    if (inner.offsetHeight === height || widget.isDisposed) return;
    height = inner.offsetHeight;
    widget.node.style.minHeight = widget.node.style.maxHeight = `${height}px`;
    box.fit();
  }).observe(inner);
}

// Which notebooks may run by themselves: those that the course handed out, unchanged.

/** SHA-256 of a text as hexadecimal. The browser's own is missing on plain http, as in a hall's network. */
function sha256(text) {
  const primes = [];
  for (let n = 2; primes.length < 64; n += 1) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
  const k = primes.map((p) => fraction(Math.cbrt(p)));
  const hash = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length << 3);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  const w = new Int32Array(64);
  for (let start = 0; start < padded.length; start += 64) {
    for (let i = 0; i < 16; i += 1) w[i] = view.getInt32(start + 4 * i);
    for (let i = 16; i < 64; i += 1) {
      const s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, last] = hash;
    for (let i = 0; i < 64; i += 1) {
      const t1 = (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
      const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [last, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, last].forEach((value, i) => { hash[i] = (hash[i] + value) | 0; });
  }
  return hash.map((value) => (value >>> 0).toString(16).padStart(8, "0")).join("");
}

const marksOf = (cell) => cell.getMetadata("nbgrader") ?? {};
const isLockedCode = (cell) => cell.type === "code" && marksOf(cell).locked === true;

/** The fingerprint of a notebook's locked code cells: name and source in order, as the server takes it at release. */
const fingerprint = (model) =>
  sha256([...model.cells].filter(isLockedCode).flatMap((cell) => [marksOf(cell).grade_id, cell.sharedModel.getSource()]).join("\n"));

/** What an exercise notebook is to this course: "ours", "changed" or "stranger"; raises when the course cannot be asked. */
async function standing(path, model) {
  const { notebooks } = await call("allowed");
  if (!Object.hasOwn(notebooks, path)) return "stranger";
  return notebooks[path] === fingerprint(model) ? "ours" : "changed";
}

const REFUSALS = {
  stranger: "这份笔记本不是本课程发放的，为了安全不会自动运行。课程练习请从“课程首页”打开。",
  changed: "这份笔记本和教师发放的不一样，为了安全不会自动运行；已保存的作答不受影响。请在“课程首页”重新领取，或告诉教师。",
};

// The banner of a course notebook: progress, and kernel trouble in plain words with one button to go on.

const TROUBLES = {
  died: ["练习程序意外停止，正在自动重新启动，请稍候。", false],
  restarting: ["练习程序正在重新启动，请稍候。", false],
  connecting: ["与服务器的连接断了，正在重新连接。请检查网线或无线网络。", true],
  cut: ["与服务器的连接断了。请检查网线或无线网络，然后点“继续”。", true],
  dead: ["练习程序已停止，没能自动重新启动。请点“继续”。", true],
  gone: ["练习程序已关闭（可能是很久没有操作，或服务器重新启动过）。请点“继续”。", true],
  mute: ["练习程序没有回应。请点“继续”重新启动它。", true],
};
const PATIENCE_MS = 12_000;

const statusesOf = (panel) => [...panel.node.querySelectorAll(".ck-card .ck-status")].map((node) => node.dataset.state);

/** Say what of the page is safe. */
function safety(panel) {
  const states = statusesOf(panel);
  const count = (...names) => states.filter((state) => names.includes(state)).length;
  const saved = count("saved"), open = count("saving", "lost", "failed");
  const rest = open ? `；${open} 道还没存上的留在这台电脑里，恢复后自动补存，请不要关闭页面` : "";
  return `${saved ? `${saved} 道` : ""}已保存的作答都在${rest}。`;
}

/** Make a notebook's banner; *goOn* is what its button does. */
function banner(panel, goOn) {
  const text = h("span", {});
  const act = h("button", { type: "button", class: "ck-main", hidden: true }, "继续");
  const node = h("div", { class: "ck-banner", role: "status", lang: "zh-CN", hidden: true }, text, act);
  let trouble = null, patience = null;
  const set = (message, state) => { text.textContent = message; node.dataset.state = state; node.hidden = !message; };
  const offer = (label, onclick) => { act.textContent = label; act.onclick = onclick; act.hidden = false; };
  const again = () => doing(act, "没能继续", async () => { await goOn(); });
  const speak = {
    preparing(index, all) {
      clearTimeout(patience);
      act.hidden = true;
      set(`${trouble ? "正在恢复练习" : "正在准备练习"} ${index}/${all}`, "busy");
    },
    trouble(name) {
      if (trouble === name) return;
      trouble = name;
      clearTimeout(patience);
      const [message, needsHand] = TROUBLES[name];
      set(`${message}${safety(panel)}`, "dead");
      act.hidden = true;
      if (needsHand) offer("继续", again);
      else patience = setTimeout(() => offer("继续", again), PATIENCE_MS);
    },
    ready() {
      clearTimeout(patience);
      act.hidden = true;
      const died = ["died", "dead", "gone", "mute"].includes(trouble);
      set(died ? "练习已经恢复，请继续作答。已保存的作答都在，没存上的正在自动补存。" : "", "calm");
      if (died) offer("知道了", () => { set("", ""); act.hidden = true; });
      trouble = null;
    },
    refuse(message) { set(message, "refused"); },
    offer,
  };
  watchSilence(panel, () => trouble, speak);
  return { node, speak };
}

/** A kernel that hangs, or a network that is cut, tells nobody: exercises that stay unsaved do. */
function watchSilence(panel, trouble, speak) {
  let since = null, raised = false;
  const timer = setInterval(async () => {
    if (panel.isDisposed) { clearInterval(timer); return; }
    if (!statusesOf(panel).includes("lost")) {
      since = null;
      if (raised && ["mute", "cut"].includes(trouble())) speak.ready();
      raised = false;
      return;
    }
    since ??= Date.now();
    if (trouble() || Date.now() - since < PATIENCE_MS) return;
    raised = true;
    speak.trouble(await call("allowed").then(() => "mute", (error) => (error.isOffline ? "cut" : "mute")));
  }, 2000);
}

/** Tell a lost server once, in Chinese, in place of JupyterLab's dialog; the note goes when the server answers. */
async function connectionLost(manager) {
  if (document.querySelector(".ck-offline")) return;
  const note = h("div", { class: "ck-lab ck-offline", role: "alert", lang: "zh-CN" },
    "与服务器的连接断了，正在重新连接。已保存的作答都在；没存上的留在这台电脑里，请不要关闭页面。");
  document.body.append(note);
  for (;;) {
    await pause(2000);
    try { await call("allowed"); break; } catch (error) { if (!error.isOffline) break; }
  }
  note.remove();
  await manager?.sessions?.refreshRunning().catch(() => {});
}

// A course notebook runs its exercises by itself: when it opens, and once for every new life of its kernel.

const ASK_MS = 30_000;

/** Return the name of the kernel's present life, giving it one if it has none; null when it does not answer. */
async function pulse(kernel) {
  const mine = JSON.stringify(Math.random().toString(36).slice(2));
  const request = kernel.requestExecute({ code: "", silent: true, store_history: false, allow_stdin: false,
    user_expressions: { life: `globals().setdefault("_coursekit_life", ${mine})` } });
  try {
    const reply = await Promise.race([request.done, pause(ASK_MS)]);
    return reply?.content?.user_expressions?.life?.data?.["text/plain"] ?? null;
  } catch { return null; } finally { request.dispose(); }
}

/** The cells that show exercises: locked, with a name, and not nbgrader's grade cells, which show nothing. */
const exerciseCells = (panel) => panel.content.widgets.filter((cell) => isLockedCode(cell.model) && !marksOf(cell.model).grade);

/** Keep the exercises of one course notebook running; *speak* is the notebook's banner. */
function attend(panel, speak) {
  const session = panel.sessionContext;
  let lived = null, busy = false, again = false, force = false;

  const runAll = async () => {
    const cells = exerciseCells(panel);
    // All at once: the kernel makes one exercise while the page shows another. One that fails must not stop those after it.
    const runs = cells.map((cell) => cell.constructor.execute(cell, session, { deletedCells: [], recordTiming: false, tags: ["raises-exception"] })
      .catch(() => { /* the kernel died: its next life runs all */ }));
    for (const [index, run] of runs.entries()) {
      speak.preparing(index + 1, cells.length);
      await run;
      if (panel.isDisposed) return;
    }
  };
  const ensure = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        await session.ready;
        await panel.revealed;
        const kernel = session.session?.kernel;
        if (!kernel || kernel.isDisposed) { speak.trouble("gone"); break; }
        const life = await pulse(kernel);
        if (panel.isDisposed) return;
        if (life === null) { if (!again) speak.trouble("mute"); continue; }
        if (life === lived && !force) { speak.ready(); continue; }
        force = false;
        await runAll();
        if (panel.isDisposed) return;
        lived = life;
        panel.node.dataset.ckRuns = String(Number(panel.node.dataset.ckRuns ?? 0) + 1);
        panel.node.dataset.ckReady = String(Date.now());
        again ||= session.session?.kernel?.id !== kernel.id;
        if (!again) speak.ready();
      } while (again);
    } finally { busy = false; }
  };
  /** One button for every trouble: a kernel that lives is asked again, any other is replaced; then all runs. */
  const goOn = async () => {
    await session.sessionManager.refreshRunning().catch(() => { throw new Error("与服务器的连接断了。请检查网线或无线网络，稍等片刻再点“继续”。"); });
    expect();
    const kernel = session.session?.kernel;
    const known = kernel && [...session.sessionManager.running()].some((model) => model.kernel?.id === kernel.id);
    if (!known) await session.changeKernel({ name: kernel?.name || session.prevKernelName || "python3" });
    else if (kernel.connectionStatus === "connected") await session.restartKernel();
    else await kernel.reconnect();
    force = true;
    await ensure();
  };
  const expect = follow(session, speak, ensure, () => lived !== null);
  return { ensure, goOn };
}

const BLINK_MS = 800; // shorter losses of the connection are nobody's business

/** Watch a kernel's fate, tell it, and ask for a new run when it is back; returns how to announce a restart of ours. */
function follow(session, speak, ensure, begun) {
  let doubt = false, restarts = null;
  const fate = (status) => {
    const kernel = session.session?.kernel;
    if (!kernel) return session.isReady ? "gone" : null;
    restarts = { autorestarting: "died", restarting: restarts ?? "restarting", starting: begun() ? restarts ?? "restarting" : null }[status] ?? restarts;
    if (kernel.status === "dead") return "dead";
    if (restarts && !isUp(kernel)) return restarts;
    if (kernel.connectionStatus === "disconnected") return "cut";
    return kernel.connectionStatus === "connecting" ? "connecting" : null;
  };
  const back = () => { doubt = false; restarts = null; ensure(); };
  const look = (status) => {
    const found = fate(status);
    if (status === "starting") setTimeout(() => { if (doubt && isWaiting(session.session?.kernel)) back(); }, BLINK_MS);
    if (found === "connecting") {
      doubt = true;
      setTimeout(() => { if (fate() === "connecting") speak.trouble("connecting"); }, BLINK_MS);
    } else if (found) {
      doubt = true;
      speak.trouble(found);
    } else if (doubt && isUp(session.session?.kernel)) {
      back();
    }
  };
  session.ready.then(() => {
    session.statusChanged.connect((_, status) => look(status));
    session.connectionStatusChanged.connect(() => look());
    session.sessionChanged.connect(() => look());
    session.kernelChanged.connect(() => { doubt = true; look(); });
  });
  return () => { doubt = true; restarts = "restarting"; speak.trouble("restarting"); };
}
/** A kernel that another page restarted says nothing more until it is asked. */
const isWaiting = (kernel) => kernel?.connectionStatus === "connected" && kernel.status === "starting";
const isUp = (kernel) => kernel?.connectionStatus === "connected" && ["idle", "busy"].includes(kernel.status);

/** Keep a course notebook from ever looking edited: its answers are in the journal, the file stays as released. */
function keepClean(panel) {
  const model = panel.context.model;
  const clean = () => { if (model.dirty) model.dirty = false; };
  for (const cell of model.cells) if (cell.type === "code") cell.clearExecution();
  model.stateChanged.connect((_, change) => { if (change.name === "dirty" && change.newValue) Promise.resolve().then(clean); });
  clean();
}

/** Say kernel trouble in our banner instead of JupyterLab's English dialogs. */
function hush(panel, speak) {
  const session = panel.sessionContext;
  if (panel._onSessionStatusChanged) session.statusChanged.disconnect(panel._onSessionStatusChanged, panel);
  session._displayKernelError = async () => speak.trouble("dead");
}

// What a trainee does with a module: fetch, open, check for gaps, hand in, read the feedback.

const SETTLED = ["saved", "blank", "preview"];
const UNSAVED = { saving: "正在保存", lost: "未保存（与练习程序断开）", failed: "未保存" };

/** A trainee's dealings with the course; *lab* is {app, tracker}, *changed* is told when a module's state may differ. */
function desktop(lab, changed) {
  const panelOf = (path) => lab.tracker.find((panel) => panel.context.path === path);

  const open = async (module) => {
    const panel = await lab.app.commands.execute("docmanager:open", { path: module.path, factory: "Notebook" });
    lab.tracker.forEach((other) => { if (other !== panel && other.hasClass("ck-course") && unsaved(other).length === 0) other.close(); });
    return panel;
  };
  /** Open a module and wait until its exercises stand. */
  const stand = async (module) => {
    const panel = await open(module);
    if (!await until(() => panel.node.dataset.ckReady, 60_000)) throw new Error("练习没有准备好，请稍候再试；仍不行请告诉教师。");
    return panel;
  };
  const goTo = async (module, exercise) => {
    const panel = await stand(module);
    const cell = exerciseCells(panel).find((one) => one.model.sharedModel.getSource().includes(JSON.stringify(exercise)));
    const card = cell?.node.querySelector(".ck-card");
    if (!card) return;
    card.scrollIntoView({ block: "start" });
    const head = card.querySelector("h3");
    head.tabIndex = -1;
    head.focus({ preventScroll: true });
  };

  /** Wait until every exercise on the page is on the disk; raises naming those that are not. */
  const flush = async (module) => {
    const pending = Object.keys(localStorage).some((key) => key.startsWith("coursekit:"));
    const panel = panelOf(module.path) ?? (pending ? await stand(module) : null);
    if (!panel) return;
    document.activeElement?.blur?.(); // what is being typed is sent on leaving the field
    await until(() => unsaved(panel).every(([, state]) => state !== "saving"), 10_000);
    const left = unsaved(panel);
    if (left.length === 0) return;
    const names = left.map(([title, state]) => `“${title}”${UNSAVED[state] ?? "未保存"}`).join("、");
    throw new Error(`还不能提交：${names}。请等它显示“已保存”再提交；一直不行请告诉教师。`);
  };

  const gaps = (module, found, close) => h("div", { class: "ck-gaps" },
    h("p", {}, found.unanswered.length
      ? `共 ${found.total} 道，已作答 ${found.done} 道，还有 ${found.unanswered.length} 道没有作答：`
      : `共 ${found.total} 道，全部已作答。`),
    h("ul", {}, found.unanswered.map((gap) => h("li", {}, h("a", { href: "#", "data-exercise": gap.exercise,
      onclick: (event) => { event.preventDefault(); close?.(); goTo(module, gap.exercise); } }, `第 ${gap.place} 道　${gap.title}`)))));
  const closing = () => document.querySelector(".ck-dialog")?.dispatchEvent(new Event("cancel", { cancelable: true }));

  const check = async (module) => {
    const found = await call("check", { id: module.id });
    await ask("检查作答", gaps(module, found, closing), [["知道了", true, "ck-main"]]);
    changed();
  };

  const submit = async (module) => {
    await flush(module);
    const found = await call("check", { id: module.id });
    const sure = await ask(`提交“${module.title}”`, [gaps(module, found, closing),
      h("p", {}, "提交以后，在截止时间之前仍可以修改并再次提交，以最后一次为准。")],
    [["提交", true, "ck-main"], ["先不提交", false]]);
    if (!sure) return;
    await flush(module);
    const done = await call("submit", { id: module.id });
    changed();
    await ask("已提交，教师能收到了", [h("p", {}, `${module.title}　${when(done.at)}`),
      h("p", { class: "ck-receipt", "aria-label": "回执码" }, done.receipt),
      h("p", { class: "ck-strong" }, "请抄下或拍下回执码"),
      h("p", { class: "ck-soft" }, "有疑问时，凭回执码可以查到这次提交。")], [["记下了", true, "ck-main"]]);
  };

  const feedback = async (module) => {
    const { url } = await call("feedback", { id: module.id });
    showPage(lab.app, `ck-feedback-${module.id}`, `反馈 ${module.title}`, address(url));
  };
  const fetch = async (module) => {
    await call("fetch", { id: module.id });
    panelOf(module.path)?.close(); // it shows the old edition
    changed();
  };
  return { open, check, submit, feedback, fetch };
}

/** The exercises of a page whose answer is not on the disk: title and state. */
const unsaved = (panel) => [...panel.node.querySelectorAll(".ck-card")]
  .map((card) => [card.querySelector("h3")?.textContent ?? "练习", card.querySelector(".ck-status")?.dataset.state])
  .filter(([, state]) => state && !SETTLED.includes(state));

/** Show a page of the server in the main area, where its scripts and forms are dead. */
function showPage(app, id, title, url) {
  const present = [...app.shell.widgets("main")].find((widget) => widget.id === id);
  present?.close();
  const widget = new kit.Widget();
  widget.id = id;
  widget.addClass("ck-lab");
  widget.addClass("ck-framed");
  widget.title.label = title;
  widget.title.closable = true;
  widget.node.append(
    h("div", { class: "ck-bar", lang: "zh-CN" }, button("← 课程首页", () => { widget.close(); app.commands.execute("coursekit:home"); }), h("strong", {}, title)),
    h("iframe", { sandbox: "", src: url, title }));
  app.shell.add(widget, "main");
  app.shell.activateById(id);
}

// 课程首页: the trainee's modules as cards, each with its state and what can be done now.

const STATES = { new: "未领取", working: "进行中", submitted: "已提交", graded: "已评分" };

/** What a card says of a module. */
function stateOf(module) {
  const tail = {
    working: `${module.done}/${module.total}`,
    submitted: module.submitted_at ? when(module.submitted_at) : "",
    graded: module.points === null || module.points === undefined ? "" : String(Math.round(module.points * 10) / 10),
  }[module.state] ?? "";
  return `${STATES[module.state]}${tail ? ` ${tail}` : ""}`;
}

/** What can be done with a module now; the first is the likely next step. */
function stepsOf(module) {
  if (role() === "instructor") return [["打开", "open"]];
  if (!module.fetched) return [["领取", "fetch"]];
  const steps = [["打开", "open"]];
  if (module.state === "working") steps.push(["检查作答", "check"], ["提交", "submit"]);
  else if (!module.feedback || module.changed) steps.push(["检查作答", "check"], ["再次提交", "submit"]);
  if (module.feedback) steps.unshift(["查看反馈", "feedback"]);
  if (module.newer) steps.push(["领取新版", "fetch"]);
  return steps;
}

/** Small print under a module's title: time needed, deadline, receipt, what the trainee should know. */
function notesOf(module) {
  const due = module.deadline ? `${module.overdue ? "已过截止时间" : "截止"} ${deadline(module.deadline)}` : "不限截止时间";
  return [
    [module.minutes ? `约 ${module.minutes} 分钟　${due}` : due, module.overdue && module.state !== "graded" ? "ck-warn" : "ck-soft"],
    module.receipt && [`回执码 ${module.receipt}`, "ck-soft"],
    module.changed && module.state !== "new" && ["提交以后又改过，改动还没有提交。", "ck-warn"],
    module.problem && [module.problem, "ck-warn"],
    module.newer && ["教师发放了新版；领取新版时，已有的作答会保留。", "ck-warn"],
  ].filter(Boolean);
}

function moduleCard(module, work) {
  const part = module.total ? Math.round((100 * module.done) / module.total) : 0;
  return h("li", { class: "ck-module", "data-module": module.id, "data-state": module.state },
    h("header", {}, h("h2", {}, module.title), h("span", { class: "ck-chip" }, stateOf(module))),
    module.state === "graded" && module.maximum ? h("p", { class: "ck-soft" }, `得分 ${module.points}，满分 ${module.maximum}`) : null,
    module.state !== "new" && module.total ? h("div", { class: "ck-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": module.total,
      "aria-valuenow": module.done, "aria-label": `已作答 ${module.done}/${module.total}` }, h("span", { style: `width:${part}%` })) : null,
    notesOf(module).map(([text, look]) => h("p", { class: look }, text)),
    h("div", { class: "ck-buttons" }, stepsOf(module).map(([text, step], index) =>
      h("button", { type: "button", class: index ? "" : "ck-main", "data-step": step,
        onclick: (event) => doing(event.currentTarget, `${text}没有成功`, () => work[step](module)) }, text))));
}

/** The widget of the page. */
function makeHome(lab) {
  const widget = new kit.Widget();
  widget.id = "coursekit-home";
  widget.addClass("ck-lab");
  widget.addClass("ck-home");
  widget.title.label = "课程首页";
  widget.title.closable = role() !== "trainee";
  const list = h("ul", { class: "ck-modules" });
  const head = h("h1", {}, "课程首页");
  const who = h("p", { class: "ck-soft" });
  const note = h("p", { class: "ck-note", role: "status", hidden: true });
  const extra = h("p", { class: "ck-soft ck-foot" }, h("a", { href: "#", onclick: (event) => {
    event.preventDefault();
    lab.app.commands.execute("nbgrader:open-assignment-list");
  } }, "nbgrader 作业列表（英文页面）"));
  widget.node.lang = "zh-CN";
  widget.node.append(h("main", {}, head, who, note, list, extra));
  let asked = 0;
  const refresh = async () => {
    const mine = asked += 1;
    try {
      const home = await call("home");
      if (mine !== asked) return;
      head.textContent = home.course;
      who.textContent = [home.centre, home.trainee && `学员 ${home.trainee}`].filter(Boolean).join("　");
      lab.modules = home.modules;
      lab.told?.(home);
      list.replaceChildren(...home.modules.map((module) => moduleCard(module, lab.work)));
      note.textContent = home.notice ?? (home.modules.length ? "" : "教师还没有发放练习，请过一会儿再来看。");
      note.hidden = !note.textContent;
      extra.hidden = !lab.app.commands.hasCommand("nbgrader:open-assignment-list");
      widget.node.dataset.ckHome = String(Date.now());
    } catch (error) {
      note.hidden = false;
      note.textContent = error.message;
    }
  };
  lab.work = desktop(lab, refresh);
  lab.refresh = refresh;
  everyMinute(widget, refresh);
  refresh();
  return widget;
}

/** Do something every minute while a page of ours is looked at. */
function everyMinute(widget, work) {
  const timer = setInterval(() => { if (widget.isVisible && document.visibilityState === "visible") work(); }, 60_000);
  widget.disposed.connect(() => clearInterval(timer));
}

/** Open a page of ours in the main area, making it when it is not there. */
function showWidget(app, make) {
  let widget = null;
  return (activate = true) => {
    if (!widget || widget.isDisposed) { widget = make(); }
    if (!widget.isAttached) app.shell.add(widget, "main");
    if (activate) app.shell.activateById(widget.id);
    return widget;
  };
}

// 教学台: the instructor's assignments, how far each is, and the steps of the day as buttons.

const ACTIONS = [["检查", "check"], ["发布", "release"], ["收取", "collect"], ["评分", "grade"], ["发布反馈", "feedback"], ["报表", "report"]];
const COUNTS = [["已领取", "fetched"], ["已提交", "submitted"], ["已收取", "collected"], ["已评分", "graded"], ["待人工评分", "manual"], ["已反馈", "feedback"]];
const POLL_MS = 400;

/** The step that an assignment waits for. */
function nextStep(row) {
  if (!row.released) return "release";
  if (row.submitted > row.collected) return "collect";
  if (row.collected > row.graded) return "grade";
  return row.graded > row.feedback && !row.manual ? "feedback" : null;
}

function deskRow(row, run, busy) {
  const next = nextStep(row);
  return [
    h("tr", { "data-assignment": row.id },
      h("th", { scope: "row" }, h("strong", {}, row.id), ` ${row.title}`,
        h("div", { class: "ck-soft" }, row.deadline ? `截止 ${deadline(row.deadline)}` : "不限截止时间")),
      h("td", {}, row.released ? "已发布" : "未发布"),
      COUNTS.map(([, name]) => h("td", { class: "ck-number", "data-count": name }, row[name] === null || row[name] === undefined ? "–"
        : name === "manual" && row.manual ? h("a", { href: address("formgrader/gradebook", row.id), target: "_blank", rel: "noopener" }, `${row.manual} 项`) : String(row[name]))),
      h("td", {}, h("div", { class: "ck-buttons" }, ACTIONS.map(([text, action]) =>
        h("button", { type: "button", "data-action": action, class: action === next ? "ck-main" : "", disabled: busy,
          onclick: () => run(row, action, text) }, text))))),
    row.problems.length ? h("tr", { class: "ck-problems" }, h("td", { colSpan: 9 }, h("ul", {}, row.problems.map((problem) => h("li", {}, problem))))) : null,
  ];
}

function makeDesk(lab) {
  const widget = new kit.Widget();
  widget.id = "coursekit-desk";
  widget.addClass("ck-lab");
  widget.addClass("ck-desk");
  widget.title.label = "教学台";
  widget.title.closable = true;
  widget.node.lang = "zh-CN";
  const body = h("tbody");
  const said = h("p", { class: "ck-note", role: "status", hidden: true });
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "进度" });
  const links = h("p", { class: "ck-buttons" },
    button("刷新", () => refresh()),
    h("a", { class: "ck-link", href: address("formgrader"), target: "_blank", rel: "noopener" }, "打开评分器（formgrader，新标签页）"),
    h("a", { class: "ck-link", href: address("formgrader/gradebook"), target: "_blank", rel: "noopener" }, "人工评分（新标签页）"));
  widget.node.append(h("main", {}, h("h1", {}, "教学台"), links, said, bar, h("div", { class: "ck-scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, ["作业", "发布", ...COUNTS.map(([text]) => text), "操作"].map((text) => h("th", { scope: "col" }, text)))), body))));
  let busy = false, rows = [];
  const say = (text, state = "") => { said.textContent = text; said.dataset.state = state; said.hidden = !text; };
  const draw = () => body.replaceChildren(...(rows.length ? rows.flatMap((row) => deskRow(row, run, busy)).filter(Boolean)
    : [h("tr", {}, h("td", { colSpan: 9 }, "source/ 里还没有作业。"))]));
  const refresh = async () => {
    try {
      ({ assignments: rows } = await call("desk"));
      widget.node.dataset.ckDesk = String(Date.now());
    } catch (error) { say(error.message, "failed"); }
    draw();
  };
  const run = async (row, action, text) => {
    const tab = action === "report" ? waitingTab(`正在生成 ${row.id} 的报表…`) : null;
    busy = true;
    draw();
    say(`${text} ${row.id}…`, "running");
    bar.removeAttribute("value");
    bar.hidden = false;
    try {
      const { task } = await call("run", { action, id: row.id });
      const end = await followTask(task, (now) => {
        if (now.total) { bar.max = now.total; bar.value = now.done; }
        say(`${text} ${row.id}${now.total ? `　${now.done}/${now.total}` : "…"}`, "running");
      });
      say(`${end.state === "done" ? "✓" : "✗"} ${text}　${end.message}`, end.state);
      if (action === "report" && end.state === "done") showReport(row, tab, said);
      else tab?.close();
    } catch (error) { tab?.close(); say(`✗ ${text} ${row.id}：${error.message}`, "failed"); }
    busy = false;
    bar.hidden = true;
    await refresh();
  };
  refresh();
  everyMinute(widget, () => { if (!busy) refresh(); });
  return widget;
}

/** Open a tab while the click still allows it; the report goes there when it is made. Null where tabs are blocked. */
function waitingTab(text) {
  const tab = window.open("", "_blank");
  if (tab) {
    tab.opener = null;
    tab.document.title = text;
    tab.document.documentElement.lang = "zh-CN";
    tab.document.body.textContent = text;
  }
  return tab;
}

/** Send the waiting tab to a report, and leave a link to it for whose tab was blocked or closed. */
function showReport(row, tab, said) {
  const url = address("coursekit/report", row.id);
  if (tab && !tab.closed) tab.location.replace(url);
  said.append(" ", h("a", { class: "ck-link", href: url, target: "_blank", rel: "noopener" }, `打开 ${row.id} 的报表（新标签页）`));
}

/** Ask for a task until it has ended; *progress* hears of every answer. */
async function followTask(task, progress) {
  for (;;) {
    const now = await call(`task/${encodeURIComponent(task)}`);
    if (now.state !== "running") return now;
    progress(now);
    await pause(POLL_MS);
  }
}

/** The side bar's entry: two doors into the main area. */
function makeDoor(app) {
  const widget = new kit.Widget();
  widget.id = "coursekit-door";
  widget.addClass("ck-lab");
  widget.addClass("ck-door");
  widget.title.caption = "课程";
  widget.title.label = "课程";
  widget.node.lang = "zh-CN";
  widget.node.append(h("h2", {}, "课程"),
    role() === "trainee" ? null : button("教学台", () => app.commands.execute("coursekit:desk"), "ck-main"),
    button("课程首页", () => app.commands.execute("coursekit:home")));
  return widget;
}

// One notebook of the course: header, banner, and whether it may run by itself.

/** The strip above a course notebook: home, gaps, hand in. */
function header(panel, lab, isOurs = true) {
  const module = () => lab.modules?.find((one) => one.path === panel.context.path);
  const step = (name, text) => h("button", { type: "button", "data-step": name, onclick: (event) => doing(event.currentTarget, `${text}没有成功`, async () => {
    if (!module()) await lab.refresh?.();
    if (!module()) throw new Error("课程首页里没有这份练习，请回课程首页看看。");
    await lab.work[name](module());
  }) }, text);
  const title = panel.context.model.getMetadata("coursekit")?.title ?? "";
  return h("div", { class: "ck-bar", lang: "zh-CN" },
    button("← 课程首页", () => lab.app.commands.execute("coursekit:home")),
    h("strong", {}, title), isOurs && h("span", { class: "ck-buttons" }, step("check", "检查作答"), step("submit", "提交")));
}

/** Put our strip between JupyterLab's toolbar and the notebook. */
function addStrip(panel, ...nodes) {
  const inner = h("div", {}, nodes);
  const widget = new kit.Widget();
  widget.addClass("ck-lab");
  widget.addClass("ck-strip");
  widget.node.append(inner);
  panel.contentHeader.addWidget(widget);
  panel.contentHeader.show();
  fitting(widget, inner, panel.contentHeader);
  return widget;
}

/** Make a course notebook a page that runs by itself. */
function bringUp(panel, lab) {
  panel.addClass("ck-course");
  panel.content.node.dataset.lmSuppressShortcuts = "true";
  keepClean(panel);
  let course = null;
  const { node, speak } = banner(panel, () => course.goOn());
  addStrip(panel, lab.home && role() === "trainee" ? header(panel, lab) : [], node);
  hush(panel, speak);
  course = attend(panel, speak);
  course.ensure();
}

/** Look at a notebook that was opened: only what this course handed out runs by itself. */
async function meet(panel, lab) {
  await panel.context.ready;
  if (panel.isDisposed || !panel.context.model.getMetadata("coursekit")?.autorun) return;
  panel.addClass("ck-waiting");
  const path = panel.context.path;
  let found, problem = null;
  try { found = await standing(path, panel.context.model); } catch (error) { problem = error.message; }
  panel.removeClass("ck-waiting");
  if (panel.isDisposed) return;
  const isSource = role() === "instructor" && path.startsWith("source/");
  if (found === "ours" && !isSource) { bringUp(panel, lab); return; }
  const { node, speak } = banner(panel, async () => {});
  const strip = addStrip(panel, lab.home && role() === "trainee" ? header(panel, lab, false) : [], node);
  const retry = (label, next) => speak.offer(label, () => { strip.dispose(); next(); });
  speak.refuse(problem ?? (isSource ? "这里是教师的源文件，不会自动运行。" : REFUSALS[found]));
  panel.node.dataset.ckRefused = found ?? "unknown";
  if (isSource) retry("按学员页面预览", () => bringUp(panel, lab));
  else if (problem) retry("再试一次", () => meet(panel, lab));
}

// The plugins that JupyterLab starts.

const lab = { app: null, tracker: null, work: null, modules: null, home: null };

/** What a trainee's JupyterLab looks like before anything is shown: a header of ours in place of menus and side bars. */
function dressTrainee(app, shell) {
  document.body.classList.add("ck-trainee");
  const who = h("span", { class: "ck-soft" });
  const name = h("strong", {}, "课程首页");
  const top = new kit.Widget();
  top.id = "coursekit-top";
  top.addClass("ck-lab");
  top.node.lang = "zh-CN";
  top.node.append(h("button", { type: "button", title: "回到课程首页", onclick: () => app.commands.execute("coursekit:home") }, name), who);
  const entitle = () => {
    const what = shell.currentWidget?.context?.model?.getMetadata?.("coursekit")?.title ?? "课程首页";
    const title = [what, lab.course].filter(Boolean).join(" · ");
    if (document.title !== title) document.title = title;
  };
  new MutationObserver(entitle).observe(document.querySelector("title"), { childList: true });
  lab.told = (home) => {
    name.textContent = lab.course = home.course;
    entitle();
    who.textContent = [home.centre, home.trainee && `学员 ${home.trainee}`].filter(Boolean).join("　");
  };
  shell.add(top, "top", { rank: 1 });
  const bare = () => {
    if (!shell.leftCollapsed) shell.collapseLeft();
    if (!shell.rightCollapsed) shell.collapseRight();
    for (const side of ["left", "right"]) if (shell.isSideTabBarVisible(side)) shell.toggleSideTabBarVisibility(side);
    for (const area of sideAreas(shell)) area.hide(); // an empty one stays open
  };
  shell.layoutModified.connect(bare);
  app.restored.then(bare);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") event.preventDefault(); // answers save themselves
  }, true);
}

/** The side areas below a widget. */
const sideAreas = (widget) => [...widget.children()].flatMap((child) => (child.hasClass("jp-SideArea") ? [child] : child.id === "jp-main-dock-panel" ? [] : sideAreas(child)));

const autorun = () => ({
  id: `${NAME}:autorun`,
  autoStart: true,
  requires: [kit.INotebookTracker],
  activate: (app, tracker) => {
    document.head.append(h("style", {}, STYLE));
    lab.app = app;
    lab.tracker = tracker;
    const seen = new WeakSet();
    const hook = (panel) => { if (!seen.has(panel)) { seen.add(panel); meet(panel, lab); } };
    tracker.widgetAdded.connect((_, panel) => hook(panel));
    tracker.forEach(hook);
  },
});

const pages = () => ({
  id: `${NAME}:pages`,
  autoStart: true,
  requires: [kit.INotebookTracker],
  optional: [kit.ILabShell],
  activate: (app, tracker, shell) => {
    if (!shell) return; // Notebook 7 has no place for pages of ours
    Object.assign(lab, { app, tracker });
    const isTrainee = role() === "trainee";
    const home = lab.home = showWidget(app, () => makeHome(lab));
    const desk = showWidget(app, () => makeDesk(lab));
    app.commands.addCommand("coursekit:home", { label: "课程首页", execute: () => { home(); lab.refresh(); } });
    app.commands.addCommand("coursekit:desk", { label: "教学台", execute: () => desk() });
    if (isTrainee) dressTrainee(app, shell);
    shell.add(makeDoor(app), "left", { rank: 50 });
    app.restored.then(() => {
      const opened = kit.PageConfig.getOption("treePath") || shell.currentWidget?.hasClass("jp-NotebookPanel");
      if (isTrainee) home(!opened);
      else if (!opened) desk();
    });
  },
});

const connection = () => ({
  id: `${NAME}:connection`,
  autoStart: true,
  provides: kit.IConnectionLost,
  activate: () => connectionLost,
});

(window._JUPYTERLAB ??= {})[NAME] = {
  init: (shared) => { scope = shared; },
  get: async () => {
    const [notebook, application, coreutils, services, widgets] = await Promise.all(
      ["@jupyterlab/notebook", "@jupyterlab/application", "@jupyterlab/coreutils", "@jupyterlab/services", "@lumino/widgets"].map(load));
    Object.assign(kit, { INotebookTracker: notebook.INotebookTracker, ILabShell: application.ILabShell, IConnectionLost: application.IConnectionLost,
      PageConfig: coreutils.PageConfig, URLExt: coreutils.URLExt, ServerConnection: services.ServerConnection, Widget: widgets.Widget });
    const plugins = [autorun(), pages(), ...(role() === "trainee" ? [connection()] : [])];
    return () => ({ __esModule: true, default: plugins });
  },
};

})();
