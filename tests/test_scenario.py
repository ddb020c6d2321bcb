"""情景演练: the rules of exercises-and-scoring.md c.7, and one table of guards for Python and the page."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from samples import samples

from widgets import ways
from widgets.drill import ScenarioKey, best
from widgets.guard import GuardError, holds
from widgets.kind import AnswerError
from widgets.scenario import CRITICAL_CAP, Scenario, ScenarioSpec
from widgets.score import Score, Verdict
from widgets.spec import DataError
from widgets.story import Move, Place, Story, after, begin, choices, moves

SAMPLES = samples("scenario")
DATA, KEY = SAMPLES["scenario"]

PROPERTY = settings(max_examples=100, deadline=None, derandomize=True)
KIND = Scenario()
LEVELS = {"queue": 3, "patience": 0, "a": 1, "b": 2, "ordinal": 5}

#: Guards with what they come to at LEVELS; None for what is no guard. scenario.js must agree.
GUARDS: list[tuple[str, bool | None]] = [
    ("queue >= 3", True),
    ("queue>3", False),
    ("3 == queue", True),
    ("queue != 3", False),
    ("queue <= 2 or patience < 1", True),
    ("queue <= 2 and patience < 1", False),
    ("not queue < 3", True),
    ("not not queue < 3", False),
    ("not (queue == 3 and a == 1)", False),
    ("a == 1 or a == 2 and b == 1", True),
    ("(a == 1 or a == 2) and b == 1", False),
    ("not a == 2 and b == 2", True),
    ("1 <= a < b <= 2", True),
    ("1 < a < b", False),
    ("((queue) >= (3))", True),
    ("  queue >= 3  ", True),
    ("ordinal == 5 and 0 == patience", True),
    ("9999 > queue", True),
    ("0 < 1", True),
    ("queue", None),
    ("3", None),
    ("not 3", None),
    ("a == 1 and b", None),
    ("b or a == 1", None),
    ("(a < b) == 1", None),
    ("a < not b", None),
    ("queue = 3", None),
    ("queue =< 3", None),
    ("queue <== 3", None),
    ("queue + 1 > 3", None),
    ("queue > -1", None),
    ("queue >= 03", None),
    ("queue >= 3or a == 1", None),
    ("queue >= 30000", None),
    ("queue >= 3.0", None),
    ("Queue >= 3", None),
    ("unknown >= 3", None),
    ("a == 1 or unknown == 2", None),
    ("True == 1", None),
    ("a is 1", None),
    ("a in b", None),
    ("a if b else a", None),
    ("a (b) > 1", None),
    ("lambda", None),
    ("toString == 1", None),
    ("constructor == 1", None),
    ("(a == 1", None),
    ("a == 1)", None),
    ("a == 1 b == 2", None),
    ("a == ", None),
    ("and a == 1", None),
    ("()", None),
    ("   ", None),
    ("a == '1'", None),
    ("a.b == 1", None),
    ("a == 1\n", None),
    ("a == 1 # b", None),
]


def option(name: str, to: str, **more: Any) -> dict[str, Any]:
    """Make an option; all texts are alike in length unless given."""
    return {"id": name, "text": f"做法{name}", "to": to, "consequence": "后来。", **more}


def node(*options: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make a node."""
    return {"stage": "阶段", "say": "情况。", "options": list(options), **more}


def end(outcome: str = "good") -> dict[str, str]:
    """Make an end."""
    return {"title": "结局", "text": "结束了。", "outcome": outcome}


#: The specification's way with a detour: three decisions, one of them can be repeated, one end reached too early.
SMALL: dict[str, Any] = {
    "kind": "scenario",
    "title": "题目",
    "prompt": "要求",
    "source": ["依据"],
    "start": "n1",
    "vars": {"patience": 1},
    "dimensions": ["程序", "沟通"],
    "nodes": {
        "n1": node(option("b", "n2", set={"patience": -1}), option("a", "n2")),
        "n2": node(option("b", "n1"), option("a", "n3"), option("c", "e2", guard="patience == 0")),
        "n3": node(option("b", "e2"), option("x", "e1"), option("a", "e1"), time_limit_s=30, on_timeout="e2"),
    },
    "ends": {"e1": end(), "e2": end("bad")},
}


