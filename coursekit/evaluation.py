"""From marks to a result: components, floors, red lines, conduct, sittings, and what is still missing to pass.

As the course teaches (m11, m12): the total is worked out of unrounded components and rounded half up to 0.1 at the very
end; a line is reached by the mark as it is shown. Arithmetic is exact (decimal, fractions); nothing here reads or writes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import get_args

from coursekit.settings import Component, Evaluation

COMPONENTS: tuple[Component, ...] = get_args(Component)
LABELS: Mapping[Component, str] = {"theory": "理论", "practical": "实操", "scenario": "情景"}
_MOST = Decimal(100)


@dataclass(frozen=True, slots=True)
class Sitting:
    """What one sitting of an assignment earned; *waiting* marks are a person's to give, *red* names red lines crossed."""

    points: Decimal
    maximum: Decimal
    waiting: int = 0
    red: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing of it waits for a mark."""
        return not self.waiting and self.maximum > 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of 日常表现: *kind* is points, red, or undo of entry *undoes*."""

    id: int
    kind: str
    points: Decimal
    reason: str
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Conduct:
    """What of 日常表现 stands: points added or taken off, and red lines."""

    points: Decimal = Decimal(0)
    red: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raise:
    """A component that, raised to *to*, brings a trainee to the line."""

    component: Component
    at: Decimal
    to: Decimal


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A trainee's result after the sitting that counts; *missing* names what a component lacks, in words.

    *total* is None while a component is; *sitting* is the last one that was sat and counted.
    """

    components: Mapping[Component, Decimal | None]
    total: Decimal | None
    passed: bool
    below: tuple[Component, ...]
    red: tuple[str, ...]
    missing: Mapping[Component, str]
    sitting: int
    resat: frozenset[Component]
    gap: Decimal | None
    advice: tuple[Raise, ...] | None

    @property
    def is_complete(self) -> bool:
        """Whether every component has its mark."""
        return self.total is not None


#: A mark of a hundred, exact.
Mark = Decimal | Fraction
#: A trainee's sittings: by assignment (e01), by number of the sitting.
Sat = Mapping[str, Mapping[int, Sitting]]


def rounded(value: Mark) -> Decimal:
    """Round half up to 0.1; exact, whatever the value's denominator."""
    over, under = value.as_integer_ratio()
    return Decimal((20 * over + under) // (2 * under)).scaleb(-1)


def total_of(rules: Evaluation, components: Mapping[Component, Mark], conduct: Decimal = Decimal(0)) -> Decimal:
    """Return Σ weight · component with conduct within its bounds, rounded, from 0 to 100."""
    weighted = sum((Fraction(components[name]) * rules.weights[name] for name in COMPONENTS), Fraction()) / 100
    limit = Decimal(rules.conduct_limit)
    bounded = max(-limit, min(limit, conduct))
    return max(Decimal("0.0"), min(_MOST, rounded(weighted + Fraction(bounded))))


def below_floor(rules: Evaluation, components: Mapping[Component, Mark]) -> tuple[Component, ...]:
    """Return the components that miss their own line."""
    return tuple(name for name in COMPONENTS if rounded(components[name]) < rules.floors[name])


def standing_conduct(entries: Sequence[Entry]) -> Conduct:
    """Return what stands after everything that was taken back."""
    undone = {entry.undoes for entry in entries if entry.kind == "undo"}
    standing = [entry for entry in entries if entry.id not in undone and entry.kind != "undo"]
    points = sum((entry.points for entry in standing if entry.kind == "points"), Decimal(0))
    return Conduct(points, tuple(f"{entry.reason}（记录 {entry.id}）" for entry in standing if entry.kind == "red"))


def history(
    rules: Evaluation,
    papers: Mapping[Component, Sequence[str]],
    sat: Sat,
    conduct: Conduct | None = None,
    void: int = 0,
) -> tuple[Evaluated, ...]:
    """Judge a trainee after each sitting; the first that passes stands and ends it, later ones are practice.

    *papers* are the assignments of each component, *sat* what the trainee sat of them. Sittings up to *void* cannot
    pass any more: that pass was taken back.
    """
    conduct = conduct or Conduct()
    last = max((number for name in _all(papers) for number in sat.get(name, ())), default=0)
    found = []
    for number in range(min(last, 1), last + 1):
        result = _after(rules, papers, sat, conduct, number)
        found.append(replace(result, passed=result.passed and number > void))
        if found[-1].passed:
            break
    return tuple(found)


def evaluate(
    rules: Evaluation, papers: Mapping[Component, Sequence[str]], sat: Sat, conduct: Conduct | None = None
) -> Evaluated:
    """Return the result that counts."""
    return history(rules, papers, sat, conduct)[-1]


def _all(papers: Mapping[Component, Sequence[str]]) -> Iterator[str]:
    for names in papers.values():
        yield from names


def _after(
    rules: Evaluation, papers: Mapping[Component, Sequence[str]], sat: Sat, conduct: Conduct, number: int
) -> Evaluated:
    """Judge by the sittings up to *number*."""
    exact: dict[Component, Mark | None] = {}
    missing: dict[Component, str] = {}
    red = list(conduct.red)
    resat = set()
    for name in COMPONENTS:
        chosen = {paper: _chosen(rules, name, sat.get(paper, {}), number) for paper in papers[name]}
        exact[name] = _component(list(chosen.values()))
        if exact[name] is None:
            missing[name] = _lacking(chosen)
        red += [f"{paper}：{word}" for paper, one in chosen.items() if one for word in one.red]
        if any(2 <= n <= number and one.is_complete for p in papers[name] for n, one in sat.get(p, {}).items()):
            resat.add(name)
    marks = {name: mark for name, mark in exact.items() if mark is not None}
    components = {name: None if mark is None else rounded(mark) for name, mark in exact.items()}
    if len(marks) < len(COMPONENTS):
        return Evaluated(components, None, False, (), tuple(red), missing, number, frozenset(resat), None, None)
    total = total_of(rules, marks, conduct.points)
    below = below_floor(rules, marks)
    gap = max(Decimal("0.0"), Decimal(rules.pass_mark) - total)
    passed = not gap and not below and not red
    advice = () if not gap and not below else fastest(rules, marks, conduct.points)
    return Evaluated(components, total, passed, below, tuple(red), {}, number, frozenset(resat), gap, advice)


def _chosen(rules: Evaluation, name: Component, sittings: Mapping[int, Sitting], upto: int) -> Sitting | None:
    """Return the sitting that counts, capped where the rules say so; None when there is none."""
    policy = rules.attempts.get(name, "last")
    found = [(number, sittings[number]) for number in sorted(sittings) if number <= upto]
    if policy == "first":
        found = [(number, one) for number, one in found if number == 1]
    counted = [_capped(rules, one) if number > 1 else one for number, one in found]
    if not counted:
        return None
    complete = [one for one in counted if one.is_complete]
    if policy == "best" and complete:
        return max(complete, key=lambda one: one.points / one.maximum)
    return counted[-1]


def _capped(rules: Evaluation, one: Sitting) -> Sitting:
    if rules.resit != "cap":
        return one
    return Sitting(min(one.points, one.maximum * rules.pass_mark / 100), one.maximum, one.waiting, one.red)


def _component(chosen: Sequence[Sitting | None]) -> Fraction | None:
    """Return Σ points / Σ maxima of a hundred; None while a paper lacks a mark."""
    complete = [one for one in chosen if one is not None and one.is_complete]
    if len(complete) < len(chosen) or not chosen:
        return None
    most = sum((one.maximum for one in complete), Decimal(0))
    return Fraction(sum((one.points for one in complete), Decimal(0)) * 100) / Fraction(most)


def _lacking(chosen: Mapping[str, Sitting | None]) -> str:
    if not chosen:
        return "还没有作业"
    not_sat = [paper for paper, one in chosen.items() if one is None]
    waiting = [paper for paper, one in chosen.items() if one is not None and not one.is_complete]
    parts = [f"{'、'.join(not_sat)} 未考" if not_sat else "", f"{'、'.join(waiting)} 待评分" if waiting else ""]
    return "，".join(filter(None, parts))


def fastest(
    rules: Evaluation, marks: Mapping[Component, Mark], conduct: Decimal = Decimal(0)
) -> tuple[Raise, ...] | None:
    """Return the fewest points that bring a trainee to every line: floors first, then where a point weighs most.

    None when a re-sit cannot bring enough (capped at the pass mark, or conduct takes off too much).
    """
    ceiling = 10 * (rules.pass_mark if rules.resit == "cap" else 100)
    low = below_floor(rules, marks)
    now: dict[Component, Mark] = {name: Decimal(rules.floors[name]) if name in low else marks[name] for name in marks}
    for name in sorted(COMPONENTS, key=lambda name: -rules.weights[name]):
        if total_of(rules, now, conduct) >= rules.pass_mark:
            break
        tenths = range(ceil(Fraction(now[name]) * 10), ceiling + 1)

        def reaches(mark: int, name: Component = name) -> bool:
            return total_of(rules, now | {name: Decimal(mark) / 10}, conduct) >= rules.pass_mark

        enough = bisect_left(tenths, True, key=reaches)
        if tenths:
            now[name] = Decimal(tenths[min(enough, len(tenths) - 1)]) / 10
    if total_of(rules, now, conduct) < rules.pass_mark:
        return None
    changed = [name for name in COMPONENTS if now[name] != marks[name]]
    return tuple(Raise(name, rounded(marks[name]), rounded(now[name])) for name in changed)


def is_close(total: Decimal | None, pass_mark: int, error: float | None) -> bool:
    """Say whether a total lies within one standard error of the pass mark, so that a person should look (复核)."""
    return total is not None and error is not None and error > 0 and abs(float(total) - pass_mark) <= error
