"""匹配: the rule of exercises-and-scoring.md c.5."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import samples

from widgets.kind import AnswerError
from widgets.matching import Matching, MatchingKey, MatchingSpec
from widgets.score import Score, Verdict
from widgets.spec import DataError

SAMPLES = samples("matching")
PERIODS, PERIODS_KEY = SAMPLES["matching-periods"]
LEVELS, LEVELS_KEY = SAMPLES["matching-levels"]

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
KIND = Matching()

Pair = tuple[MatchingSpec, MatchingKey]


def parsed(data: dict[str, Any], key: dict[str, Any]) -> Pair:
    """Parse a data file and its key as the kit does."""
    spec = msgspec.convert(data, MatchingSpec)
    assert list(KIND.faults(spec)) == []
    return spec, KIND.parse_key(spec, key)


def exercise(weights: list[float], extra: int = 2) -> Pair:
    """Make an exercise in which stem s0 belongs to option o0, s1 to o1, …"""
    data = {
        "kind": "matching",
        "title": "题目",
        "prompt": "要求",
        "source": ["依据"],
        "stems": [{"id": f"s{n}", "text": f"题干{n}"} for n in range(len(weights))],
        "options": [{"id": f"o{n}", "text": f"选项{n}"} for n in range(len(weights) + extra)],
    }
    pairs = {f"s{n}": {"option": f"o{n}", "why": "理由。", "weight": w} for n, w in enumerate(weights)}
    return parsed(data, {"pairs": pairs})


def graded(of: Pair, pairs: dict[int, int]) -> Score:
    """Grade pairs of stem and option given by their numbers."""
    answer = {"pairs": {f"s{stem}": f"o{option}" for stem, option in pairs.items()}}
    return KIND.grade(of[0], KIND.parse_answer(of[0], json.dumps(answer).encode()), of[1])


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    """The key is worth 1, options that belong nowhere 0, one stem short something between; one option for all is none."""
    of = parsed(*SAMPLES[name])
    samples = KIND.samples(*of)
    answers = [samples.right, samples.wrong, samples.partly, {}]
    scores = [KIND.grade(of[0], KIND.parse_answer(of[0], msgspec.json.encode(a)), of[1]).fraction for a in answers]
    assert (scores[0], scores[1], scores[3]) == (1.0, 0.0, 0.0)
    assert 0 < scores[2] < 1
    assert samples.everything in samples.malformed
    for answer in samples.malformed:
        with pytest.raises(AnswerError, match="作答内容"):
            KIND.parse_answer(of[0], msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({0: 0, 1: 1, 2: 2}, 1.0),
        ({0: 0}, 0.5),
        ({1: 1}, 0.25),
        ({1: 1, 2: 0}, 0.25),
        ({0: 0, 1: 2, 2: 1}, 0.5),
        ({0: 3, 1: 4}, 0.0),
        ({}, 0.0),
    ],
)
def test_weight_of_the_right_stems(pairs: dict[int, int], expected: float) -> None:
    """The score is Σ weight of right stems / Σ weight, and a wrong pair costs no more than an empty one."""
    assert graded(exercise([2, 1, 1]), pairs).fraction == expected


WEIGHTS = st.lists(st.floats(0.1, 10), min_size=3, max_size=8)


@st.composite
def answered(draw: st.DrawFn) -> tuple[Pair, dict[int, int]]:
    """Draw an exercise and an answer to it that uses every option at most once."""
    weights, extra = draw(WEIGHTS), draw(st.integers(2, 4))
    options = draw(st.permutations(range(len(weights) + extra)))
    stems = draw(st.lists(st.integers(0, len(weights) - 1), unique=True))
    return exercise(weights, extra), dict(zip(stems, options, strict=False))


@PROPERTY
@given(answered(), st.data())
def test_pairs_one_by_one(drawn: tuple[Pair, dict[int, int]], data: st.DataObject) -> None:
    """Making a stem right never costs, even when its option is taken from another; a wrong pair never pays."""
    of, pairs = drawn
    before = graded(of, pairs).fraction
    assert type(before) is float
    assert 0.0 <= before <= 1.0
    stem = data.draw(st.integers(0, len(of[0].stems) - 1))
    rest = {other: option for other, option in pairs.items() if option != stem}
    assert graded(of, rest | {stem: stem}).fraction >= before - 1e-9
    free = [n for n in range(len(of[0].options)) if n != stem and n not in pairs.values()]
    if free and stem not in pairs:
        assert graded(of, pairs | {stem: data.draw(st.sampled_from(free))}).fraction == before


@PROPERTY
@given(WEIGHTS)
def test_the_key_is_worth_exactly_one(weights: list[float]) -> None:
    """Whatever the weights, all stems right are 1 and not a little less."""
    of = exercise(weights)
    assert graded(of, {n: n for n in range(len(weights))}).fraction == 1.0
    assert 0 < graded(of, {0: 0}).fraction < 1


@PROPERTY
@given(answered())
def test_every_stem_is_explained(drawn: tuple[Pair, dict[int, int]]) -> None:
    """Feedback has a part for each stem: right, wrong or missed, each with its reason."""
    of, pairs = drawn
    score = graded(of, pairs)
    for stem, part in enumerate(score.parts):
        expected = Verdict.MISSED if stem not in pairs else Verdict.RIGHT if pairs[stem] == stem else Verdict.WRONG
        assert part.verdict is expected
        assert part.item
        assert part.given
        assert part.expected == f"选项{stem}"
        assert part.why
    assert score.measures == (("配对", f"{sum(k == v for k, v in pairs.items())}/{len(of[0].stems)}"),)


@PROPERTY
@given(answered())
def test_mixing_the_samples_stays_an_answer(drawn: tuple[Pair, dict[int, int]]) -> None:
    """Right and wrong sample share no option, so that invented trainees may mix them stem by stem."""
    samples = KIND.samples(*drawn[0])
    assert not set(samples.right["pairs"].values()) & set(samples.wrong["pairs"].values())


@PROPERTY
@given(st.sampled_from([*SAMPLES]), st.integers())
def test_random_answers_fit(name: str, seed: int) -> None:
    """An answer by chance gives every stem an option of its own."""
    spec, _ = parsed(*SAMPLES[name])
    answer = KIND.parse_answer(spec, msgspec.json.encode(KIND.random_answer(spec, random.Random(seed))))
    assert len(set(answer.pairs.values())) == len(spec.stems)
    assert "未作答" not in {line.given for line in KIND.lines(spec, answer)}


@pytest.mark.parametrize("name", SAMPLES)
def test_guessing_does_not_pay(name: str) -> None:
    """Random answers earn at most the kind's limit on average (c.0)."""
    spec, key = parsed(*SAMPLES[name])
    dice = random.Random(name)
    answers = [KIND.parse_answer(spec, msgspec.json.encode(KIND.random_answer(spec, dice))) for _ in range(500)]
    assert sum(KIND.grade(spec, answer, key).fraction for answer in answers) / 500 <= KIND.chance_limit


