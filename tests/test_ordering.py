"""流程排序: the rule of exercises-and-scoring.md c.4 against brute force."""

from __future__ import annotations

import json
from bisect import bisect_left
from itertools import combinations, permutations
from typing import Any

import msgspec
import pytest
from building import ORDERING, ORDERING_KEY
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.kind import AnswerError
from widgets.ordering import Ordering, OrderingKey, OrderingSpec
from widgets.score import Score, Verdict
from widgets.spec import DataError

PROPERTY = settings(max_examples=60, deadline=None, derandomize=True)
KIND = Ordering()


def exercise(steps: str, key: dict[str, Any], **spec: Any) -> tuple[OrderingSpec, OrderingKey]:
    """Make an exercise of one-letter steps, first shown as *steps* has them."""
    data = {
        "kind": "ordering",
        "title": "题目",
        "prompt": "要求",
        "source": ["依据"],
        "steps": [{"id": step, "text": f"步骤{step}"} for step in steps],
        "choose": bool(key.get("distractors")),
        **spec,
    }
    parsed = msgspec.convert(data, OrderingSpec)
    assert list(KIND.faults(parsed)) == []
    return parsed, KIND.parse_key(parsed, key)


def graded(of: tuple[OrderingSpec, OrderingKey], order: str) -> Score:
    """Grade an order of one-letter steps."""
    spec, key = of
    return KIND.grade(spec, KIND.parse_answer(spec, json.dumps({"order": [*order]}).encode()), key)


def chain(steps: str, **key: Any) -> tuple[OrderingSpec, OrderingKey]:
    """Make an exercise with one right order, first shown reversed."""
    return exercise(steps[::-1] + "".join(key.get("distractors", "")), {"order": [*steps], **key})


def moved(score: Score) -> set[str]:
    """Return the steps that feedback wants moved."""
    return {
        part.item.removeprefix("步骤") for part in score.parts if part.verdict is Verdict.WRONG and "第" in part.given
    }


def closure(before: dict[str, list[str]]) -> set[tuple[str, str]]:
    """Return all pairs (early, late), direct or not, as a reference."""
    pairs = {(early, late) for late, earlier in before.items() for early in earlier}
    while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= more
    return pairs


def allowed_orders(before: dict[str, list[str]]) -> list[tuple[str, ...]]:
    """List all allowed orders by trying every one."""
    pairs = closure(before)
    return [
        order
        for order in permutations(before)
        if all((late, early) not in pairs for early, late in combinations(order, 2))
    ]


def most_in_common(order: str, allowed: tuple[str, ...]) -> int:
    """Return the length of the longest common subsequence of two orders of distinct steps."""
    tails: list[int] = []
    for place in (allowed.index(step) for step in order):
        at = bisect_left(tails, place)
        tails[at : at + 1] = [place]
    return len(tails)


def reference(order: str, before: dict[str, list[str]], hard: list[list[str]]) -> float:
    """Score by c.4's definition: the edit distance to the nearest allowed order, limited by pairs and hard rules."""
    placed = "".join(step for step in order if step in before)
    pairs = closure(before)
    kept = max(most_in_common(placed, allowed) for allowed in allowed_orders(before))
    distance = (len(order) - len(placed)) + (len(placed) - kept) + (len(before) - kept)
    score = max(0.0, 1 - distance / len(before))
    breaches = [(b, a) for a, b in combinations(placed, 2) if (b, a) in pairs]
    among = [pair for pair in combinations(placed, 2) if pair in pairs or pair[::-1] in pairs]
    if len(pairs) < 0.6 * len(before) * (len(before) - 1) / 2:
        whole = float(len(placed) == len(before))
        score = min(score, max(0.0, 1 - 2 * len(breaches) / len(among)) if among else whole)
    return min(score, 0.5) if any((a, b) in breaches for a, b in hard) else score


@st.composite
def posed(draw: st.DrawFn) -> tuple[dict[str, list[str]], str, str, list[list[str]]]:
    """Draw a partial order of up to 7 steps, distractors, an answer with omissions, and hard precedences."""
    steps = "abcdefg"[: draw(st.integers(3, 7))]
    pairs = list(combinations(draw(st.permutations(steps)), 2))
    before: dict[str, list[str]] = {step: [] for step in steps}
    is_dense = draw(st.booleans())
    for early, late in pairs if is_dense else draw(st.lists(st.sampled_from(pairs), unique=True)):
        if not is_dense or draw(st.integers(0, 5)):
            before[late].append(early)
    distractors = "xyz"[: draw(st.integers(0, 3))]
    answer = draw(st.permutations(steps + distractors))
    direct = [[early, late] for late, earlier in before.items() for early in earlier]
    hard = draw(st.lists(st.sampled_from(direct), max_size=2)) if direct else []
    return before, distractors, "".join(answer[: draw(st.integers(1, len(answer)))]), hard


