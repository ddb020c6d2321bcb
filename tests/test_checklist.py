"""审核材料清单: the numbers of exercises-and-scoring.md c.2."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest
from building import CHECKLIST, CHECKLIST_KEY
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.checklist import Checklist, ChecklistAnswer, ChecklistKey, ChecklistSpec, RowAnswer
from widgets.kind import AnswerError
from widgets.score import Score, Verdict
from widgets.spec import DataError

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
KIND = Checklist()
OK: dict[str, Any] = {"status": "ok"}
DEFECT: dict[str, Any] = {"status": "defect", "category": "c1", "reason": "a1"}


def exercise(defects: int, rows: int = 10, **key: Any) -> tuple[ChecklistSpec, ChecklistKey]:
    """Make an exercise whose first *defects* documents are wrong, all for the same reason."""
    spec = {
        "kind": "checklist",
        "title": "题目",
        "prompt": "要求",
        "source": ["依据"],
        "columns": [{"id": "name", "text": "材料"}],
        "rows": [{"id": f"r{n}", "cells": {"name": f"材料{n}"}} for n in range(rows)],
        "categories": [{"id": "c1", "text": "过期"}, {"id": "c2", "text": "缺件"}],
        "reasons": [{"id": "a1", "text": "理由一"}, {"id": "a2", "text": "理由二"}],
        "dispositions": [{"id": name, "text": name} for name in ("accept", "supplement", "refuse")] if key else [],
    }
    parsed = msgspec.convert(spec, ChecklistSpec)
    assert list(KIND.faults(parsed)) == []
    keys = {f"r{n}": (DEFECT if n < defects else OK) | {"why": "理由"} for n in range(rows)}
    for name in key.pop("core", ()):
        keys[name] |= {"core": True}
    for name in key.pop("wanted", ()):
        keys[name] |= {"notice": True}
    return parsed, KIND.parse_key(parsed, {"rows": keys, **key})


def graded(of: tuple[ChecklistSpec, ChecklistKey], rows: dict[str, Any], disposition: str | None = None) -> Score:
    """Grade an answer given as JSON values."""
    spec, key = of
    raw = json.dumps({"rows": rows, "disposition": disposition}).encode()
    return KIND.grade(spec, KIND.parse_answer(spec, raw), key)


def truth(defects: int, rows: int = 10) -> dict[str, Any]:
    """Say the truth about all documents of ``exercise(defects, rows)``."""
    return {f"r{n}": DEFECT if n < defects else OK for n in range(rows)}


def test_one_document_wrongly_rejected() -> None:
    """With 3 defects in 10 one wrong rejection leaves 0.857."""
    assert graded(exercise(3), truth(3) | {"r9": DEFECT}).fraction == pytest.approx(6 / 7)


def test_one_defect_missed() -> None:
    """With 3 defects in 10 one miss leaves 0.667."""
    assert graded(exercise(3), truth(3) | {"r0": OK}).fraction == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        ({"status": "defect"}, 0.6),
        ({"status": "defect", "category": "c1"}, 0.3),
        ({"status": "defect", "reason": "a1"}, 0.3),
        ({"status": "defect", "category": "c2", "reason": "a2"}, 0.6),
        ({"status": "ok", "category": "c1", "reason": "a1"}, 1.0),
        ({"category": "c1", "reason": "a1"}, 1.0),
    ],
)
def test_credit_for_a_defect(row: dict[str, Any], lost: float) -> None:
    """A defect brings 0.4 for being noticed, 0.3 for its category and 0.3 for its reason."""
    assert graded(exercise(3), truth(3) | {"r0": row}).fraction == pytest.approx(1 - lost / 3)


@pytest.mark.parametrize("row", [OK, DEFECT], ids=["all passed", "all rejected"])
def test_judging_all_alike_is_worth_nothing(row: dict[str, Any]) -> None:
    """Passing everything and rejecting everything both score 0."""
    assert graded(exercise(3), {f"r{n}": row for n in range(10)}).fraction == 0.0


@pytest.mark.parametrize(("refused", "expected"), [(0, 1.0), (1, 0.8), (5, 0.0), (10, 0.0)])
def test_without_a_defect_rejections_count_twice(refused: int, expected: float) -> None:
    """With nothing wrong the score is (passed − refused)/rows, so rejecting everything is worth 0."""
    rows = truth(0) | {f"r{n}": DEFECT for n in range(refused)}
    assert graded(exercise(0), rows).fraction == pytest.approx(expected)


def test_rows_count_seven_tenths_and_the_decision_three() -> None:
    """The decision pair is worth 0.3 beside the rows' 0.7."""
    of = exercise(3, disposition="supplement")
    assert graded(of, truth(3), "supplement").fraction == 1.0
    assert graded(of, truth(3), "refuse").fraction == pytest.approx(0.7)
    assert graded(of, truth(3)).fraction == pytest.approx(0.7)
    assert graded(of, {}, "supplement").fraction == pytest.approx(0.3)
    assert graded(of, truth(3) | {"r9": DEFECT}, "supplement").fraction == pytest.approx(0.7 * 6 / 7 + 0.3)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [((), 0.7), ((0,), 0.85), ((0, 1), 1.0), ((0, 1, 9), 0.85), ((0, 9), 0.7), (range(10), 0.7), ((9,), 0.7)],
)
def test_the_notice_is_scored_on_completeness(listed: Any, expected: float) -> None:
    """The notice list counts right minus wrong entries, and only beside the right decision."""
    of = exercise(3, disposition="supplement", wanted=("r0", "r1"))
    rows = {name: row | {"notice": name in {f"r{n}" for n in listed}} for name, row in truth(3).items()}
    assert graded(of, rows, "supplement").fraction == pytest.approx(expected)
    assert graded(of, rows, "refuse").fraction == pytest.approx(0.7)