def worth(程序: float = 0, 沟通: float = 0, severity: str = "ok") -> dict[str, Any]:  # noqa: PLC2401, N803
    """Make an option's key."""
    return {"pts": {"程序": 程序, "沟通": 沟通}, "severity": severity, "why": "道理"}


SMALL_KEY: dict[str, Any] = {
    "weights": {"程序": 1, "沟通": 2},
    "options": {
        "n1/a": worth(1, 2),
        "n1/b": worth(1, severity="major"),
        "n2/a": worth(4),
        "n2/b": worth(),
        "n2/c": worth(severity="major"),
        "n3/a": worth(1, 5),
        "n3/b": worth(severity="major"),
        "n3/x": worth(1, 5, "critical"),
    },
}


def exercise(data: dict[str, Any], key: dict[str, Any]) -> tuple[ScenarioSpec, ScenarioKey]:
    """Parse a sound data file and its key."""
    spec = msgspec.convert(data, ScenarioSpec)
    assert list(KIND.faults(spec)) == []
    return spec, KIND.parse_key(spec, key)


def path(*steps: str) -> list[dict[str, Any]]:
    """Write "n1a" as a decision; "n3" alone lets the time run out."""
    return [{"node": s[:2], "option": s[2:] or None, "ms": 900, "timeout": len(s) == 2} for s in steps]


def graded(steps: list[dict[str, Any]], of: tuple[ScenarioSpec, ScenarioKey] | None = None) -> Score:
    """Grade a path through SMALL, or through another exercise."""
    spec, key = of or exercise(SMALL, SMALL_KEY)
    return KIND.grade(spec, KIND.parse_answer(spec, json.dumps({"path": steps}).encode()), key)


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


@pytest.mark.parametrize(("guard", "expected"), GUARDS)
def test_a_guard_is_a_comparison_and_nothing_else(guard: str, expected: bool | None) -> None:
    """Comparisons joined by and, or, not and parentheses; whatever else Python could run is refused."""
    if expected is None:
        with pytest.raises(GuardError, match="条件"):
            holds(guard, LEVELS)
    else:
        assert holds(guard, LEVELS) is expected


