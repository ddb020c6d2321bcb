"""选择题: the rules of exercises-and-scoring.md c.1."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import samples

from widgets.choice import Choice, ChoiceKey, ChoiceSpec
from widgets.kind import AnswerError
from widgets.score import Score, Verdict
from widgets.spec import DataError

SAMPLES = samples("choice")
SINGLE, SINGLE_KEY = SAMPLES["choice-single"]
HALF, HALF_KEY = SAMPLES["choice-half"]
MULTI, MULTI_KEY = SAMPLES["choice-multi"]
NONE, NONE_KEY = SAMPLES["choice-none"]
SELECT_N = SAMPLES["choice-select-n"][0]
TF = SAMPLES["choice-tf"][0]

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
KIND = Choice()

Pair = tuple[ChoiceSpec, ChoiceKey]
#: (C, W) of every multiple choice that may have 2 to 10 options.
SIZES = [(right, wrong) for right in range(1, 10) for wrong in range(1, 11 - right)]


def parsed(data: dict[str, Any], key: dict[str, Any]) -> Pair:
    """Parse a data file and its key as the kit does."""
    spec = msgspec.convert(data, ChoiceSpec)
    assert list(KIND.faults(spec)) == []
    return spec, KIND.parse_key(spec, key)


def exercise(mode: str, right: int, wrong: int, weight: float = 0.0, *, none: bool = False) -> Pair:
    """Make an exercise with the right options r0, r1, … and the wrong ones w0, w1, …; *weight* is that of w0."""
    rights, wrongs = [f"r{n}" for n in range(right)], [f"w{n}" for n in range(wrong)]
    data = {
        "kind": "choice",
        "mode": mode,
        "title": "题目",
        "prompt": "要求",
        "source": ["依据"],
        "options": [{"id": name, "text": f"选项{name}"} for name in rights + wrongs],
        "none_option": none,
        "choose": right if mode == "select_n" else None,
    }
    key = {
        "right": dict.fromkeys(rights, "对。"),
        "wrong": dict.fromkeys(wrongs, "错。"),
        "weight": {"w0": weight} if weight else {},
        "none": "有无。" if none else None,
    }
    return parsed(data, key)


def graded(of: Pair, chosen: Iterable[str] | str, *, none: bool = False) -> Score:
    """Grade a choice of options, given as a list or separated by blanks."""
    names = chosen.split() if isinstance(chosen, str) else chosen
    answer = {"chosen": dict.fromkeys(names, True), "none": none}
    return KIND.grade(of[0], KIND.parse_answer(of[0], json.dumps(answer).encode()), of[1])


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    """The key is worth 1, a wrong option and no option 0, all options are worth 0 or refused."""
    data, key = SAMPLES[name]
    of = parsed(data, key)
    samples = KIND.samples(*of)

    def score(answer: Any) -> float:
        return KIND.grade(of[0], KIND.parse_answer(of[0], msgspec.json.encode(answer)), of[1]).fraction

    assert (score(samples.right), score(samples.wrong), score({})) == (1.0, 0.0, 0.0)
    assert (0 < score(samples.partly) < 1) or samples.partly == samples.wrong
    if data["mode"] == "multi":
        assert score(samples.everything) == 0.0
    else:
        assert samples.everything in samples.malformed
    for answer in samples.malformed:
        with pytest.raises(AnswerError, match="作答内容"):
            KIND.parse_answer(of[0], msgspec.json.encode(answer))


@pytest.mark.parametrize("name", ["choice-half", "choice-multi", "choice-select-n"])
def test_partly_right_samples(name: str) -> None:
    """Half-right options, several right ones and N of many leave something between 0 and 1."""
    of = parsed(*SAMPLES[name])
    samples = KIND.samples(*of)
    assert 0 < graded(of, samples.partly["chosen"]).fraction < 1


def test_single_choice_is_worth_its_weight() -> None:
    """The right option brings 1, a half-right one its weight, a wrong one nothing: there is no negative."""
    of = exercise("single", 1, 3, weight=0.5)
    assert [graded(of, option).fraction for option in ("r0", "w0", "w1", "")] == [1.0, 0.5, 0.0, 0.0]


def test_true_or_false() -> None:
    """One of two: 1 or 0."""
    of = exercise("tf", 1, 1)
    assert [graded(of, option).fraction for option in ("r0", "w0", "")] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("r0 r1 r2", 1.0), ("r0 r1", 2 / 3), ("r0 r1 w0", 2 / 3), ("r0 w0 w1", 1 / 3), ("w0 w1 w2", 0.0), ("", 0.0)],
)
def test_select_n_counts_what_is_right(chosen: str, expected: float) -> None:
    """Each right option brings 1/N and a wrong one costs nothing, for it takes a place."""
    assert graded(exercise("select_n", 3, 4), chosen).fraction == pytest.approx(expected)


@pytest.mark.parametrize(
    ("right", "wrong", "chosen", "expected"),
    [
        (4, 4, "r0 r1 r2 r3", 1.0),
        (4, 4, "r0 r1 r2 r3 w0", 0.75),
        (4, 4, "r0 r1 r2", 0.75),
        (4, 4, "r0 w0", 0.0),
        (4, 4, "w0", 0.0),
        (6, 4, "r0 r1 r2 r3 r4 r5 w0", 0.75),
        (6, 4, "r0 r1 r2 r3 r4 r5 w0 w1 w2 w3", 0.0),
        (1, 4, "r0 w0", 0.0),
    ],
)
def test_multiple_choice_takes_wrong_marks_off(right: int, wrong: int, chosen: str, expected: float) -> None:
    """A multiple choice is worth max(0, (t − λf)/C) with λ = max(1, C/W)."""
    assert graded(exercise("multi", right, wrong), chosen).fraction == pytest.approx(expected)


@pytest.mark.parametrize(("right", "wrong"), SIZES)
def test_ticking_everything_is_worth_nothing(right: int, wrong: int) -> None:
    """However few wrong options there are, all of them together are worth 0."""
    for none in (False, True):
        of = exercise("multi", right, wrong, none=none)
        assert graded(of, KIND.samples(*of).everything["chosen"]).fraction == pytest.approx(0.0, abs=1e-9)


def test_nothing_fits() -> None:
    """Where no option is right only the assertion scores: neither silence nor any choice does."""
    of = exercise("multi", 0, 4, none=True)
    assert graded(of, "", none=True).fraction == 1.0
    assert [graded(of, chosen).fraction for chosen in ("", "w0", "w0 w1", "w0 w1 w2 w3")] == [0.0] * 4


def test_asserting_that_nothing_fits_is_wrong_where_something_does() -> None:
    """以上均不符合 brings nothing where options are right, and feedback says so."""
    score = graded(exercise("multi", 2, 2, none=True), "", none=True)
    assert score.fraction == 0.0
    assert score.parts[-1].verdict is Verdict.WRONG


def test_silence_is_not_the_assertion_that_nothing_fits() -> None:
    """No choice is blank, 以上均不符合 is an answer."""
    spec, _ = parsed(NONE, NONE_KEY)
    assert KIND.is_blank(KIND.parse_answer(spec, b"{}"))
    assert KIND.is_blank(KIND.parse_answer(spec, b'{"chosen": {}, "none": false}'))
    assert not KIND.is_blank(KIND.parse_answer(spec, b'{"none": true}'))
    assert not KIND.is_blank(KIND.parse_answer(spec, b'{"chosen": {"h3": true}}'))


def test_four_cases_of_feedback() -> None:
    """Feedback tells chosen rightly, missed, chosen wrongly and rightly left apart, each with its reason."""
    score = graded(parsed(MULTI, MULTI_KEY), "m2 m8")
    assert [(part.given, part.expected, part.verdict) for part in score.parts] == [
        ("选了", "应选", Verdict.RIGHT),
        ("选了", "不应选", Verdict.WRONG),
        ("没选", "应选", Verdict.MISSED),
        ("没选", "不应选", Verdict.RIGHT),
        ("没选", "应选", Verdict.MISSED),
        ("没选", "不应选", Verdict.RIGHT),
    ]
    assert [part.why for part in score.parts] == [
        (MULTI_KEY["right"] | MULTI_KEY["wrong"])[option["id"]] for option in MULTI["options"]
    ]
    assert score.measures == (("应选的选出", "33%"), ("错选", "1 项"))


def test_a_half_right_option_is_partly_right() -> None:
    """Feedback on an option with part of the credit says what it brings."""
    part = graded(parsed(HALF, HALF_KEY), "a3").parts[1]
    assert (part.verdict, part.expected) == (Verdict.PARTLY, "不是最好，选它得 50%")


@st.composite
def multis(draw: st.DrawFn) -> tuple[Pair, list[str]]:
    """Draw a multiple choice and some of its options."""
    right, wrong = draw(st.sampled_from([*SIZES, (0, 4), (0, 10)]))
    of = exercise("multi", right, wrong, none=draw(st.booleans()) if right else True)
    return of, draw(st.lists(st.sampled_from([option.id for option in of[0].options]), unique=True))


@PROPERTY
@given(multis())
def test_right_and_wrong_options_one_by_one(drawn: tuple[Pair, list[str]]) -> None:
    """One more right option never costs, one more wrong one never brings anything, and all stay in [0, 1]."""
    of, chosen = drawn
    before = graded(of, chosen).fraction
    assert type(before) is float
    assert 0.0 <= before <= 1.0
    for option in (option.id for option in of[0].options if option.id not in chosen):
        after = graded(of, [*chosen, option]).fraction
        assert after >= before - 1e-9 if option in of[1].right else after <= before + 1e-9


@PROPERTY
@given(st.integers(2, 5), st.data())
def test_select_n_never_falls_with_a_further_option(count: int, data: st.DataObject) -> None:
    """Choosing up to N options, a further one brings 1/N or nothing."""
    of = exercise("select_n", count, 10 - count)
    names = st.lists(st.sampled_from([option.id for option in of[0].options]), unique=True, max_size=count)
    chosen = data.draw(names)
    for size in range(len(chosen)):
        step = graded(of, chosen[: size + 1]).fraction - graded(of, chosen[:size]).fraction
        assert step == pytest.approx(chosen[size].startswith("r") / count)


@PROPERTY
@given(st.sampled_from([*SAMPLES]), st.integers())
def test_random_answers_fit(name: str, seed: int) -> None:
    """An answer by chance is never blank and never malformed, and can be put in words."""
    spec, key = parsed(*SAMPLES[name])
    answer = KIND.parse_answer(spec, msgspec.json.encode(KIND.random_answer(spec, random.Random(seed))))
    assert not KIND.is_blank(answer)
    assert 0.0 <= KIND.grade(spec, answer, key).fraction <= 1.0
    assert len(KIND.lines(spec, answer)) == len(spec.options) + spec.none_option
    assert all(line.item and line.given for line in KIND.lines(spec, answer))


@pytest.mark.parametrize("name", SAMPLES)
def test_guessing_does_not_pay(name: str) -> None:
    """Random answers earn at most the kind's limit on average (c.0)."""
    spec, key = parsed(*SAMPLES[name])
    dice = random.Random(name)
    answers = [KIND.parse_answer(spec, msgspec.json.encode(KIND.random_answer(spec, dice))) for _ in range(1000)]
    assert sum(KIND.grade(spec, answer, key).fraction for answer in answers) / 1000 <= KIND.chance_limit + 0.05


