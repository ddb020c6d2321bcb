"""The best ways through a story, found exactly: a longest path in which going round in circles brings nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from widgets.story import Move, Place, Story, StoryError, begin, moves

#: Moves that the search tries before it gives up (some seconds).
MAX_MOVES = 300_000

#: A place, and for each node of the circle it lies in how often it was visited and its best option's worth.
State = tuple[Place, tuple[tuple[str, tuple[int, float]], ...]]


def best_ways(story: Story, worth: Mapping[Move, float], decay: Sequence[float]) -> dict[str, list[Move]]:
    """Return the best way to each end, as nodes and options; only moves that *worth* names are taken.

    Exact: a state is a place together with the visits paid to the nodes of the circle it lies in, for no other node
    can be seen again; going round an exhausted circle brings nothing, so the relaxation ends (after Bellman and Ford).
    Raises StoryError when more than MAX_MOVES moves would be needed: for instance seven questions that can be asked in
    any order from one node (six are found in 2 s).
    """
    decay = decay[: max((place for place, share in enumerate(decay, 1) if share), default=1)]
    circles = _circles(story)
    first: State = (begin(story), ())
    best: dict[State, float] = {first: 0.0}
    came: dict[State, tuple[State, Move]] = {}
    queue, tried = deque([first]), 0
    while queue:
        state = queue.popleft()
        place, seen = state
        for option, there in moves(story, place):
            if (place.at, option) not in worth:
                continue
            tried += 1
            gain, visits = _visit(dict(seen), place.at, worth[place.at, option], decay)
            kept = tuple(sorted((name, visit) for name, visit in visits.items() if name in circles[there.at]))
            if best[state] + gain > best.get((there, kept), -1.0) + 1e-9:
                best[there, kept] = best[state] + gain
                came[there, kept] = (state, (place.at, option))
                queue.append((there, kept))
        if tried > MAX_MOVES:
            raise StoryError("回路太多，算不出最佳路径；请减少能回到前面的选项或变量")
    return {end: _trace(came, state) for end, state in _finishes(story, best).items()}


def _visit(
    seen: dict[str, tuple[int, float]], node: str, value: float, decay: Sequence[float]
) -> tuple[float, dict[str, tuple[int, float]]]:
    """Credit one decision: in full at first, later only what it is better, times the decay of that visit."""
    times, best = seen.get(node, (0, 0.0))
    if times >= len(decay):
        return 0.0, seen
    used_up = (len(decay), 0.0)
    after_it = (times + 1, max(best, value)) if times + 1 < len(decay) else used_up
    return decay[times] * max(0.0, value - best), seen | {node: after_it}


def _finishes(story: Story, best: Mapping[State, float]) -> dict[str, State]:
    ends: dict[str, State] = {}
    for state, total in best.items():
        end = state[0].at
        if end in story.ends and (end not in ends or total > best[ends[end]]):
            ends[end] = state
    return ends


def _trace(came: Mapping[State, tuple[State, Move]], state: State) -> list[Move]:
    way = []
    while state in came:
        state, move = came[state]
        way.append(move)
    return way[::-1]


def _circles(story: Story) -> dict[str, set[str]]:
    """Map each node to the nodes that lie on a circle with it, guards aside."""
    nexts = {
        name: {*(option.to for option in node.options), *filter(None, [node.on_timeout])}
        for name, node in story.nodes.items()
    }
    reach: dict[str, set[str]] = {name: set() for name in (*story.nodes, *story.ends)}
    for name in story.nodes:
        open_ = [*nexts[name]]
        while open_:
            there = open_.pop()
            if there not in reach[name]:
                reach[name].add(there)
                open_ += nexts.get(there, ())
    return {name: {other for other in reach[name] if name in reach[other]} for name in reach}
