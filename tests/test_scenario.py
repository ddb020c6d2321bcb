"""情景演练: what a path is worth, by exercises-and-scoring.md c.7, what feedback says of it, and which paths are refused."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from stories import DATA, KEY, KIND, SAMPLES, SMALL, SMALL_KEY, exercise, graded, path, worth

from widgets.kind import AnswerError
from widgets.scenario import CRITICAL_CAP
from widgets.score import Verdict


@pytest.mark.parametrize(
    ("steps", "points"),
    [
        (["n1a", "n2a", "n3a"], 20),
        (["n1a", "n2a"], 9),
        (["n1a"], 5),
        (["n1b", "n2a", "n3a"], 16),
        (["n1b", "n2c"], 1),
        (["n1a", "n2a", "n3b"], 9),
        (["n1a", "n2a", "n3"], 9),
        (["n1b", "n2b", "n1a", "n2a", "n3a"], 1 + 4 / 2 + 4 / 2 + 11),
        (["n1a", "n2b", "n1b", "n2a", "n3a"], 5 + 4 / 2 + 11),
        (["n1b", "n2b", "n1b", "n2b", "n1a", "n2a", "n3a"], 1 + 11),
    ],
)
def test_a_path_earns_its_share_of_the_best(steps: list[str], points: float) -> None:
    """V* is 20 whatever was visited: short-cuts earn less, a second visit half of what it mends, a third nothing."""
    assert graded(path(*steps)).fraction == pytest.approx(points / 20)


def test_a_red_line_caps_the_score() -> None:
    """The way across a red line that earns as much as the best is worth .59, with a flag that names the step."""
    score = graded(path("n1a", "n2a", "n3x"))
    assert score.fraction == CRITICAL_CAP
    assert score.flags == ("第 3 步：做法x",)
    assert graded(path("n1a", "n2a", "n3a")).flags == ()


def test_a_red_line_never_raises_a_low_score() -> None:
    """The cap is a cap."""
    key = SMALL_KEY | {"options": SMALL_KEY["options"] | {"n1/b": worth(severity="critical")}}
    assert graded(path("n1b", "n2c"), exercise(SMALL, key)).fraction == 0.0


def test_the_measures_name_dimensions_the_best_way_and_where_it_was_left() -> None:
    """Each dimension is told against what the best way earns there."""
    score = graded(path("n1b", "n2a", "n3a"))
    assert dict(score.measures) == {
        "程序": "100%",
        "沟通": "71%",
        "离开最佳路径": "第 1 步 · 阶段",
        "最佳路径": "阶段 → 阶段 → 阶段 → 结局",
    }
    assert ("离开最佳路径", "没有离开") in graded(path("n1a", "n2a", "n3a")).measures
    assert ("离开最佳路径", "没有离开，但没有走完") in graded(path("n1a")).measures


def test_feedback_sets_each_decision_beside_the_best() -> None:
    """Every step shows what was done, what was best there and both reasons; then the end, then what was never reached."""
    parts = graded(path("n1b", "n2c")).parts
    assert [part.verdict for part in parts] == [Verdict.WRONG, Verdict.WRONG, Verdict.WRONG, Verdict.MISSED]
    assert [part.expected for part in parts[:2]] == ["做法a", "做法a"]
    assert all("更好的做法：道理" in part.why for part in parts[:2])
    assert parts[-1].item == "没有走到 · 阶段"
    assert [part.verdict for part in graded(path("n1a", "n2a", "n3a")).parts] == [Verdict.RIGHT] * 4
    late = graded(path("n1a", "n2a", "n3")).parts[2]
    assert (late.given, late.verdict) == ("超过时限，没有作出决定", Verdict.MISSED)


@pytest.mark.parametrize(
    ("changes", "steps", "told"),
    [
        ({"policy": "examination"}, ["n1b", "n2c"], False),
        ({"policy": "practice", "practice": SMALL_KEY}, ["n1b", "n2c"], True),
        ({"policy": "practice", "practice": SMALL_KEY}, ["n1b"], False),
        ({}, ["n1b"], True),
    ],
)
def test_what_was_never_reached_is_told_once_it_is_over(changes: dict[str, Any], steps: list[str], told: bool) -> None:
    """The stages ahead would tell an examination's key, and spoil a practice that is still going on."""
    score = graded(path(*steps), exercise(SMALL | changes, SMALL_KEY))
    assert any(part.item.startswith("没有走到 ·") for part in score.parts) is told


