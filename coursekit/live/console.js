// The trainer's console, on the projector: join, pace, count, reveal, replay, debrief. Nobody's name stands on it.
import { h, table } from "../../widgets/kit.js";
import { LETTERS, bars, conversation, countdown, debriefPage, levels, outcome, percent, svg } from "./live.js";

const POLL_MS = 600;
const LATE = "*late"; // no option is called so

export default {
  render({ model, el }) {
    const [code, key] = location.hash.slice(1).split(".");
    const trouble = h("div", { class: "ck-trouble", role: "alert" });
    const title = h("h3", {}, "主持人控制台"), count = h("p", { class: "ck-live", role: "status" });
    const tabs = h("nav", { class: "ck-tabs", "aria-label": "控制台" });
    const body = h("div", { class: "ck-console-body" }, h("p", {}, "正在打开控制台……"));
    el.replaceChildren(h("section", { class: "ck-card ck-drill ck-console", lang: "zh-CN" }, h("header", {}, h("span", { class: "ck-kind" }, "主持人"), title, count), tabs, trouble, body));
    let head = null, page = null, review = null, tab = "class", painted = "", replay = null, said = "";

    const notice = (text, action) => {
      text ||= said;
      trouble.replaceChildren(...(text ? [h("p", {}, text)] : []), ...(action ? [h("button", { type: "button", onclick: action.act }, action.text)] : []));
    };
    const ask = async (message) => {
      const reply = await talk.ask(message);
      said = reply.type === "refused" || reply.type === "failed" ? reply.message : reply.type === "lost" ? "控制台没有收到回执，请再按一次（重复按没有影响）。" : "";
      notice("", null);
      return reply;
    };
    const step = () => page.steps.at(-1);
    const order = (verb, option = null) => ask({ type: "do", command: { do: verb, n: page.n, round: page.round, state: page.state, option } });
    const button = (text, onclick, css = null) => h("button", { type: "button", class: css, onclick }, text);

    const join = () => h("aside", { class: "ck-join", "aria-label": "入场" },
      svg("svg", { viewBox: `0 0 ${head.side} ${head.side}`, role: "img", "aria-label": `入场二维码：${head.join}`, "shape-rendering": "crispEdges" },
        svg("rect", { width: head.side, height: head.side, fill: "#fff" }), svg("path", { d: head.squares, fill: "#000" })),
      h("div", {}, h("p", {}, "扫码，或在浏览器打开"), h("p", { class: "ck-address" }, head.address), h("p", {}, "签到后输入课堂口令 ", h("strong", { class: "ck-code" }, head.code))));

    const controls = () => {
      if (page.closed) return [h("p", { class: "ck-over" }, "本班已经结束。")];
      if (page.state === "draft") return [button("开始作答", () => order("open"), "ck-primary"), h("span", { class: "ck-hint" }, "学员先看情况；按下后他们才能看到做法并作答。")];
      if (page.state === "open") return [button("锁定作答", () => order("lock"), "ck-primary"), page.left !== undefined ? countdown(page.left, "时间到，请锁定作答。") : null, h("span", { class: "ck-hint" }, "锁定后才显示分布。")];
      if (page.state === "locked") return [button("公布结果", () => order("reveal"), "ck-primary"), h("span", { class: "ck-hint" }, "公布后学员的页面上也能看到分布。")];
      if (page.state === "revealed") return [button("再次表决", () => order("revote")), follow()];
      return [];
    };
    const follow = () => {
      const now = step(), wanted = now.majority;
      const choice = h("select", { "aria-label": "全班采用哪种做法" },
        wanted === null ? h("option", { value: "" }, "票数相同或无人作答，请选择") : null,
        now.options.map((one, index) => h("option", { value: one.id, selected: one.id === wanted }, `${LETTERS[index]} ${one.text}`)),
        now.late ? h("option", { value: LATE }, "超时（没有作出决定）") : null);
      return h("span", { class: "ck-follow" }, h("span", {}, "全班采用："), choice, button("下一步", () => {
        if (choice.value) { replay = null; order("follow", choice.value === LATE ? null : choice.value); } else { said = "请先选择全班采用哪种做法，再按“下一步”。"; notice("", null); choice.focus(); }
      }, "ck-primary"));
    };
    const matrix = (one) => {
      if (!one.matrix) return null;
      const columns = [{ id: "was", text: "第一次 ＼ 再次" }, ...one.options.map((option, index) => ({ id: option.id, text: LETTERS[index] }))];
      const rows = one.options.map((from, index) => ({ cells: { was: LETTERS[index], ...Object.fromEntries(one.options.map((to) => [to.id, `${one.matrix[from.id]?.[to.id] ?? 0}`])) } }));
      return h("div", { class: "ck-matrix" }, h("h5", {}, "讨论前后（人数）"), table("讨论前后的选择", columns, rows));
    };
    /** What another option would have led to, and back. */
    const detour = (one) => {
      const way = replay.option === LATE ? one.late : one.ways[replay.option];
      return h("div", { class: "ck-detour" }, h("h5", { tabIndex: -1 }, `如果当时…… 第 ${one.n} 步 · ${one.stage}`), outcome("这样做", way),
        way.next ? [levels(way.next), h("p", {}, h("strong", {}, way.next.end ? `就会走到结局：${way.next.end}` : `接下来会是：${way.next.stage}`)), h("p", { class: "ck-say" }, way.next.say)] : null,
        h("p", { class: "ck-tools" }, button("回到全班的情景", () => { replay = null; paint(true); }, "ck-primary")));
    };
    const replays = (one) => h("p", { class: "ck-tools ck-replays" }, h("span", {}, "回放："), one.options.map((option, index) => button(`${LETTERS[index]} 会怎样`, () => { replay = { n: one.n, option: option.id }; paint(true); body.querySelector(".ck-detour h5")?.focus(); }, "ck-quiet")));
    const mark = (one) => (option) => (one.taken === option.id ? h("span", { class: "ck-tag" }, "全班采用") : one.majority === option.id ? h("span", { class: "ck-tag" }, "最多") : null);
    const choicesOf = (one) => (one.counts ? bars(one.options, one.counts, mark(one))
      : h("ol", { class: "ck-bars" }, one.options.map((option, index) => h("li", {}, h("span", { class: "ck-letter" }, LETTERS[index]), h("div", { class: "ck-choice" }, h("p", {}, option.text))))));
    const told = (one) => h("details", { class: "ck-before", open: replay?.n === one.n }, h("summary", {}, `第 ${one.n} 步 · ${one.stage}`), h("p", { class: "ck-say" }, one.say), choicesOf(one), matrix(one),
      one.ways ? outcome("全班采用", one.taken === null ? one.late : one.ways[one.taken]) : null, replays(one), replay?.n === one.n ? detour(one) : null);

    const paced = () => {
      const now = step(), past = page.steps.filter((one) => one.state === "passed");
      const shown = page.over
        ? [levels(page.over), h("h4", {}, `结局：${page.over.end}`), h("p", { class: "ck-say" }, page.over.say), h("p", { class: "ck-over" }, "情景走到了结局，请转到“复盘”。")]
        : [levels(now), h("h4", {}, `第 ${now.n} 步 · ${now.stage}`, now.mood ? h("span", { class: "ck-mood" }, `情绪：${now.mood}`) : null, now.round > 1 ? h("span", { class: "ck-tag" }, `第 ${now.round} 次表决`) : null),
          h("p", { class: "ck-say" }, now.say), now.state === "draft" ? null : choicesOf(now), matrix(now), replay?.n === now.n ? detour(now) : now.ways ? replays(now) : null];
      return [h("div", { class: "ck-stage-grid", "data-first": `${page.n === 1 && page.state === "draft"}` }, h("div", {}, shown, h("div", { class: "ck-tools ck-controls" }, controls())), join()),
        past.length ? h("section", { class: "ck-past" }, h("h5", {}, "已经走过的步骤"), past.map(told).reverse()) : null];
    };
    const free = () => [h("div", { class: "ck-stage-grid" }, h("div", {}, h("h4", {}, "各人自己走"),
      page.running.map((one) => h("p", {}, `正在第 ${one.step} 步：${one.count} 人`)), page.finished.map((one) => h("p", {}, `到达结局“${one.end}”：${one.count} 人`)),
      page.running.length || page.finished.length ? null : h("p", {}, "还没有人入场。")), join())];

    const sankey = () => {
      const { flow } = page;
      if (!flow.boxes.length) return [h("p", {}, "第一步锁定以后，这里显示全班的路径。")];
      const isFree = page.mode === "free", text = (box) => flow.names[box.column][box.name] ?? box.name;
      const letter = (box) => LETTERS[page.steps[box.column].options.findIndex((one) => one.id === box.name)] ?? "";
      const label = (box) => (isFree ? `${text(box).slice(0, 6)} ${box.count}` : `${letter(box)} ${box.count} 人`);
      const place = (column) => (isFree ? `第 ${column + 1} 步` : `${page.steps[column].n} ${page.steps[column].stage}`);
      const columns = flow.names.map((_, c) => svg("text", { x: flow.column * c, y: -12, class: "ck-column" }, place(c).slice(0, 8)));
      const rows = flow.boxes.map((box) => ({ cells: { step: place(box.column), what: isFree ? text(box) : `${letter(box)} ${text(box)}`, count: `${box.count}` } }));
      return [h("div", { class: "ck-sheet", role: "region", "aria-label": "全班路径图", tabIndex: 0 },
        svg("svg", { class: "ck-flow", viewBox: `-4 -34 ${flow.width + 90} ${flow.height + 44}`, role: "img", "aria-label": "全班路径图，数字见下表", style: `width:${Math.round(1.4 * flow.width + 130)}px;max-width:100%;min-width:${flow.names.length * 90}px` }, columns,
          flow.ribbons.map((one) => svg("path", { d: one.path, class: "ck-ribbon" }, svg("title", {}, `${one.count} 人`))),
          flow.boxes.map((box) => [svg("rect", { x: box.x, y: box.y, width: box.width, height: box.height, class: "ck-box" }),
            svg("text", { x: box.x + box.width + 6, y: box.y + Math.max(14, box.height / 2 + 5), class: "ck-name" }, label(box))]))),
        table("各步人数", [{ id: "step", text: "步" }, { id: "what", text: "做法" }, { id: "count", text: "人数" }], rows)];
    };
    const debrief = () => [h("p", { class: "ck-tools" },
      button(review ? "重新生成" : "打开复盘页（含答案）", () => ask({ type: "debrief" }), "ck-primary"),
      page.debriefed ? button("从学员页面收回", () => ask({ type: "debrief", show: false })) : button("同时显示在学员页面上", () => ask({ type: "debrief", show: true })),
      h("span", { class: "ck-hint" }, "复盘页有每种做法的理由和依据，走完情景再打开。")), review ? debriefPage(review) : null];

    const rubric = () => {
      const subject = h("input", { type: "text", maxLength: 64, required: true }), players = h("input", { type: "text" }), by = h("input", { type: "text", maxLength: 64 });
      const scores = head.criteria.map((name) => h("select", { "aria-label": name, required: true }, h("option", { value: "" }, "请选择"), [0, 1, 2, 3, 4].map((score) => h("option", { value: `${score}` }, `${score} 分`))));
      const save = async (event) => {
        event.preventDefault();
        const given = Object.fromEntries(head.criteria.map((name, index) => [name, Number(scores[index].value)]));
        await ask({ type: "rate", subject: subject.value, players: players.value, by: by.value, scores: given });
      };
      const line = (label, field) => h("label", { class: "ck-field" }, h("span", {}, label), field);
      return [h("form", { class: "ck-form", onsubmit: save }, line("评谁（工号或组名）", subject), line("组里有谁（工号，用顿号隔开；评一个人时不填）", players), line("观察员", by),
        head.criteria.map((name, index) => line(`${name}（0–4）`, scores[index])), h("p", { class: "ck-tools" }, h("button", { type: "submit", class: "ck-primary" }, "记下"))),
      page.ratings.length ? table("已记下的评分", [{ id: "who", text: "对象" }, { id: "players", text: "成员" }, ...head.criteria.map((name) => ({ id: name, text: name })), { id: "sum", text: "合计" }],
        page.ratings.map((one) => ({ cells: { who: one.subject, players: one.players.join("、") || one.subject, ...Object.fromEntries(head.criteria.map((name) => [name, `${one.scores[name]}`])), sum: `${Math.round(one.share * 16)}/16` } }))) : h("p", {}, "还没有评分。")];
    };
    const paper = () => {
      if (page.mode === "free") return [h("p", {}, "自由模式没有全班表决，不用录入票数。")];
      const now = step();
      const fields = now.options.map((one) => h("input", { type: "number", min: "0", step: "1", value: `${page.paper[one.id] ?? 0}`, inputMode: "numeric" }));
      const number = (field) => (field.value === "" ? null : Number(field.value)); // what is no number has no value
      const sum = Object.values(page.paper).reduce((all, count) => all + count, 0);
      const save = async (event) => {
        event.preventDefault();
        await ask({ type: "tally", step: now.n, round: now.round, counts: Object.fromEntries(now.options.map((one, index) => [one.id, number(fields[index])])) });
      };
      return [h("p", {}, `网络中断时请学员举手或写纸条，把第 ${now.n} 步“${now.stage}”的票数录在这里，与网上的票相加；再录一次会代替上一次。`),
        sum ? h("p", { class: "ck-got", role: "status" }, `✓ 已录入 ${sum} 张纸质票，计入上面的“已答”人数。`) : null,
        h("form", { class: "ck-form", noValidate: true, onsubmit: save }, now.options.map((one, index) => h("label", { class: "ck-field" }, h("span", {}, `${LETTERS[index]} ${one.text}`), fields[index])),
          h("p", { class: "ck-tools" }, h("button", { type: "submit", class: "ck-primary" }, "录入票数")))];
    };
    const finish = () => {
      const sure = h("p", { class: "ck-tools" });
      const first = button("结束本班……", () => { sure.replaceChildren(h("span", {}, "结束后不再接收作答，确定吗？"), button("确定结束", () => ask({ type: "close" }), "ck-primary"), button("不结束", () => sure.replaceChildren(first))); });
      sure.append(first);
      return [h("p", {}, `已入场 ${page.joined} 人。下课后在命令行运行 coursekit class close ${head.code}，作答和评分就进入成绩库。`), page.closed ? h("p", { class: "ck-over" }, "本班已经结束。") : sure];
    };
    const TABS = {
      class: ["课堂", () => (page.mode === "free" ? free() : paced()), ({ flow, ratings, members, joined, answered, total, left, ...rest }) => rest],
      flow: ["路径图", sankey, (all) => all.flow],
      debrief: ["复盘", debrief, (all) => [all.debriefed, review]],
      rubric: ["角色扮演评分", rubric, (all) => all.ratings],
      paper: ["纸质票", paper, (all) => [all.n, all.round, all.paper]],
      finish: ["下课", finish, (all) => [all.closed, all.joined]],
    };
    const paint = (isForced) => {
      title.textContent = head.title;
      count.replaceChildren(...[`已入场 ${page.joined}/${page.total}`, page.state === "passed" ? null : page.mode === "free" ? `已走完 ${page.answered}/${page.total}` : `已答 ${page.answered}/${page.total}`].filter(Boolean).map((words) => h("span", {}, words)));
      const now = `${tab}${JSON.stringify(TABS[tab][2](page))}`;
      if (now === painted && !isForced) return;
      painted = now;
      tabs.replaceChildren(...Object.entries(TABS).map(([name, [label]]) => h("button", { type: "button", "aria-pressed": `${name === tab}`, onclick: () => { tab = name; paint(true); } }, label)));
      const wasIn = body.contains(document.activeElement) && document.activeElement.textContent;
      body.replaceChildren(...TABS[tab][1]().flat(9).filter(Boolean));
      if (wasIn) (body.querySelector(".ck-controls button.ck-primary, .ck-controls button") ?? body).focus?.();
    };
    const talk = conversation(model, { hello: () => ({ code, key }), every: POLL_MS, notice, show: (reply) => {
      head = reply.head ?? head;
      page = reply.page;
      if (reply.debrief) review = reply.debrief;
      paint(Boolean(reply.debrief));
    } });
    return talk.close;
  },
};