@PROPERTY
@given(st.integers())
def test_shuffling_keeps_what_must_stay(seed: int) -> None:
    """All options stay, those in last keep their place at the end, and 正确 stays before 错误."""
    data = MULTI | {"last": ["m4", "m1"]}
    spec = msgspec.convert(data, ChoiceSpec)
    mixed = KIND.shuffled(spec, random.Random(seed))
    ids = [option.id for option in mixed.options]
    assert sorted(ids) == sorted(option.id for option in spec.options)
    assert ids[-2:] == ["m4", "m1"]
    assert KIND.shuffled(mixed, random.Random(seed)).options[-2:] == mixed.options[-2:]
    for fixed in (TF, SINGLE):
        same = msgspec.convert(fixed, ChoiceSpec)
        assert KIND.shuffled(same, random.Random(seed)) == same


def test_words_of_an_answer() -> None:
    """Every option is shown with whether it was chosen; an empty answer and none are 未作答."""
    spec, _ = parsed(NONE, NONE_KEY)
    words = [line.given for line in KIND.lines(spec, KIND.parse_answer(spec, b'{"none": true}'))]
    assert words == ["没选", "没选", "没选", "没选", "选了"]
    for blank in (None, KIND.parse_answer(spec, b"{}")):
        assert {line.given for line in KIND.lines(spec, blank)} == {"未作答"}
    assert KIND.lines(spec, None)[-1].item == "以上均不符合"


