"""Numbers and shapes of a class's choices: the matrix of a revote, the flow of paths, the join code's squares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from coursekit.live.records import Vote

#: Units of the drawing: it is scaled to the page.
COLUMN, BOX, GAP, HEIGHT = 140.0, 26.0, 12.0, 400.0


class Box(msgspec.Struct, frozen=True):
    """How many chose *name* at a step, as a rectangle."""

    column: int
    name: str
    count: int
    x: float
    y: float
    width: float
    height: float


class Ribbon(msgspec.Struct, frozen=True):
    """How many went from one box to one of the next column, as an SVG path."""

    column: int
    source: str
    target: str
    count: int
    path: str


class Flow(msgspec.Struct, frozen=True):
    """A Sankey diagram."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    ribbons: tuple[Ribbon, ...]


def matrix(votes: Iterable[Vote], n: int, before: int, after: int) -> dict[str, dict[str, int]]:
    """Count by first and second choice those who voted in both rounds of a step."""
    first = {vote.trainee: vote.ballot.option for vote in votes if (vote.ballot.n, vote.ballot.round) == (n, before)}
    found: dict[str, dict[str, int]] = {}
    for vote in votes:
        old, new = first.get(vote.trainee), vote.ballot.option
        if (vote.ballot.n, vote.ballot.round) == (n, after) and old is not None and new is not None:
            found.setdefault(old, {})[new] = found.get(old, {}).get(new, 0) + 1
    return found


def final_choices(votes: Iterable[Vote]) -> dict[str, dict[int, Vote]]:
    """Return by trainee and step the vote of the last round in which the trainee voted."""
    found: dict[str, dict[int, Vote]] = {}
    for vote in votes:
        mine = found.setdefault(vote.trainee, {})
        if vote.ballot.n not in mine or mine[vote.ballot.n].ballot.round < vote.ballot.round:
            mine[vote.ballot.n] = vote
    return found


def flow(paths: Iterable[Sequence[str | None]], order: Sequence[Sequence[str]]) -> Flow:
    """Lay out how many took which path; *order* lists each column's names top to bottom.

    A path names its choice in each column; None, and what a column does not list, is nobody's box: it ends a ribbon.
    """
    rows = [[name if name in order[c] else None for c, name in enumerate(path[: len(order)])] for path in paths]
    counts = [Counter(row[c] for row in rows if len(row) > c and row[c] is not None) for c in range(len(order))]
    most = max((sum(count.values()) for count in counts), default=0)
    if not most:
        return Flow(COLUMN, HEIGHT, (), ())
    deepest = max(len(names) for names in order)
    unit = (HEIGHT - GAP * (deepest - 1)) / most
    boxes = [box for c, count in enumerate(counts) for box in _column(c, count, order[c], unit)]
    by_place = {(box.column, box.name): box for box in boxes}
    ribbons = []
    for c in range(len(order) - 1):
        pairs = Counter((row[c], row[c + 1]) for row in rows if len(row) > c + 1)
        ribbons += list(_ribbons(c, pairs, order, by_place, unit))
    return Flow(COLUMN * (len(order) - 1) + BOX, HEIGHT, tuple(boxes), tuple(ribbons))


def _column(column: int, count: Mapping[str | None, int], names: Sequence[str], unit: float) -> Iterable[Box]:
    y = 0.0
    for name in names:
        if count.get(name):
            yield Box(column, name, count[name], column * COLUMN, y, BOX, count[name] * unit)
            y += count[name] * unit + GAP


def _ribbons(
    column: int,
    pairs: Mapping[tuple[str | None, str | None], int],
    order: Sequence[Sequence[str]],
    boxes: Mapping[tuple[int, str], Box],
    unit: float,
) -> Iterable[Ribbon]:
    left: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for source in order[column]:
        for target in order[column + 1]:
            if count := pairs.get((source, target), 0):
                a, b = boxes[column, source], boxes[column + 1, target]
                top = (a.y + left[source] * unit, b.y + right[target] * unit)
                yield Ribbon(column, source, target, count, _band(a.x + a.width, b.x, top, count * unit))
                left[source] += count
                right[target] += count


def _band(x1: float, x2: float, top: tuple[float, float], thick: float) -> str:
    """Draw a band of even thickness between two columns."""
    middle, (y1, y2) = (x1 + x2) / 2, top
    there = f"M{x1:.1f},{y1:.1f}C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    back = f"V{y2 + thick:.1f}C{middle:.1f},{y2 + thick:.1f} {middle:.1f},{y1 + thick:.1f} {x1:.1f},{y1 + thick:.1f}Z"
    return there + back


def qr(text: str) -> tuple[int, str]:
    """Return the side of a QR code with its quiet zone, and its dark squares as an SVG path."""
    import segno

    rows = list(segno.make(text, error="m", micro=False).matrix_iter(border=4))
    squares = (f"M{x},{y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return len(rows), "".join(squares)
