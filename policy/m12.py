"""Module m12 (考核、再培训与压力调适): what follows from the weights, pass mark, floors and retraining days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Any

from coursekit.author import facts, labelled, table
from coursekit.evaluation import total_of
from coursekit.policy import Exercise, Lesson, holidays
from coursekit.settings import Component, Evaluation, Settings
from widgets.workdays import add_workdays

NOTICE = "国务院办公厅关于 2026 年部分节假日安排的通知"
SEED = "种子000·第8章 培训考核机制"
LOCAL = "本中心规定（考核权重、合格线和强化培训天数）"
NAMES: dict[Component, str] = {"theory": "理论", "practical": "实操", "scenario": "情景"}

Marks = tuple[int, int, int]

PASSED, LOW_TOTAL, LOW_PART, LOW_BOTH = "合格", "只有总评没有到线", "总评到线，有单项没有到线", "总评和单项都有没到线的"
VERDICTS = {"v6": LOW_PART, "a2": PASSED, "n8": LOW_BOTH, "e5": LOW_TOTAL}


def _parts(rules: Evaluation, marks: Marks) -> Iterator[tuple[str, int, int, int]]:
    """Yield (name, mark, weight, floor) of theory, practical and scenario."""
    for (part, name), mark in zip(NAMES.items(), marks, strict=True):
        yield name, mark, rules.weights[part], rules.floors[part]


def _exact(rules: Evaluation, marks: Marks) -> Decimal:
    return sum((Decimal(mark * weight) / 100 for _, mark, weight, _ in _parts(rules, marks)), Decimal())


def _total(rules: Evaluation, marks: Marks) -> Decimal:
    return total_of(rules, dict(zip(NAMES, map(Decimal, marks), strict=True)))


def _short(rules: Evaluation, marks: Marks) -> list[str]:
    return [name for name, mark, _, floor in _parts(rules, marks) if mark < floor]


def _verdict(rules: Evaluation, marks: Marks) -> str:
    reached, short = _total(rules, marks) >= rules.pass_mark, _short(rules, marks)
    if reached:
        return LOW_PART if short else PASSED
    return LOW_BOTH if short else LOW_TOTAL


def _verdict_id(rules: Evaluation, marks: Marks) -> str:
    return {text: name for name, text in VERDICTS.items()}[_verdict(rules, marks)]


def _sum(rules: Evaluation, marks: Marks) -> str:
    return " + ".join(f"{mark}×{weight}%" for _, mark, weight, _ in _parts(rules, marks))


def _words(number: Decimal) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _nearest(target: Marks, wanted: Callable[[Marks], bool], reach: int = 12) -> Marks:
    """Return the marks next to *target* that are *wanted*, or *target* itself when none are."""
    ranges = [range(max(0, mark - reach), min(100, mark + reach) + 1) for mark in target]
    found: list[Marks] = [(a, b, c) for a, b, c in product(*ranges) if wanted((a, b, c))]
    by_distance = sorted(found, key=lambda marks: (sum(abs(a - b) for a, b in zip(marks, target, strict=True)), marks))
    return by_distance[0] if by_distance else _cut(*target)


def _cut(*marks: int) -> Marks:
    first, second, third = (min(100, max(0, mark)) for mark in marks)
    return first, second, third


def _floors(rules: Evaluation) -> Marks:
    return rules.floors["theory"], rules.floors["practical"], rules.floors["scenario"]


def _weights_fact(rules: Evaluation) -> str:
    weights = "、".join(f"{name} {rules.weights[part]}%" for part, name in NAMES.items())
    return f"权重：本中心规定，{weights}；总评四舍五入，保留一位小数"


def _lines_fact(rules: Evaluation) -> str:
    floors = "、".join(f"{name} {rules.floors[part]} 分" for part, name in NAMES.items())
    return f"合格线：本中心规定，总评达到 {rules.pass_mark} 分，并且单项都达到 {floors}（“达到”都含本数）"


def _spoken(day: date) -> str:
    return f"{day.month} 月 {day.day} 日"


def _span(first: date, last: date) -> str:
    return f"{_day(first)}—{_day(last)}"


def _day(day: date) -> str:
    return f"{day:%m-%d}"


def m12_weights(settings: Settings) -> Lesson:
    """Weights, floors, the pass mark and how a total is rounded."""
    rules = settings.evaluation
    what = {
        "theory": ("政策法规、业务知识、服务规范", "试卷，闭卷或者开卷，满分 100 分"),
        "practical": ("流程走得对不对、系统用得熟不熟、材料审得准不准", "在模拟环境里真做一件"),
        "scenario": ("沟通、应急、应对各种来访的人", "有人扮群众，当场应对"),
    }
    lines = "\n".join(
        f"| {name} | {what[part][0]} | {what[part][1]} | {rules.weights[part]}% | {rules.floors[part]} 分 |"
        for part, name in NAMES.items()
    )
    high = _nearest(
        _cut(*(mark + 15 for mark in _floors(rules))), lambda marks: _exact(rules, marks) * 100 % 10 == 5, reach=3
    )
    return Lesson(f"""
