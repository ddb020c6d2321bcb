"""归类: balanced accuracy less what one class for everything would bring."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import samples

from widgets.classification import Classification, ClassificationKey, ClassificationSpec
from widgets.kind import AnswerError
from widgets.score import Score, Verdict
from widgets.spec import DataError

SAMPLES = samples("classification")
WORDS, WORDS_KEY = SAMPLES["classification-words"]
FIVE_WAYS = SAMPLES["classification-five-ways"][0]

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
KIND = Classification()

Pair = tuple[ClassificationSpec, ClassificationKey]


def parsed(data: dict[str, Any], key: dict[str, Any]) -> Pair:
    """Parse a data file and its key as the kit does."""
    spec = msgspec.convert(data, ClassificationSpec)
    assert list(KIND.faults(spec)) == []
    return spec, KIND.parse_key(spec, key)


def exercise(truth: str, bins: str = "abc") -> Pair:
    """Make an exercise with one-letter classes; *truth* is the class of item i0, i1, …"""
    data = {
        "kind": "classification",
        "title": "题目",
        "prompt": "要求",
        "source": ["依据"],
        "bins": [{"id": name, "text": f"类别{name}"} for name in bins],
        "items": [{"id": f"i{n}", "text": f"条目{n}"} for n in range(len(truth))],
    }
    return parsed(data, {"items": {f"i{n}": {"bin": name, "why": "理由。"} for n, name in enumerate(truth)}})


def graded(of: Pair, given: str) -> Score:
    """Grade an answer written like the truth; a dot is an item left out."""
    bins = {f"i{n}": name for n, name in enumerate(given) if name != "."}
    return KIND.grade(of[0], KIND.parse_answer(of[0], json.dumps({"bins": bins}).encode()), of[1])


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    """The key is worth 1, every item one class further and one class for all 0, one wrong item something between."""
    of = parsed(*SAMPLES[name])
    samples = KIND.samples(*of)
    answers = [samples.right, samples.wrong, samples.partly, samples.everything, {}]
    scores = [KIND.grade(of[0], KIND.parse_answer(of[0], msgspec.json.encode(a)), of[1]).fraction for a in answers]
    assert scores[:2] == [1.0, 0.0]
    assert 0 < scores[2] < 1
    assert scores[3:] == [0.0, 0.0]
    for answer in samples.malformed:
        with pytest.raises(AnswerError, match="作答内容"):
            KIND.parse_answer(of[0], msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("truth", "given", "expected"),
    [
        ("aabb", "aabb", 1.0),
        ("aabb", "aaba", 0.5),  # recalls 1 and 1/2
        ("aabb", "aab.", 0.5),
        ("aabb", "aa..", 0.0),
        ("aabb", "abab", 0.0),
        ("aabb", "bbaa", 0.0),
        ("aabb", "cccc", 0.0),
        ("aabbcc", "aabbca", 0.75),  # recalls 1, 1 and 1/2
        ("aabbcc", "aabb..", 0.5),
        ("aaaaaaab", "aaaaaaaa", 0.0),  # 88 % of the items, and nothing understood
        ("aaaaaaab", "aaaaaa.b", 6 / 7),
    ],
)
def test_balanced_accuracy_adjusted_for_chance(truth: str, given: str, expected: float) -> None:
    """The score is (mean recall − 1/B)/(1 − 1/B), floored at 0, over the classes that hold items."""
    assert graded(exercise(truth), given).fraction == pytest.approx(expected)


@PROPERTY
@given(st.text("abcdef", min_size=4, max_size=30).filter(lambda truth: len(set(truth)) > 1))
def test_one_class_for_everything_is_worth_exactly_nothing(truth: str) -> None:
    """However unequal the classes are, putting all items into one of them is worth 0."""
    of = exercise(truth, "abcdef")
    assert [graded(of, name * len(truth)).fraction for name in "abcdef"] == [0.0] * 6
    assert graded(of, truth).fraction == 1.0


@st.composite
def answered(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a truth of at least two classes and an answer to it."""
    truth = draw(st.text("abc", min_size=4, max_size=12).filter(lambda text: len(set(text)) > 1))
    return truth, draw(st.text("abc.", min_size=len(truth), max_size=len(truth)))


@PROPERTY
@given(answered(), st.data())
def test_items_one_by_one(drawn: tuple[str, str], data: st.DataObject) -> None:
    """Making an item right never costs, classifying an open item wrongly never pays, and all stay in [0, 1]."""
    truth, given = drawn
    of = exercise(truth)
    before = graded(of, given).fraction
    assert type(before) is float
    assert 0.0 <= before <= 1.0
    at = data.draw(st.integers(0, len(truth) - 1))
    assert graded(of, given[:at] + truth[at] + given[at + 1 :]).fraction >= before - 1e-9
    wrong = data.draw(st.sampled_from([name for name in "abc" if name != truth[at]]))
    assert graded(of, given[:at] + wrong + given[at + 1 :]).fraction <= before + 1e-9


@PROPERTY
@given(answered())
def test_every_item_is_explained(drawn: tuple[str, str]) -> None:
    """Feedback has a part for each item, and the counts of classes agree with it."""
    truth, given = drawn
    score = graded(exercise(truth), given)
    right = [part.verdict is Verdict.RIGHT for part in score.parts]
    assert right == [a == b for a, b in zip(truth, given, strict=True)]
    assert all(part.item and part.given and part.expected and part.why for part in score.parts)
    assert sum(int(value.partition("/")[0]) for _, value in score.measures) == sum(right)


