"""What decisions in a story are worth: points by dimension, red lines, and the best way, on which every score rests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from widgets.spec import Text, unknown
from widgets.story import MAX_STEPS, Move, Story, StoryError, stroll
from widgets.ways import best_ways

#: Every good end is worth at least this share of the best: two right ways score alike (c.7).
ALIKE = 0.95
#: The best option may be the longest text at this share of the nodes at the most.
TELLING = 0.6

OptionId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+/[A-Za-z0-9_-]+$", max_length=129)]
Points = Annotated[float, msgspec.Meta(ge=0, le=100)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class OptionKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an option is worth by dimension, how bad it is, why, and the law or rule that says so."""

    pts: dict[str, Points]
    severity: Literal["ok", "minor", "major", "critical"]
    why: Text
    basis: str = ""


class ScenarioKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weights by dimension, options as "node/option", and what a node's first, second … visit brings in *decay*."""

    weights: dict[str, Points]
    options: dict[OptionId, OptionKey]
    decay: Annotated[tuple[Share, ...], msgspec.Meta(min_length=1, max_length=10)] = (1.0, 0.5, 0.0)

    def points(self, move: Move) -> Mapping[str, float]:
        """Return a decision's points by dimension; letting the time run out brings none."""
        node, option = move
        return {} if option is None else self.options[f"{node}/{option}"].pts

    def worth(self, move: Move) -> float:
        """Return a decision's weighted points."""
        return self.weighted(self.points(move))

    def weighted(self, points: Mapping[str, float]) -> float:
        """Weigh points by dimension."""
        return sum(self.weights[name] * value for name, value in points.items())

    def is_red(self, move: Move) -> bool:
        """Say whether a decision crosses a red line."""
        node, option = move
        return option is not None and self.options[f"{node}/{option}"].severity == "critical"

    def earned(self, way: Iterable[Move]) -> dict[str, float]:
        """Add up what a way earns by dimension.

        A node's first decision counts in full, a later one max(0, new − best so far) · decay (c.7; "best so far" after
        PrairieLearn's rule in c.0): a loop repairs part of a mistake, and what was right once is never lost.
        """
        total = dict.fromkeys(self.weights, 0.0)
        seen: dict[str, tuple[int, Mapping[str, float]]] = {}
        for move in way:
            times, old = seen.get(move[0], (0, {}))
            new = self.points(move)
            if self.weighted(new) <= self.weighted(old):
                seen[move[0]] = (times + 1, old)
                continue
            share = self.decay[times] if times < len(self.decay) else 0.0
            for name in total:
                total[name] += share * (new.get(name, 0.0) - old.get(name, 0.0))
            seen[move[0]] = (times + 1, new)
        return total


class Best(msgspec.Struct, frozen=True):
    """The best way without a red line, what it earns by dimension and in all, and what each end's best way earns."""

    way: tuple[Move, ...]
    end: str
    earned: dict[str, float]
    total: float
    ends: dict[str, float]


def best(story: Story, key: ScenarioKey) -> Best:
    """Find V* (c.7); raises StoryError when there are too many circles to be exact, or nothing to earn."""
    return _best(msgspec.json.encode(story), msgspec.json.encode(key))


@lru_cache(maxsize=256)
def _best(story: bytes, key: bytes) -> Best:
    return _find(msgspec.json.decode(story, type=Story), msgspec.json.decode(key, type=ScenarioKey))


def _find(story: Story, key: ScenarioKey, *, waiting: bool = False) -> Best:
    ways = best_ways(story, {move: key.worth(move) for move in _lawful(story, key, waiting=waiting)}, key.decay)
    totals = {end: key.weighted(key.earned(way)) for end, way in ways.items()}
    if not totals or max(totals.values()) <= 0:
        raise StoryError("不越红线就走不到任何结局，或一分也得不到，请检查得分 pts 和权重 weights")
    top = [name for name, total in totals.items() if total >= max(totals.values()) - 1e-9]
    end = min(top, key=lambda name: story.ends[name].outcome != "good")
    return Best(tuple(ways[end]), end, key.earned(ways[end]), totals[end], totals)


