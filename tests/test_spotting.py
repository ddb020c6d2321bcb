"""找错: the numbers of exercises-and-scoring.md c.3."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from building import SPOTTING, SPOTTING_KEY
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.kind import AnswerError
from widgets.score import Score, Verdict
from widgets.spec import DataError
from widgets.spotting import Spotting, SpottingKey, SpottingSpec

PROPERTY = settings(max_examples=200, deadline=None, derandomize=True)
KIND = Spotting()
#: The specification's example: 4 wrong records of 20.
FOUR = {f"r{n}/b": "a1" for n in range(4)}


def exercise(errors: dict[str, str], rows: int = 20) -> tuple[SpottingSpec, SpottingKey]:
    """Make a table of *rows* records with the columns a, b and c and reasons a1 and a2."""
    spec = {
        "kind": "spotting",
        "title": "题目",
        "prompt": "要求",
        "source": ["依据"],
        "columns": [{"id": name, "text": name.upper()} for name in "abc"],
        "rows": [{"id": f"r{n}", "cells": {"a": f"{n}", "b": "x", "c": "y"}} for n in range(rows)],
        "reasons": [{"id": "a1", "text": "理由一"}, {"id": "a2", "text": "理由二"}],
    }
    parsed = msgspec.convert(spec, SpottingSpec)
    assert list(KIND.faults(parsed)) == []
    key = {"errors": {cell: {"reason": reason, "why": "规则"} for cell, reason in errors.items()}}
    return parsed, KIND.parse_key(parsed, key)


def graded(errors: dict[str, str], marks: dict[str, str | None], rows: int = 20, *, none: bool = False) -> Score:
    """Grade marks given as cell → reason."""
    spec, key = exercise(errors, rows)
    answer = {"marks": {cell: {"reason": reason} for cell, reason in marks.items()}, "none": none}
    return KIND.grade(spec, KIND.parse_answer(spec, json.dumps(answer).encode()), key)


def test_all_found() -> None:
    """Every error with field and reason is worth 1."""
    assert graded(FOUR, {**FOUR}).fraction == 1.0


def test_all_found_and_one_false_alarm() -> None:
    """A false alarm costs as much as a miss: 0.75."""
    assert graded(FOUR, {**FOUR, "r19/a": "a1"}).fraction == 0.75
    assert graded(FOUR, {cell: reason for cell, reason in FOUR.items() if cell != "r0/b"}).fraction == 0.75


def test_right_rows_only() -> None:
    """The right rows without field and reason are worth 0.50."""
    assert graded(FOUR, {f"r{n}/a": None for n in range(4)}).fraction == 0.5


@pytest.mark.parametrize(
    ("mark", "credit"),
    [
        ({"r0/b": "a1"}, 1.0),
        ({"r0/b": "a2"}, 0.75),
        ({"r0/b": None}, 0.75),
        ({"r0/a": "a1"}, 0.75),
        ({"r0/a": "a2"}, 0.5),
        ({"r0/a": None}, 0.5),
        ({}, 0.0),
    ],
)
def test_credit_for_an_error(mark: dict[str, str | None], credit: float) -> None:
    """An error brings 0.5 for its row, 0.25 for its field and 0.25 for its reason."""
    rest = {cell: reason for cell, reason in FOUR.items() if cell != "r0/b"}
    assert graded(FOUR, {**rest, **mark}).fraction == (3 + credit) / 4


def test_flagging_everything_or_nothing() -> None:
    """Every row, every cell and no cell at all are worth 0."""
    assert graded(FOUR, {f"r{n}/b": "a1" for n in range(20)}).fraction == 0.0
    assert graded(FOUR, {f"r{n}/{c}": "a1" for n in range(20) for c in "abc"}).fraction == 0.0
    assert graded(FOUR, {}).fraction == 0.0
    assert graded(FOUR, {}, none=True).fraction == 0.0


@pytest.mark.parametrize("wrong", [1, 2, 4, 5])
def test_flagging_everything_is_worth_nothing_however_many_are_wrong(wrong: int) -> None:
    """Where most records are wrong a false alarm costs more, so that flagging all rows still brings nothing."""
    errors = {f"r{n}/b": "a1" for n in range(wrong)}
    assert graded(errors, {f"r{n}/b": "a1" for n in range(6)}, rows=6).fraction == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("marks", "none", "expected"), [({}, True, 1.0), ({}, False, 0.0), ({"r0/a": "a1"}, False, 0.0)]
)
def test_a_table_without_errors(marks: dict[str, str | None], none: bool, expected: float) -> None:
    """Where nothing is wrong, saying so is right, and silence or a mark is worth nothing."""
    assert graded({}, marks, none=none).fraction == expected


def test_a_second_mark_on_a_wrong_row_costs_a_quarter() -> None:
    """A further mark on a record that is wrong anyway is a slip, not a false alarm."""
    score = graded(FOUR, {**FOUR, "r0/a": "a1"})
    assert score.fraction == 1 - 0.25 / 4
    assert dict(score.measures)["误判率"] == "0%"


def test_two_errors_in_one_row() -> None:
    """Each error takes one mark: two in a row need two marks."""
    errors = {"r0/a": "a1", "r0/b": "a2"}
    assert graded(errors, {**errors}).fraction == 1.0
    assert graded(errors, {"r0/a": "a1"}).fraction == 0.5
    assert graded(errors, {"r0/c": "a2"}).fraction == 0.375
    assert graded(errors, {**errors, "r0/c": "a1"}).fraction == (2 - 0.25) / 2


CELLS = [f"r{n}/{column}" for n in range(6) for column in "abc"]
REASONS = st.sampled_from(["a1", "a2"])
ERRORS = st.dictionaries(st.sampled_from([cell for cell in CELLS if not cell.startswith("r5")]), REASONS, max_size=6)
MARKS = st.dictionaries(st.sampled_from(CELLS), st.none() | REASONS, max_size=8)


@PROPERTY
@given(ERRORS, MARKS, st.sampled_from(CELLS), st.none() | REASONS)
def test_one_more_wrong_mark_never_raises_the_score(
    errors: dict[str, str], marks: dict[str, str | None], cell: str, reason: str | None
) -> None:
    """A mark on a right record, or on a wrong one whose errors all have marks, never brings points."""
    row = cell.partition("/")[0]
    wrong_here = [name for name in errors if name.partition("/")[0] == row]
    marks_here = [name for name in marks if name.partition("/")[0] == row]
    if cell in marks or cell in errors or (wrong_here and len(marks_here) < len(wrong_here)):
        return
    before = graded(errors, marks, rows=6).fraction
    after = graded(errors, {**marks, cell: reason}, rows=6).fraction
    assert after <= before + 1e-9


@PROPERTY
@given(ERRORS, MARKS)
def test_telling_an_error_never_costs(errors: dict[str, str], marks: dict[str, str | None]) -> None:
    """Marking an error's own cell with its reason never lowers the score."""
    before = graded(errors, marks, rows=6).fraction
    for cell, reason in errors.items():
        assert graded(errors, {**marks, cell: reason}, rows=6).fraction >= before - 1e-9


