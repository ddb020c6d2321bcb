"""A branching story: which options are open, where a path leads, and what in it leads nowhere.

Variables stay within 0–99, so that a story has finitely many places and can be walked all over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from keyword import iskeyword
from typing import Annotated, Literal

import msgspec

from widgets.guard import GuardError, holds
from widgets.spec import Id, Text, repeated, unknown

#: Bounds of every variable; a change beyond them stops there.
LOW, HIGH = 0, 99
#: A path longer than this goes round in circles.
MAX_STEPS = 200
#: More places than this are no story that anybody could review.
MAX_PLACES = 20_000

Var = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)]
Level = Annotated[int, msgspec.Meta(ge=LOW, le=HIGH)]
Change = Annotated[int, msgspec.Meta(ge=LOW - HIGH, le=HIGH)]


#: A decision: a node and an option, or None for waiting until the time is out.
Move = tuple[str, str | None]


class StoryError(ValueError):
    """A path that does not fit its story, or a story too large to search; the message is Chinese."""


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be done at a node; *to* is a node or an end, *consequence* tells what happens and never judges."""

    id: Id
    text: Text
    to: Id
    consequence: Text
    set: dict[Var, Change] = {}
    guard: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A situation at the counter; one with a time limit goes to *on_timeout* when nothing was decided."""

    stage: Text
    say: Text
    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=1, max_length=8)]
    mood: Annotated[str, msgspec.Meta(min_length=1, max_length=12)] | None = None
    time_limit_s: Annotated[int, msgspec.Meta(ge=5, le=600)] | None = None
    on_timeout: Id | None = None

    def option(self, name: str | None) -> Option | None:
        """Return the option called *name*, if there is one."""
        return next((option for option in self.options if option.id == name), None)


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a story ends."""

    title: Text
    text: Text
    outcome: Literal["good", "fair", "bad"]


class Story(msgspec.Struct, frozen=True):
    """Nodes, ends, and variables with their first values."""

    start: str
    vars: dict[str, int]
    nodes: dict[str, Node]
    ends: dict[str, End]


