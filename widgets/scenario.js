// 情景演练: choose, commit, see what comes of it, go on; the path only grows. Walking mirrors story.py and guard.py.
import { exercise, h } from "./kit.js";

const STORY_MAX_STEPS = 200;
const GUARD_TOKEN = / *(?:([a-z][a-z0-9_]*)(?![A-Za-z0-9_])|(0|[1-9][0-9]{0,3})(?![A-Za-z0-9_])|([<>=!]=|[<>()]))/y;
const GUARD_COMPARE = {
  "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b,
  ">=": (a, b) => a >= b, "==": (a, b) => a === b, "!=": (a, b) => a !== b,
};

/** Evaluate a guard by reading it; throws for what is no guard and for unknown variables. */
export function guardHolds(guard, levels) {
  const tokens = [];
  GUARD_TOKEN.lastIndex = 0;
  const end = guard.replace(/ +$/, "").length;
  while (GUARD_TOKEN.lastIndex < end) {
    const found = GUARD_TOKEN.exec(guard);
    if (!found) throw new Error(`条件“${guard}”写法有误`);
    tokens.push(found[1] ? { word: found[1] } : found[2] ? { number: Number(found[2]) } : { sign: found[3] });
  }
  let at = 0;
  const fail = () => { throw new Error(`条件“${guard}”写法有误`); };
  const eat = (kind, text) => tokens[at]?.[kind] === text && Boolean(++at);
  const truth = (value) => (typeof value === "boolean" ? value : fail());
  const number = (value) => (typeof value === "number" ? value : fail());
  const either = () => {
    let value = both();
    while (eat("word", "or")) { const more = truth(both()); value = truth(value) || more; }
    return value;
  };
  const both = () => {
    let value = negated();
    while (eat("word", "and")) { const more = truth(negated()); value = truth(value) && more; }
    return value;
  };
  const negated = () => (eat("word", "not") ? !truth(negated()) : compared());
  const compared = () => {
    let left = atom(), all = null;
    while (GUARD_COMPARE[tokens[at]?.sign]) {
      const compare = GUARD_COMPARE[tokens[at++].sign], right = atom();
      all = compare(number(left), number(right)) && all !== false;
      left = right;
    }
    return all === null ? left : all;
  };
  const atom = () => {
    if (eat("sign", "(")) { const value = either(); return eat("sign", ")") ? value : fail(); }
    const token = tokens[at++] ?? fail();
    if ("number" in token) return token.number;
    return token.word && Object.hasOwn(levels, token.word) ? levels[token.word] : fail();
  };
  const value = truth(either());
  return at === tokens.length ? value : fail();
}

export const storyBegin = (spec) => ({ at: spec.start, levels: { ...spec.vars } });
export const storyChoices = (spec, place) =>
  (spec.nodes[place.at]?.options ?? []).filter((option) => option.guard == null || guardHolds(option.guard, place.levels));
export const storyAfter = (spec, place, option) => {
  if (!option) return { at: spec.nodes[place.at].on_timeout, levels: place.levels };
  const moved = Object.entries(place.levels).map(([name, level]) => [name, Math.min(99, Math.max(0, level + (option.set?.[name] ?? 0)))]);
  return { at: option.to, levels: Object.fromEntries(moved) };
};
/** Walk a path; throws at the first step that the story does not allow. */
export function storyWalk(spec, path) {
  const places = [storyBegin(spec)];
  for (const step of path) {
    const place = places.at(-1);
    const option = storyChoices(spec, place).find((one) => one.id === step.option);
    const late = step.option === null && step.timeout && spec.nodes[place.at]?.on_timeout;
    const isLed = typeof step.led === "string"; // a live class went its own way from here
    const led = isLed ? storyChoices(spec, place).find((one) => one.id === step.led) : option;
    const fits = isLed ? (led || (step.led === "" && spec.nodes[place.at]?.on_timeout)) && (option || step.option === null) : late || (option && !step.timeout);
    if (step.node !== place.at || !fits) throw new Error(`第 ${places.length} 步不在情景里`);
    places.push(storyAfter(spec, place, led));
  }
  return places;
}

