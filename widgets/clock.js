// 考试时限: counts down from the first opening by the server's clock; says the last minutes aloud, and never locks.
import { h } from "./kit.js";

const TOLD = [30, 10, 5, 1]; // minutes left that are announced

export default {
  render({ model, el }) {
    const limit = model.get("minutes"), ahead = Date.parse(model.get("now")) - Date.now();
    const start = Date.parse(model.get("start"));
    const time = new Date(start).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false });
    const left = h("strong", { class: "ck-left" });
    const spoken = h("span", { class: "ck-spoken", role: "status" });
    const badge = h("div", { class: "ck-card ck-badge", "aria-hidden": "true", lang: "zh-CN" });
    let last = Infinity;
    const tick = () => {
      const minutes = Math.ceil((start + limit * 60_000 - Date.now() - ahead) / 60_000);
      const over = minutes <= 0;
      left.textContent = over ? "时间到，请提交" : `剩余 ${minutes} 分钟`;
      left.dataset.state = over ? "over" : minutes <= 10 ? "soon" : "";
      badge.textContent = left.textContent;
      badge.dataset.state = left.dataset.state;
      badge.hidden = !el.isConnected || el.offsetParent === null;
      const told = TOLD.find((mark) => minutes <= mark && last > mark);
      if (last !== Infinity && (told || (over && last > 0))) spoken.textContent = left.textContent;
      last = minutes;
    };
    el.append(h("section", { class: "ck-card ck-clock", lang: "zh-CN", "aria-label": "考试时限" },
      h("p", {}, `考试时限 ${limit} 分钟　${time}（北京时间）开始　`, left, spoken),
      h("p", { class: "ck-hint" }, "到时不会锁住页面；超过时限才提交的，由监考教师按考场规则处理。")));
    document.body.append(badge);
    tick();
    const timer = setInterval(tick, 1000);
    return () => { clearInterval(timer); badge.remove(); };
  },
};
