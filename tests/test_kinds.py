"""What every kind of exercise promises, over the sample exercises and over random ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from building import EXERCISES, VIEWS, every_kind
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets import journal
from widgets.assess import AnswerKey, Assessment, Outcome, assess, parse_keys
from widgets.grading import grade
from widgets.kind import AnswerError
from widgets.kinds import KINDS, AnyKind, parse_spec
from widgets.pool import Pool
from widgets.spec import DataError, Spec

PROPERTY = settings(max_examples=100, deadline=None, derandomize=True)
MAXIMUM = 6.0


@dataclass(frozen=True)
class Case:
    """An exercise with its parsed key."""

    kind: AnyKind
    spec: Spec
    key: Any

    def score(self, answer: Any) -> float:
        """Score an answer given as a JSON value."""
        parsed = self.kind.parse_answer(self.spec, msgspec.json.encode(answer))
        return self.kind.grade(self.spec, parsed, self.key).fraction

    def assess(self, answer: Any) -> Assessment:
        """Assess an answer given as a JSON value."""
        raw = msgspec.Raw(msgspec.json.encode(answer))
        entry = journal.Entry(v=1, exercise="x", variant="", seq=1, at="", answer=raw)
        return assess(self.answer_key(MAXIMUM), entry, "trainee")

    def answer_key(self, maximum: float) -> AnswerKey:
        """Return what a grade cell knows of the exercise."""
        return AnswerKey(Pool("x", self.kind, {"": self.spec}), {"": self.key}, maximum)


def case(data: dict[str, Any], key: dict[str, Any]) -> Case:
    """Parse a data file and its key."""
    kind, spec = parse_spec(json.dumps(data).encode(), "data/x.json")
    return Case(kind, spec, parse_keys(Pool("x", kind, {"": spec}), key, MAXIMUM).keys[""])


SAMPLES = [
    pytest.param(case(data, key), id=name)
    for name, (_, data, key, _) in every_kind().items()
    if not KINDS[data["kind"]].by_hand
]


def labelled(prefix: str, count: int) -> list[dict[str, str]]:
    """Make *count* ids with texts."""
    return [{"id": f"{prefix}{n}", "text": f"文字{prefix}{n}"} for n in range(count)]


def frame(kind: str, **fields: Any) -> dict[str, Any]:
    """Make a data file of a kind."""
    return {"kind": kind, "title": "题目", "prompt": "要求", "source": ["依据"], **fields}


@st.composite
def checklists(draw: st.DrawFn) -> Case:
    """Draw a checklist that has at least one document in order and is not to be accepted without a core one."""
    rows = [f"r{n}" for n in range(draw(st.integers(2, 8)))]
    categories, reasons = labelled("c", draw(st.integers(2, 4))), labelled("a", draw(st.integers(2, 4)))
    decisions = [{"id": name, "text": name} for name in ("accept", "supplement", "refuse")] * draw(st.integers(0, 1))
    fine = draw(st.sampled_from(rows))
    disposition = draw(st.sampled_from(decisions))["id"] if decisions else None
    key: dict[str, Any] = {}
    for row in rows:
        if row == fine or draw(st.booleans()):
            key[row] = {"status": "ok", "why": "合格。"}
        else:
            key[row] = {
                "status": "defect",
                "why": "有问题。",
                "category": draw(st.sampled_from(categories))["id"],
                "reason": draw(st.sampled_from(reasons))["id"],
                "notice": draw(st.booleans()),
                "core": disposition != "accept" and draw(st.booleans()),
            }
    data = frame(
        "checklist",
        columns=[{"id": "name", "text": "材料"}],
        rows=[{"id": row, "cells": {"name": f"材料{row}"}} for row in rows],
        categories=categories,
        reasons=reasons,
        dispositions=decisions,
    )
    return case(data, {"rows": key, "disposition": disposition})


@st.composite
def spottings(draw: st.DrawFn) -> Case:
    """Draw a table with some wrong cells, or none, and at least one right record."""
    rows = [f"r{n}" for n in range(draw(st.integers(3, 8)))]
    columns = labelled("f", draw(st.integers(1, 4)))
    reasons = labelled("a", draw(st.integers(2, 4)))
    clean = draw(st.sampled_from(rows))
    cells = [f"{row}/{column['id']}" for row in rows if row != clean for column in columns]
    wrong = draw(st.lists(st.sampled_from(cells), unique=True, max_size=6))
    data = frame(
        "spotting",
        columns=columns,
        rows=[{"id": row, "cells": {column["id"]: row for column in columns}} for row in rows],
        reasons=reasons,
    )
    errors = {cell: {"reason": draw(st.sampled_from(reasons))["id"], "why": "有错。"} for cell in wrong}
    return case(data, {"errors": errors})


@st.composite
def orderings(draw: st.DrawFn) -> Case:
    """Draw steps with a random partial order that orders at least one pair, and some distractors."""
    names = [f"s{n}" for n in range(draw(st.integers(3, 7)))]
    order = draw(st.permutations(names))
    before: dict[str, list[str]] = {name: [] for name in names}
    pairs = list(combinations(order, 2))
    for early, late in draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1)):
        before[late].append(early)
    distractors = {f"x{n}": "多余。" for n in range(draw(st.integers(0, 3)))}
    shown = draw(st.permutations([*names, *distractors]))
    direct = [[early, late] for late, earlier in before.items() for early in earlier]
    hard = draw(st.lists(st.sampled_from(direct), unique_by=tuple, max_size=2))
    data = frame("ordering", steps=[{"id": name, "text": f"步骤{name}"} for name in shown], choose=bool(distractors))
    return case(data, {"before": before, "distractors": distractors, "hard": hard})


@st.composite
def answers(draw: st.DrawFn, of: Case) -> Any:
    """Draw any answer that fits an exercise."""
    spec: Any = of.spec
    if of.kind.name == "checklist":
        row = st.fixed_dictionaries(
            {},
            optional={
                "status": st.sampled_from(["ok", "defect", None]),
                "category": st.sampled_from([None, *(item.id for item in spec.categories)]),
                "reason": st.sampled_from([None, *(item.id for item in spec.reasons)]),
                "notice": st.booleans(),
            },
        )
        return {
            "rows": draw(st.dictionaries(st.sampled_from([row.id for row in spec.rows]), row)),
            "disposition": draw(st.sampled_from([None, *(item.id for item in spec.dispositions)])),
        }
    if of.kind.name == "spotting":
        cells = [f"{row.id}/{column.id}" for row in spec.rows for column in spec.columns]
        mark = st.fixed_dictionaries({"reason": st.sampled_from([None, *(item.id for item in spec.reasons)])})
        marks = draw(st.dictionaries(st.sampled_from(cells), mark, max_size=8))
        return {"marks": marks, "none": not marks and draw(st.booleans())}
    steps = draw(st.permutations([step.id for step in spec.steps]))
    return {"order": steps[: draw(st.integers(0, len(steps)))]}


CASES = st.one_of(checklists(), spottings(), orderings())


def improvements(of: Case, answer: Any) -> list[Any]:
    """List all answers in which exactly one wrong item of *answer* was made right."""
    key: Any = of.key
    better: list[Any] = []
    if of.kind.name == "checklist":
        right = of.kind.samples(of.spec, key).right
        better = [answer | {"rows": answer["rows"] | {row: right["rows"][row]}} for row in key.rows]
        return [*better, answer | {"disposition": key.disposition}]
    if of.kind.name == "spotting":
        marks: dict[str, Any] = answer["marks"]
        rows = {cell.partition("/")[0] for cell in key.errors}
        for cell, error in key.errors.items():
            better.append({"marks": marks | {cell: {"reason": error.reason}}})
        for cell in marks:
            if cell.partition("/")[0] not in rows:
                better.append({"marks": {name: mark for name, mark in marks.items() if name != cell}})
        return [*better, *([{"none": True}] if not key.errors else [])]
    order: list[str] = answer["order"]
    for place in range(len(order) - 1):
        early, late = order[place + 1], order[place]
        if early in key.before.get(late, ()):
            better.append({"order": [*order[:place], early, late, *order[place + 2 :]]})
    return [*better, *({"order": [s for s in order if s != step]} for step in order if step in key.distractors)]


def check_samples(of: Case) -> None:
    """Prove what all kinds promise of their sample answers."""
    samples = of.kind.samples(of.spec, of.key)
    assert of.score(samples.right) == 1.0
    assert of.assess(samples.right).points == MAXIMUM
    assert of.score(samples.wrong) < 1.0
    assert 0.0 <= of.score(samples.partly) < 1.0
    if of.kind.name != "ordering":  # there it is the initial order, which coursekit check proves
        assert of.assess(samples.everything).points == 0.0
    for answer in samples.malformed:
        with pytest.raises(AnswerError):
            of.kind.parse_answer(of.spec, msgspec.json.encode(answer))
        assert of.assess(answer).outcome is Outcome.INVALID
        assert of.assess(answer).points == 0.0


@pytest.mark.parametrize("of", SAMPLES)
def test_sample_answers_of_the_sample_exercises(of: Case) -> None:
    """The key scores 1, wrong answers less, everything 0, something in between, and malformed ones are refused."""
    samples = of.kind.samples(of.spec, of.key)
    check_samples(of)
    assert of.score(samples.wrong) < 0.5
    assert 0.0 < of.score(samples.partly) < 1.0 or samples.partly == samples.wrong
    assert of.assess(samples.everything).points == 0.0


@PROPERTY
@given(CASES)
def test_sample_answers_of_random_exercises(of: Case) -> None:
    """What holds of the sample exercises holds of every sound exercise."""
    check_samples(of)


@PROPERTY
@given(CASES, st.data())
def test_any_answer_scores_between_0_and_1(of: Case, data: st.DataObject) -> None:
    """Whatever fits an exercise is scored in [0, 1], in parts that have an item each, and always alike."""
    answer = data.draw(answers(of))
    parsed = of.kind.parse_answer(of.spec, msgspec.json.encode(answer))
    score = of.kind.grade(of.spec, parsed, of.key)
    assert type(score.fraction) is float
    assert 0.0 <= score.fraction <= 1.0
    assert all(part.item and part.given and part.expected for part in score.parts)
    assert of.kind.grade(of.spec, parsed, of.key) == score


@PROPERTY
@given(CASES, st.data())
def test_making_one_item_right_never_scores_less(of: Case, data: st.DataObject) -> None:
    """An answer in which one wrong item was made right is worth at least as much."""
    answer = data.draw(answers(of))
    score = of.score(answer)
    for better in improvements(of, answer):
        assert of.score(better) >= score - 1e-9, better


@PROPERTY
@given(CASES)
def test_a_blank_answer_is_not_answered(of: Case) -> None:
    """An empty answer and no answer are worth 0 and reported as not answered, whatever the key says."""
    for blank in (
        {},
        {"checklist": {"rows": {"r0": {}}}, "spotting": {"none": False}}.get(of.kind.name, {"order": []}),
    ):
        found = of.assess(blank)
        assert (found.outcome, found.points) == (Outcome.NOT_ANSWERED, 0.0)
    found = assess(of.answer_key(MAXIMUM), None, "trainee")
    assert (found.outcome, found.points) == (Outcome.NOT_ANSWERED, 0.0)


@PROPERTY
@given(CASES, st.data())
def test_a_blank_answer_is_exactly_one_that_says_nothing(of: Case, data: st.DataObject) -> None:
    """An answer brings points only when it is not blank, and a blank one is never scored."""
    answer = data.draw(answers(of))
    parsed = of.kind.parse_answer(of.spec, msgspec.json.encode(answer))
    found = of.assess(answer)
    assert found.outcome is (Outcome.NOT_ANSWERED if of.kind.is_blank(parsed) else Outcome.SCORED)
    assert found.points == 0.0 or found.outcome is Outcome.SCORED


@PROPERTY
@given(CASES, st.data())
def test_every_answer_can_be_put_in_words(of: Case, data: st.DataObject) -> None:
    """An answer, and its absence, have lines to show."""
    parsed = of.kind.parse_answer(of.spec, msgspec.json.encode(data.draw(answers(of))))
    for lines in (of.kind.lines(of.spec, parsed), of.kind.lines(of.spec, None)):
        assert lines
        assert all(line.item and line.given for line in lines)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rows", "marks", "order", "none", "r1", "r1/no", "status"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("of", SAMPLES)
@PROPERTY
@given(answer=JSON)
def test_any_json_is_an_answer_or_an_answer_error(of: Case, answer: Any) -> None:
    """Parsing accepts an answer or raises AnswerError, and assessing never does worse than 无效作答."""
    found = of.assess(answer)
    assert found.outcome is not Outcome.GRADER_ERROR, found.message
    assert 0.0 <= found.points <= MAXIMUM


@pytest.mark.parametrize("of", SAMPLES)
@PROPERTY
@given(raw=st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_an_answer_error(of: Case, raw: bytes) -> None:
    """Bytes that are no JSON raise AnswerError and nothing else."""
    try:
        of.kind.parse_answer(of.spec, raw)
    except AnswerError as error:
        assert str(error)  # noqa: PT017  some bytes are an answer


@pytest.mark.parametrize("of", SAMPLES)
@pytest.mark.parametrize("raw", [b'{"rows":{"\xff":{}}}', b'"\xff"', b'{"order":["\xb2\xe2"]}', b"\xff"])
def test_bytes_that_are_no_utf8_are_an_answer_error(of: Case, raw: bytes) -> None:
    """Text in another encoding inside an answer is a format error of the trainee's file, not a fault of ours."""
    with pytest.raises(AnswerError):
        of.kind.parse_answer(of.spec, raw)


