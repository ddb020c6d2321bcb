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
