// A trainee's page in a class: read, choose, submit, 已收到; what others chose comes after the reveal.
import { h, visitorToken } from "../../widgets/kit.js";
import { LETTERS, bars, conversation, countdown, debriefPage, levels, outcome } from "./live.js";

const POLL_MS = 1200;
const RESEND_MS = 3000;
const MAX_MS = 86400000;

const keep = (name, value) => { try { value === null ? sessionStorage.removeItem(name) : sessionStorage.setItem(name, JSON.stringify(value)); } catch { /* private mode */ } };
const kept = (name) => { try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; } };

export default {
  render({ model, el }) {
    const code = location.pathname.match(/\/class\/(\d+)/)?.[1] ?? new URLSearchParams(location.search).get("code") ?? "";
    const store = `coursekit-class:${code}`;
    const body = h("div", { class: "ck-seat-body" }, h("p", {}, "正在进入班级……"));
    const trouble = h("div", { class: "ck-trouble", role: "alert" });
    const spoken = h("p", { class: "ck-spoken", "aria-live": "polite" });
    const name = h("h3", {}, "课堂演练"), step = h("span", { class: "ck-progress" });
    el.replaceChildren(h("section", { class: "ck-card ck-drill ck-seat", lang: "zh-CN" }, h("header", {}, h("span", { class: "ck-kind" }, "课堂"), name, step), trouble, body, spoken));
    let page = null, painted = "", entered = 0, sending = null, said = kept(`${store}:said`) ?? "";

    const notice = (text, action) => {
      if (sending && !text) return;
      text ||= said;
      trouble.replaceChildren(...(text ? [h("p", {}, text)] : []), ...(action ? [h("button", { type: "button", onclick: action.act }, action.text)] : []));
    };
    /** What was refused stays until there is something to do, over a reload too. */
    const tell = (text) => { said = text; keep(`${store}:said`, text || null); };
    const slot = () => `${store}:${page.n}/${page.round}`;
    const text = (id) => page.options.find((one) => one.id === id)?.text ?? "";

    /** Send until the kernel says that it is on the disk; sending twice is harmless. */
    const send = async (ballot) => {
      sending = ballot;
      tell("");
      keep(`${store}:sending`, ballot);
      paint(true);
      const reply = await talk.ask({ type: "vote", ballot });
      if (reply.type === "failed" || reply.type === "lost") {
        notice(reply.message ?? "还没有收到回执，正在自动重新提交，请不要关闭页面。", null);
        if (reply.type === "lost" && ++lost > 2) { talk.reopen(); return; }
        setTimeout(() => send(ballot), RESEND_MS);
        return;
      }
      lost = 0;
      sending = null;
      keep(`${store}:sending`, null);
      if (reply.type === "refused") tell(`第 ${ballot.n} 步：${reply.message}`); // the page may move on before it is read
      notice("", null);
      paint(true);
      if (reply.type === "cast") spoken.textContent = "已收到";
      body.querySelector("h4")?.focus();
    };
    let lost = 0;

    const question = () => {
      const group = `ck${Math.random().toString(36).slice(2)}`;
      const before = kept(slot());
      const inputs = page.options.map((one) => h("input", { type: "radio", name: group, value: one.id, checked: one.id === before, onchange: () => { keep(slot(), one.id); ask.textContent = ""; } }));
      const ask = h("p", { class: "ck-ask", role: "status" });
      const submit = (event) => {
        event.preventDefault();
        const chosen = inputs.find((one) => one.checked);
        if (!chosen) { ask.textContent = "请先选择一种做法，再按“提交”。"; inputs[0].focus(); return; }
        const ms = Math.min(MAX_MS, Math.max(0, Math.round(performance.now() - entered)));
        send({ n: page.n, round: page.round, node: page.node, option: chosen.value, ms });
      };
      return h("form", { onsubmit: submit },
        h("fieldset", { class: "ck-options" }, h("legend", {}, page.changed ? "讨论之后，您怎么做？（再次表决，可以改变主意）" : "您怎么做？"),
          inputs.map((input, index) => h("label", {}, input, h("span", { class: "ck-letter" }, LETTERS[index]), h("span", {}, page.options[index].text)))),
        ask, h("p", { class: "ck-tools" }, h("button", { type: "submit", class: "ck-primary" }, "提交"), h("span", { class: "ck-hint" }, "提交前可以改，提交后不能更改。")));
    };
    const waiting = (words) => h("p", { class: "ck-waiting", role: "status" }, words);
    const mine = () => (page.mine ? `您选的是：${text(page.mine)}` : "这一步您没有提交。");

    const phases = {
      draft: () => [waiting("请先看清情况，等主持人开放作答。")],
      open: () => (sending ? [waiting("正在提交……")] : page.mine
        ? [h("p", { class: "ck-got", role: "status" }, h("strong", {}, "✓ 已收到　"), mine()), waiting("请等大家作答，主持人会公布结果。")]
        : [page.left !== undefined ? countdown(page.left, "时间到，请尽快提交，主持人马上锁定。")
          : page.limit && page.mode === "free" ? h("p", { class: "ck-clock" }, `实际工作中这一步要在 ${page.limit} 秒内决定。`) : null, question()]),
      locked: () => [h("p", { class: "ck-got", role: "status" }, mine()), waiting("作答已经锁定，等主持人公布结果。")],
      revealed: () => [h("h5", {}, "全班的选择"),
        bars(page.options, Object.fromEntries(page.result.map((one) => [one.id, one.count])), (one) => (one.id === page.mine ? h("span", { class: "ck-tag" }, "我选的") : null)),
        page.own ? h("div", { class: "ck-own" }, h("h5", {}, "如果照您的做法"), outcome("您的做法", page.own)) : null,
        waiting("请听讲评；下一步怎么走由全班决定。")],
      end: () => [h("p", { class: "ck-over" }, page.mode === "free" ? "您已走到结局，请等大家走完。" : "情景走到了结局，请听复盘。")],
      closed: () => [h("p", { class: "ck-over", role: "status" }, "本班已经结束，谢谢参加。您提交过的作答都已记下。")],
    };
    const scene = () => [
      page.before ? h("details", { class: "ck-before", open: true }, h("summary", {}, `上一步：${page.before.stage}`), outcome(page.before.who, page.before)) : null,
      levels(page),
      h("h4", { tabIndex: -1 }, page.end ? `结局：${page.end}` : `第 ${page.n} 步 · ${page.stage}`, page.mood ? h("span", { class: "ck-mood" }, `情绪：${page.mood}`) : null),
      h("p", { class: "ck-say" }, page.say),
    ];
    const opening = () => h("details", { class: "ck-before", open: page.n === 1 && page.phase === "draft" }, h("summary", {}, "情景说明"),
      h("p", { class: "ck-prompt" }, page.prompt), page.facts.length ? h("ul", { class: "ck-given" }, page.facts.map((fact) => h("li", {}, fact))) : null);

    const paint = (isForced) => {
      const { left, ...rest } = page;
      const now = JSON.stringify(rest);
      if (now === painted && !isForced) return;
      const isLater = painted !== "";
      const isNew = !isLater || JSON.parse(painted).n !== page.n || JSON.parse(painted).phase !== page.phase;
      painted = now;
      if (isNew) entered = performance.now();
      if (isNew && isLater && page.phase === "open") tell("");
      name.textContent = page.title;
      step.textContent = `口令 ${page.code}`;
      const nodes = [opening(), ...scene(), ...phases[page.phase](), ...(page.debrief ? [h("div", { class: "ck-debrief" }, debriefPage(page.debrief))] : [])];
      body.replaceChildren(...nodes.flat(9).filter(Boolean));
      if (isNew) spoken.textContent = { draft: "新的一步，请等待开放", open: "可以作答了", locked: "作答已锁定", revealed: "结果已公布", end: "情景结束", closed: "班级已结束" }[page.phase];
    };
    const talk = conversation(model, { hello: () => ({ token: visitorToken(), code }), every: POLL_MS, notice, show: (reply) => {
      const isFirst = page === null;
      page = reply.page;
      paint(false);
      const unsent = isFirst ? kept(`${store}:sending`) : null;
      if (unsent) send(unsent); // the kernel died before it said 已收到
    } });
    return talk.close;
  },
};
