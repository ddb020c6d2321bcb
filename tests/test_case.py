"""案例判断: the pair rule of exercises-and-scoring.md c.6."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import samples

from widgets.case import CaseDecision, CaseKey, CaseSpec
from widgets.kind import AnswerError
from widgets.score import Score, Verdict
from widgets.spec import DataError

SAMPLES = samples("case")
CASE, CASE_KEY = SAMPLES["case"]

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
KIND = CaseDecision()

Pair = tuple[CaseSpec, CaseKey]
RIGHT: dict[str, Any] = {
    name: {"decision": q["decision"], "basis": q["basis"]} for name, q in CASE_KEY["questions"].items()
}
PRACTICE = {**CASE, "policy": "practice", "practice": CASE_KEY}
TOTAL = 5


def parsed(data: dict[str, Any], key: dict[str, Any]) -> Pair:
    """Parse a data file and its key as the kit does."""
    spec = msgspec.convert(data, CaseSpec)
    assert list(KIND.faults(spec)) == []
    return spec, KIND.parse_key(spec, key)


def graded(questions: dict[str, Any], data: dict[str, Any] = CASE) -> Score:
    """Grade an answer given as JSON values."""
    spec, key = parsed(data, CASE_KEY)
    return KIND.grade(spec, KIND.parse_answer(spec, json.dumps({"questions": questions}).encode()), key)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_prove_the_sample_exercises(name: str) -> None:
    """The key scores 1, wrong decisions 0, one of them between; every option at once and malformed ones are refused."""
    spec, key = parsed(*SAMPLES[name])
    samples = KIND.samples(spec, key)
    assert graded(samples.right["questions"]).fraction == 1.0
    assert graded(samples.wrong["questions"]).fraction == 0.0
    assert 0 < graded(samples.partly["questions"]).fraction < 1
    for answer in (samples.everything, *samples.malformed):
        with pytest.raises(AnswerError, match="作答内容"):
            KIND.parse_answer(spec, msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("pair", "module", "practice"),
    [
        ({"decision": "d3", "basis": "b3"}, 5, 5),
        ({"decision": "d3", "basis": "b4"}, 3, 4),
        ({"decision": "d3"}, 3, 4),
        ({"decision": "d1", "basis": "b3"}, 3, 3),
        ({"basis": "b3"}, 3, 3),
        ({}, 3, 3),
    ],
)
def test_the_pair_rule(pair: dict[str, Any], module: float, practice: float) -> None:
    """Decision and clause together earn the weight; the decision alone nothing, in practice half; the clause nothing."""
    assert graded({**RIGHT, "q3": pair}).fraction == module / TOTAL
    assert graded({**RIGHT, "q3": pair}, PRACTICE).fraction == practice / TOTAL


def test_an_examination_is_as_strict_as_a_module() -> None:
    """Half credit belongs to practice only."""
    assert graded({**RIGHT, "q3": {"decision": "d3"}}, {**CASE, "policy": "examination"}).fraction == 3 / TOTAL


def test_a_blank_answer() -> None:
    """No question, or questions without a choice, are not an answer; a clause alone is one."""
    spec, _ = parsed(CASE, CASE_KEY)
    nothing: list[dict[str, Any]] = [{}, {"q1": {}}, {"q1": {"decision": None, "basis": None}}]
    for questions in nothing:
        assert KIND.is_blank(KIND.parse_answer(spec, json.dumps({"questions": questions}).encode()))
    assert not KIND.is_blank(KIND.parse_answer(spec, b'{"questions": {"q1": {"basis": "b1"}}}'))


def test_feedback_tells_the_halves_apart() -> None:
    """Every question has a part that says what was chosen, what is right, and which half was wrong."""
    score = graded(
        {"q1": RIGHT["q1"], "q2": {"decision": "d2", "basis": "b6"}, "q3": {"decision": "d1", "basis": "b3"}}
    )
    assert [part.verdict for part in score.parts] == [Verdict.RIGHT, Verdict.WRONG, Verdict.WRONG, Verdict.MISSED]
    assert score.parts[0].why == CASE_KEY["questions"]["q1"]["why"]
    assert score.parts[1].why.startswith("处理判断对了，依据不对")
    assert score.parts[2].why.startswith("依据找对了，处理判断不对")
    assert score.parts[3].given == "未作答"
    assert "不得要求另行提供" in score.parts[1].expected
    assert dict(score.measures) == {"处理判断对": "2/4", "依据对": "2/4"}
    assert graded({"q2": {"decision": "d2"}}, PRACTICE).parts[1].verdict is Verdict.PARTLY


def test_words_of_an_answer() -> None:
    """A question is shown with the texts of decision and clause, and says what is still missing."""
    spec, _ = parsed(CASE, CASE_KEY)
    answer = KIND.parse_answer(spec, b'{"questions": {"q1": {"decision": "d2"}, "q4": {"basis": "b6"}}}')
    given_words = [line.given for line in KIND.lines(spec, answer)]
    assert given_words[0] == "允许经办人当场更正\n依据：未选依据"
    assert given_words[3].startswith("未选处理\n依据：《优化营商环境条例》第三十七条")
    assert {line.given for line in KIND.lines(spec, None)} == {"未作答"}


@pytest.mark.parametrize(
    "answer",
    [
        {"questions": {"q9": {}}},
        {"questions": {"q1": {"decision": "b2"}}},
        {"questions": {"q1": {"basis": "d2"}}},
        {"questions": {"q2": {"decision": "d4"}}},
        {"questions": {"q1": {"decision": ["d1", "d2"]}}},
        {"questions": {"q1": "d2"}},
        {"questions": {"q1": {"why": "x"}}},
        {"questions": None},
        [],
    ],
)
def test_an_answer_that_does_not_fit_is_refused(answer: Any) -> None:
    """Unknown questions, decisions and clauses, and several at once, are a format error."""
    spec, _ = parsed(CASE, CASE_KEY)
    with pytest.raises(AnswerError, match="作答内容"):
        KIND.parse_answer(spec, msgspec.json.encode(answer))


def changed(data: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Copy *data* with another value at *path*; None removes it."""
    data = copy.deepcopy(data)
    spot: Any = data
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    if value is None:
        del spot[path[-1]]
    return data


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("questions", 1, "id"), "q1", "问题编号“q1”"),
        (("questions", 0, "decisions", 1, "id"), "d1", "问题 q1 的处理编号“d1”"),
        (("questions", 0, "bases"), [{"id": "b1", "text": "甲"}] * 3, "问题 q1 的依据编号“b1”出现了 3 次"),
        (("questions", 0, "last"), ["d9"], "问题 q1 的 last “d9”"),
        (("rows", 0, "cells"), {"day": "x"}, "行 r1 缺少列 what"),
    ],
)
def test_faults_of_a_data_file(path: tuple[Any, ...], value: Any, named: str) -> None:
    """Ids that stand twice or point nowhere are found before release."""
    spec = msgspec.convert(changed(CASE, path, value), CaseSpec)
    assert any(named in fault for fault in KIND.faults(spec))