@PROPERTY
@given(st.integers())
def test_shuffling_moves_options_and_not_stems(seed: int) -> None:
    """Options come in any order, stems stay in theirs."""
    spec = msgspec.convert(PERIODS, MatchingSpec)
    mixed = KIND.shuffled(spec, random.Random(seed))
    assert mixed.stems == spec.stems
    assert sorted(option.id for option in mixed.options) == sorted(option.id for option in spec.options)


def test_words_of_an_answer() -> None:
    """Stems are shown with their option, or as 未作答."""
    spec, key = parsed(LEVELS, LEVELS_KEY)
    answer = KIND.parse_answer(spec, b'{"pairs": {"e2": "v6"}}')
    words = [line.given for line in KIND.lines(spec, answer)]
    assert words == ["未作答", "请申请人改交纸质材料（不属于任何等级）", "未作答", "未作答"]
    assert {line.given for line in KIND.lines(spec, None)} == {"未作答"}
    assert KIND.is_blank(KIND.parse_answer(spec, b"{}"))
    assert not KIND.is_blank(answer)
    assert KIND.grade(spec, answer, key).parts[1].why == LEVELS_KEY["pairs"]["e2"]["why"]


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ({"pairs": {"s0": "o3", "s1": "o3"}}, "选项编号“o3”出现了 2 次"),
        ({"pairs": {"s99": "o3"}}, "题干“s99”不在题目里"),
        ({"pairs": {"s0": "o99"}}, "选项“o99”不在题目里"),
        ({"pairs": {"s0": ["o1"]}}, "应为文字"),
        ({"pairs": {"s0": ""}}, "编号只能用"),
        ({"pairs": {f"k{n}": "o1" for n in range(21)}}, "最多 20 项"),
        ({"pairs": None}, "空值"),
        ({"score": 1}, "score"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(answer: Any, named: str) -> None:
    """An option used twice and unknown names are a format error, not a wrong answer."""
    with pytest.raises(AnswerError, match=named):
        KIND.parse_answer(exercise([1, 1, 1])[0], msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"options": PERIODS["options"][:8]}, "请再加 1 个用不到的选项"),
        ({"stems": [*PERIODS["stems"][:6], PERIODS["stems"][0] | {"text": "另一件"}]}, "题干编号“s1”出现了 2 次"),
        (
            {"options": [*PERIODS["options"][:9], PERIODS["options"][0] | {"id": "oo"}]},
            "2 个选项都是“决定之日起 10 日内”",
        ),
        ({"options": [*PERIODS["options"][:9], PERIODS["options"][0] | {"text": "甲"}]}, "选项编号“o4”出现了 2 次"),
    ],
)
def test_a_bad_data_file_is_told(change: dict[str, Any], named: str) -> None:
    """Stems and options differ, and there are at least two options more than stems."""
    assert named in "；".join(KIND.faults(msgspec.convert(PERIODS | change, MatchingSpec)))


