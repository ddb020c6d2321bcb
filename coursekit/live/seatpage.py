"""What a trainee's page shows of a class: this step, one's own choice, and after the reveal everybody's. No keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from coursekit.live.records import Class, Snapshot
from coursekit.live.rules import Ballot, own_path
from coursekit.live.situation import deed, places, scene
from widgets.scenario import ScenarioSpec
from widgets.story import Place, route


def seat_page(one: Class, spec: ScenarioSpec, snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """Put the page of one trainee together; *snapshot* has this trainee's own votes only."""
    cast = [vote.ballot for vote in snapshot.votes]
    page = _alone(spec, cast) if one.mode == "free" else _together(spec, snapshot, cast, now)
    if snapshot.session.closed:
        page["phase"] = "closed"
    debrief = msgspec.json.decode(snapshot.debrief) if snapshot.debrief else None
    frame = {"code": one.code, "mode": one.mode, "title": spec.title, "prompt": spec.prompt}
    return frame | {"facts": [fact.text for fact in spec.facts], "debrief": debrief} | page


def _together(spec: ScenarioSpec, snapshot: Snapshot, cast: list[Ballot], now: datetime) -> dict[str, Any]:
    questions = snapshot.session.questions
    walked = places(spec, questions)
    here, last = walked[-1], questions[-1]
    page = scene(spec, here) | {"n": last.n, "round": last.round, "phase": last.state}
    passed = [question for question in questions if question.state == "passed"]
    if passed:
        place = walked[len(passed) - 1]
        option = spec.nodes[place.at].option(passed[-1].taken)
        page["before"] = {"stage": spec.nodes[place.at].stage, "who": "全班采用"} | deed(spec, place, option)
    if "end" in page:
        return page | {"phase": "end"}
    mine = next((one.option for one in cast if (one.n, one.round) == (last.n, last.round)), None)
    page["mine"] = mine
    if last.state == "draft":
        page["options"] = []
    page["changed"] = last.round > 1
    if last.state == "open" and page["limit"]:
        page["left"] = max(0, round(page["limit"] - (now - snapshot.since).total_seconds()))
    if last.state == "revealed":
        page |= _revealed(spec, snapshot, here, cast)
    return page


def _revealed(spec: ScenarioSpec, snapshot: Snapshot, here: Place, cast: list[Ballot]) -> dict[str, Any]:
    """Show how all voted, and what one's own last choice would lead to."""
    last = snapshot.session.questions[-1]
    count = snapshot.count(last.n, last.round)
    own = max((one for one in cast if one.n == last.n), key=lambda one: one.round, default=None)
    option = spec.nodes[here.at].option(own.option) if own else None
    result = [{"id": one["id"], "count": count.get(one["id"], 0)} for one in scene(spec, here)["options"]]
    return {"result": result, "own": deed(spec, here, option) if option else None}


def _alone(spec: ScenarioSpec, cast: list[Ballot]) -> dict[str, Any]:
    path = own_path(cast)
    walked = route(spec.story, path)
    page = scene(spec, walked[-1]) | {"n": len(path) + 1, "round": 1, "phase": "open", "mine": None}
    if path:
        place = walked[-2]
        option = spec.nodes[place.at].option(path[-1].option)
        page["before"] = {"stage": spec.nodes[place.at].stage, "who": "我的做法"} | deed(spec, place, option)
    return page | ({"phase": "end"} if "end" in page else {})
