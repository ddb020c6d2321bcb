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
