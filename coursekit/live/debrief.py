"""The debrief: the best way, each option's reason and basis, and what the class did. Made of the key, so shown last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from coursekit.live.figures import final_choices
from coursekit.live.records import Class, Snapshot
from widgets.drill import ScenarioKey, best
from widgets.scenario import ScenarioSpec

SEVERITIES = {"ok": "可取", "minor": "欠妥", "major": "不当", "critical": "红线"}


def debrief(one: Class, spec: ScenarioSpec, key: ScenarioKey, snapshot: Snapshot) -> dict[str, Any]:
    """Set the class's choices beside the best way, node by node; nodes where nobody was are left out."""
    found = best(spec.story, key)
    counts = _free_counts(snapshot) if one.mode == "free" else _paced_counts(snapshot)
    way = [{"stage": spec.nodes[node].stage} | _option(spec, key, node, option or "") for node, option in found.way]
    steps = [_node(spec, key, node, count) for node, count in counts.items()]
    taken = {(q.node, q.taken) for q in snapshot.session.questions if q.state == "passed"}
    for step in steps:
        for option in step["options"]:
            option["taken"] = (step["node"], option["id"]) in taken
            option["best"] = (step["node"], option["id"]) in found.way
    return {"best": way, "end": spec.ends[found.end].title, "steps": steps, "source": list(spec.source)}


def _node(spec: ScenarioSpec, key: ScenarioKey, node: str, count: Mapping[str | None, int]) -> dict[str, Any]:
    total = sum(count.values())
    options = [
        _option(spec, key, node, option.id)
        | {"count": count.get(option.id, 0), "share": count.get(option.id, 0) / total if total else 0.0}
        for option in spec.nodes[node].options
    ]
    return {"node": node, "stage": spec.nodes[node].stage, "total": total, "options": options}


def _option(spec: ScenarioSpec, key: ScenarioKey, node: str, name: str) -> dict[str, Any]:
    option, judged = spec.nodes[node].option(name), key.options[f"{node}/{name}"]
    return {
        "id": name,
        "text": option.text if option else name,
        "verdict": SEVERITIES[judged.severity],
        "why": judged.why,
        "basis": judged.basis,
    }


def _paced_counts(snapshot: Snapshot) -> dict[str, Counter[str | None]]:
    """Return the last round's votes by node of the questions already told."""
    found: dict[str, Counter[str | None]] = {}
    for question in snapshot.session.questions:
        if question.state in ("locked", "revealed", "passed"):
            found.setdefault(question.node, Counter()).update(snapshot.count(question.n, question.round))
    return found


def _free_counts(snapshot: Snapshot) -> dict[str, Counter[str | None]]:
    found: dict[str, Counter[str | None]] = {}
    for mine in final_choices(snapshot.votes).values():
        for vote in mine.values():
            found.setdefault(vote.ballot.node, Counter())[vote.ballot.option] += 1
    return found