@PROPERTY
@given(
    st.sets(st.integers(0, 9)), st.integers(0, 9), st.sets(st.integers(0, 2)), st.sampled_from(["supplement", "refuse"])
)
def test_one_more_wrong_notice_never_raises_the_score(
    listed: set[int], more: int, wanted: set[int], disposition: str
) -> None:
    """Listing a document that needs no notice never brings points."""
    of = exercise(3, disposition=disposition, wanted=sorted(f"r{n}" for n in wanted))

    def score(chosen: set[int]) -> float:
        rows = {name: row | {"notice": name in {f"r{n}" for n in chosen}} for name, row in truth(3).items()}
        return graded(of, rows, disposition).fraction

    if more not in wanted:
        assert score(listed | {more}) <= score(listed)
    else:
        assert score(listed | {more}) >= score(listed)


def test_accepting_without_a_core_document_is_capped() -> None:
    """Accepting a file without a core document never scores above 0.59, though the rows alone earn 0.7."""
    of = exercise(3, disposition="supplement", core=("r0",))
    score = graded(of, truth(3), "accept")
    assert score.fraction == 0.59
    assert score.flags == ("缺少核心材料却予以受理",)
    assert graded(of, truth(3), "refuse").flags == ()
    assert graded(of, truth(3), "refuse").fraction == pytest.approx(0.7)


def test_the_cap_never_raises_a_score() -> None:
    """Where less than 0.59 was earned, crossing a red line adds nothing."""
    of = exercise(3, disposition="supplement", core=("r0",))
    assert graded(of, dict.fromkeys(truth(3), OK), "accept").fraction == 0.0


def test_accepting_with_a_lesser_defect_is_no_red_line() -> None:
    """A defect that is not core costs the decision's points and no more."""
    score = graded(exercise(3, disposition="supplement"), truth(3), "accept")
    assert score.flags == ()
    assert score.fraction == pytest.approx(0.7)


def test_refusing_what_must_be_accepted_is_capped() -> None:
    """Refusing a complete file never scores above 0.59."""
    score = graded(exercise(0, disposition="accept"), truth(0), "refuse")
    assert score.fraction == 0.59
    assert len(score.flags) == 1
    assert graded(exercise(0, disposition="accept"), truth(0), "supplement").flags == ()


def test_which_decisions_accept_is_the_keys_to_say() -> None:
    """A decision that accepts under another name crosses the same red line."""
    of = exercise(3, disposition="refuse", core=("r0",), accepting=["accept", "supplement"])
    assert graded(of, truth(3), "supplement").fraction == 0.59


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ({"r0": DEFECT}, Verdict.RIGHT),
        ({"r0": {"status": "defect"}}, Verdict.PARTLY),
        ({"r0": OK}, Verdict.WRONG),
        ({}, Verdict.MISSED),
    ],
)
def test_verdict_of_a_defective_document(rows: dict[str, Any], verdict: Verdict) -> None:
    """Feedback tells right, partly right, wrong and missed apart."""
    assert graded(exercise(3), rows).parts[0].verdict is verdict


