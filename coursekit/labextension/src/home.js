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