def test_feedback() -> None:
    """Feedback names the class given, the right one and the reason, and what was left out."""
    spec, key = parsed(WORDS, WORDS_KEY)
    score = KIND.grade(spec, KIND.parse_answer(spec, b'{"bins": {"i4": "ban", "i9": "vague"}}'), key)
    assert [(part.given, part.expected, part.verdict) for part in score.parts[:3]] == [
        ("禁用", "禁用", Verdict.RIGHT),
        ("信息不全", "规范", Verdict.WRONG),
        ("未归类", "信息不全", Verdict.MISSED),
    ]
    assert score.parts[1].why == WORDS_KEY["items"]["i9"]["why"]
    assert dict(score.measures) == {"“禁用”归对": "1/4", "“规范”归对": "0/4", "“信息不全”归对": "0/4"}


@PROPERTY
@given(st.sampled_from([*SAMPLES]), st.integers())
def test_random_answers_fit(name: str, seed: int) -> None:
    """An answer by chance classifies every item and can be put in words."""
    spec, _ = parsed(*SAMPLES[name])
    answer = KIND.parse_answer(spec, msgspec.json.encode(KIND.random_answer(spec, random.Random(seed))))
    assert len(answer.bins) == len(spec.items)
    assert "未归类" not in {line.given for line in KIND.lines(spec, answer)}


@pytest.mark.parametrize("name", SAMPLES)
def test_guessing_does_not_pay(name: str) -> None:
    """Random answers earn at most the kind's limit on average (c.0)."""
    spec, key = parsed(*SAMPLES[name])
    dice = random.Random(name)
    answers = [KIND.parse_answer(spec, msgspec.json.encode(KIND.random_answer(spec, dice))) for _ in range(500)]
    assert sum(KIND.grade(spec, answer, key).fraction for answer in answers) / 500 <= KIND.chance_limit


@PROPERTY
@given(st.integers())
def test_shuffling_moves_items_and_not_classes(seed: int) -> None:
    """Items come in any order, classes stay in theirs."""
    spec = msgspec.convert(FIVE_WAYS, ClassificationSpec)
    mixed = KIND.shuffled(spec, random.Random(seed))
    assert mixed.bins == spec.bins
    assert sorted(item.id for item in mixed.items) == sorted(item.id for item in spec.items)


def test_words_of_an_answer() -> None:
    """Items are shown with their class, or as 未归类."""
    spec, _ = exercise("aabb")
    answer = KIND.parse_answer(spec, b'{"bins": {"i1": "c"}}')
    assert [line.given for line in KIND.lines(spec, answer)] == ["未归类", "类别c", "未归类", "未归类"]
    assert {line.given for line in KIND.lines(spec, None)} == {"未归类"}
    assert KIND.is_blank(KIND.parse_answer(spec, b"{}"))
    assert not KIND.is_blank(answer)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ({"bins": {"i99": "a"}}, "条目“i99”不在题目里"),
        ({"bins": {"i0": "z"}}, "类别“z”不在题目里"),
        ({"bins": {"i0": True}}, "应为文字"),
        ({"bins": {f"k{n}": "a" for n in range(31)}}, "最多 30 项"),
        ({"bins": None}, "空值"),
        ({"score": 1}, "score"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(answer: Any, named: str) -> None:
    """Unknown items and classes are a format error, not a wrong answer."""
    with pytest.raises(AnswerError, match=named):
        KIND.parse_answer(exercise("aabb")[0], msgspec.json.encode(answer))


ONE: dict[str, str] = {"id": "x", "text": "甲"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"bins": [ONE, ONE | {"text": "乙"}]}, "类别编号“x”出现了 2 次"),
        ({"bins": [ONE, ONE | {"id": "y"}]}, "2 个类别都是“甲”"),
        ({"items": [*WORDS["items"][:4], WORDS["items"][0] | {"text": "另一句"}]}, "条目编号“i4”出现了 2 次"),
        ({"items": [*WORDS["items"][:4], WORDS["items"][0] | {"id": "y"}]}, "2 个条目都是““我不是说过了吗？””"),
    ],
)
def test_a_bad_data_file_is_told(change: dict[str, Any], named: str) -> None:
    """Items and classes differ by id and by text."""
    assert named in "；".join(KIND.faults(msgspec.convert(WORDS | change, ClassificationSpec)))


@pytest.mark.parametrize("change", [{"bins": [ONE]}, {"items": WORDS["items"][:3]}, {"key": {}}, {"items": [ONE] * 31}])
def test_sizes_and_fields_are_bounded(change: dict[str, Any]) -> None:
    """There are 2 to 6 classes and 4 to 30 items, and no field that would tell the answer."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(WORDS | change, ClassificationSpec)


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ({name: value for name, value in WORDS_KEY["items"].items() if name != "i6"}, "缺少条目 i6"),
        (WORDS_KEY["items"] | {"i99": {"bin": "ban", "why": "理由"}}, "条目“i99”不在题目里"),
        (WORDS_KEY["items"] | {"i6": {"bin": "zz", "why": "理由"}}, "类别“zz”不在题目里"),
        (WORDS_KEY["items"] | {"i6": {"bin": "ban"}}, "缺少字段“why”"),
        (WORDS_KEY["items"] | {"i6": {"bin": "ban", "why": ""}}, "内容太少"),
        ({name: {"bin": "ban", "why": "理由"} for name in WORDS_KEY["items"]}, "所有条目同属一类"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(items: Any, named: str) -> None:
    """A key classifies every item, with its reason, into at least two classes."""
    with pytest.raises(DataError, match=f"答案键：.*{named}"):
        KIND.parse_key(msgspec.convert(WORDS, ClassificationSpec), {"items": items})
