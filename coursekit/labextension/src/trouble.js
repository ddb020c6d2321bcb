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
