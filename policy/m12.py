"""Module m12 (考核、再培训与压力调适): what follows from the weights, the pass mark and the floors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Any

from coursekit.author import facts, labelled, table
from coursekit.evaluation import LABELS, total_of
from coursekit.policy import Exercise, Lesson, lines_said
from coursekit.settings import Evaluation, Settings

SEED = "种子000·第8章 培训考核机制"
LOCAL = "本中心规定（考核权重、合格线和强化培训天数）"

Marks = tuple[int, int, int]

PASSED, LOW_TOTAL, LOW_PART, LOW_BOTH = "合格", "只有总评没有到线", "总评到线，有单项没有到线", "总评和单项都有没到线的"
VERDICTS = {"v6": LOW_PART, "a2": PASSED, "n8": LOW_BOTH, "e5": LOW_TOTAL}


def _parts(rules: Evaluation, marks: Marks) -> Iterator[tuple[str, int, int, int]]:
    """Yield (name, mark, weight, floor) of theory, practical and scenario."""
    for (part, name), mark in zip(LABELS.items(), marks, strict=True):
        yield name, mark, rules.weights[part], rules.floors[part]


def _exact(rules: Evaluation, marks: Marks) -> Decimal:
    return sum((Decimal(mark * weight) / 100 for _, mark, weight, _ in _parts(rules, marks)), Decimal())


def _total(rules: Evaluation, marks: Marks) -> Decimal:
    return total_of(rules, dict(zip(LABELS, map(Decimal, marks), strict=True)))


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
    weights = "、".join(f"{name} {rules.weights[part]}%" for part, name in LABELS.items())
    return f"权重：本中心规定，{weights}；总评四舍五入，保留一位小数"


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
        for part, name in LABELS.items()
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
            "facts": facts(_weights_fact(rules), lines_said(rules)),
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
    weight = Decimal(rules.weights[list(LABELS)[place]]) / 100
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
        name, bare = list(LABELS.values())[place], _bare(rules, marks, place)
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
                _weights_fact(rules), lines_said(rules), f"另一人：杜微澜，理论 {last[0]} 分，实操、情景都是 100 分"
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


CELLS = {
    "m12-weights": m12_weights,
    "m12-j01": m12_j01,
    "m12-j02": m12_j02,
}