@PROPERTY
@given(ERRORS, MARKS, st.randoms(use_true_random=False))
def test_the_order_of_marks_does_not_matter(errors: dict[str, str], marks: dict[str, str | None], chance: Any) -> None:
    """Two trainees who made the same marks in another order have the same score."""
    mixed = list(marks.items())
    chance.shuffle(mixed)
    assert graded(errors, dict(mixed), rows=6).fraction == pytest.approx(graded(errors, marks, rows=6).fraction)


@PROPERTY
@given(ERRORS, MARKS)
def test_every_mark_and_every_error_is_explained(errors: dict[str, str], marks: dict[str, str | None]) -> None:
    """Feedback has a part for each error and for each mark that hit none."""
    score = graded(errors, marks, rows=6)
    told = sum(part.verdict in (Verdict.RIGHT, Verdict.PARTLY) for part in score.parts[: len(errors)])
    assert len(score.parts) == len(errors) + len(marks) - told
    assert all(part.verdict is Verdict.WRONG for part in score.parts[len(errors) :])


def test_measures_are_told_apart() -> None:
    """Found, placed, explained and false alarms are reported one by one."""
    marks: dict[str, str | None] = {"r0/b": "a1", "r1/b": "a2", "r2/a": "a1", "r19/a": None}
    assert dict(graded(FOUR, marks).measures) == {"查出率": "75%", "误判率": "6%", "定位率": "50%", "定性率": "50%"}