@pytest.mark.parametrize(
    ("data", "answer", "named"),
    [
        (SINGLE, {"chosen": {"k4": True, "k9": True}}, "最多选 1 项"),
        (TF, {"chosen": {"y": True, "n": True}}, "最多选 1 项"),
        (SELECT_N, {"chosen": dict.fromkeys(["t1", "t2", "t3", "t5"], True)}, "最多选 3 项，现在选了 4 项"),
        (MULTI, {"none": True}, "没有“以上均不符合”"),
        (NONE, {"chosen": {"h3": True}, "none": True}, "又选了“以上均不符合”"),
        (MULTI, {"chosen": {"m2": False}}, "m2 记成了 false"),
        (MULTI, {"chosen": {"zz": True}}, "zz"),
        (MULTI, {"chosen": {"m2": None}}, "true/false"),
        (MULTI, {"chosen": {f"k{n}": True for n in range(11)}}, "最多 10 项"),
        (MULTI, {"none": 0}, "true/false"),
        (MULTI, {"chosen": None}, "空值"),
        (MULTI, {"points": 1}, "points"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(data: dict[str, Any], answer: Any, named: str) -> None:
    """More options than may be chosen, contradictions and unknown options are a format error, not a wrong answer."""
    spec = msgspec.convert(data, ChoiceSpec)
    with pytest.raises(AnswerError, match=named):
        KIND.parse_answer(spec, msgspec.json.encode(answer))


TWICE = [{"id": "k4", "text": "甲"}, {"id": "k4", "text": "乙"}]
ALIKE = [{"id": "k4", "text": "甲"}, {"id": "k5", "text": "甲"}]
ABOVE = [{"id": "k4", "text": "甲"}, {"id": "k5", "text": "以上都对"}]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"options": TWICE, "last": []}, "选项编号“k4”出现了 2 次"),
        ({"options": ALIKE, "last": []}, "2 个选项都是“甲”"),
        ({"options": ABOVE, "last": []}, "k5“以上都对”打乱后"),
        ({"last": ["zz"]}, "last 里的选项“zz”不在题目里"),
        ({"last": ["k4", "k4"]}, "last 里的选项编号“k4”出现了 2 次"),
        ({"mode": "tf"}, "恰好要有两个选项.*现在有 4 个"),
        ({"none_option": True}, "只有多选"),
        ({"choose": 2}, "只有它才写 choose"),
        ({"mode": "select_n"}, "要写、也只有它才写 choose"),
        ({"mode": "select_n", "choose": 1}, "choose 是 1，应在 2 与选项数的一半（2）之间"),
        ({"mode": "select_n", "choose": 3}, "choose 是 3"),
    ],
)
def test_a_bad_data_file_is_told(change: dict[str, Any], named: str) -> None:
    """Each fault names the entry and the cure."""
    spec = msgspec.convert(SINGLE | change, ChoiceSpec)
    assert re.search(named, "；".join(KIND.faults(spec)))