def test_measures_tell_misses_from_false_alarms() -> None:
    """查出率 counts defects that were noticed, 误退率 good documents that were rejected."""
    rows = truth(4) | {"r0": OK, "r9": DEFECT}
    assert dict(graded(exercise(4), rows).measures) == {"问题查出率": "75%", "误退率": "17%"}


def test_the_first_column_names_a_document() -> None:
    """A document is called by its cell in the first column, however the file sorts its cells."""
    data = copy.deepcopy(CHECKLIST)
    data["rows"][0]["cells"] = {"form": "原件，已签名", "name": "设立登记申请书"}
    spec = msgspec.convert(data, ChecklistSpec)
    key = KIND.parse_key(spec, CHECKLIST_KEY)
    assert KIND.lines(spec, None)[0].item == "设立登记申请书"
    assert KIND.grade(spec, ChecklistAnswer({"r1": RowAnswer("ok")}), key).parts[0].item == "设立登记申请书"


def test_words_of_an_answer() -> None:
    """An answer is shown by texts, never by ids."""
    spec = msgspec.convert(CHECKLIST, ChecklistSpec)
    rows = {"r1": RowAnswer("ok"), "r2": RowAnswer("defect", "expired", "a1", True), "r3": RowAnswer("defect")}
    given_words = [line.given for line in KIND.lines(spec, ChecklistAnswer(rows, "supplement"))]
    assert given_words == [
        "合格", "有问题；过期；证件已过有效期；列入一次性告知", "有问题；未选类别；未选理由", "未作答", "一次性告知补正",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        {"rows": {"r99": OK}},
        {"rows": {"r1": {"status": "ok", "category": "nope"}}},
        {"rows": {"r1": {"status": "ok", "reason": "nope"}}},
        {"rows": {"r1": {"status": "ok", "why": "x"}}},
        {"rows": {"r1": {"notice": 1}}},
        {"rows": []},
        {"rows": {"r1": None}},
        {"disposition": "nope"},
        {"disposition": ["accept"]},
        {"rows": {}, "points": 6},
    ],
)
def test_an_answer_that_names_what_is_not_there_is_refused(answer: Any) -> None:
    """Unknown rows, categories, reasons, decisions and fields are a format error."""
    spec = msgspec.convert(CHECKLIST, ChecklistSpec)
    with pytest.raises(AnswerError, match="作答内容"):
        KIND.parse_answer(spec, msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("row", "changes", "named"),
    [
        ("r1", {"category": "expired"}, "r1"),
        ("r1", {"notice": True}, "r1"),
        ("r2", {"category": None}, "r2"),
        ("r2", {"reason": None}, "r2"),
        ("r2", {"category": "nope"}, "nope"),
        ("r2", {"reason": "nope"}, "nope"),
        ("r9", {"status": "ok", "why": "x"}, "r9"),
        ("", {"disposition": None}, "处理决定"),
        ("", {"disposition": "nope"}, "nope"),
        ("", {"accepting": ["nope"]}, "nope"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(row: str, changes: dict[str, Any], named: str) -> None:
    """A key that contradicts itself or its data file is refused by the place."""
    spec = msgspec.convert(CHECKLIST, ChecklistSpec)
    key = copy.deepcopy(CHECKLIST_KEY)
    place = key["rows"].setdefault(row, {}) if row else key
    place |= changes
    with pytest.raises(DataError, match=named):
        KIND.parse_key(spec, key)


@pytest.mark.parametrize("disposition", ["accept", "refuse"])
def test_the_right_decision_must_be_on_offer(disposition: str) -> None:
    """A key whose decision the data file does not offer is refused, for nobody could give it."""
    spec = msgspec.convert(
        CHECKLIST | {"dispositions": [{"id": "yes", "text": "收"}, {"id": "no", "text": "退"}]}, ChecklistSpec
    )
    with pytest.raises(DataError, match=disposition):
        KIND.parse_key(spec, CHECKLIST_KEY | {"disposition": disposition})


def test_a_row_without_a_key_is_refused() -> None:
    """Every document needs its truth."""
    spec = msgspec.convert(CHECKLIST, ChecklistSpec)
    rows = {name: row for name, row in CHECKLIST_KEY["rows"].items() if name != "r3"}
    with pytest.raises(DataError, match="r3"):
        KIND.parse_key(spec, CHECKLIST_KEY | {"rows": rows})