def test_a_case_without_a_story_is_a_fault() -> None:
    """There must be something to decide on."""
    spec = msgspec.convert({**CASE, "facts": [], "columns": [], "rows": []}, CaseSpec)
    assert any("没有案情" in fault for fault in KIND.faults(spec))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("questions", "q1"), None, "缺少问题 q1"),
        (("questions", "q9"), {"decision": "d1", "basis": "b1", "why": "。"}, "问题“q9”不在题目里"),
        (("questions", "q1", "decision"), "d9", "问题 q1 的处理“d9”"),
        (("questions", "q1", "basis"), "b9", "问题 q1 的依据“b9”"),
        (("questions", "q1", "basis"), None, "basis"),
        (("questions", "q1", "why"), None, "why"),
        (("questions", "q1", "why"), "", "内容太少"),
        (("questions", "q1", "weight"), 0, "weight"),
    ],
)
def test_faults_of_a_key(path: tuple[Any, ...], value: Any, named: str) -> None:
    """Every question needs a decision, a clause and a reason."""
    with pytest.raises(DataError, match=named):
        KIND.parse_key(msgspec.convert(CASE, CaseSpec), changed(CASE_KEY, path, value))


def test_shuffling_keeps_the_last_options_last() -> None:
    """Decisions and clauses come in another order; those named in *last* stay at the end, in the order given there."""
    spec = msgspec.convert(changed(CASE, ("questions", 0, "last"), ["b6", "d4", "b1"]), CaseSpec)
    first = [KIND.shuffled(spec, random.Random(n)).questions[0] for n in range(30)]
    assert {q.decisions[-1].id for q in first} == {"d4"}
    assert {tuple(item.id for item in q.bases[-2:]) for q in first} == {("b6", "b1")}
    assert len({tuple(item.id for item in q.decisions) for q in first}) > 3
    assert all({item.id for item in q.bases} == {item.id for item in spec.questions[0].bases} for q in first)
    assert KIND.shuffled(spec, random.Random(1)) == KIND.shuffled(spec, random.Random(1))


@pytest.mark.parametrize(("policy", "fraction"), [("module", 0.0), ("practice", 0.5)])
def test_one_question_alone(policy: str, fraction: float) -> None:
    """A single question is all or nothing, but for practice, where the decision alone is half."""
    key = {"questions": {"q1": CASE_KEY["questions"]["q1"]}}
    data = {
        **CASE,
        "questions": CASE["questions"][:1],
        "policy": policy,
        "practice": key if policy == "practice" else None,
    }
    spec, parsed_key = parsed(data, key)
    samples = KIND.samples(spec, parsed_key)
    answer = KIND.parse_answer(spec, msgspec.json.encode(samples.partly))
    assert KIND.grade(spec, answer, parsed_key).fraction == fraction
    assert (samples.partly == samples.wrong) is (policy == "module")


CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "decision": st.sampled_from(["d1", "d2", "d3", None]),
        "basis": st.sampled_from(["b2", "b3", "b4", "b5", None]),
    },
)


@PROPERTY
@given(st.dictionaries(st.sampled_from(list(RIGHT)), CHOICES), st.sampled_from([CASE, PRACTICE]))
def test_scores_stay_between_0_and_1_and_rise_with_every_right_choice(questions: Any, data: dict[str, Any]) -> None:
    """Making a decision, a clause or a pair right never costs, making one wrong never pays."""
    score = graded(questions, data).fraction
    assert 0.0 <= score <= 1.0
    for name, right in RIGHT.items():
        pair = questions.get(name, {})
        for part in (right, {"decision": right["decision"]}, {"basis": right["basis"]}):
            assert graded({**questions, name: {**pair, **part}}, data).fraction >= score
        assert graded({**questions, name: {**pair, "basis": "b6"}}, data).fraction <= score
        assert graded({**questions, name: {**pair, "decision": "d1"}}, data).fraction <= score


def test_guessing_does_not_pay() -> None:
    """A random pair is right once in the product of its options."""
    spec, _ = parsed(CASE, CASE_KEY)
    dice = random.Random(1)
    scores = [graded(KIND.random_answer(spec, dice)["questions"]).fraction for _ in range(200)]
    assert sum(scores) / len(scores) < 0.1
