"""Item analysis of a paper after Moodle's quiz statistics, with intervals and with words for what is wrong.

Formulas: question/classes/statistics/questions/calculator.php and mod/quiz/report/statistics/classes/calculator.php of
Moodle (commits 0497556 and 17e11dd); variances divide by n − 1. Marks are those of first sittings; who has no mark for
some item must be left out before. Pure Python: 10,000 people × 50 items take about a second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import mul, sub
from statistics import fmean, median

from coursekit.intervals import fisher, student, wilson

#: Below and above these an item is too hard or too easy (fraction of the points; exercises-and-scoring.md c.9).
HARD, EASY = 0.30, 0.95
#: Below these an item hardly tells strong from weak: discrimination index, and Moodle's "dubious" efficiency.
WEAK, INEFFICIENT = 0.20, 0.15
#: A paper whose α is lower does not measure one thing reliably.
RELIABLE = 0.64
#: Fewer people say nothing about discrimination or about guessing; with fewer than *SMALL* every figure is a hint only.
FEW, SMALL = 10, 30
#: Differences of marks below this are rounding.
_TINY = 1e-9


class Flag(StrEnum):
    """What an author should look at; the value is what the report says."""

    NEGATIVE = "负区分度"
    BELOW_CHANCE = "低于随机水平"
    HARD = "太难"
    EASY = "太易"
    SAME = "得分都一样"
    WEAK = "区分度低"
    INEFFICIENT = "区分效率低"


#: Flags that call for looking at text and key before the marks are used.
BROKEN = frozenset({Flag.NEGATIVE, Flag.BELOW_CHANCE})


@dataclass(frozen=True, slots=True)
class Question:
    """An item with everybody's marks in the same order for all items; *chance* is what guessing earns, as a fraction."""

    name: str
    maximum: float
    marks: Sequence[float]
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item's statistics, all as fractions; None where they are not defined (nobody differs from anybody)."""

    name: str
    maximum: float
    facility: float
    error: float | None
    interval: tuple[float, float]
    deviation: float | None
    discrimination: float | None
    discrimination_interval: tuple[float, float] | None
    efficiency: float | None
    weight: float
    effective_weight: float | None
    chance: float | None
    flags: tuple[Flag, ...]

    @property
    def is_broken(self) -> bool:
        """Whether the marks of this item should not be trusted before somebody has looked at it."""
        return not BROKEN.isdisjoint(self.flags)


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper's statistics: marks in points, *alpha* Cronbach's, *measurement_error* the SEM in points."""

    count: int
    maximum: float
    mean: float
    middle: float
    deviation: float | None
    alpha: float | None
    measurement_error: float | None
    items: tuple[ItemResult, ...]

    @property
    def is_small(self) -> bool:
        """Whether so few people took it that its figures are hints."""
        return self.count < SMALL

    @property
    def is_unreliable(self) -> bool:
        """Whether α says that the paper does not measure one thing."""
        return self.alpha is not None and self.alpha < RELIABLE


def analyse(questions: Sequence[Question]) -> Paper | None:
    """Analyse a paper; None without items or without people."""
    count = len(questions[0].marks) if questions else 0
    if not count:
        return None
    totals = [math.fsum(row) for row in zip(*(one.marks for one in questions), strict=True)]
    spread = _deviations(totals)
    columns = [_deviations(one.marks) for one in questions]
    overall = [_product(column, spread) for column in columns]
    roots = math.fsum(math.sqrt(max(0.0, one)) for one in overall)
    maximum = math.fsum(one.maximum for one in questions)
    items = tuple(
        _item(one, column, spread, one.maximum / maximum, _share(with_total, roots))
        for one, column, with_total in zip(questions, columns, overall, strict=True)
    )
    variance = _product(spread, spread)
    alpha = _alpha([_product(column, column) for column in columns], variance)
    deviation = math.sqrt(variance / (count - 1)) if count > 1 else None
    error = None if alpha is None or deviation is None else deviation * math.sqrt(max(0.0, 1 - alpha))
    return Paper(count, maximum, fmean(totals), median(totals), deviation, alpha, error, items)


def _item(
    one: Question, column: Sequence[float], spread: Sequence[float], weight: float, effective: float | None
) -> ItemResult:
    count = len(column)
    square = _product(column, column)
    rest = _flat(list(map(sub, spread, column)))
    together, others = _product(column, rest), _product(rest, rest)
    facility = fmean(one.marks) / one.maximum
    deviation = math.sqrt(square / (count - 1)) if count > 1 else None
    error = None if deviation is None else deviation / one.maximum / math.sqrt(count)
    discrimination = together / math.sqrt(square * others) if square and others else None
    most = _product(sorted(column), sorted(rest))
    efficiency = together / most if most > 0 else None
    return ItemResult(
        one.name,
        one.maximum,
        facility,
        error,
        _interval(one, facility, error, count),
        deviation,
        discrimination,
        None if discrimination is None else fisher(discrimination, count),
        efficiency,
        weight,
        effective,
        one.chance,
        _flags(count, facility, discrimination, efficiency, one.chance, is_same=not square),
    )


def _flags(
    count: int,
    facility: float,
    discrimination: float | None,
    efficiency: float | None,
    chance: float | None,
    *,
    is_same: bool,
) -> tuple[Flag, ...]:
    found = []
    if chance is not None and facility < chance and count >= FEW:
        found.append(Flag.BELOW_CHANCE)
    if facility < HARD:
        found.append(Flag.HARD)
    if facility > EASY:
        found.append(Flag.EASY)
    if is_same and count > 1:
        found.append(Flag.SAME)
    if count < FEW or discrimination is None:
        return tuple(found)
    if discrimination < 0:
        return (Flag.NEGATIVE, *found)
    if discrimination < WEAK:
        found.append(Flag.WEAK)
    elif efficiency is not None and efficiency < INEFFICIENT:
        found.append(Flag.INEFFICIENT)
    return tuple(found)


def _interval(one: Question, facility: float, error: float | None, count: int) -> tuple[float, float]:
    """Return Wilson's interval for right-or-wrong marks and where all are equal, Student's otherwise."""
    if not error or all(mark in (0, one.maximum) for mark in one.marks):
        return wilson(min(1.0, max(0.0, facility)), count)
    return student(facility, error, count)


def _alpha(squares: Sequence[float], total: float) -> float | None:
    """Return Cronbach's α of the items' and the total's sums of squares; None for one item or equal totals."""
    count = len(squares)
    return count / (count - 1) * (1 - math.fsum(squares) / total) if count > 1 and total else None


def _share(covariance: float, roots: float) -> float | None:
    """Return Moodle's effective weight; None for an item that works against the total."""
    return math.sqrt(covariance) / roots if covariance >= 0 and roots else None


def _deviations(values: Sequence[float]) -> list[float]:
    mean = fmean(values)
    return _flat([value - mean for value in values])


def _flat(deviations: list[float]) -> list[float]:
    """Return zeros where only rounding makes a difference."""
    return deviations if max(deviations) - min(deviations) > _TINY else [0.0] * len(deviations)


def _product(left: Sequence[float], right: Sequence[float]) -> float:
    return math.fsum(map(mul, left, right))
