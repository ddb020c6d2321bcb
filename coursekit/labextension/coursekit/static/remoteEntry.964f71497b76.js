// JupyterLab extension of the course kit: a course notebook runs its exercises by itself and looks like a page.
// A federated module written by hand: no bundler; JupyterLab's own packages come from the shared scope.
(() => {
  const NAME = "coursekit";
  const STYLE = `
.ck-course .jp-CodeCell .jp-Cell-inputWrapper, .ck-course .jp-InputPrompt, .ck-course .jp-OutputPrompt,
.ck-course .jp-OutputArea-promptOverlay, .ck-course .jp-Collapser, .ck-course .jp-collapseHeadingButton,
.ck-course .jp-Notebook-footer, .ck-course .jp-cell-toolbar, .ck-course .jp-CodeCell.jp-mod-noOutputs { display: none !important; }
.ck-course .jp-Notebook { max-width: 66rem; margin: 0 auto; }
.ck-course .jp-Cell, .ck-course .jp-Cell.jp-mod-active, .ck-course .jp-Cell.jp-mod-selected { background: none; box-shadow: none; padding: 2px 8px; }
.ck-course .jp-RenderedHTMLCommon { font: 16px/1.75 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; padding-right: 0; }
.ck-course .jp-RenderedHTMLCommon table { margin-left: 0; font-size: 15px; }
.ck-course .jp-RenderedHTMLCommon td, .ck-course .jp-RenderedHTMLCommon th { text-align: left; white-space: normal; }
.ck-course .jp-OutputArea-output { padding: 0; overflow: visible; }
.ck-banner { position: sticky; top: 0; z-index: 20; padding: 6px 16px; font: 15px/1.6 "Noto Sans CJK SC", sans-serif; background: #e4edf6; color: #1d2733; }
.ck-banner[data-state="dead"] { background: #fbeceb; color: #a3261c; font-weight: 600; }
.ck-banner[hidden] { display: none; }`;

  let scope;
  const load = async (name) => (await Object.values(scope[name])[0].get())();

  /** Run the exercises of one course notebook whenever it has a fresh kernel, one after another. */
  function attend(panel, app, NotebookActions) {
    const { content, sessionContext: session } = panel;
    const banner = Object.assign(document.createElement("div"), { className: "ck-banner", hidden: true });
    banner.setAttribute("role", "status");
    banner.lang = "zh-CN";
    panel.contentHeader.node.after(banner);
    const say = (text, state = "") => { banner.textContent = text; banner.dataset.state = state; banner.hidden = !text; };
    let busy = false, again = false;
    const run = async () => {
      if (busy) { again = true; return; }
      busy = true;
      try {
        do {
          again = false;
          await session.ready;
          await panel.revealed;
          const cells = content.widgets.filter((cell) => cell.model.type === "code");
          for (const [index, cell] of cells.entries()) {
            say(`正在准备练习 ${index + 1}/${cells.length}`);
            await NotebookActions.runCells(content, [cell], session);
          }
          say("");
          panel.node.dataset.ckReady = String(Date.now());
        } while (again);
      } finally { busy = false; }
    };
    const follow = () => {
      let fresh = false;
      session.statusChanged.connect((_, status) => {
        if (["restarting", "autorestarting", "dead", "terminating", "unknown"].includes(status)) {
          fresh = true;
          say("练习程序正在重新启动，请稍候；已保存的作答不会丢失", "dead");
        }
        if (status === "idle" && fresh) { fresh = false; run(); }
      });
      session.kernelChanged.connect((_, change) => { if (change.oldValue && change.newValue) { fresh = false; run(); } });
    };
    run().then(follow); // while a kernel starts its status jumps about; that is no restart
  }

  const plugin = (INotebookTracker, NotebookActions) => ({
    id: `${NAME}:autorun`,
    autoStart: true,
    requires: [INotebookTracker],
    activate: (app, tracker) => {
      document.head.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
      const seen = new WeakSet();
      const hook = async (panel) => {
        if (seen.has(panel)) return;
        seen.add(panel);
        await panel.context.ready;
        if (!panel.context.model.getMetadata("coursekit")?.autorun) return;
        panel.addClass("ck-course");
        for (const cell of panel.context.model.cells) if (cell.type === "code") cell.clearExecution();
        attend(panel, app, NotebookActions);
      };
      tracker.widgetAdded.connect((_, panel) => hook(panel));
      tracker.forEach(hook);
    },
  });

  (window._JUPYTERLAB ??= {})[NAME] = {
    init: (shared) => { scope = shared; },
    get: async () => {
      const { INotebookTracker, NotebookActions } = await load("@jupyterlab/notebook");
      return () => ({ __esModule: true, default: plugin(INotebookTracker, NotebookActions) });
    },
  };
})();
