"""What of module m11 depends on the centre's rules: the training ledger with its weights, pass marks and retraining."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from coursekit.evaluation import COMPONENTS, rounded, total_of
from coursekit.policy import Exercise
from coursekit.settings import Evaluation, Settings

PASSED, FAILED, NOTHING = "合格", "不合格", "无"
COLUMNS = {
    "who": "编号和姓名",
    "train": "培训时间、地点、内容",
    "exam": "考核日期",
    "marks": "理论／实操／情景",
    "total": "总评",
    "end": "结论",
    "word": "评语和技能提升",
    "fix": "问题改进",
    "prize": "表彰奖励",
}
REASONS = {
    "u7": "结论与成绩不符",
    "c3": "日期前后倒挂",
    "p5": "总评没有按权重计算",
    "h2": "应填的内容没有填全",
    "y8": "评语与本人成绩矛盾",
    "d4": "表彰没有写明依据",
}

Marks = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Line:
    """One trainee in the ledger, as it ought to be entered; *marks* are theory, practical, scenario."""

    train: str
    exam: str
    marks: Marks
    word: str
    prize: str = NOTHING


def m11_w03(settings: Settings) -> Exercise:
    """Write a ledger of eleven trainees in which five entries are wrong."""
    rules = settings.evaluation
    ledger = _ledger(rules)
    cells = [_cells(f"PX-{21 + i} {name}", line, rules) for i, (name, line) in enumerate(ledger.items())]
    swapped, partial, failed = ledger["施若水"].marks, ledger["祝南枝"].marks, ledger["谈知远"].marks
    right, plain = _worked(rules, swapped), str(_average(swapped))
    wrong: dict[tuple[int, str], tuple[str, str, str]] = {
        (2, "exam"): (
            "9月17日",
            "c3",
            "9 月 18 日才培训完，9 月 17 日不可能已经考核；应核对原始签到表和考卷，更正日期。",
        ),
        (4, "train"): (
            "9月21日至22日，投诉处理",
            "h2",
            "时间和内容有了，地点没有写。台账的第一类内容是时间、地点、内容三样，缺一样就查不到原始签到。",
        ),
        (6, "total"): (
            plain,
            "p5",
            f"{plain} 是三项直接平均得来的。本中心规定按权重算，应为 {_sum(rules, swapped)} = {right}。",
        ),
        (8, "end"): (
            PASSED,
            "u7",
            f"理论 {partial[0]} 分，没有达到单项线 {rules.floors['theory']} 分；有一项不到线，总评多高都不能算合格。",
        ),
        (9, "fix"): (
            NOTHING,
            "h2",
            f"三项是 {'／'.join(map(str, failed))}，结论不合格没有错，但要写明 {rules.retraining_days} 天强化培训和再考的安排。",
        ),
    }
    key = {}
    for (place, column), (text, reason, why) in wrong.items():
        cells[place][column] = text
        key[f"r{place + 1}/{column}"] = {"reason": reason, "why": why}
    weights, floors = rules.weights, rules.floors
    data: dict[str, Any] = {
        "kind": "spotting",
        "title": "找错三：培训台账抽查",
        "prompt": "下面是 2026 年 9 月培训考核的台账。总评、结论都可以自己复算。标出有错的那一格，选理由。",
        "source": ["种子000·培训台账与效果跟踪", "本中心规定（考核权重、合格线和强化培训天数）"],
        "seed": ["13.4"],
        "facts": [
            {"id": "f1", "text": f"单位：{settings.centre}"},
            {
                "id": "f2",
                "text": f"权重：本中心规定，理论 {weights['theory']}%、实操 {weights['practical']}%、情景 {weights['scenario']}%",
            },
            {
                "id": "f3",
                "text": f"合格：本中心规定，总评达到 {rules.pass_mark} 分，并且理论、实操、情景分别达到"
                f" {floors['theory']}、{floors['practical']}、{floors['scenario']} 分（都含本数）",
            },
        ],
        "columns": [{"id": name, "text": text} for name, text in COLUMNS.items()],
        "rows": [{"id": f"r{i}", "cells": row} for i, row in enumerate(cells, 1)],
        "reasons": [{"id": name, "text": text} for name, text in REASONS.items()],
        "rules": [
            "培训栏要写全时间、地点、内容；考核日期不早于培训的最后一天。",
            "总评按权重计算，算到最后一步才四舍五入，保留一位小数；是否达到合格线，看保留以后的总评。",
            f"结论不合格的，“问题改进”栏写明强化培训 {rules.retraining_days} 天及再考的安排；合格又没有问题的，写“无”。",
            "表彰奖励写明名称和依据；没有的写“无”。",
            "一处错误引起的其他不一致，只标最先错的那一格：结论写错的，不再标“问题改进”。",
        ],
    }
    return Exercise(data=data, key={"errors": key})


def _ledger(rules: Evaluation) -> dict[str, _Line]:
    """Choose marks on both sides of every line that the settings draw."""
    line, floors = rules.pass_mark, rules.floors
    theory, practical, scenario = (floors[name] for name in COMPONENTS)
    edge = max(line, theory, practical, scenario)

    def over(more: Marks) -> Marks:
        return _cut(edge + more[0], edge + more[1], edge + more[2])

    early, late = "9月14日至15日，三楼培训室，材料审核", "9月21日至22日，三楼培训室，投诉处理"
    middle = "9月17日至18日，模拟窗口，系统录入"
    return {
        "温亦舟": _Line(early, "9月16日", over((4, 2, 6)), "审核有条理；已能独立审核变更登记"),
        "祁念北": _Line(early, "9月15日", over((0, 0, 0)), "成绩平稳；录入速度有进步"),
        "项知遥": _Line(middle, "9月21日", over((3, 8, 1)), "快捷键运用熟练；能教同组的新人"),
        "乔映雪": _Line(early, "9月16日", _cut(line - 6, line - 4, line - 8), "条文记得不牢；收件动作已经规范"),
        "龙见青": _Line(late, "9月23日", over((7, 3, 5)), "情景题先听后说；已能单独接待投诉"),
        "岑望山": _Line(
            late, "9月23日", _cut(line + 14, practical - 3, line + 12), "理论扎实，实操没有到单项线；会用缺项清单"
        ),
        "施若水": _Line(middle, "9月21日", _uneven(rules), "理论突出；录入后请群众核对已成习惯"),
        "葛闻溪": _Line(early, "9月16日", over((9, 7, 8)), "讲解清楚；能带新人", "三季度窗口标兵，见本中心第 6 号通报"),
        "祝南枝": _Line(late, "9月23日", _cut(theory - 2, line + 13, line + 11), "动作熟练，条文还要补；沟通有进步"),
        "谈知远": _Line(middle, "9月21日", _cut(line - 7, line - 9, line - 3), "录入常漏核对一步；已学会查待办清单"),
        "宁采蘋": _Line(late, "9月22日", over((2, 6, 3)), "复述群众诉求准确；能写清回访记录"),
    }


def _cells(who: str, line: _Line, rules: Evaluation) -> dict[str, str]:
    passed = _passes(rules, line.marks)
    again = f"强化培训 {rules.retraining_days} 天后再考"
    texts = (
        who,
        line.train,
        line.exam,
        "／".join(map(str, line.marks)),
        str(_total(rules, line.marks)),
        PASSED if passed else FAILED,
        line.word,
        NOTHING if passed else again,
        line.prize,
    )
    return dict(zip(COLUMNS, texts, strict=True))


def _cut(*marks: int) -> Marks:
    first, second, third = (min(100, max(0, mark)) for mark in marks)
    return first, second, third


def _uneven(rules: Evaluation) -> Marks:
    """Find marks that pass, and whose plain average differs from the weighted total and passes as well."""
    for drop in range(12):
        marks = _cut(
            rules.pass_mark + 16 - drop,
            max(rules.pass_mark + 8 - drop, rules.floors["practical"]),
            max(rules.pass_mark - 6 + drop, rules.floors["scenario"]),
        )
        average = _average(marks)
        if _passes(rules, marks) and average != _total(rules, marks) and average >= rules.pass_mark:
            return marks
    return _cut(100, 99, max(97, rules.floors["scenario"]))


def _average(marks: Marks) -> Decimal:
    return rounded(Fraction(sum(marks), 3))


def _weighed(rules: Evaluation, marks: Marks) -> list[tuple[int, int]]:
    return list(zip(marks, (rules.weights[name] for name in COMPONENTS), strict=True))


def _exact(rules: Evaluation, marks: Marks) -> Decimal:
    return sum((Decimal(mark * weight) / 100 for mark, weight in _weighed(rules, marks)), Decimal())


def _total(rules: Evaluation, marks: Marks) -> Decimal:
    return total_of(rules, dict(zip(COMPONENTS, map(Decimal, marks), strict=True)))


def _worked(rules: Evaluation, marks: Marks) -> str:
    exact, total = _exact(rules, marks), _total(rules, marks)
    return f"{total}" if exact == total else f"{_words(exact)}，保留一位小数是 {total}"


def _sum(rules: Evaluation, marks: Marks) -> str:
    return " + ".join(f"{mark}×{weight}%" for mark, weight in _weighed(rules, marks))


def _passes(rules: Evaluation, marks: Marks) -> bool:
    floors = (rules.floors[name] for name in COMPONENTS)
    reached = all(mark >= floor for mark, floor in zip(marks, floors, strict=True))
    return reached and _total(rules, marks) >= rules.pass_mark


def _words(number: Decimal) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


CELLS = {"m11-w03": m11_w03}
