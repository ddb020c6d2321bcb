"""Confidence intervals that hold for a class of eight as for a district of ten thousand."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

#: The confidence of every interval.
LEVEL = 0.95
#: From so many degrees of freedom on, the series below is replaced by its limit (error below 1e-7).
_MANY = 400


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion; for marks between 0 and the maximum it errs on the wide side.

    A variable within [0, 1] varies at most as much as a yes-or-no one of the same mean.
    """
    z = _normal()
    centre = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def student(mean: float, error: float, count: int) -> tuple[float, float]:
    """Return Student's interval of a mean that lies within [0, 1]; *error* is its standard error."""
    half = t_quantile(count - 1) * error
    return max(0.0, mean - half), min(1.0, mean + half)


def fisher(correlation: float, count: int) -> tuple[float, float] | None:
    """Return Fisher's interval of a correlation, None for three people or fewer."""
    if count <= 3:
        return None
    if abs(correlation) >= 1:
        return correlation, correlation
    centre, half = math.atanh(correlation), _normal() / math.sqrt(count - 3)
    return math.tanh(centre - half), math.tanh(centre + half)


@lru_cache(maxsize=512)
def t_quantile(freedom: int) -> float:
    """Return Student's t that leaves (1 − LEVEL)/2 above it, by bisection of the exact distribution."""
    if freedom >= _MANY:
        z = _normal()
        return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    low, high = 0.0, 100.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < LEVEL else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """Return P(|T| ≤ t), the finite series of Abramowitz & Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for n in range(2 + odd, freedom, 2):
        term *= cosine * cosine * (n - 1) / n
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _normal() -> float:
    return NormalDist().inv_cdf((1 + LEVEL) / 2)