@pytest.mark.parametrize("of", SAMPLES)
@pytest.mark.parametrize("key", [{}, {"x": 1}, [], None, "key", 5, {1: 2}])
def test_a_key_that_does_not_fit_is_refused(of: Case, key: Any) -> None:
    """A key that is no key raises DataError in Chinese."""
    with pytest.raises(DataError, match="答案键："):
        parse_keys(Pool("x", of.kind, {"": of.spec}), key, MAXIMUM)


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("way", ["right", "wrong", "partly", "everything", "blank", "malformed"])
def test_the_sample_exercises_through_the_journal(name: str, way: str, tmp_path: Path) -> None:
    """From the journal to points, assess and grade agree and every way of answering ends as it should."""
    _, data, key, maximum = EXERCISES[name]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f"{name}.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    of = case(data, key)
    samples = of.kind.samples(of.spec, of.key)
    answers = samples.malformed if way == "malformed" else [{} if way == "blank" else getattr(samples, way)]
    for base, answer in enumerate(answers):
        entry = journal.save(tmp_path / journal.NAME, exercise=name, variant="", answer=answer, base=base)
        assert msgspec.json.decode(entry.answer) == answer
        found = assess(of.answer_key(maximum), entry, tmp_path.parent.name)
        earned = grade(name, points=maximum, key=key, folder=tmp_path)
        assert type(earned) is float
        assert earned == found.points
        outcome = {"blank": Outcome.NOT_ANSWERED, "malformed": Outcome.INVALID}.get(way, Outcome.SCORED)
        assert found.outcome is outcome
        assert (earned == maximum) is (way == "right")
        assert (0 < earned < maximum) is (way == "partly")


def test_every_kind_is_found_by_its_name() -> None:
    """The registry, the data files and the classes call a kind by the same name."""
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    assert {data["kind"] for _, data, _, _ in every_kind().values()} == set(KINDS) == set(VIEWS)
    assert len({kind.label for kind in KINDS.values()}) == len(KINDS)