def run_page(script: str, data: Any) -> Any:
    """Run the page's module in Node with *data* on hand; skipped where Node is missing."""
    from widgets.view import _module

    if (program := shutil.which("node")) is None:
        pytest.skip("Node is not installed")
    source = f"{_module('scenario')}\nconst data = {json.dumps(data)};\n{script}"
    done = subprocess.run([program, "--input-type=module"], input=source, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_page_reads_guards_alike() -> None:
    """scenario.js comes to the same result as guard.py for every guard of the table."""
    script = """
    const result = (guard) => { try { return guardHolds(guard, data.levels); } catch { return null; } };
    console.log(JSON.stringify(data.guards.map(result)));
    """
    guards = [guard for guard, _ in GUARDS]
    assert run_page(script, {"levels": LEVELS, "guards": guards}) == [expected for _, expected in GUARDS]


def test_the_page_walks_alike() -> None:
    """scenario.js stands where story.py stands after random paths, time-outs included, and refuses what it refuses."""
    spec, key = exercise(SMALL | {"vars": {"patience": 3}}, SMALL_KEY)
    big, _ = exercise(DATA, KEY)
    dice = random.Random(5)
    cases = []
    for of in [spec] * 40 + [big] * 40:
        place = begin(of.story)
        steps: list[dict[str, Any]] = []
        while len(steps) < 30 and (on := list(moves(of.story, place))):
            name, there = dice.choice(on)
            steps.append({"node": place.at, "option": name, "ms": 0, "timeout": name is None})
            place = there
        cases.append({"spec": msgspec.to_builtins(of), "path": steps, "stands": [place.at, dict(place.levels)]})
    script = """
    const stands = ({ spec, path }) => { try { const place = storyWalk(spec, path).at(-1); return [place.at, place.levels]; } catch { return null; } };
    console.log(JSON.stringify(data.map(stands)));
    """
    assert run_page(script, cases) == [case["stands"] for case in cases]
    refused = [answer["path"] for answer in KIND.samples(spec, key).malformed[3:6] if "path" in answer]
    refused += [path("n2a"), path("n1a", "n2c"), path("n1"), path("n1a", "n2a", "n3a", "n3a")]
    wrong = [{"spec": msgspec.to_builtins(spec), "path": steps} for steps in refused]
    assert run_page(script, wrong) == [None] * len(wrong)


def changed(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of *data* with values put at places such as "nodes/n1/options/0/to"; None deletes."""
    data = deepcopy(data)
    for place, value in changes.items():
        *outer, last = place.split("|")
        inner: Any = data
        for name in outer:
            inner = inner[int(name) if isinstance(inner, list) else name]
        if value is None:
            del inner[last]
        else:
            inner[int(last) if isinstance(inner, list) else last] = value
    return data


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"start": "n9"}, "开头节点 start“n9”不在题目里"),
        ({"start": "e1"}, "开头节点 start“e1”"),
        ({"nodes|n1|options|0|to": "n9"}, "节点“n1”的去向“n9”"),
        ({"nodes|n3|on_timeout": "n9"}, "节点“n3”的超时去向“n9”"),
        ({"nodes|n3|on_timeout": None}, "节点“n3”的时限"),
        ({"nodes|n3|time_limit_s": None}, "节点“n3”的时限"),
        ({"nodes|n1|options|0|id": "a"}, "节点“n1”的选项编号“a”出现了 2 次"),
        ({"ends|n1": end()}, "节点或结局编号“n1”出现了 2 次"),
        ({"nodes|n1|options|0|text": "  "}, "选项“n1/b”的 text"),
        ({"nodes|n1|options|0|consequence": " "}, "选项“n1/b”的 text 或 consequence"),
        ({"nodes|n1|say": " "}, "节点“n1”的 stage 或 say"),
        ({"ends|e1|text": " "}, "结局“e1”没有文字"),
        ({"nodes|n1|options|0|set": {"queue": 1}}, "选项“n1/b”改动的变量“queue”"),
        ({"nodes|n2|options|2|guard": "queue == 0"}, "变量“queue”没有在 vars 里写明"),
        ({"nodes|n2|options|2|guard": "patience = 0"}, "选项“n2/c”：条件“patience = 0”写法有误"),
        ({"vars": {"patience": 1, "if": 1}}, "变量名“if”"),
        ({"show_vars": [{"id": "queue", "text": "等候人数"}]}, "显示的变量“queue”"),
        ({"dimensions": ["程序", "程序"]}, "维度编号“程序”"),
        ({"back": True}, "back"),
        ({"nodes|n4": node(option("a", "e1"))}, "走不到节点“n4”"),
        ({"ends|e3": end()}, "走不到结局“e3”"),
        ({"nodes|n2|options|2|guard": "patience == 7", "nodes|n3|options|0|to": "e1", "nodes|n3|on_timeout": "e1"}, "走不到结局“e2”"),
        ({"nodes|n2|options|1|to": "n1", "nodes|n2|options|2|guard": "patience == 7"}, "节点“n1”有时走不出去"),
        ({"nodes|n2|options|1|guard": "patience == 1", "nodes|n2|options|2|guard": "patience == 1", "nodes|n2|options|0|guard": "patience == 1"}, "节点“n2”有时走不出去（patience=0）"),
        ({"vars": {f"v{n}": 0 for n in range(4)} | {"patience": 1}, "nodes|n2|options|0|set": {"v0": 1}, "nodes|n1|options|0|set": {"v1": 1}, "nodes|n1|options|1|set": {"v2": 1}}, "变量组合太多"),
    ],
)  # fmt: skip
def test_a_faulty_data_file_is_named_with_its_cure(changes: dict[str, Any], named: str) -> None:
    """Unknown names, dead ends, traps under some variables, and texts of nothing are found before anybody walks."""
    spec = msgspec.convert(changed(SMALL, changes), ScenarioSpec)
    assert any(named in fault for fault in KIND.faults(spec)), list(KIND.faults(spec))


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes|n1|options|0|text": ""},
        {"ends|e1|text": ""},
        {"ends|e1|outcome": "perfect"},
        {"vars": {"patience": 100}},
        {"vars": {"Patience": 1}},
        {"nodes|n1|options|0|set": {"patience": 100}},
        {"nodes|n3|time_limit_s": 1},
        {"nodes|n1|options|0|pts": {"程序": 1}},
        {"nodes|n1|options": []},
        {"nodes": {}},
    ],
)
def test_a_data_file_is_bounded_and_holds_no_key(changes: dict[str, Any]) -> None:
    """Bounds of variables, times and texts are types, and points have no place in a data file."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(changed(SMALL, changes), ScenarioSpec)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"weights|沟通": None}, "维度“沟通”没有权重"),
        ({"weights|沟通": 0}, "维度“沟通”没有权重"),
        ({"weights|时效": 1}, "权重的维度“时效”"),
        ({"options|n1/a": None}, "选项 n1/a 没有得分"),
        ({"options|n9/a": worth(1)}, "选项“n9/a”不在题目里"),
        ({"options|n1/a|pts": {"时效": 1}}, "选项“n1/a”得分的维度“时效”"),
        ({"options|n1/a|pts": {"程序": -1}}, "答案键"),
        ({"options|n1/a|pts": {"程序": float("nan")}}, "答案键"),
        ({"options|n1/a|why": ""}, "答案键"),
        ({"decay": [0.5]}, "decay"),
        ({"decay": [1, 0.5, 0.7]}, "decay"),
        ({"decay": []}, "答案键"),
        ({"options|n1/a|severity": "major"}, "节点“n1”得分最高的选项 a 没有标为 ok"),
        ({"options|n3/b": worth(9, 9)}, "“e2”，它的 outcome 不是"),
        ({"options|n3/b": worth(9, 9)}, "好结局“e1”最多只得"),
        ({"options|n3/a|severity": "critical", "options|n3/b|severity": "critical", "options|n2/c|severity": "critical"}, "不越红线就走不到"),
        ({f"options|{name}|pts": {} for name in SMALL_KEY["options"]}, "一分也得不到"),
    ],
)  # fmt: skip
def test_a_faulty_key_is_named_with_its_cure(changes: dict[str, Any], named: str) -> None:
    """Missing points and weights, red lines everywhere, and ends that pay wrongly are refused."""
    spec = msgspec.convert(SMALL, ScenarioSpec)
    key = changed(SMALL_KEY, changes)
    with pytest.raises(DataError, match="答案键") as caught:
        KIND.parse_key(spec, key)
    try:
        faults = list(KIND.key_faults(spec, msgspec.convert(key, ScenarioKey)))
    except msgspec.ValidationError:
        faults = [str(caught.value)]
    assert any(named in fault for fault in faults), faults


