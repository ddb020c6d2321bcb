"""Partial orders: circles, ancestors, and the largest set of steps that may stay where they are."""

from __future__ import annotations

import random
import time
from graphlib import CycleError
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.poset import ancestors, conflicts, find_cycle, largest_consistent

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)


@st.composite
def dags(draw: st.DrawFn, most: int = 7) -> dict[str, list[str]]:
    """Draw a random partial order of up to *most* steps."""
    steps = draw(st.permutations([f"s{n}" for n in range(draw(st.integers(1, most)))]))
    pairs = list(combinations(steps, 2))
    kept = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    before: dict[str, list[str]] = {step: [] for step in sorted(steps)}
    for (early, late), is_kept in zip(pairs, kept, strict=True):
        if is_kept:
            before[late].append(early)
    return before


def reachable(before: dict[str, list[str]], step: str) -> set[str]:
    """Find all that precedes *step* by walking, as a reference."""
    found: set[str] = set()
    open_steps = list(before[step])
    while open_steps:
        early = open_steps.pop()
        if early not in found:
            found.add(early)
            open_steps += before[early]
    return found


def test_find_cycle_names_the_circle() -> None:
    """A circle is returned step by step, closed with the step it began with."""
    cycle = find_cycle({"a": ["b"], "b": ["c"], "c": ["a"], "d": []})
    assert cycle[0] == cycle[-1]
    assert set(cycle) == {"a", "b", "c"}


@pytest.mark.parametrize("before", [{}, {"a": []}, {"a": [], "b": ["a"], "c": ["a", "b"]}, {"b": ["unlisted"]}])
def test_find_cycle_is_empty_without_a_circle(before: dict[str, list[str]]) -> None:
    """What has no circle yields an empty list."""
    assert find_cycle(before) == []


def test_a_step_that_waits_for_itself_is_a_circle() -> None:
    """The smallest circle has one step."""
    assert set(find_cycle({"a": ["a"]})) == {"a"}


def test_ancestors_refuse_a_circle() -> None:
    """A circle has no ancestors to speak of."""
    with pytest.raises(CycleError):
        ancestors({"a": ["b"], "b": ["a"]})


@PROPERTY
@given(dags())
def test_a_partial_order_has_no_cycle(before: dict[str, list[str]]) -> None:
    """No circle is found where there is none, and closing the order backwards makes one."""
    assert find_cycle(before) == []
    must = ancestors(before)
    for late, earlier in must.items():
        for early in earlier:
            assert find_cycle({**before, early: [*before[early], late]})


@PROPERTY
@given(dags())
def test_ancestors_are_all_that_can_be_reached(before: dict[str, list[str]]) -> None:
    """Ancestors are the transitive closure, and never the step itself."""
    must = ancestors(before)
    assert must == {step: reachable(before, step) for step in before}
    assert all(step not in earlier for step, earlier in must.items())


@PROPERTY
@given(dags(), st.randoms(use_true_random=False))
def test_conflicts_are_the_pairs_that_stand_the_wrong_way(before: dict[str, list[str]], chance: random.Random) -> None:
    """A pair (a, b) is in conflict exactly when a must precede b and stands after it."""
    must = ancestors(before)
    order = sorted(before)
    chance.shuffle(order)
    expected = {(a, b) for b in order for a in must[b] if order.index(a) > order.index(b)}
    found = conflicts(order, must)
    assert set(found) == expected
    assert len(found) == len(expected)


@PROPERTY
@given(dags(), st.randoms(use_true_random=False), st.integers(0, 7))
def test_largest_consistent_equals_brute_force(before: dict[str, list[str]], chance: random.Random, count: int) -> None:
    """No larger set without a conflict exists, and the set that is returned has none."""
    must = ancestors(before)
    order = sorted(before)
    chance.shuffle(order)
    order = order[:count]
    kept = largest_consistent(order, must)
    assert kept <= set(order)
    assert conflicts([step for step in order if step in kept], must) == []
    larger = combinations(order, min(len(kept) + 1, len(order)))
    assert len(kept) == len(order) or all(conflicts(chosen, must) for chosen in larger)


def test_a_chain_of_200_steps() -> None:
    """The longest exercise allowed is closed and graded at once, in order, reversed and shuffled."""
    steps = [f"s{n:03}" for n in range(200)]
    before = {step: steps[max(0, place - 1) : place] for place, step in enumerate(steps)}
    started = time.perf_counter()
    assert find_cycle(before) == []
    must = ancestors(before)
    assert len(must[steps[-1]]) == 199
    assert largest_consistent(steps, must) == set(steps)
    assert len(largest_consistent(steps[::-1], must)) == 1
    assert len(largest_consistent([*steps[100:], *steps[:100]], must)) == 100
    mixed = list(steps)
    random.Random(4).shuffle(mixed)
    kept = largest_consistent(mixed, must)
    assert conflicts([step for step in mixed if step in kept], must) == []
    assert time.perf_counter() - started < 5


def test_a_chain_written_backwards() -> None:
    """The order in which a key lists its steps does not matter, however deep the chain."""
    steps = [f"s{n}" for n in range(200)]
    before = {step: steps[place - 1 : place] if place else [] for place, step in reversed(list(enumerate(steps)))}
    assert len(ancestors(before)["s199"]) == 199
    assert find_cycle(before | {"s0": ["s199"]})


def test_of_nothing_nothing_is_kept() -> None:
    """An empty sequence keeps nothing, and steps without rules are all kept."""
    assert largest_consistent([], {}) == frozenset()
    assert largest_consistent(["a", "b"], {}) == {"a", "b"}