@PROPERTY
@given(posed())
def test_the_score_equals_brute_force(
    question: tuple[dict[str, list[str]], str, str, list[list[str]]],
) -> None:
    """The score is what the definition says, tried out over all allowed orders, distractors and omissions included."""
    before, distractors, answer, hard = question
    of = exercise(
        "".join(before) + distractors,
        {"before": before, "distractors": dict.fromkeys(distractors, "多余"), "hard": hard},
    )
    assert graded(of, answer).fraction == pytest.approx(reference(answer, before, hard))


@PROPERTY
@given(posed())
def test_the_steps_to_move_are_a_minimal_set(
    question: tuple[dict[str, list[str]], str, str, list[list[str]]],
) -> None:
    """Moving the steps that feedback names yields an allowed order, and no smaller set does."""
    before, distractors, answer, _ = question
    of = exercise("".join(before) + distractors, {"before": before, "distractors": dict.fromkeys(distractors, "多余")})
    moves = moved(graded(of, answer))
    placed = "".join(step for step in answer if step in before)
    rest = "".join(step for step in placed if step not in moves)
    orders = allowed_orders(before)
    assert moves <= set(placed)
    assert any(most_in_common(rest, order) == len(rest) for order in orders)
    assert len(rest) == max(most_in_common(placed, order) for order in orders)


@PROPERTY
@given(st.permutations("abcdef"), st.integers(1, 6), st.sampled_from([["ab"], ["ab", "cd"], ["ace"], ["abc", "ef"]]))
def test_interchangeable_steps_equal_brute_force(answer: list[str], size: int, same: list[str]) -> None:
    """With interchangeable steps the score is the best over all ways of naming them, omissions included."""
    of = chain("abcdef", same=[[*group] for group in same])
    before = {late: [*early] for early, late in zip(["", *"abcde"], "abcdef", strict=True)}
    names: list[dict[str, str]] = [{}]
    for group in same:
        here = [step for step in answer[:size] if step in group]
        names = [old | dict(zip(here, new, strict=True)) for old in names for new in permutations(group, len(here))]
    best = max(reference("".join(name.get(step, step) for step in answer[:size]), before, []) for name in names)
    assert graded(of, "".join(answer[:size])).fraction == pytest.approx(best)


@PROPERTY
@given(posed(), st.data())
def test_exchanging_interchangeable_steps_changes_nothing(
    question: tuple[dict[str, list[str]], str, str, list[list[str]]], data: st.DataObject
) -> None:
    """Two steps with the same text may stand for each other: the score does not depend on hidden ids."""
    before, distractors, answer, hard = question
    one, other = data.draw(st.permutations([*before]))[:2]
    key = {"before": before, "distractors": dict.fromkeys(distractors, "多余"), "hard": hard, "same": [[one, other]]}
    of = exercise("".join(before) + distractors, key)
    exchanged = answer.translate(str.maketrans(one + other, other + one))
    assert graded(of, answer).fraction == pytest.approx(graded(of, exchanged).fraction)


@pytest.mark.parametrize("size", [3, 4, 8, 26])
def test_a_reversed_order_is_worth_nothing(size: int) -> None:
    """The one right order backwards scores 0."""
    steps = "abcdefghijklmnopqrstuvwxyz"[:size]
    assert graded(chain(steps), steps[::-1]).fraction == 0.0


@PROPERTY
@given(st.permutations("abcdefg"), st.integers(3, 7), st.integers(0, 3), st.integers(0, 10))
def test_a_first_order_that_is_reversed_is_worth_nothing(steps: list[str], size: int, extra: int, at: int) -> None:
    """Leaving everything as first shown is worth 0 where that is the reverse, distractors anywhere between."""
    order, distractors = steps[:size], "xyz"[:extra]
    shown = [*order[::-1]]
    shown[at:at] = distractors
    key = {"order": order, "distractors": dict.fromkeys(distractors, "多余")}
    spec, parsed = exercise("".join(shown), key)
    everything = KIND.parse_answer(spec, msgspec.json.encode(KIND.samples(spec, parsed).everything))
    assert [*everything.order] == shown
    assert KIND.grade(spec, everything, parsed).fraction == 0.0


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("abcdef", 1.0),
        ("bacdef", 1 - 2 / 6),
        ("bcdefa", 1 - 2 / 6),
        ("defabc", 0.0),
        ("fedcba", 0.0),
        ("abcde", 1 - 1 / 6),
        ("abcdefx", 1 - 1 / 6),
        ("xabcdef", 1 - 1 / 6),
        ("abcdex", 1 - 2 / 6),
        ("abcdefxyz", 0.5),
        ("x", 0.0),
        ("a", 1 / 6),
    ],
)
def test_the_table_of_the_specification(order: str, expected: float) -> None:
    """Swaps, omissions and distractors cost what table a.2 and the definition say."""
    of = chain("abcdef", distractors={"x": "多余", "y": "多余", "z": "多余"})
    assert graded(of, order).fraction == pytest.approx(expected)


