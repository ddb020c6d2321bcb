"""文字作答: the text is kept and shown as it was written; no program gives points."""

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

from widgets.kind import AnswerError
from widgets.page import answer_page
from widgets.score import Verdict
from widgets.spec import DataError
from widgets.text import FreeText, TextAnswer, TextSpec

SAMPLES = samples("text")
TEXT = SAMPLES["text"][0]

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
KIND = FreeText()


def parsed(data: dict[str, Any] = TEXT) -> TextSpec:
    """Parse a data file as the kit does."""
    spec = msgspec.convert(data, TextSpec)
    assert list(KIND.faults(spec)) == []
    return spec


def answered(texts: dict[str, str]) -> TextAnswer:
    """Parse an answer given as JSON values."""
    return KIND.parse_answer(parsed(), json.dumps({"texts": texts}).encode())


def test_points_are_given_by_hand() -> None:
    """The kit can tell this kind from those that it grades."""
    assert KIND.by_hand is True


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_of_the_sample_exercises(name: str) -> None:
    """Without a key all samples are one text that parses, and malformed ones are refused."""
    data, key = SAMPLES[name]
    spec = parsed(data)
    samples = KIND.samples(spec, KIND.parse_key(spec, key))
    assert samples.right == samples.wrong == samples.partly == samples.everything
    answer = KIND.parse_answer(spec, msgspec.json.encode(samples.right))
    assert not KIND.is_blank(answer)
    for malformed in samples.malformed:
        with pytest.raises(AnswerError, match="作答内容"):
            KIND.parse_answer(spec, msgspec.json.encode(malformed))


@PROPERTY
@given(st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), st.text(max_size=200)))
def test_texts_come_back_as_they_were_written(texts: dict[str, str]) -> None:
    """Every character survives, in words and in feedback, and the score is 0 until somebody reads."""
    answer = answered(texts)
    spec = parsed()
    score = KIND.grade(spec, answer, KIND.parse_key(spec, {}))
    assert score.fraction == 0.0
    for question, line, part in zip(spec.questions, KIND.lines(spec, answer), score.parts, strict=True):
        written = texts.get(question.id, "")
        expected = written if written.strip() else "未作答"
        assert line.given == part.given == expected
        assert part.verdict is (Verdict.OPEN if written.strip() else Verdict.MISSED)
    assert KIND.is_blank(answer) is not any(text.strip() for text in texts.values())


def test_a_page_keeps_paragraphs_and_escapes_markup() -> None:
    """What was written is shown with its line ends, never as markup."""
    page = answer_page(parsed(), KIND.label, KIND.lines(parsed(), answered({"q1": "第一段。\n<b>第二段</b>"})))
    assert "第一段。\n&lt;b&gt;第二段&lt;/b&gt;" in page


def test_a_blank_answer() -> None:
    """Nothing, spaces and line ends are not an answer."""
    for texts in ({}, {"q1": ""}, {"q1": " \n　", "q2": "\t"}):
        assert KIND.is_blank(answered(texts))
    assert {line.given for line in KIND.lines(parsed(), None)} == {"未作答"}


def test_guidance_refuses_nobody() -> None:
    """A text longer or shorter than asked is still an answer; only 4000 characters are the end."""
    assert answered({"q1": "短"}).texts["q1"] == "短"
    assert len(answered({"q1": "长" * 4000}).texts["q1"]) == 4000
    with pytest.raises(AnswerError, match="4000"):
        answered({"q1": "长" * 4001})


@pytest.mark.parametrize(
    "answer", [{"texts": {"q9": "x"}}, {"texts": {"q1": 1}}, {"texts": {"q1": None}}, {"texts": "x"}, {"text": {}}, []]
)
def test_an_answer_that_does_not_fit_is_refused(answer: Any) -> None:
    """Unknown questions and other types are a format error."""
    with pytest.raises(AnswerError, match="作答内容"):
        KIND.parse_answer(parsed(), msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": "q2"}, "问题编号“q2”出现了 2 次"),
        ({"min_chars": 500}, "问题 q1 的 min_chars 500 大于 max_chars 400"),
    ],
)
def test_faults_of_a_data_file(change: dict[str, Any], named: str) -> None:
    """Ids that stand twice and lengths that nobody can meet are found before release."""
    data = copy.deepcopy(TEXT)
    data["questions"][0] |= change
    assert any(named in fault for fault in KIND.faults(msgspec.convert(data, TextSpec)))


def test_practice_is_a_fault() -> None:
    """Practice promises feedback at once, which nobody is there to give."""
    spec = msgspec.convert({**TEXT, "policy": "practice", "practice": {}}, TextSpec)
    assert any("不能当场反馈" in fault for fault in KIND.faults(spec))


@pytest.mark.parametrize("key", [{"questions": {}}, {"why": "x"}, []])
def test_a_key_is_refused(key: Any) -> None:
    """There is no key; a rubric belongs into the instructor's notes."""
    with pytest.raises(DataError, match="答案键"):
        KIND.parse_key(parsed(), key)


def test_a_random_answer_parses() -> None:
    """Writing next to nothing is still an answer."""
    raw = msgspec.json.encode(KIND.random_answer(parsed(), random.Random(1)))
    assert not KIND.is_blank(KIND.parse_answer(parsed(), raw))
