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