def test_a_breach_of_a_hard_precedence_is_capped() -> None:
    """However near the rest is, breaking a hard precedence leaves 0.5 at most, and says so."""
    of = chain("abcdefgh", hard=[["a", "b"]])
    score = graded(of, "bacdefgh")
    assert score.fraction == 0.5
    assert score.flags == ("违反硬性先后：步骤a 必须先于 步骤b",)
    assert graded(of, "abcdefhg").fraction == 0.75
    assert graded(of, "abcdefhg").flags == ()
    assert graded(of, "hgfedcba").fraction == 0.0


def test_a_sparse_order_is_limited_by_the_pairs() -> None:
    """Where less than 60 % of the pairs are ordered, the share of pairs kept limits the score."""
    of = exercise("fedcba", {"before": {"a": [], "b": ["a"], "c": [], "d": ["c"], "e": [], "f": ["e"]}})
    assert graded(of, "badcef").fraction == pytest.approx(min(1 - 4 / 6, max(0.0, 1 - 2 * 2 / 3)))
    assert graded(of, "bacdef").fraction == pytest.approx(1 - 2 / 3)
    assert graded(of, "acebdf").fraction == 1.0


def test_a_dense_order_is_not_limited_by_the_pairs() -> None:
    """Where most pairs are ordered, one step far from its place costs one move."""
    assert graded(chain("abcdef"), "bcdefa").fraction == pytest.approx(1 - 2 / 6)


def test_strict_gives_all_or_nothing() -> None:
    """A strict exercise is worth 1 or 0."""
    of = chain("abcdef", strict=True)
    assert graded(of, "abcdef").fraction == 1.0
    assert graded(of, "abcdfe").fraction == 0.0
    assert graded(of, "abcde").fraction == 0.0


@pytest.mark.parametrize("order", ["abcd", "acbd"])
def test_every_allowed_order_is_right(order: str) -> None:
    """Steps that may be done in any order score 1 either way."""
    of = exercise("dcba", {"before": {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}})
    assert graded(of, order).fraction == 1.0


def test_feedback_explains_a_breach_by_the_key() -> None:
    """A step to move is explained by the key's reason, or by the pair where the key gives none."""
    of = chain("abc", why={"a>b": "先核验身份。"})
    assert any("先核验身份。" in part.why for part in graded(of, "bac").parts)
    assert any("“步骤b”须在“步骤c”之前" in part.why for part in graded(of, "acb").parts)


def test_feedback_explains_a_distractor() -> None:
    """A step that does not belong is named with its reason."""
    score = graded(chain("abc", distractors={"x": "不得口头答应。"}), "abxc")
    assert [part.why for part in score.parts if part.expected == "不属于本流程"] == ["不得口头答应。"]
    assert score.measures == (("调整", "0 步需要移动，0 步遗漏，1 步多余"),)


def test_a_fixed_step_cannot_be_moved() -> None:
    """An answer that moves a fixed step is a format error; one that leaves it is graded."""
    of = exercise("acb", {"order": ["a", "b", "c"]}, fixed={"a": 1})
    assert graded(of, "abc").fraction == 1.0
    for order in ("bac", "b", "bca"):
        with pytest.raises(AnswerError, match="固定在第 1 位"):
            graded(of, order)
    assert KIND.parse_answer(of[0], b'{"order": []}').order == ()


@pytest.mark.parametrize(
    ("steps", "before", "fixed"),
    [
        ("acb", {"a": [], "b": [], "c": ["b"]}, {"c": 2}),
        ("abcd", {"a": [], "b": [], "c": ["b"], "d": ["c"]}, {"d": 4}),
        ("badc", {"a": [], "b": ["a"], "c": [], "d": ["c"]}, {"d": 3}),
    ],
)
def test_the_sample_answer_respects_fixed_steps(
    steps: str, before: dict[str, list[str]], fixed: dict[str, int]
) -> None:
    """Where an allowed order with the fixed steps exists, the sample answer is one and scores 1."""
    spec, key = exercise(steps, {"before": before}, fixed=fixed)
    solutions = [
        order for order in allowed_orders(before) if all(order[place - 1] == step for step, place in fixed.items())
    ]
    right = KIND.samples(spec, key).right["order"]
    assert solutions
    assert tuple(right) in solutions
    assert graded((spec, key), "".join(right)).fraction == 1.0