def test_taking_the_first_option_each_time_must_not_be_right() -> None:
    """Options stand so that the lazy way is not the best."""
    data = changed(SMALL, {"nodes|n3|options|0": option("a", "e1"), "nodes|n3|options|2": option("b", "e2")})
    data = changed(data, {"nodes|n1|options": SMALL["nodes"]["n1"]["options"][::-1]})
    data["nodes"]["n2"]["options"][:2] = data["nodes"]["n2"]["options"][1::-1]
    spec = msgspec.convert(data, ScenarioSpec)
    assert "每次都选第一项就得满分" in "".join(KIND.key_faults(spec, msgspec.convert(SMALL_KEY, ScenarioKey)))


def test_length_must_not_betray_the_best_option() -> None:
    """Where the best option is the longest at more than 60 % of the nodes, the file is refused."""
    longest = {f"nodes|{name}|options|1|text": "写得特别长的做法" for name in ("n1", "n2")}
    spec = msgspec.convert(changed(SMALL, longest), ScenarioSpec)
    with pytest.raises(DataError, match="字数最多"):
        KIND.parse_key(spec, SMALL_KEY)


def test_waiting_must_not_pay() -> None:
    """A time-out that leads to more points than any option is a fault of the data file."""
    data = changed(SMALL, {"nodes|n1|time_limit_s": 30, "nodes|n1|on_timeout": "n4"})
    data["nodes"]["n4"] = node(option("b", "n2"), option("a", "n2"))
    data["nodes"]["n2"]["options"].append(option("d", "n4", guard="patience == 99"))
    key = SMALL_KEY | {"options": SMALL_KEY["options"] | {"n4/a": worth(9), "n4/b": worth(), "n2/d": worth()}}
    spec = msgspec.convert(data, ScenarioSpec)
    assert list(KIND.faults(spec)) == []
    with pytest.raises(DataError, match="等到超时反而能多得分"):
        KIND.parse_key(spec, key)


