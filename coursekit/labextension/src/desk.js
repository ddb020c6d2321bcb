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
