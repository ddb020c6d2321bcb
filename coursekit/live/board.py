"""What the trainer's console shows of a class; it stands on the projector, so no distribution before the lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from coursekit.live.figures import COLUMN, Flow, final_choices, flow, matrix
from coursekit.live.records import Class, Rating, Snapshot
from coursekit.live.rules import Question, majority, own_path
from coursekit.live.situation import deed, places, scene
from widgets.scenario import ScenarioSpec
from widgets.story import Place, after, choices, route

#: A free run's flow is drawn for so many steps.
MAX_COLUMNS = 12


def board(
    one: Class, spec: ScenarioSpec, snapshot: Snapshot, ratings: Sequence[Rating], now: datetime
) -> dict[str, Any]:
    """Put the console's page together."""
    session = snapshot.session
    frame = {
        "mode": one.mode, "closed": session.closed, "joined": len(snapshot.members), "members": snapshot.members,
        "total": max(one.size, len(snapshot.members)), "debriefed": snapshot.debrief is not None,
        "ratings": [msgspec.to_builtins(rating) | {"share": rating.share} for rating in ratings],
    }  # fmt: skip
    body = _free(spec, snapshot) if one.mode == "free" else _paced(spec, snapshot, now)
    return frame | body


def _paced(spec: ScenarioSpec, snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    questions = snapshot.session.questions
    walked = places(spec, questions)
    steps = [_step(spec, snapshot, question, walked[question.n - 1]) for question in questions]
    last = questions[-1]
    page = {
        "steps": steps,
        "state": last.state,
        "n": last.n,
        "round": last.round,
        "flow": _flow(_shared(spec, snapshot)),
    }
    page["paper"] = {option: count for option, count in snapshot.tally.get((last.n, last.round), {}).items() if option}
    page["answered"] = snapshot.answered(last.n, last.round)
    if last.state == "passed":
        page["over"] = scene(spec, walked[-1])
    limit = spec.nodes[last.node].time_limit_s
    if last.state == "open" and limit:
        page["left"] = round(limit - (now - snapshot.since).total_seconds())
    return page


def _step(spec: ScenarioSpec, snapshot: Snapshot, question: Question, place: Place) -> dict[str, Any]:
    """Show one question: its situation, and once it is locked the votes; after the reveal what each option leads to."""
    is_told = question.state in ("locked", "revealed", "passed")
    options = choices(spec.story, place)
    found = scene(spec, place) | {"n": question.n, "round": question.round, "state": question.state}
    if question.state == "passed":
        found["taken"] = question.taken
    if is_told:
        count = snapshot.count(question.n, question.round)
        votes = {option.id: count.get(option.id, 0) for option in options}
        found |= {"counts": votes, "majority": majority(votes), "rounds": _rounds(snapshot, question)}
        if question.round > 1:
            found["matrix"] = matrix(snapshot.votes, question.n, question.round - 1, question.round)
    if question.state in ("revealed", "passed"):
        found["ways"] = {
            one.id: deed(spec, place, one) | {"next": scene(spec, after(spec.story, place, one))} for one in options
        }
        if spec.nodes[place.at].time_limit_s is not None:
            found["late"] = deed(spec, place, None)
    return found


def _rounds(snapshot: Snapshot, question: Question) -> list[dict[str, int]]:
    rounds = (snapshot.count(question.n, number) for number in range(1, question.round + 1))
    return [{option: count for option, count in one.items() if option is not None} for one in rounds]


def _shared(spec: ScenarioSpec, snapshot: Snapshot) -> tuple[list[list[str | None]], list[dict[str, str]]]:
    """Return everybody's choices at the questions already told, and each column's names with their texts."""
    told = [q for q in snapshot.session.questions if q.state in ("locked", "revealed", "passed")]
    chosen = final_choices(snapshot.votes)
    paths = [[mine[q.n].ballot.option if q.n in mine else None for q in told] for mine in chosen.values()]
    return paths, [{one.id: one.text for one in spec.nodes[q.node].options} for q in told]


def _walks(spec: ScenarioSpec, snapshot: Snapshot) -> dict[str, list[Place]]:
    mine = final_choices(snapshot.votes)
    return {
        who: route(spec.story, own_path([vote.ballot for vote in mine.get(who, {}).values()]))
        for who in dict.fromkeys((*snapshot.members, *mine))
    }


def _free(spec: ScenarioSpec, snapshot: Snapshot) -> dict[str, Any]:
    """Show how far everybody is, and which endings were reached; nobody is named."""
    walks = _walks(spec, snapshot)
    at = Counter(walk[-1].at for walk in walks.values())
    running = Counter(len(walk) for walk in walks.values() if walk[-1].at in spec.nodes)
    longest = max((len(walk) for walk in walks.values()), default=1)
    columns: list[dict[str, str]] = []
    for c in range(min(longest, MAX_COLUMNS)):
        names = dict.fromkeys(walk[c].at for walk in walks.values() if len(walk) > c)
        order = [name for name in (*spec.nodes, *spec.ends) if name in names]
        columns.append(
            {name: spec.nodes[name].stage if name in spec.nodes else f"结局：{spec.ends[name].title}" for name in order}
        )
    paths: list[list[str | None]] = [[place.at for place in walk] for walk in walks.values()]
    return {
        "state": "free",
        "running": [{"step": step, "count": running[step]} for step in sorted(running)],
        "finished": [{"end": end.title, "count": at[name]} for name, end in spec.ends.items() if at[name]],
        "answered": sum(count for name, count in at.items() if name in spec.ends),
        "flow": _flow((paths, columns)),
    }


def _flow(found: tuple[list[list[str | None]], list[dict[str, str]]]) -> dict[str, Any]:
    paths, columns = found
    drawn: Flow = flow(paths, [list(names) for names in columns])
    return {**msgspec.to_builtins(drawn), "names": columns, "column": COLUMN}
