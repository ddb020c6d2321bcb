"""情景演练 in the browser: one table of guards for Python and the page, and the same walks through a story."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from typing import Any

import msgspec
import pytest
from stories import DATA, KEY, KIND, SMALL, SMALL_KEY, exercise, path

from widgets.guard import GuardError, holds
from widgets.story import begin, moves

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