def test_too_many_circles_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A story whose best way cannot be found exactly is a fault, not a guess."""
    monkeypatch.setattr(ways, "MAX_MOVES", 2000)
    names = [f"n{n}" for n in range(9)]
    nodes = {name: node(*(option(f"o{to}", to) for to in [*names, "e1"][k % 9 : k % 9 + 4]), option("z", names[k - 1])) for k, name in enumerate(names)}  # fmt: skip
    nodes["n8"] = node(option("a", "e1"), option("b", "n0"))
    spec = msgspec.convert(SMALL | {"nodes": nodes, "ends": {"e1": end()}}, ScenarioSpec)
    options = {f"{name}/{one['id']}": worth(k) for name, n in nodes.items() for k, one in enumerate(n["options"])}
    with pytest.raises(DataError, match="回路太多"):
        KIND.parse_key(spec, SMALL_KEY | {"options": options})


@st.composite
def drills(draw: st.DrawFn) -> tuple[Story, ScenarioKey]:
    """Draw a story of up to 4 nodes with loops, variables, guards and red lines, in which each node can be left."""
    names = [f"n{n}" for n in range(draw(st.integers(1, 4)))]
    nodes, options = {}, {}
    for at, name in enumerate(names):
        onward = names[at + 1] if at + 1 < len(names) else "e0"
        ways_on = [onward, *draw(st.lists(st.sampled_from([*names, "e0", "e1"]), max_size=2))]
        some = []
        for n, to in enumerate(ways_on):
            guard = draw(st.sampled_from([None, None, "v >= 1", "v < 2"])) if n else None
            some.append(option(f"o{n}", to, guard=guard, set={"v": draw(st.integers(-1, 1))}))
            severity = draw(st.sampled_from(["ok", "minor", "critical"])) if n else "ok"
            options[f"{name}/o{n}"] = worth(draw(st.integers(0, 3)), draw(st.integers(0, 2)), severity)
        timed = {"time_limit_s": 30, "on_timeout": draw(st.sampled_from([*names, "e1"]))} if draw(st.booleans()) else {}
        nodes[name] = node(*some, **timed)
    decay = draw(st.sampled_from([[1], [1, 0.5, 0], [1, 1, 0.5]]))
    key = {"weights": {"程序": 1, "沟通": draw(st.sampled_from([0.5, 1, 2]))}, "options": options, "decay": decay}
    story = {
        "start": "n0",
        "vars": {"v": draw(st.integers(0, 2))},
        "nodes": nodes,
        "ends": {"e0": end(), "e1": end("bad")},
    }
    parsed = msgspec.convert(key, ScenarioKey)
    assume(any(parsed.worth((name, "o0")) for name in names))
    return msgspec.convert(story, Story), parsed


@st.composite
def walks(draw: st.DrawFn, story: Story, *, waiting: bool = True) -> tuple[list[Move], list[Place]]:
    """Draw a walk of up to 12 steps."""
    places, way = [begin(story)], []
    for _ in range(draw(st.integers(1, 12))):
        on = [move for move in moves(story, places[-1]) if waiting or move[0] is not None]
        if not on:
            break
        name, there = draw(st.sampled_from(on))
        way.append((places[-1].at, name))
        places.append(there)
    return way, places


def share(story: Story, key: ScenarioKey, way: list[Move]) -> float:
    """Return what a way earns of V*."""
    return key.weighted(key.earned(way)) / best(story, key).total


@PROPERTY
@given(drills(), st.data())
def test_earnings_follow_the_definition(of: tuple[Story, ScenarioKey], data: st.DataObject) -> None:
    """Node by node: Σ decay[k] · max(0, worth of visit k − best worth before), and never more than the best option."""
    story, key = of
    way, _ = data.draw(walks(story))
    total = 0.0
    for name in story.nodes:
        worths = [key.worth(move) for move in way if move[0] == name]
        gains = [
            d * max(0.0, w - max(worths[:k], default=0.0))
            for k, (w, d) in enumerate(zip(worths, key.decay, strict=False))
        ]
        assert sum(gains) <= max(worths, default=0.0) + 1e-9
        total += sum(gains)
    assert key.weighted(key.earned(way)) == pytest.approx(total)


def every_walk(story: Story, key: ScenarioKey, length: int) -> list[tuple[list[Move], str]]:
    """List all walks of up to *length* steps that keep clear of red lines, with where each arrives."""
    found: list[tuple[list[Move], str]] = []
    open_: list[tuple[list[Move], Place]] = [([], begin(story))]
    while open_:
        way, place = open_.pop()
        found.append((way, place.at))
        if len(way) < length:
            open_ += [
                ([*way, (place.at, one.id)], after(story, place, one))
                for one in choices(story, place)
                if not key.is_red((place.at, one.id))
            ]
    return found


@PROPERTY
@given(drills())
def test_the_best_way_beats_every_walk(of: tuple[Story, ScenarioKey]) -> None:
    """V* is what its own way earns, and no walk earns more, to whichever end, loops or not (tried out by brute force)."""
    story, key = of
    found = best(story, key)
    assert share(story, key, [*found.way]) == 1.0
    for way, at in every_walk(story, key, 7):
        earned = key.weighted(key.earned(way))
        assert earned <= found.total + 1e-9
        assert at not in story.ends or earned <= found.ends[at] + 1e-9


@PROPERTY
@given(drills(), st.data())
def test_a_loop_walked_again_never_pays(of: tuple[Story, ScenarioKey], data: st.DataObject) -> None:
    """Going round once more, with the same decisions, never raises the score of the whole path."""
    story, key = of
    way, places = data.draw(walks(story))
    for late in range(1, len(places)):
        for early in range(late):
            if places[early] == places[late]:
                longer = [*way[:late], *way[early:late], *way[late:]]
                assert share(story, key, longer) <= share(story, key, way) + 1e-9


@PROPERTY
@given(drills(), st.data())
def test_stopping_early_never_pays(of: tuple[Story, ScenarioKey], data: st.DataObject) -> None:
    """Each further decision earns something or nothing, so a short-cut to an end cannot inflate the score."""
    story, key = of
    way, _ = data.draw(walks(story))
    shares = [share(story, key, way[:n]) for n in range(len(way) + 1)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0


@PROPERTY
@given(drills(), st.data())
def test_any_path_scores_between_0_and_1(of: tuple[Story, ScenarioKey], data: st.DataObject) -> None:
    """Whatever the walk, red lines and time-outs included, the score is in [0, 1] and every part can be read."""
    story, key = of
    data_file = {name: SMALL[name] for name in ("kind", "title", "prompt", "source", "dimensions")}
    spec = msgspec.convert(data_file | msgspec.to_builtins(story), ScenarioSpec)
    way, _ = data.draw(walks(story))
    steps = [{"node": at, "option": name, "timeout": name is None} for at, name in way]
    answer = KIND.parse_answer(spec, msgspec.json.encode({"path": steps}))
    score = KIND.grade(spec, answer, key)
    assert type(score.fraction) is float
    assert 0.0 <= score.fraction <= (CRITICAL_CAP if score.flags else 1.0)
    assert bool(score.flags) == any(key.is_red(move) for move in way)
    assert all(part.item and part.given and part.expected and part.why for part in score.parts)
    assert KIND.grade(spec, answer, key) == score
    assert all(line.item and line.given for line in KIND.lines(spec, answer))


@PROPERTY
@given(drills(), st.data())
def test_deciding_better_never_costs(of: tuple[Story, ScenarioKey], data: st.DataObject) -> None:
    """The last decision replaced by the best option open there is worth at least as much."""
    story, key = of
    way, places = data.draw(walks(story, waiting=False))
    assume(way)
    options = [(places[-2].at, one.id) for one in choices(story, places[-2])]
    better = max(options, key=key.worth)
    assert share(story, key, [*way[:-1], better]) >= share(story, key, way) - 1e-9
