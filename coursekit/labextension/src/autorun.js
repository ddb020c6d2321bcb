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
