"""Registers with errors, modules m03 to m12: the rows that break the written rules are those that the key marks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
import rules_entries
import test_rules_practical
from rulebook import (
    Given,
    after,
    clock,
    count,
    day_in,
    days_in,
    half_up,
    is_workday,
    of_kind,
    registry,
    said,
    variant,
    workdays,
)
from test_policy import CELLS, HERE, OTHERS, items, settings
from test_rules_figures import course_days, passes, shifts, short, weighted
from test_rules_practical import Found

from coursekit.policy import Exercise, writers
from coursekit.source import Variant

RULES: dict[str, Callable[[Given], Found]] = {}
rule = registry(RULES)

#: Where only some of the written rules can be read by a machine: words of the reasons that the rule covers.
PARTLY = {
    "m08-w01": r"归档早于反馈|没有记录诉求",
    "m09-w02": r"定期",
    "m11-w03": r"结论|日期|总评|没有填全",
}


@rule("m08-w01")
def complaints(given: Given) -> Found:
    """Filed after the answer; the wish written down."""
    late = {
        f"{r.id}/file": "归档早于反馈" for r in given.spec.rows if day_in(r.cells["file"]) < day_in(r.cells["back"])
    }
    return late | {f"{r.id}/want": "没有记录诉求" for r in given.spec.rows if r.cells["want"] == "—"}


@rule("m09-w01")
def outage(given: Given) -> Found:
    """Entered after the system came back, as it was received, and checked by somebody else."""

    def moment(words: str) -> tuple[date, int]:
        return day_in(words), clock(words.split()[1])

    back = re.findall(r"(\d+) 月 (\d+) 日（[^）]*）(\d+:\d+)", given.spec.prompt)[1]
    restored = (date(2026, int(back[0]), int(back[1])), clock(back[2]))
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        if cells["sys"] != cells["got"]:
            found[f"{row.id}/sys"] = "没有照实"
        if moment(cells["entry"]) < restored:
            found[f"{row.id}/entry"] = "恢复时间矛盾"
        else:
            assert day_in(cells["entry"]) == restored[0]
        if len(set(cells["who"].split("／"))) == 1:
            found[f"{row.id}/who"] = "同一个人"
        if not days_in(cells["told"]):
            found[f"{row.id}/told"] = "没有主动通知"
        else:
            assert day_in(cells["told"]) == restored[0]
        paid, kept = "已缴费" in cells["keep"], "退还" not in cells["keep"]
        if (paid and "票号" not in cells["keep"]) or (kept and not re.search(r"\d\d 号袋，存", cells["keep"])):
            found[f"{row.id}/keep"] = "原件或缴费"
    return found


@rule("m09-w02")
def rehearsals(given: Given) -> Found:
    """Once a quarter, months named."""
    found: Found = {}
    for row in given.spec.rows:
        quarters = {(int(month) - 1) // 3 for month in re.findall(r"\d+", row.cells["drill"])}
        if quarters != {0, 1, 2, 3}:
            found[f"{row.id}/drill"] = "定期"
    return found


@rule("m10-w01")
def attendance(given: Given) -> Found:
    """Judge a day's attendance by the centre's hours and limits."""
    rules = given.settings.policy.attendance
    (start, _), (_, end) = shifts(given.settings)
    assert is_workday(day_in(given.spec.prompt))
    found: Found = {}
    for row in given.spec.rows:
        cells, note = row.cells, row.cells["note"]
        days, kind = "0", cells["kind"]
        if "请假单" in note:
            days = "0" if "已批准" in note else "1"
            expected = "请假" if days == "0" else kind
        elif "擅离岗位" in note:
            gone = count(note, r"(\d+) 小时") * 60 + (count(note, r"(\d+) 分钟") if "分钟" in note else 0)
            days, expected = "半天" if gone > rules.away_hours * 60 else "0", "擅离岗位"
        elif clock(cells["come"]) > start:
            expected = "迟到"
        elif (early := end - clock(cells["go"])) > 0 and "回单位交换文件" not in note:
            expected = "早退"
        elif early > rules.record_minutes and "已备案" not in note:
            expected = "不是正常"
        else:
            expected = "正常"
        if cells["days"] != days:
            found[f"{row.id}/days"] = {"半天": "应折算半天", "1": "没有等到批准", "0": "不应折算"}[days]
        if kind != expected:
            words = {"正常": "正点", "早退": "应记早退", "不是正常": "没有备案"}
            found[f"{row.id}/kind"] = words[expected]
    return found


def marks_of(words: str) -> tuple[int, ...]:
    """Read 84／82／86."""
    return tuple(int(mark) for mark in words.split("／"))


@rule("m11-w03")
def ledger(given: Given) -> Found:
    """Totals by weight, rounded half up to 0.1 as in module m12; verdicts, dates, and what must be filled in."""
    retrained = f"强化培训 {given.settings.evaluation.retraining_days} 天"
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        marks, verdict = marks_of(cells["marks"]), cells["end"] == "合格"
        if cells["train"].count("，") != 2:
            found[f"{row.id}/train"] = "没有填全"
        month, _, last = map(int, re.findall(r"\d+", cells["train"])[:3])
        if day_in(cells["exam"]) < date(2026, month, last):
            found[f"{row.id}/exam"] = "日期"
        assert re.fullmatch(r"\d+\.\d", cells["total"]), "totals show one place"
        if Decimal(cells["total"]) != weighted(given.settings, marks):
            found[f"{row.id}/total"] = "总评没有按权重"
            assert Decimal(cells["total"]) == half_up(Decimal(sum(marks)) / 3, 1), "the plain average"
        if verdict != passes(given.settings, marks):
            found[f"{row.id}/end"] = "结论"
        elif (retrained in cells["fix"]) == verdict:
            found[f"{row.id}/fix"] = "没有填全"
    return found


@rule("m12-w01")
def register(given: Given) -> Found:
    """Courses of full length on what was short, the second examination after them, and what follows."""
    days = given.settings.evaluation.retraining_days
    lessons = {"theory": "条文", "practical": "录入和审件", "scenario": "接待和应急"}
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        (part,) = short(given.settings, marks_of(cells["marks"]))
        start, end = days_in(cells["days"])
        full = course_days(start, days)[-1]
        exam = day_in(cells["exam"])
        assert is_workday(exam)
        if end != full:
            assert workdays(start, end) < days
            found[f"{row.id}/days"] = "没有上满"
        if not cells["what"].startswith(lessons[part]):
            found[f"{row.id}/what"] = "内容不对"
        if exam <= full:
            found[f"{row.id}/exam"] = "没有上完课"
        allowed = ("回到岗位",) if cells["again"] == "合格" else ("调离窗口岗位", "延长试用期")
        if cells["then"] not in allowed:
            found[f"{row.id}/then"] = "处理与再考结果"
    return found


@rule("m12-w02")
def timetable(given: Given) -> Found:
    """Parts that follow each other, minutes that fit, and a total that adds up."""
    found: Found = {}
    *parts, total = given.spec.rows
    spans = {row.id: tuple(map(clock, row.cells["time"].split("–"))) for row in parts}
    before = None
    for row in parts:
        first, last = spans[row.id]
        if before is not None and first != before:
            assert first < before
            found[f"{row.id}/time"] = "重叠"
        elif last - first != int(row.cells["min"]):
            found[f"{row.id}/min"] = "分钟数"
        if "怎样说" in row.cells["what"] and row.cells["how"] != "角色扮演":
            found[f"{row.id}/how"] = "方式"
        before = last
    pause = sum(last - first for row in parts for first, last in [spans[row.id]] if row.cells["what"] == "休息")
    if count(total.cells["how"]) != pause:
        found[f"{total.id}/how"] = "合计"
    first, last = map(clock, total.cells["time"].removeprefix("合计 ").split("–"))
    assert (first, last) == (min(spans.values())[0], max(spans.values())[1])
    assert last - first == int(total.cells["min"])
    return found


ALL_RULES = rules_entries.RULES | RULES | test_rules_practical.RULES
#: Registers of words, which only people can judge.
BY_PEOPLE = {"m01-w01", "m02-w01", "m02-w02", "m04-w02", "m05-w03", "m06-w01", "m07-w01", "m08-w02", "m10-w02", "m11-w01", "m11-w02"}  # fmt: skip
SPOTTINGS = list(of_kind("spotting"))


def compare(solved: Variant, exercise: str, found: Found) -> None:
    """Compare the cells that break a rule with those that the key marks, and the reasons."""
    reasons = {reason.id: reason.text for reason in solved.spec.reasons}  # type: ignore[attr-defined]
    marked = {cell: reasons[error.reason] for cell, error in solved.key.errors.items()}
    covered = {cell for cell, reason in marked.items() if re.search(PARTLY.get(exercise, ""), reason)}
    assert found.keys() == covered
    assert {cell: marked[cell] for cell, words in found.items() if words not in marked[cell]} == {}


def test_every_register_has_a_rule_or_is_for_people() -> None:
    """A new register needs its rule here, in rules_entries.py or in test_rules_practical.py."""
    assert {exercise for exercise, _ in SPOTTINGS} == ALL_RULES.keys() | BY_PEOPLE
    assert not ALL_RULES.keys() & BY_PEOPLE


@pytest.mark.parametrize(("exercise", "name"), [key for key in SPOTTINGS if key[0] in ALL_RULES])
def test_marked_cells_are_those_that_break_the_rules(exercise: str, name: str) -> None:
    """No error that the key does not know, and none in the key that is none."""
    solved = variant(exercise, name)
    compare(solved, exercise, ALL_RULES[exercise](Given(solved.spec)))


@pytest.mark.parametrize("centre", OTHERS)
@pytest.mark.parametrize(("assignment", "cell"), [key for key in CELLS if key[1] in ALL_RULES])
def test_registers_of_another_centre_too(assignment: str, cell: str, centre: str) -> None:
    """What policy/ writes for other settings has the errors that its key says."""
    written = writers(HERE, assignment)[cell](settings(centre))
    assert isinstance(written, Exercise)
    for solved in items(written, cell).variants():
        compare(solved, cell, ALL_RULES[cell](Given(solved.spec, settings(centre))))


def test_reasons_name_the_right_last_days() -> None:
    """A why that names the last working day of a term names the right one (m03-w01, m04-w01)."""
    for exercise, term in (("m03-w01", 10), ("m04-w01", 5)):
        for error in variant(exercise).key.errors.values():
            told = re.search(rf"(\d+ 月 \d+ 日)(?:决定|收件)，第 {term} 个工作日是 (\d+ 月 \d+ 日)", error.why)
            assert not told or told[2] == said(after(day_in(told[1]), term))