## 一、三项成绩，一个总评

| 部分 | 考什么 | 怎样考 | 权重 | 单项线 |
|---|---|---|---|---|
{lines}

权重和各条线都是**本中心规定**。总评 = 三项得分各乘权重，再相加；算到最后一步才四舍五入，保留一位小数。例如三项是 {high[0]}、{high[1]}、{high[2]}，总评是 {_sum(rules, high)} = {_words(_exact(rules, high))}，取 {_total(rules, high)} 分。

**合格要同时过两关**：总评达到 {rules.pass_mark} 分，三个单项也都达到各自的线。“达到”含本数，正好在线上算过。有一项没过，别的项再高也补不上。

三项权重合计已经是 100%，**日常工作表现不再占权重**。它按有记录、有证据的加分和扣分计入总评，加减合计不超过 {rules.conduct_limit} 分；违纪投诉查实的，不能靠考试分数抵消。
""")


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


def m12_j01(settings: Settings) -> Exercise:
    """Totals and verdicts of four trainees on both sides of every line."""
    rules = settings.evaluation
    line, floors = rules.pass_mark, _floors(rules)
    top = max(line, *floors)
    passed = _nearest(
        _cut(top + 6, top + 1, top + 5),
        lambda marks: _verdict(rules, marks) == PASSED and _exact(rules, marks) * 100 % 10 == 5,
    )
    partly = _nearest(
        _cut(floors[0] - 1, top + 14, top + 11),
        lambda marks: marks[0] == floors[0] - 1 and _verdict(rules, marks) == LOW_PART,
    )
    below = _nearest(
        _cut(floors[0] + 1, floors[1] + 4, floors[2] + 6),
        lambda marks: (
            _verdict(rules, marks) == LOW_TOTAL
            and Decimal("0.1") <= line - _exact(rules, marks) <= 1
            and marks[1:] != floors[1:]
        ),
    )
    exactly = _nearest(
        _cut(floors[0], floors[1], line + 14),
        lambda marks: marks[:2] == floors[:2] and marks[2] >= floors[2] and _exact(rules, marks) == line,
        reach=40,
    )
    people = {"贺兰舟": passed, "纪云开": partly, "陶思源": below, "罗予安": exactly}

    def verdict(name: str) -> dict[str, str]:
        marks = people[name]
        short = "、".join(_short(rules, marks))
        parts = f"没有到单项线的有：{short}" if short else "三个单项都到线（正好在线上也算达到）"
        return {
            "value": _verdict_id(rules, marks),
            "why": f"总评 {_total(rules, marks)} 分，线是 {line} 分；{parts}。两关都过才是合格。",
        }

    def total(name: str) -> dict[str, str]:
        marks = people[name]
        return {
            "value": str(_total(rules, marks)),
            "why": f"{_sum(rules, marks)} = {_words(_exact(rules, marks))}，保留一位小数是 {_total(rules, marks)}。",
        }

    blanks: list[dict[str, Any]] = [
        {"id": "a", "text": "贺兰舟的总评是多少分？", "answer": "number", "decimals": 1},
        {"id": "b", "text": "纪云开的总评是多少分？", "answer": "number", "decimals": 1},
        {"id": "d", "text": "罗予安的总评是多少分？", "answer": "number", "decimals": 1},
        *(
            {"id": name, "text": f"{who}的结论是哪一种？", "answer": "choice", "options": labelled(VERDICTS)}
            for name, who in {"x": "纪云开", "y": "陶思源", "z": "罗予安"}.items()
        ),
    ]
    return Exercise(
        data={
            "kind": "calculation",
            "title": "计算一：四个人的总评和结论",
            "prompt": "按本中心规定算总评，再下结论。算总评时先不取整，最后一步才四舍五入。",
            "source": [SEED, LOCAL, "《民法典》(2020)第一千二百五十九条（“以上”含本数的口径，参照使用）"],
            "seed": ["13.2", "0.1", "0.2", "E22", "E23"],
            "facts": facts(_weights_fact(rules), _lines_fact(rules)),
            **table(
                {"who": "姓名", "a": "理论", "b": "实操", "c": "情景"},
                [(name, *(str(mark) for mark in marks)) for name, marks in people.items()],
            ),
            "blanks": blanks,
        },
        key={
            "blanks": {
                "a": total("贺兰舟"),
                "b": total("纪云开"),
                "d": total("罗予安"),
                "x": verdict("纪云开"),
                "y": verdict("陶思源"),
                "z": verdict("罗予安"),
            }
        },
    )


def _least(rules: Evaluation, marks: Marks, place: int) -> int:
    """Return the least whole mark at *place* with which the trainee passes; 101 when none will do."""
    for mark in range(101):
        tried = list(marks)
        tried[place] = mark
        if _verdict(rules, _cut(*tried)) == PASSED:
            return mark
    return 101


def _bare(rules: Evaluation, marks: Marks, place: int) -> Decimal:
    """Return what the mark at *place* must be for the total alone, not rounded."""
    tried = list(marks)
    tried[place] = 0
    weight = Decimal(rules.weights[list(NAMES)[place]]) / 100
    return (rules.pass_mark - _exact(rules, _cut(*tried))) / weight


def m12_j02(settings: Settings) -> Exercise:
    """What is still missing: the least mark that passes, by the total or by the floor."""
    rules = settings.evaluation
    line, floors = rules.pass_mark, _floors(rules)
    top = max(line, *floors)

    def by_total(marks: Marks) -> bool:
        if marks[2]:
            return False
        bare, least = _bare(rules, marks, 2), _least(rules, marks, 2)
        return floors[2] + 4 <= least <= 97 and 0 < least - bare < Decimal("0.8")

    one = _nearest(_cut(floors[0] + 2, floors[1] + 3, 0), by_total)
    two = _cut(top + 13, top + 12, 0)
    three = _cut(0, top + 14, top + 15)
    needs = [_least(rules, one, 2), _least(rules, two, 2), _least(rules, three, 0)]
    gain, practical = 6, rules.weights["practical"]
    rows = [
        ("苏晚亭", str(one[0]), str(one[1]), "还没有考"),
        ("程在野", str(two[0]), str(two[1]), "还没有考"),
        ("方恬", "还没有考", str(three[1]), str(three[2])),
    ]
    last = _cut(floors[0] - 1, 100, 100)
    options = {
        "r3": "总评早就过线，可以合格",
        "k7": "理论没有到线，不能合格",
        "w1": "把实操多的分匀给理论，可以合格",
        "g4": "总评也没有过线，不能合格",
    }
    answer = {PASSED: "r3", LOW_PART: "k7", LOW_TOTAL: "g4", LOW_BOTH: "g4"}[_verdict(rules, last)]

    def why(marks: Marks, place: int, need: int) -> str:
        name, bare = list(NAMES.values())[place], _bare(rules, marks, place)
        floor = floors[place]
        most = f"{bare.quantize(Decimal('0.1'), ROUND_HALF_UP)}" if bare > 0 else "0"
        first = f"单看总评，{name}要 {most} 分左右；{name}的单项线是 {floor} 分。"
        second = "单项线更高，以它为准" if need == floor else "总评的要求更高，向上取整"
        return f"{first}{second}，至少 {need} 分。"

    return Exercise(
        data={
            "kind": "calculation",
            "title": "计算二：还差多少分",
            "prompt": "三个人都还有一项没有考。按本中心规定，算出没考的那一项至少要考到几分（整数）才能合格。",
            "source": [SEED, LOCAL],
            "seed": ["13.2", "0.1", "0.2"],
            "facts": facts(
                _weights_fact(rules), _lines_fact(rules), f"另一人：杜微澜，理论 {last[0]} 分，实操、情景都是 100 分"
            ),
            **table({"who": "姓名", "a": "理论", "b": "实操", "c": "情景"}, rows),
            "blanks": [
                {"id": "a", "text": "苏晚亭的情景至少要考几分？", "answer": "number", "decimals": 0},
                {"id": "b", "text": "程在野的情景至少要考几分？", "answer": "number", "decimals": 0},
                {"id": "c", "text": "方恬的理论至少要考几分？", "answer": "number", "decimals": 0},
                {
                    "id": "d",
                    "text": f"别的都不变，实操多考 {gain} 分，总评多几分？",
                    "answer": "number",
                    "decimals": 1,
                },
                {"id": "e", "text": "杜微澜能不能合格？", "answer": "choice", "options": labelled(options)},
            ],
        },
        key={
            "blanks": {
                "a": {"value": str(needs[0]), "why": why(one, 2, needs[0]), "weight": 2},
                "b": {"value": str(needs[1]), "why": why(two, 2, needs[1])},
                "c": {"value": str(needs[2]), "why": why(three, 0, needs[2])},
                "d": {
                    "value": _words(Decimal(gain * practical) / 100),
                    "tolerance": "0.05",
                    "why": f"实操占 {practical}%：{gain} × {practical}% = {_words(Decimal(gain * practical) / 100)} 分。",
                },
                "e": {
                    "value": answer,
                    "why": f"理论 {last[0]} 分，差 1 分到单项线；总评 {_total(rules, last)} 分也替它补不上。",
                },
            }
        },
    )


def _lessons(start: date, days: int) -> list[date]:
    """Return the days of a course of so many working days, the first being *start*."""
    return [start, *(add_workdays(start, number, holidays(__file__)) for number in range(1, days))]


def m12_j03(settings: Settings) -> Exercise:
    """Last day and second examination of two retraining courses that meet the autumn holidays."""
    days = settings.evaluation.retraining_days
    hours = settings.policy.hours
    daily = sum(_minutes(end) - _minutes(begin) for begin, end in (hours.morning, hours.afternoon))
    early, late = date(2026, 9, 21), date(2026, 9, 28)
    ends = [_lessons(start, days)[-1] for start in (early, late)]
    again = [add_workdays(end, 1, holidays(__file__)) for end in ends]
    nature = (ends[1] - late).days + 1
    listed = "、".join(_spoken(day) for day in _lessons(late, days))
    total = _words(Decimal(daily * days) / 60)
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
                    "why": f"上课的日子是 {'、'.join(_spoken(day) for day in _lessons(early, days))}；中秋放假跳过去。",
                },
                "b": {"value": ends[1].isoformat(), "why": f"上课的日子是 {listed}；国庆七天不上课。"},
                "c": {
                    "value": again[1].isoformat(),
                    "why": f"最后一天的下一个工作日是 {_spoken(again[1])}；调休上班的周六也是工作日。",
                },
                "d": {
                    "value": str(nature),
                    "why": f"9 月 28 日到 {_spoken(ends[1])}，首尾都算，{nature} 个自然日，其中上课 {days} 天。",
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


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


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


def m12_w01(settings: Settings) -> Exercise:
    """Write a register of ten retrained people in which five entries are wrong."""
    rules, days = settings.evaluation, settings.evaluation.retraining_days
    theory, practical, scenario = _floors(rules)
    top = max(rules.pass_mark, theory, practical, scenario)
    back, longer, moved = "回到岗位", "延长试用期", "调离窗口岗位"
    yes, no = "合格", "不合格"
    people: list[tuple[str, Marks, date, str, int, str, str]] = [
        ("柏舟", _cut(theory - 3, top + 6, top + 4), date(2026, 10, 12), LAW_LESSON, 1, yes, back),
        ("骆宛秋", _cut(top + 5, practical - 4, top + 2), date(2026, 10, 12), DESK_LESSON, 2, yes, back),
        ("阮青禾", _cut(theory - 6, top + 3, top + 1), date(2026, 10, 13), LAW_LESSON, 1, no, longer),
        ("单于飞", _cut(top + 3, top + 7, scenario - 2), date(2026, 10, 13), TALK_LESSON, 1, yes, back),
        ("季怀瑾", _cut(theory - 8, top + 2, top + 4), date(2026, 10, 14), LAW_LESSON, 2, no, longer),
        ("闻人语", _cut(top + 8, practical - 6, top + 5), date(2026, 10, 14), DESK_LESSON, 1, yes, back),
        ("左小棠", _cut(top + 1, top + 4, scenario - 5), date(2026, 10, 15), TALK_LESSON, 3, no, moved),
        ("商羽", _cut(theory - 1, top + 12, top + 13), date(2026, 10, 15), LAW_LESSON, 1, yes, back),
        ("温子衿", _cut(top + 4, practical - 1, top + 9), date(2026, 10, 16), DESK_LESSON, 1, yes, back),
        ("麦穗", _cut(top + 6, top + 8, scenario - 3), date(2026, 10, 16), TALK_LESSON, 2, yes, back),
    ]
    rows = []
    for number, (name, marks, start, what, wait, result, then) in enumerate(people, 1):
        end = _lessons(start, days)[-1]
        exam = add_workdays(end, wait, holidays(__file__))
        rows.append(
            [
                f"QH-{number:02d} {name}",
                "／".join(map(str, marks)),
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
            f"首尾都算，只上了 {max(1, days - 1)} 天，少 1 天；应到 {_spoken(courses[1][-1])}。",
        ),
        (4, "exam"): (
            _day(early),
            "s1",
            f"课要上到 {_spoken(courses[3][-1])}，{_spoken(early)} 还在培训期里，不能再考。",
        ),
        (5, "then"): (
            "再办一期后补考",
            "d6",
            "再考仍不合格的，调离窗口岗位或者延长试用期，不再办第二期。",
        ),
        (6, "what"): (
            TALK_LESSON,
            "h8",
            f"没有到线的是实操（{people[5][1][1]} 分，线是 {practical} 分），练接待补不上录入和审件。",
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
                _lines_fact(rules),
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
    "m12-weights": m12_weights,
    "m12-retrain": m12_retrain,
    "m12-j01": m12_j01,
    "m12-j02": m12_j02,
    "m12-j03": m12_j03,
    "m12-w01": m12_w01,
}