def _lawful(story: Story, key: ScenarioKey, *, waiting: bool) -> Iterator[Move]:
    for name, node in story.nodes.items():
        all_: list[Move] = [(name, option.id) for option in node.options]
        yield from (move for move in all_ if not key.is_red(move))
        if waiting:
            yield (name, None)


def key_faults(story: Story, dimensions: Iterable[str], key: ScenarioKey) -> Iterator[str]:
    """Yield what is wrong with a key: names first, and where those fit, what would pay without thinking."""
    found = list(_point_faults(story, dimensions, key))
    yield from found
    if not found:
        try:
            yield from _balance_faults(story, key)
        except StoryError as error:
            yield str(error)


def _point_faults(story: Story, dimensions: Iterable[str], key: ScenarioKey) -> Iterator[str]:
    """Yield weights and points that are missing or belong to nothing."""
    names = tuple(dimensions)
    yield from unknown(key.weights, names, "权重的维度")
    for name in names:
        if not key.weights.get(name, 0):
            yield f"维度“{name}”没有权重，请在 weights 里写一个大于 0 的数"
    options = [f"{name}/{option.id}" for name, node in story.nodes.items() for option in node.options]
    yield from unknown(key.options, options, "选项")
    missing = [name for name in options if name not in key.options]
    if missing:
        yield f"选项 {'、'.join(missing)} 没有得分，请在 options 里补上"
    for name, option in key.options.items():
        yield from unknown(option.pts, names, f"选项“{name}”得分的维度")
    if key.decay[0] != 1 or any(late > early for early, late in pairwise(key.decay)):
        yield "decay 应从 1 开始、逐次不增，如 [1, 0.5, 0]"


def _balance_faults(story: Story, key: ScenarioKey) -> Iterator[str]:
    """Yield where a right way is worth less than another, or where points come without thinking (c.7)."""
    found = best(story, key)
    if len(found.way) > MAX_STEPS:
        yield f"最佳路径有 {len(found.way)} 步，超过 {MAX_STEPS} 步"
    good = [name for name, end in story.ends.items() if end.outcome == "good"]
    if found.end not in good:
        yield f'得分最多的路走到结局“{found.end}”，它的 outcome 不是 "good"；请调整得分或结局'
    for name in good:
        if (share := found.ends.get(name, 0.0) / found.total) < ALIKE:
            yield f"好结局“{name}”最多只得 {share:.0%}，应不低于 {ALIKE:.0%}；请调整得分，或改它的 outcome"
    if _find(story, key, waiting=True).total > found.total + 1e-9:
        yield "等到超时反而能多得分，请检查超时去向 on_timeout"
    first = stroll(story, lambda _, open_: open_[0])
    if key.weighted(key.earned(first)) >= found.total - 1e-9:
        yield "每次都选第一项就得满分，请调换选项次序"
    yield from _node_faults(story, key)


def _node_faults(story: Story, key: ScenarioKey) -> Iterator[str]:
    telling = posed = 0
    for name, node in story.nodes.items():
        worth = {option.id: key.worth((name, option.id)) for option in node.options}
        top = {option for option, value in worth.items() if value == max(worth.values())}
        if max(worth.values()) and not any(key.options[f"{name}/{option}"].severity == "ok" for option in top):
            yield f"节点“{name}”得分最高的选项 {'、'.join(sorted(top))} 没有标为 ok，请检查得分或 severity"
        lengths = sorted(len(option.text) for option in node.options)
        if len(lengths) > 1:
            posed += 1
            telling += lengths[-1] > lengths[-2] and any(
                option.id in top and len(option.text) == lengths[-1] for option in node.options
            )
    if telling > TELLING * posed:
        yield f"{posed} 个节点里有 {telling} 个最好的选项字数最多，看长短就能猜中；请把其他选项写长或把它写短"
