"""Module m12 (考核、再培训与压力调适): what follows from the retraining days, and from the lines that were missed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from coursekit.author import facts, labelled, table
from coursekit.evaluation import LABELS
from coursekit.policy import Exercise, Lesson, holidays, lines_said, spoken
from coursekit.settings import Settings
from widgets.workdays import add_workdays

NOTICE = "国务院办公厅关于 2026 年部分节假日安排的通知"
SEED = "种子000·第8章 培训考核机制"
LOCAL = "本中心规定（考核权重、合格线和强化培训天数）"

W_COLUMNS = {
    "who": "编号和姓名",
    "marks": "首考：理论／实操／情景",
    "days": "培训起止（月-日）",
    "what": "培训内容",
    "exam": "再考（月-日）",
    "again": "再考结果",
    "then": "处理",
}
W_REASONS = {
    "q4": "培训天数没有上满",
    "h8": "内容不对着没到线的单项",
    "s1": "还没有上完课就再考",
    "d6": "处理与再考结果不符",
    "c3": "首考已经合格，不该参加",
    "u9": "再考的日子放得太晚",
}
LAW_LESSON, DESK_LESSON, TALK_LESSON = "条文和期限辨析", "录入和审件练习", "接待和应急演练"


def _lessons(start: date, days: int) -> list[date]:
    """Return the days of a course of so many working days, the first being *start*."""
    return [start, *(add_workdays(start, number, holidays(__file__)) for number in range(1, days))]


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _span(first: date, last: date) -> str:
    return f"{_day(first)}—{_day(last)}"


def _day(day: date) -> str:
    return f"{day:%m-%d}"


def m12_retrain(settings: Settings) -> Lesson:
    """Say what follows when somebody does not pass."""
    days = settings.evaluation.retraining_days
    return Lesson(f"""
## 二、没有合格，怎么办

![不合格以后的路](data/retrain.svg)

**强化培训不是处罚**，是把短的那一块补上。本中心规定强化培训 **{days} 天**，每个上课日算一天，开班当天算第 1 天，周末和放假日不上课。几件事要做实：

| 环节 | 要点 |
|---|---|
| 告知 | 结果当面告诉本人，说清差在哪一项、差多少 |
| 定内容 | 哪一项没到线就补哪一项，从错题和演练记录里找 |
| 培训 | 天数上满，岗位有人顶，不能边值守边培训 |
| 再考 | 全部课上完以后才考；题目要换，标准不变 |
| 处理 | 合格的回到岗位；仍不合格的，**调离窗口岗位或者延长试用期** |