export default exercise(({ spec, served, change, say }) => {
  const group = `ck${Math.random().toString(36).slice(2)}`;
  const mayReturn = spec.back && spec.policy === "practice";
  const levels = h("p", { class: "ck-levels" });
  const talk = h("ol", { class: "ck-talk", "aria-label": "已经走过的步骤" });
  const scene = h("div", { class: "ck-scene" });
  const root = h("div", { class: "ck-drill", onkeydown: (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") { event.preventDefault(); event.stopPropagation(); } // a decision stands
  } }, levels, talk, scene);
  let path = null; // decisions so far; null before the first painting
  let halted = false; // the last decision's consequence is shown and waits for 继续
  let pending = false; // in a served drill the consequence waits until the decision is in the journal
  let entered = 0, ticking = null;

  const shown = (place) => (spec.show_vars ?? []).map((item) => h("span", {}, `${item.text} `, h("strong", {}, `${place.levels[item.id]}`)));
  const changes = (from, to) => (spec.show_vars ?? []).filter((item) => from.levels[item.id] !== to.levels[item.id])
    .map((item) => h("p", { class: "ck-changed" }, `${item.text}：${from.levels[item.id]} → ${to.levels[item.id]}`));
  const button = (text, onclick, css = null) => h("button", { type: "button", class: css, onclick }, text);
  const back = () => (mayReturn && path.length ? button("退回上一步", () => { put(path.slice(0, -1)); say("已退回上一步"); }) : null);

  const put = (next) => { path = next; halted = false; paint(); change({ path }); focusHeading(); };
  const focusHeading = () => scene.querySelector("h4")?.focus();
  const goOn = () => { halted = false; paint(true); focusHeading(); };
  const commit = (place, option) => {
    const ms = Math.min(86400000, Math.max(0, Math.round(performance.now() - entered)));
    path = [...path, { node: place.at, option: option?.id ?? null, ms, timeout: !option }];
    halted = true;
    pending = served;
    paint();
    change({ path });
    scene.querySelector(".ck-then")?.focus();
    if (!option) say("时间到，这一步没有作出决定");
  };

  /** The courier says whether what was sent last is in the journal. */
  const settled = (isSaved) => {
    const waits = served && !isSaved && Boolean(path?.length);
    if (waits === pending) return;
    pending = waits;
    halted = true;
    paint();
    scene.querySelector(".ck-then")?.focus();
  };

  /** What was said, done, and what came of it. */
  const told = (places, n, isNew = false) => {
    const step = path[n], node = spec.nodes[step.node];
    const option = node.options.find((one) => one.id === step.option);
    return [
      h("p", { class: "ck-say" }, node.say),
      h("p", { class: "ck-did" }, h("span", { class: "ck-who" }, "我的做法："), option ? option.text : "（超过时限，没有作出决定）"),
      isNew && pending ? h("div", { class: "ck-then", tabindex: "-1" }, h("p", {}, "正在保存您的选择，请稍候……"))
        : h("div", { class: "ck-then", tabindex: isNew ? "-1" : null }, h("p", {}, h("span", { class: "ck-who" }, "结果："), option ? option.consequence : "时间到了，您还没有作出决定，事情继续往下发展。"), changes(places[n], places[n + 1])),
    ];
  };
  const title = (n, node) => [`第 ${n} 步 · ${node.stage}`, node.mood ? h("span", { class: "ck-mood" }, `情绪：${node.mood}`) : null];

  const clockLine = (place, node) => {
    const left = h("span", { role: "timer" }, `剩余 ${node.time_limit_s} 秒`);
    const line = h("p", { class: "ck-clock" }, left, button("需要更多时间", () => {
      clearInterval(ticking);
      line.replaceChildren("已停止计时，请从容作答。");
      say("已停止计时");
      scene.querySelector("input")?.focus();
    }, "ck-quiet"));
    const until = Date.now() + 1000 * node.time_limit_s;
    let warned = false;
    ticking = setInterval(() => {
      if (!root.isConnected) { clearInterval(ticking); return; }
      const rest = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      left.textContent = `剩余 ${rest} 秒`;
      if (rest <= 10 && !warned) { warned = true; say(`还剩 ${rest} 秒，可以按“需要更多时间”`); }
      if (!rest) { clearInterval(ticking); commit(place, null); }
    }, 250);
    return line;
  };
  const question = (place, node, isTimed) => {
    const options = storyChoices(spec, place);
    const inputs = options.map((option) => h("input", { type: "radio", name: `${group}-${path.length}`, value: option.id, onchange: () => { ask.textContent = ""; } }));
    const ask = h("p", { class: "ck-ask", role: "status" });
    const decide = () => {
      const chosen = inputs.findIndex((input) => input.checked);
      if (chosen >= 0) { commit(place, options[chosen]); return; }
      ask.textContent = "请先选择一种做法，再按“确定”。";
      inputs[0].focus();
    };
    entered = performance.now();
    return [
      isTimed ? clockLine(place, node) : null,
      h("fieldset", { class: "ck-options" }, h("legend", {}, "您怎么做？"), inputs.map((input, index) => h("label", {}, input, h("span", {}, options[index].text)))),
      ask, h("p", { class: "ck-tools" }, button("确定", decide, "ck-primary"), back()),
    ];
  };
  /** A clock starts only when its trainee is there: after 继续, or after 开始作答 on a page just opened. */
  const situation = (place, isHere) => {
    const node = spec.nodes[place.at];
    const body = h("div", {});
    const open = (isTimed) => body.replaceChildren(...question(place, node, isTimed).filter(Boolean));
    if (node.time_limit_s && !isHere) {
      body.append(h("p", {}, `这一步限时 ${node.time_limit_s} 秒，按“开始作答”后计时；需要时可以停止计时。`),
        h("p", { class: "ck-tools" }, button("开始作答", () => { open(true); scene.querySelector("input")?.focus(); }, "ck-primary"), back()));
    } else open(Boolean(node.time_limit_s));
    return [h("h4", { tabIndex: -1 }, title(path.length + 1, node)), h("p", { class: "ck-say" }, node.say), body];
  };
  const finish = (end) => [
    h("h4", { tabIndex: -1 }, `结局：${end.title}`), h("p", {}, end.text), h("p", { class: "ck-over" }, `演练结束，共 ${path.length} 步。`),
    mayReturn ? h("p", { class: "ck-tools" }, back(), button("从头再来", () => { put([]); say("已从头开始"); })) : null,
  ];

  const paint = (isHere = false) => {
    clearInterval(ticking);
    const places = storyWalk(spec, path), last = path.length - 1;
    const here = places.at(-1);
    levels.replaceChildren(...shown(pending ? places.at(-2) : here));
    levels.style.display = spec.show_vars?.length ? "" : "none";
    const done = path.slice(0, halted ? last : path.length);
    talk.replaceChildren(...done.map((step, n) => h("li", {}, h("p", { class: "ck-stage" }, title(n + 1, spec.nodes[step.node])), told(places, n))));
    talk.style.display = done.length ? "" : "none";
    const now = halted
      ? [h("h4", { tabIndex: -1 }, title(path.length, spec.nodes[path[last].node])), told(places, last, true), pending ? null : h("p", { class: "ck-tools" }, button("继续", goOn, "ck-primary"), back())]
      : spec.ends[here.at] ? finish(spec.ends[here.at])
        : path.length < STORY_MAX_STEPS ? situation(here, isHere)
          : [h("h4", { tabIndex: -1 }, "演练到此为止"), h("p", {}, `已经走了 ${STORY_MAX_STEPS} 步，不能再继续。`)];
    scene.replaceChildren(...now.flat(9).filter(Boolean));
  };
  const fits = (given) => { try { return Boolean(storyWalk(spec, given)); } catch { return false; } };
  const isOver = (given) => Boolean(spec.ends[storyWalk(spec, given).at(-1).at]);
  const show = (answer) => {
    const given = answer?.path && fits(answer.path) ? answer.path : [];
    if (path && JSON.stringify(given) === JSON.stringify(path)) return;
    path = given;
    halted = pending = false;
    paint();
  };
  return {
    settled,
    nodes: [root],
    blank: { path: [] },
    final: true,
    policy: {
      module: "计分演练：每一步按“确定”后不能更改，提交并评分后给出逐步反馈。",
      examination: "考试题：每一步按“确定”后不能更改，只能交一次，不公布答案。",
    }[spec.policy],
    show,
    progress: (answer) => {
      const given = answer?.path && fits(answer.path) ? answer.path : [];
      return [given.length, 0, given.length ? (isOver(given) ? "演练已结束" : `已走 ${given.length} 步，还没有结束`) : "未作答"];
    },
  };
});
