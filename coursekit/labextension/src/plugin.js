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