@pytest.mark.parametrize(
    "change", [{"stems": PERIODS["stems"][:2]}, {"options": PERIODS["options"][:4]}, {"pairs": {}}]
)
def test_sizes_and_fields_are_bounded(change: dict[str, Any]) -> None:
    """There are at least 3 stems and 5 options, and no field that would tell the answer."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(PERIODS | change, MatchingSpec)


def pair(option: str, **change: Any) -> dict[str, Any]:
    """Make the key of one stem."""
    return {"option": option, "why": "理由"} | change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"s7": pair("o6")}, "选项编号“o6”出现了 2 次"),
        ({"s7": pair("zz")}, "选项“zz”不在题目里"),
        ({"zz": pair("o9")}, "题干“zz”不在题目里"),
        ({"s7": pair("o8", weight=0)}, "题干 s7 的 weight 是 0"),
        ({"s7": pair("o8", weight=-1)}, "应大于 0"),
        ({"s7": pair("o8", weight=1e999)}, "weight 是 inf"),
        ({"s7": pair("o8", why="")}, "内容太少"),
        ({"s7": {"option": "o8"}}, "缺少字段“why”"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(change: Any, named: str) -> None:
    """A key gives every stem an option of its own, with its reason and a sane weight."""
    with pytest.raises(DataError, match=f"答案键：.*{named}"):
        KIND.parse_key(msgspec.convert(PERIODS, MatchingSpec), {"pairs": PERIODS_KEY["pairs"] | change})


def test_a_key_without_a_stem_is_refused() -> None:
    """The fault names the stem that has no option."""
    pairs = {name: value for name, value in PERIODS_KEY["pairs"].items() if name != "s3"}
    with pytest.raises(DataError, match="缺少题干 s3 的答案"):
        KIND.parse_key(msgspec.convert(PERIODS, MatchingSpec), {"pairs": pairs})
