"""情景演练: what holds for the score of every story, key and walk, drawn at random or tried out by brute force."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stories import KIND, SMALL, end, node, option, worth

from widgets.drill import ScenarioKey, best
from widgets.scenario import CRITICAL_CAP, ScenarioSpec
from widgets.story import Move, Place, Story, after, begin, choices, moves

PROPERTY = settings(max_examples=100, deadline=None, derandomize=True)


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
