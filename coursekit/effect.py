"""What training changed (效果跟踪): figures before and after, compared with exact arithmetic and said in words.

Offices count, the program divides: rates come from pooled counts, so that a counter with ten cases does not weigh as
much as one with a thousand, and two shares differ by percentage points, which are not per cent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from coursekit.intervals import wilson

Phase = Literal["before", "after"]
PHASES: Mapping[Phase, str] = {"before": "培训前", "after": "培训后"}
#: Counts over periods of different length are compared for as many days.
DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What an office counted at a counter from the first to the last day of a period; None was not counted.

    *minutes* is the mean time a case took, *feedback* the mean of trainees' marks from 1 to 5.
    """

    phase: Phase
    counter: str
    starts: date
    ends: date
    handled: int | None = None
    errors: int | None = None
    rated: int | None = None
    satisfied: int | None = None
    complaints: int | None = None
    praises: int | None = None
    minutes: Decimal | None = None
    feedback: Decimal | None = None
    responses: int | None = None

    @property
    def days(self) -> int:
        """Calendar days, both ends included."""
        return (self.ends - self.starts).days + 1


#: Of one row, what stands above and below the line; None when it was not counted.
Parts = Callable[[Figures], tuple[Fraction, Fraction] | None]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure to follow: how it is computed, in which unit it is read, and which way is better (+1 more, −1 less).

    A *share* is a part of a whole; a *rate* is counted per :data:`DAYS` days, counter by counter; a *mean* is weighted.
    """

    label: str
    kind: Literal["share", "rate", "mean"]
    unit: str
    better: int
    parts: Parts


def _share(part: int | None, whole: int | None) -> tuple[Fraction, Fraction] | None:
    return None if part is None or not whole else (Fraction(part), Fraction(whole))


def _rate(count: int | None, days: int) -> tuple[Fraction, Fraction] | None:
    return None if count is None else (Fraction(count * DAYS), Fraction(days))


def _weighted(mean: Decimal | None, weight: int | None) -> tuple[Fraction, Fraction] | None:
    return None if mean is None or not weight else (Fraction(mean) * weight, Fraction(weight))


INDICATORS: tuple[Indicator, ...] = (
    Indicator("差错率", "share", "%", -1, lambda one: _share(one.errors, one.handled)),
    Indicator("满意度", "share", "%", 1, lambda one: _share(one.satisfied, one.rated)),
    Indicator("投诉量", "rate", f"件/{DAYS} 天", -1, lambda one: _rate(one.complaints, one.days)),
    Indicator("表扬量", "rate", f"件/{DAYS} 天", 1, lambda one: _rate(one.praises, one.days)),
    Indicator("平均办理时长", "mean", "分钟", -1, lambda one: _weighted(one.minutes, one.handled)),
    Indicator("学员反馈", "mean", "分（1–5）", 1, lambda one: _weighted(one.feedback, one.responses)),
)


@dataclass(frozen=True, slots=True)
class Value:
    """An indicator's exact value over some rows; *base* is what it was divided by: cases, ratings, days, sheets."""

    value: Fraction
    base: Fraction


