"""The items of a paper in the order of its notebooks, with their titles and what guessing earns."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import cycle, islice

from coursekit.gradebook import StoredAssignment
from coursekit.proof import GUESSERS, fraction
from coursekit.release import Release
from coursekit.source import Item


@dataclass(frozen=True, slots=True)
class Column:
    """An item of a paper: its cell in the gradebook, and what random answering earns (None: a person grades it)."""

    name: str
    title: str
    maximum: float
    chance: float | None


def columns_of(stored: StoredAssignment, release: Release | None) -> tuple[Column, ...]:
    """List the items worth points; without the release they have neither titles nor chance levels, and sort by name."""
    notebooks = release.notebooks if release else ()
    items = {cell: item for nb in notebooks for cell, item in nb.items.items()}
    shown = {name: pool for nb in notebooks for name, pool in nb.shown.items()}
    places = {name: place for place, name in enumerate(name for nb in notebooks for name in nb.locked)}
    graded = {cell.name: cell for cell in stored.cells}
    found = []
    for name in sorted(graded, key=lambda name: (places.get(name, len(places)), name)):
        pool = items[name].key.pool if name in items else shown.get(name)
        title = next(iter(pool.specs.values())).title if pool else name
        found.append(Column(name, title, graded[name].maximum, guessed(items[name]) if name in items else None))
    return tuple(found)


def guessed(item: Item) -> float:
    """Return the mean fraction of random answers, as many from each variant; the same for the same exercise.

    Standard error at most 0.035; a report needs no more, and asks for every item of the course.
    """
    dice = random.Random(item.exercise)
    variants = islice(cycle(item.variants()), GUESSERS)
    return sum(fraction(one, one.kind.random_answer(one.spec, dice)) for one in variants) / GUESSERS