再考只有一次，不能“考到过为止”。每一步都记入培训台账。
""")


def m12_j03(settings: Settings) -> Exercise:
    """Last day and second examination of two retraining courses that meet the autumn holidays."""
    days = settings.evaluation.retraining_days
    hours = settings.policy.hours
    daily = sum(_minutes(end) - _minutes(begin) for begin, end in (hours.morning, hours.afternoon))
    early, late = date(2026, 9, 21), date(2026, 9, 28)
    ends = [_lessons(start, days)[-1] for start in (early, late)]
    again = [add_workdays(end, 1, holidays(__file__)) for end in ends]
    nature = (ends[1] - late).days + 1
    listed = "、".join(spoken(day) for day in _lessons(late, days))
    total = f"{Decimal(daily * days) / 60:.2f}".rstrip("0").rstrip(".")
    options = {
        "t4": "再办一期，考到合格为止",
        "b9": "调离窗口岗位，或者延长试用期",
        "m2": "扣当月奖金，照旧在窗口上班",
        "y6": "把两次成绩平均，平均到线就算合格",
    }
    return Exercise(
        data={
            "kind": "calculation",
            "title": "计算三：强化培训的日子",
            "prompt": "按放假安排算出两期强化培训的日期。日期写成 2026-09-01 的样子。",
            "source": [SEED, LOCAL, NOTICE],
            "seed": ["13.3", "0.3"],
            "facts": facts(
                f"天数：本中心规定，强化培训 {days} 天，只在工作日上课，开班当天算第 1 天",
                "再考：本中心规定，上完课以后的第 1 个工作日再考",
                f"上课时间：每天 {hours.morning[0]} 至 {hours.morning[1]}、{hours.afternoon[0]} 至 {hours.afternoon[1]}",
                "放假：9 月 25 日至 27 日中秋，10 月 1 日至 7 日国庆；10 月 10 日（周六）上班，其余周末不上班",
                "甲期：9 月 21 日（周一）开班",
                "乙期：9 月 28 日（周一）开班",
            ),
            "blanks": [
                {"id": "a", "text": "甲期最后一天上课是哪一天？", "answer": "date"},
                {"id": "b", "text": "乙期最后一天上课是哪一天？", "answer": "date"},
                {"id": "c", "text": "乙期哪一天再考？", "answer": "date"},
                {
                    "id": "d",
                    "text": "乙期从开班到最后一天上课，首尾都算，一共跨了多少个自然日？",
                    "answer": "number",
                    "decimals": 0,
                },
                {"id": "e", "text": "一期一共上课多少小时？", "answer": "number", "decimals": 1},
                {
                    "id": "f",
                    "text": "有人再考仍不合格，按规定怎样处理？",
                    "answer": "choice",
                    "options": labelled(options),
                },
            ],
        },
        key={
            "blanks": {
                "a": {
                    "value": ends[0].isoformat(),
                    "why": f"上课的日子是 {'、'.join(spoken(day) for day in _lessons(early, days))}；中秋放假跳过去。",
                },
                "b": {"value": ends[1].isoformat(), "why": f"上课的日子是 {listed}；国庆七天不上课。"},
                "c": {
                    "value": again[1].isoformat(),
                    "why": f"最后一天的下一个工作日是 {spoken(again[1])}；调休上班的周六也是工作日。",
                },
                "d": {
                    "value": str(nature),
                    "why": f"9 月 28 日到 {spoken(ends[1])}，首尾都算，{nature} 个自然日，其中上课 {days} 天。",
                },
                "e": {
                    "value": total,
                    "tolerance": "0.05",
                    "why": f"每天 {daily} 分钟，{days} 天共 {daily * days} 分钟，合 {total} 小时；中午不算。",
                },
                "f": {"value": "b9", "why": "再考只有一次。仍不合格的，两种处理择一，由中心研究决定。"},
            }
        },
    )


def m12_w01(settings: Settings) -> Exercise:
    """Write a register of ten retrained people in which five entries are wrong."""
    rules, days = settings.evaluation, settings.evaluation.retraining_days
    theory, practical, scenario = (rules.floors[part] for part in LABELS)
    top = max(rules.pass_mark, theory, practical, scenario)
    back, longer, moved = "回到岗位", "延长试用期", "调离窗口岗位"
    yes, no = "合格", "不合格"
    people = [
        ("柏舟", (theory - 3, top + 6, top + 4), date(2026, 10, 12), LAW_LESSON, 1, yes, back),
        ("骆宛秋", (top + 5, practical - 4, top + 2), date(2026, 10, 12), DESK_LESSON, 2, yes, back),
        ("阮青禾", (theory - 6, top + 3, top + 1), date(2026, 10, 13), LAW_LESSON, 1, no, longer),
        ("单于飞", (top + 3, top + 7, scenario - 2), date(2026, 10, 13), TALK_LESSON, 1, yes, back),
        ("季怀瑾", (theory - 8, top + 2, top + 4), date(2026, 10, 14), LAW_LESSON, 2, no, longer),
        ("闻人语", (top + 8, practical - 6, top + 5), date(2026, 10, 14), DESK_LESSON, 1, yes, back),
        ("左小棠", (top + 1, top + 4, scenario - 5), date(2026, 10, 15), TALK_LESSON, 3, no, moved),
        ("商羽", (theory - 1, top + 12, top + 13), date(2026, 10, 15), LAW_LESSON, 1, yes, back),
        ("温子衿", (top + 4, practical - 1, top + 9), date(2026, 10, 16), DESK_LESSON, 1, yes, back),
        ("麦穗", (top + 6, top + 8, scenario - 3), date(2026, 10, 16), TALK_LESSON, 2, yes, back),
    ]
    rows = []
    marks = [[min(100, max(0, mark)) for mark in first] for _, first, *_ in people]
    for number, (name, _, start, what, wait, result, then) in enumerate(people, 1):
        end = _lessons(start, days)[-1]
        exam = add_workdays(end, wait, holidays(__file__))
        rows.append(
            [
                f"QH-{number:02d} {name}",
                "／".join(map(str, marks[number - 1])),
                _span(start, end),
                what,
                _day(exam),
                result,
                then,
            ]
        )
    columns = list(W_COLUMNS)
    courses = [_lessons(start, days) for _, _, start, *_ in people]
    early, late = courses[3][max(0, days - 2)], courses[1][max(0, days - 2)]
    wrong = {
        (2, "days"): (
            _span(courses[1][0], late),
            "q4",
            f"首尾都算，只上了 {max(1, days - 1)} 天，少 1 天；应到 {spoken(courses[1][-1])}。",
        ),
        (4, "exam"): (
            _day(early),
            "s1",
            f"课要上到 {spoken(courses[3][-1])}，{spoken(early)} 还在培训期里，不能再考。",
        ),
        (5, "then"): (
            "再办一期后补考",
            "d6",
            "再考仍不合格的，调离窗口岗位或者延长试用期，不再办第二期。",
        ),
        (6, "what"): (
            TALK_LESSON,
            "h8",
            f"没有到线的是实操（{marks[5][1]} 分，线是 {practical} 分），练接待补不上录入和审件。",
        ),
        (9, "then"): (
            longer,
            "d6",
            "再考合格的应当回到岗位，延长试用期是给再考仍不合格的人的。",
        ),
    }
    key = {}
    for (place, column), (text, reason, why) in wrong.items():
        rows[place - 1][columns.index(column)] = text
        key[f"r{place}/{column}"] = {"reason": reason, "why": why}
    return Exercise(
        data={
            "kind": "spotting",
            "title": "找错一：强化培训登记册",
            "prompt": "下面是 10 月强化培训的登记册。先看首考差在哪一项，再逐格核对。标出有错的那一格，选理由。",
            "source": [SEED, LOCAL],
            "seed": ["13.3", "0.3"],
            "facts": facts(
                f"天数：本中心规定，强化培训 {days} 天，只在工作日上课，首尾都算；10 月 12 日以后没有放假调休",
                lines_said(rules),
            ),
            **table(W_COLUMNS, rows),
            "reasons": [{"id": name, "text": text} for name, text in W_REASONS.items()],
            "rules": [
                "培训内容对着没有到线的单项：理论补条文，实操补录入和审件，情景补接待和应急。",
                "全部课上完以后的工作日再考，早几天晚几天都可以。",
                "再考合格的回到岗位；仍不合格的，调离窗口岗位或者延长试用期。",
                "一处错误引起的其他不一致，只标最先错的那一格。",
            ],
        },
        key={"errors": key},
    )


CELLS = {
    "m12-retrain": m12_retrain,
    "m12-j03": m12_j03,
    "m12-w01": m12_w01,
}