def test_a_fixed_step_is_never_to_be_moved() -> None:
    """Feedback does not ask for what the page forbids: the steps around a fixed one move, not the fixed one."""
    of = exercise("decab", {"order": ["a", "b", "c", "d", "e"]}, fixed={"c": 3})
    assert "c" not in moved(graded(of, "decab"))


@pytest.mark.parametrize("fixed", [{"a": 9}, {"a": 2}, {"z": 1}, {"c": 1, "a": 3, "b": 1}])
def test_a_fixed_place_that_does_not_fit_is_refused(fixed: dict[str, int]) -> None:
    """A fixed step stands in the data file where it is fixed."""
    steps = [{"id": step, "text": step} for step in "cba"]
    spec = {"kind": "ordering", "title": "t", "prompt": "p", "source": ["s"], "steps": steps, "fixed": fixed}
    assert list(KIND.faults(msgspec.convert(spec, OrderingSpec)))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"before": {"s1": ["s4"], "s2": ["s1"], "s3": ["s2"], "s4": ["s3"]}}, "环"),
        ({"before": {"s1": [], "s2": ["s1"], "s3": ["s2"]}}, "s4"),
        ({"before": {"s1": [], "s2": ["s1"], "s3": ["s2"], "s4": ["zz"]}}, "zz"),
        ({"before": {}}, "order"),
        ({"order": ["s1", "s2", "s3", "s4"]}, "order"),
        ({"before": {}, "order": ["s1", "s2", "s2", "s3", "s4"]}, "s2"),
        ({"distractors": {}}, "x1"),
        ({"distractors": {"x1": "a", "s1": "b"}}, "s1"),
        ({"distractors": {"x1": "a", "zz": "b"}}, "zz"),
        ({"hard": [["s2", "s1"]]}, "s2>s1"),
        ({"hard": [["s1", "zz"]]}, "s1>zz"),
        ({"why": {"s3>s1": "x"}}, "s3>s1"),
        ({"same": [["s1", "x1"]]}, "x1"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(changes: dict[str, Any], named: str) -> None:
    """Circles, steps without a place, and pairs that the key does not order are refused by name."""
    spec = msgspec.convert(ORDERING, OrderingSpec)
    with pytest.raises(DataError, match=named):
        KIND.parse_key(spec, ORDERING_KEY | changes)


def test_distractors_need_a_choice() -> None:
    """Distractors make sense only where steps are chosen."""
    spec = msgspec.convert(ORDERING | {"choose": False}, OrderingSpec)
    with pytest.raises(DataError, match="choose"):
        KIND.parse_key(spec, ORDERING_KEY)


def test_a_hard_precedence_may_be_indirect() -> None:
    """A hard pair follows from the key's order without being one of its neighbours."""
    of = chain("abcdefgh", hard=[["a", "c"]])
    assert graded(of, "bcadefgh").fraction == 0.5


@pytest.mark.parametrize(
    "answer", [{"order": ["s1", "s1"]}, {"order": ["zz"]}, {"order": "s1"}, {"order": [None]}, {"steps": []}, []]
)
def test_an_answer_that_names_what_is_not_there_is_refused(answer: Any) -> None:
    """Unknown and repeated steps and unknown fields are a format error."""
    spec = msgspec.convert(ORDERING, OrderingSpec)
    with pytest.raises(AnswerError, match="作答内容"):
        KIND.parse_answer(spec, msgspec.json.encode(answer))


def test_a_chain_of_200_steps_is_graded() -> None:
    """The longest exercise allowed is graded and explained."""
    steps = [f"s{n}" for n in range(200)]
    data = {
        "kind": "ordering", "title": "t", "prompt": "p", "source": ["s"],
        "steps": [{"id": step, "text": step} for step in reversed(steps)],
    }  # fmt: skip
    spec = msgspec.convert(data, OrderingSpec)
    key = KIND.parse_key(spec, {"order": steps})
    samples = KIND.samples(spec, key)
    for answer, expected in ((samples.right, 1.0), (samples.wrong, 0.0), (samples.partly, 0.99)):
        parsed = KIND.parse_answer(spec, msgspec.json.encode(answer))
        assert KIND.grade(spec, parsed, key).fraction == pytest.approx(expected)