@dataclass(frozen=True, slots=True)
class Change:
    """One indicator before and after."""

    label: str
    kind: Literal["share", "rate", "mean"]
    unit: str
    better: int
    before: Value | None
    after: Value | None

    @property
    def difference(self) -> Fraction | None:
        """After minus before; of shares in percentage points / 100."""
        return None if self.before is None or self.after is None else self.after.value - self.before.value

    @property
    def relative(self) -> Fraction | None:
        """The difference as a part of what was before; there is none when that was 0."""
        if self.difference is None or self.before is None or not self.before.value:
            return None
        return self.difference / self.before.value

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true difference of two shares lies (95 %)."""
        if self.kind != "share" or self.before is None or self.after is None:
            return None
        return newcombe(self.before, self.after)

    @property
    def verdict(self) -> str:
        """Whether the figure got better, in a word."""
        if self.difference is None:
            return "不能比较"
        if not self.difference:
            return "没有变化"
        return "改善" if (self.difference > 0) == (self.better > 0) else "变差"

    @property
    def said(self) -> str:
        """The comparison in a sentence that keeps percentage points and per cent apart."""
        if self.difference is None or self.before is None or self.after is None:
            missing = [PHASES["before"]] * (self.before is None) + [PHASES["after"]] * (self.after is None)
            return f"没有{'和'.join(missing)}的数，不能比较"
        if not self.difference:
            return f"前后都是 {amount(self.before.value, self.unit)}，没有变化"
        way = "上升" if self.difference > 0 else "下降"
        part = "" if self.relative is None else one_decimal(abs(self.relative) * 100)
        if self.kind == "share":
            head = f"{way} {one_decimal(abs(self.difference) * 100)} 个百分点"
            tail = f"相对{way} {part}%" if part else "培训前为 0，不能算相对变化"
        else:
            head = f"{'增加' if self.difference > 0 else '减少'} {amount(abs(self.difference), self.unit)}"
            tail = f"{way} {part}%" if part else "培训前为 0，不能算百分比"
        return f"从 {amount(self.before.value, self.unit)} 到 {amount(self.after.value, self.unit)}，{head}（{tail}）"

    @property
    def doubt(self) -> str:
        """Why the difference may be chance, in words; empty when nothing says so."""
        if self.difference and self.interval and self.interval[0] <= 0 <= self.interval[1]:
            return "件数少，差别可能是偶然"
        return ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All indicators over all counters and counter by counter; *left_out* names counters with one phase only."""

    overall: Sequence[Change]
    counters: Mapping[str, Sequence[Change]]
    left_out: Mapping[str, Sequence[str]]


def compare(rows: Sequence[Figures]) -> Comparison:
    """Compare before with after; a counter counts in the whole only where it has both, so that like meets like."""
    names = sorted({row.counter for row in rows})
    by_counter = {name: [row for row in rows if row.counter == name] for name in names}
    counters = {name: [_change(one, own, [name]) for one in INDICATORS] for name, own in by_counter.items()}
    overall, left_out = [], {}
    for place, one in enumerate(INDICATORS):
        both = [name for name in names if counters[name][place].difference is not None]
        half = [
            name for name in names if name not in both and (counters[name][place].before or counters[name][place].after)
        ]
        if both and half:
            left_out[one.label] = half
        overall.append(_change(one, rows, both or names))
    return Comparison(overall, counters, left_out)


def measure(indicator: Indicator, rows: Iterable[Figures]) -> Value | None:
    """Pool an indicator over rows: parts over wholes; of a rate, counters add up and each has days of its own."""
    pools: dict[str, tuple[Fraction, Fraction]] = {}
    for row in rows:
        if found := indicator.parts(row):
            pool = row.counter if indicator.kind == "rate" else ""
            old = pools.get(pool, (Fraction(0), Fraction(0)))
            pools[pool] = (old[0] + found[0], old[1] + found[1])
    if not pools:
        return None
    value = sum((above / below for above, below in pools.values()), Fraction(0))
    return Value(value, sum((below for _, below in pools.values()), Fraction(0)))


def newcombe(before: Value, after: Value) -> tuple[float, float]:
    """Return Newcombe's interval for the difference of two shares (Statistics in Medicine 17, 1998, method 10)."""
    p, q = float(after.value), float(before.value)
    low, high = wilson(p, int(after.base))
    other_low, other_high = wilson(q, int(before.base))
    return p - q - math.hypot(p - low, other_high - q), p - q + math.hypot(high - p, q - other_low)


def one_decimal(value: Fraction) -> str:
    """Write a number with one decimal, rounded half up (away from zero)."""
    tenths = math.floor(abs(value) * 10 + Fraction(1, 2))
    return f"{'-' if value < 0 and tenths else ''}{tenths // 10}.{tenths % 10}"


def amount(value: Fraction, unit: str) -> str:
    """Write a value as people read it: shares in per cent, the others with their unit."""
    return f"{one_decimal(value * 100)}%" if unit == "%" else f"{one_decimal(value)} {unit}"


def _change(one: Indicator, rows: Sequence[Figures], counters: Sequence[str]) -> Change:
    found = {
        phase: measure(one, (row for row in rows if row.phase == phase and row.counter in counters)) for phase in PHASES
    }
    return Change(one.label, one.kind, one.unit, one.better, found["before"], found["after"])
