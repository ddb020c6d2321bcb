"""A story's places in words that a page shows: situations, options, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coursekit.live.rules import Question
from widgets.scenario import ScenarioSpec
from widgets.story import Option, Place, after, begin, choices

LATE_TEXT = "（超过时限，没有作出决定）"
LATE_THEN = "时间到了，还没有作出决定，事情继续往下发展。"


def scene(spec: ScenarioSpec, place: Place) -> dict[str, Any]:
    """Return what everybody may see of a place; at an end it has no options."""
    levels = dict(place.levels)
    shown = [{"text": item.text, "level": levels[item.id]} for item in spec.show_vars]
    if place.at in spec.ends:
        end = spec.ends[place.at]
        return {"node": place.at, "end": end.title, "say": end.text, "levels": shown, "options": []}
    node = spec.nodes[place.at]
    options = [{"id": one.id, "text": one.text} for one in choices(spec.story, place)]
    return {
        "node": place.at, "stage": node.stage, "say": node.say, "mood": node.mood, "levels": shown,
        "options": options, "limit": node.time_limit_s,
    }  # fmt: skip


def deed(spec: ScenarioSpec, place: Place, option: Option | None) -> dict[str, Any]:
    """Return what was done at a place and what came of it, without judging; None is letting the time run out."""
    there = dict(after(spec.story, place, option).levels)
    here = dict(place.levels)
    changes = [
        f"{item.text}：{here[item.id]} → {there[item.id]}" for item in spec.show_vars if here[item.id] != there[item.id]
    ]
    return {
        "text": option.text if option else LATE_TEXT,
        "then": option.consequence if option else LATE_THEN,
        "changes": changes,
    }


def places(spec: ScenarioSpec, questions: Sequence[Question]) -> list[Place]:
    """Return where each question is asked, and where the class stands after those that are passed."""
    found = [begin(spec.story)]
    for question in questions:
        if question.state == "passed":
            option = spec.nodes[question.node].option(question.taken)
            found.append(after(spec.story, found[-1], option))
    return found