def test_last_may_hold_every_option() -> None:
    """Dates and numbers read better in their order: then all options are last."""
    assert list(KIND.faults(msgspec.convert(SINGLE, ChoiceSpec))) == []
    assert list(KIND.faults(msgspec.convert(SINGLE | {"options": ABOVE, "last": ["k5"]}, ChoiceSpec))) == []


def key(**change: Any) -> dict[str, Any]:
    """Return the key of SINGLE with some fields changed."""
    return SINGLE_KEY | change


@pytest.mark.parametrize(
    ("data", "bad", "named"),
    [
        (SINGLE, key(wrong={"k4": "错", "k2": "错"}), "选项 k6 必须恰好写在"),
        (SINGLE, key(right={"k9": "对", "k4": "对"}), "选项 k4 必须恰好写在"),
        (SINGLE, key(right={"k9": "对", "zz": "对"}), "选项“zz”不在题目里"),
        (SINGLE, key(right={"k9": "对", "k4": "对"}, wrong={"k2": "错", "k6": "错"}), "恰好有 1 项，现在有 2 项"),
        (SINGLE, key(right={"k9": ""}), "内容太少"),
        (SINGLE, key(right={"k9": 1}), "应为文字"),
        (SINGLE, key(weight={"k9": 0.5}), "选项 k9 写成了 0.5"),
        (SINGLE, key(weight={"k4": 1}), "选项 k4 写成了 1"),
        (SINGLE, key(weight={"k4": 1e999}), "大于 0 小于 1"),
        (SINGLE, key(weight={"zz": 0.5}), "zz"),
        (SINGLE, key(weight=dict.fromkeys(["k4", "k2", "k6"], 0.5)), "随便选也能得分"),
        (SINGLE, key(none="有"), "none_option"),
        (MULTI, MULTI_KEY | {"weight": {"m8": 0.5}}, "只有单选"),
        (MULTI, {"right": MULTI_KEY["right"] | MULTI_KEY["wrong"], "wrong": {}}, "全选就能得分"),
        (MULTI, {"right": {}, "wrong": MULTI_KEY["right"] | MULTI_KEY["wrong"]}, "none_option"),
        (NONE, {name: value for name, value in NONE_KEY.items() if name != "none"}, "以上均不符合"),
        (SELECT_N, {"right": {"t5": "对"}, "wrong": dict.fromkeys(["t1", "t8", "t3", "t9", "t2", "t6"], "错")}, "3 项"),
        (SINGLE, {"right": ["k9"], "wrong": {}}, "应为对象"),
        (SINGLE, {}, "缺少字段"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(data: dict[str, Any], bad: Any, named: str) -> None:
    """A key names every option once with its reason, and suits the mode."""
    with pytest.raises(DataError, match=f"答案键：.*{named}"):
        KIND.parse_key(msgspec.convert(data, ChoiceSpec), bad)


@pytest.mark.parametrize("data", [SAMPLES[name][0] for name in SAMPLES])
def test_the_key_stays_out_of_the_data_file(data: dict[str, Any]) -> None:
    """What is released has no field that would tell the answer."""
    for field in ("right", "wrong", "weight", "key", "answer"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(data | {field: {}}, ChoiceSpec)
