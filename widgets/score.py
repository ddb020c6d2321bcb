"""What a kind of exercise says about an answer, and the rules of scoring that kinds share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum


class Verdict(StrEnum):
    """How one item of an answer came out; the value is what a trainee reads."""

    RIGHT = "正确"
    PARTLY = "部分正确"
    WRONG = "错误"
    MISSED = "遗漏"
    OPEN = "待评阅"


@dataclass(frozen=True, slots=True)
class Part:
    """One item of an exercise as feedback shows it: asked, given, expected, judged, and why."""

    item: str
    given: str
    expected: str
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A fraction of the points in [0, 1] with what explains it.

    ``measures`` are (name, value) pairs for people, such as 查出率; ``flags`` name a red line that was crossed.
    """

    fraction: float
    parts: tuple[Part, ...] = ()
    measures: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()


def clamp(value: float) -> float:
    """Return *value* within [0, 1]; what is not a number counts as 0."""
    return 0.0 if math.isnan(value) else min(1.0, max(0.0, float(value)))


def guarded(right: int, wrong: int, rights: int, wrongs: int) -> float:
    """Credit for choosing *right* of *rights* and *wrong* of *wrongs* items: max(0, (t − λf)/C).

    λ = max(1, C/W) makes ticking everything worth 0 however few distractors there are; with nothing to choose (C = 0)
    each wrong choice costs 1/W. Source: exercises-and-scoring.md c.1, after Betts et al., EPM 2022 (plus/minus scoring).
    """
    if rights == 0:
        return clamp(1 - wrong / wrongs) if wrongs else 1.0
    penalty = max(1.0, rights / wrongs) if wrongs else 0.0
    return clamp((right - penalty * wrong) / rights)


def points(fraction: float, maximum: float) -> float:
    """Turn a fraction into points: a plain float in [0, *maximum*], rounded half up to 0.01.

    nbgrader gives *full marks* for a negative, textual or NumPy result (nbgrader.utils.get_partial_grade), hence the
    clamp and the built-in type.
    """
    exact = Decimal(repr(clamp(fraction))) * Decimal(repr(float(maximum)))
    return min(float(maximum), float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP)))


def percent(part: float, whole: float) -> str:
    """Write *part* of *whole* as a whole percentage, or a dash when there is nothing to compare."""
    return f"{100 * part / whole:.0f}%" if whole else "—"