#: What a class did: an option, or nothing until the time was out.
Led = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]*)?\Z", max_length=64)]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One decision: the option taken at a node after *ms* milliseconds, or none because time ran out.

    *led* is what the class did there instead, in a live class: points are for the trainee's own option, the story goes
    on from the class's. A trainee who was led may have chosen nothing.
    """

    node: Id
    option: Id | None
    ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] = 0
    timeout: bool = False
    led: Led | None = None


class Place(msgspec.Struct, frozen=True):
    """Where a story stands: a node or an end, and the variables."""

    at: str
    levels: tuple[tuple[str, int], ...]


def begin(story: Story) -> Place:
    """Return where a story starts."""
    return Place(story.start, tuple(sorted(story.vars.items())))


def choices(story: Story, place: Place) -> tuple[Option, ...]:
    """Return the options whose guards hold; an end has none."""
    node, levels = story.nodes.get(place.at), dict(place.levels)
    if node is None:
        return ()
    return tuple(option for option in node.options if option.guard is None or holds(option.guard, levels))


def after(story: Story, place: Place, option: Option | None) -> Place:
    """Return where an option leads, or where letting the time run out (None) does."""
    if option is None:
        return Place(story.nodes[place.at].on_timeout or place.at, place.levels)
    levels = {name: min(HIGH, max(LOW, level + option.set.get(name, 0))) for name, level in place.levels}
    return Place(option.to, tuple(levels.items()))


def route(story: Story, path: Sequence[Step]) -> list[Place]:
    """Walk a path and return its places, the start included; raises StoryError at the first step that does not fit."""
    places = [begin(story)]
    for number, step in enumerate(path, 1):
        place = places[-1]
        if place.at in story.ends:
            raise StoryError(f"第 {number} 步：情景已经结束")
        if step.node != place.at:
            raise StoryError(f"第 {number} 步：应在节点“{place.at}”，写的是“{step.node}”")
        node = story.nodes[place.at]
        waited = step.timeout if step.led is None else step.led == ""
        if (step.timeout != (step.option is None) and step.led is None) or (waited and node.time_limit_s is None):
            raise StoryError(f"第 {number} 步：没有选择只能是因为超时，而且这一步要有时限")
        for name in filter(None, (step.option, step.led)):
            if node.option(name) not in choices(story, place):
                raise StoryError(f"第 {number} 步：节点“{place.at}”此时没有选项“{name}”")
        places.append(after(story, place, node.option(step.option if step.led is None else step.led)))
    return places


def stroll(story: Story, choose: Callable[[str, tuple[Option, ...]], Option]) -> list[Move]:
    """Walk by a rule until an end, or until the path is as long as a path may be."""
    place = begin(story)
    way: list[Move] = []
    while len(way) < MAX_STEPS and (open_ := choices(story, place)):
        option = choose(place.at, open_)
        way.append((place.at, option.id))
        place = after(story, place, option)
    return way


def moves(story: Story, place: Place) -> Iterator[tuple[str | None, Place]]:
    """Yield every way on from a place as option id, None for waiting, and the next place."""
    for option in choices(story, place):
        yield option.id, after(story, place, option)
    if place.at in story.nodes and story.nodes[place.at].time_limit_s is not None:
        yield None, after(story, place, None)


def atlas(story: Story) -> dict[Place, list[Place]]:
    """Map every place that can be reached to the places next to it; raises StoryError when there are too many."""
    found: dict[Place, list[Place]] = {}
    open_ = [begin(story)]
    while open_:
        place = open_.pop()
        if place in found:
            continue
        found[place] = [there for _, there in moves(story, place)]
        open_ += found[place]
        if len(found) > MAX_PLACES:
            raise StoryError(f"变量组合太多（超过 {MAX_PLACES} 种局面），请减少变量或循环")
    return found


def _traps(story: Story, places: Mapping[Place, Iterable[Place]]) -> Iterator[str]:
    """Yield what a walker meets: nodes and ends that no way leads to, and places that no way leads out of."""
    visited = {place.at for place in places}
    for name in (*story.nodes, *story.ends):
        if name not in visited:
            yield f"从开头走不到{'节点' if name in story.nodes else '结局'}“{name}”，请接上或删去"
    before: dict[Place, list[Place]] = {}
    for place, nexts in places.items():
        for there in nexts:
            before.setdefault(there, []).append(place)
    safe = {place for place in places if place.at in story.ends}
    open_ = list(safe)
    while open_:
        new = [place for place in before.get(open_.pop(), []) if place not in safe]
        safe.update(new)
        open_ += new
    stuck = (place for place in places if place not in safe or (place.at in story.nodes and not choices(story, place)))
    for name, place in {place.at: place for place in stuck}.items():
        levels = "、".join(f"{var}={level}" for var, level in place.levels) or "没有变量"
        yield f"节点“{name}”有时走不出去（{levels}），请检查选项的 to 和条件"


def _name_faults(story: Story) -> Iterator[str]:
    """Yield names that stand twice or do not exist, guards that cannot be read, texts that are empty."""
    known = (*story.nodes, *story.ends)
    yield from repeated(known, "节点或结局")
    yield from unknown([story.start], story.nodes, "开头节点 start")
    yield from (f"变量名“{name}”是程序保留的词，请换一个" for name in story.vars if iskeyword(name))
    for name, node in story.nodes.items():
        yield from repeated((option.id for option in node.options), f"节点“{name}”的选项")
        yield from unknown((option.to for option in node.options), known, f"节点“{name}”的去向")
        yield from unknown(filter(None, [node.on_timeout]), known, f"节点“{name}”的超时去向")
        if (node.time_limit_s is None) != (node.on_timeout is None):
            yield f"节点“{name}”的时限 time_limit_s 和超时去向 on_timeout 要么都写，要么都不写"
        if not (node.stage.strip() and node.say.strip()):
            yield f"节点“{name}”的 stage 或 say 只有空格，请写上文字"
        for option in node.options:
            yield from _option_faults(story, f"选项“{name}/{option.id}”", option)
    for name, end in story.ends.items():
        if not (end.title.strip() and end.text.strip()):
            yield f"结局“{name}”没有文字，请写上 title 和 text"


def _option_faults(story: Story, place: str, option: Option) -> Iterator[str]:
    if not (option.text.strip() and option.consequence.strip()):
        yield f"{place}的 text 或 consequence 只有空格，请写上文字"
    yield from unknown(option.set, story.vars, f"{place}改动的变量")
    try:
        holds(option.guard or "0 == 0", story.vars)
    except GuardError as error:
        yield f"{place}：{error}"


def story_faults(story: Story) -> Iterator[str]:
    """Yield names that do not exist, and, where all do, nodes that cannot be reached or left."""
    found = list(_name_faults(story))
    yield from found
    if not found:
        try:
            yield from _traps(story, atlas(story))
        except StoryError as error:
            yield str(error)
