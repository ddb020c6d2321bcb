"""情景演练 in small for tests: a story of three decisions, its key, and how a path through it is graded."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from samples import samples

from widgets.drill import ScenarioKey
from widgets.scenario import Scenario, ScenarioSpec
from widgets.score import Score

SAMPLES = samples("scenario")
DATA, KEY = SAMPLES["scenario"]
KIND = Scenario()


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