def test_an_unfinished_path_keeps_what_it_earned() -> None:
    """Without an end the rest counts as not visited."""
    score = graded(path("n1a", "n2a"))
    assert score.fraction == 9 / 20
    assert [part.given for part in score.parts if part.item == "结局"] == ["没有走到结局"]


def test_an_empty_path_is_blank() -> None:
    """No decision is no answer."""
    spec, _ = exercise(SMALL, SMALL_KEY)
    for raw in (b"{}", b'{"path": []}'):
        assert KIND.is_blank(KIND.parse_answer(spec, raw))
    assert not KIND.is_blank(KIND.parse_answer(spec, json.dumps({"path": path("n1b")}).encode()))
    assert KIND.lines(spec, None)[0].given == "未作答"


@pytest.mark.parametrize(
    ("steps", "named"),
    [
        (path("n2a"), "第 1 步：应在节点“n1”，写的是“n2”"),
        (path("n1a", "n1a"), "第 2 步：应在节点“n2”"),
        (path("n1a", "n2c"), "第 2 步：节点“n2”此时没有选项“c”"),
        (path("n1z"), "第 1 步：节点“n1”此时没有选项“z”"),
        (path("n1"), "第 1 步：没有选择只能是因为超时"),
        (path("n1a", "n2a", "n3a", "n3a"), "第 4 步：情景已经结束"),
        ([{"node": "n1", "option": "a", "timeout": True}], "超时"),
        ([{"node": "n1", "option": None}], "超时"),
        ([{"node": "n1", "option": ["a", "b"]}], "格式不对"),
        ([{"node": "n1", "option": "a", "ms": 1.5}], "格式不对"),
        ([{"node": "n1", "option": "a", "score": 1}], "格式不对"),
        (path("n1a", *["n2b", "n1a"] * 100), "格式不对"),
    ],
)
def test_a_path_that_the_story_does_not_allow_is_refused(steps: Any, named: str) -> None:
    """A step from elsewhere, behind a closed guard, after the end, or with two options is a format error."""
    spec, _ = exercise(SMALL, SMALL_KEY)
    with pytest.raises(AnswerError, match=named):
        KIND.parse_answer(spec, json.dumps({"path": steps}).encode())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_prove_themselves(name: str) -> None:
    """The key scores 1, worst options 0, half a way something, all options at once and broken paths are refused."""
    of = spec, key = exercise(*SAMPLES[name])
    samples = KIND.samples(spec, key)
    assert graded(samples.right["path"], of).fraction == 1.0
    assert graded(samples.wrong["path"], of).fraction == 0.0
    assert 0.0 < graded(samples.partly["path"], of).fraction < 1.0
    for answer in (samples.everything, *samples.malformed):
        with pytest.raises(AnswerError):
            KIND.parse_answer(spec, msgspec.json.encode(answer))


def test_two_right_ways_of_the_sample_score_alike() -> None:
    """Online or with a helper: either way out is worth full points, and feedback does not call one of them wrong."""
    of = spec, key = exercise(DATA, KEY)
    right = KIND.samples(spec, key).right["path"]
    other = [step | {"option": "d"} if step["node"] == "n07" else step for step in right]
    score = graded(other, of)
    assert score.fraction == 1.0
    assert {part.verdict for part in score.parts} == {Verdict.RIGHT}
    assert ("离开最佳路径", "第 7 步 · 安抚与出路，走了另一条同样好的路") in score.measures


def test_guessing_the_sample_does_not_pay() -> None:
    """Uniform random choice earns less than chance_limit on average, in whatever order options are shown."""
    of = spec, _ = exercise(DATA, KEY)
    dice = random.Random(7)
    guesses = [graded(KIND.random_answer(KIND.shuffled(spec, dice), dice)["path"], of).fraction for _ in range(300)]
    assert sum(guesses) / len(guesses) < KIND.chance_limit / 2


def test_shuffling_changes_the_order_of_options_only() -> None:
    """The same options stand at the same nodes, and an answer to one order is an answer to the other."""
    spec, key = exercise(DATA, KEY)
    other = KIND.shuffled(spec, random.Random(3))
    assert other != spec
    for name, one in spec.nodes.items():
        assert sorted(o.id for o in other.nodes[name].options) == sorted(o.id for o in one.options)
    assert graded(KIND.samples(other, key).right["path"], (spec, key)).fraction == 1.0