@pytest.mark.parametrize(
    ("mark", "verdict"),
    [
        ({"r0/b": "a1"}, Verdict.RIGHT),
        ({"r0/b": None}, Verdict.PARTLY),
        ({"r0/a": "a2"}, Verdict.PARTLY),
        ({"r1/b": "a1"}, Verdict.MISSED),
    ],
)
def test_verdict_of_an_error(mark: dict[str, str | None], verdict: Verdict) -> None:
    """Feedback tells right, partly right and missed apart."""
    assert graded(FOUR, mark).parts[0].verdict is verdict


@pytest.mark.parametrize(
    "answer",
    [
        {"marks": {"r99/no": {}}},
        {"marks": {"r1/nope": {}}},
        {"marks": {"r1": {}}},
        {"marks": {"r1/no/x": {}}},
        {"marks": {"r1/no": {"reason": "nope"}}},
        {"marks": {"r1/no": {"reason": 1}}},
        {"marks": {"r1/no": {"fix": "x"}}},
        {"marks": {"r1/no": {}}, "none": True},
        {"none": 1},
        {"marks": None},
        {"marks": {}, "points": 4},
    ],
)
def test_an_answer_that_names_what_is_not_there_is_refused(answer: Any) -> None:
    """Unknown cells, reasons and fields, and marks beside 全部正确, are a format error."""
    spec = msgspec.convert(SPOTTING, SpottingSpec)
    with pytest.raises(AnswerError, match="作答内容"):
        KIND.parse_answer(spec, msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("errors", "named"),
    [
        ({"r99/no": {"reason": "late", "why": ""}}, "r99/no"),
        ({"r1/nope": {"reason": "late", "why": ""}}, "r1/nope"),
        ({"r1/no": {"reason": "nope", "why": ""}}, "nope"),
        ({"r1/no": {"why": ""}}, "reason"),
        ({f"r{n}/no": {"reason": "late", "why": ""} for n in range(1, 9)}, "每一行都有错"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(errors: Any, named: str) -> None:
    """Unknown cells and reasons, and a table without a right record, are refused."""
    spec = msgspec.convert(SPOTTING, SpottingSpec)
    with pytest.raises(DataError, match=named):
        KIND.parse_key(spec, {"errors": errors})


def test_words_of_an_answer() -> None:
    """Marks are shown by the record, the field and the reason."""
    spec = msgspec.convert(SPOTTING, SpottingSpec)
    answer = KIND.parse_answer(spec, b'{"marks": {"r3/done": {"reason": "late"}, "r1/got": {}}}')
    assert [(line.item, line.given) for line in KIND.lines(spec, answer)] == [
        ("3 · 办结日：2026-09-17", "办结早于受理"),
        ("1 · 受理日：2026-09-18", "已标记，未选理由"),
    ]
    assert KIND.lines(spec, KIND.parse_answer(spec, b'{"none": true}'))[0].given == "全部记录正确"
    key = KIND.parse_key(spec, SPOTTING_KEY)
    assert KIND.grade(spec, answer, key).parts[0].why == "第三行办结日早于受理日。"
