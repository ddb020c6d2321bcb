"""Item statistics: equal to formulas written down again from their definitions, to published tables, and sane for any marks."""

from __future__ import annotations

import math
import statistics as stdlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.intervals import fisher, student, t_quantile, wilson
from coursekit.statistics import BROKEN, Flag, ItemResult, Paper, Question, analyse

#: Marks that people get: quarters of the points.
marks = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


@st.composite
def papers(draw: st.DrawFn, least: int = 2) -> list[list[float]]:
    """Draw a paper's columns: some items, each with everybody's marks out of one."""
    people, items = draw(st.integers(least, 25)), draw(st.integers(2, 6))
    return [draw(st.lists(marks, min_size=people, max_size=people)) for _ in range(items)]


def analysed(columns: Sequence[Sequence[float]], maxima: Sequence[float] | None = None) -> Paper:
    """Analyse columns of marks out of *maxima*, one without any."""
    made = [
        Question(f"q{n}", maximum, column)
        for n, (column, maximum) in enumerate(zip(columns, maxima or [1.0] * len(columns), strict=True))
    ]
    paper = analyse(made)
    assert paper is not None
    return paper


def close(found: float | None, wanted: float) -> bool:
    """Compare what is defined."""
    return found is not None and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def test_a_paper_worked_by_hand() -> None:
    """Five people, three items: every figure is one that a pencil gives."""
    paper = analysed([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [2, 2, 1, 1, 0]], [1, 1, 2])
    assert (paper.count, paper.maximum, paper.middle) == (5, 4, 2)
    assert close(paper.mean, 11 / 5)  # totals 4, 4, 2, 1, 0
    assert close(paper.deviation, math.sqrt(3.2))  # squares 3.24+3.24+0.04+1.44+4.84 = 12.8, over 4
    assert close(paper.alpha, 3 / 2 * (1 - (0.3 + 0.3 + 0.7) / 3.2))
    assert close(paper.measurement_error, math.sqrt(3.2 * (1 - paper.alpha)))  # type: ignore[operator]
    first, _, third = paper.items
    assert close(first.facility, 0.6)
    assert close(third.facility, 0.6)
    assert close(first.error, math.sqrt(0.3 / 5))
    # rests of the first item: 3, 3, 1, 1, 0 about 1.6; products 0.56+0.56-0.24+0.36+0.96 = 2.2, over 4
    assert close(first.discrimination, 0.55 / math.sqrt(0.3 * 1.8))
    # sorted: 0,0,1,1,1 with 0,1,1,3,3: products 0.96+0.36-0.24+0.56+0.56 = 2.2: nobody could do better
    assert close(first.efficiency, 1.0)
    assert close(third.weight, 0.5)
    with_total = [0.0, 0.0, 0.0]  # covariance of each item with the total
    with_total[0] = (0.4 * 1.8 + 0.4 * 1.8 - 0.4 * 0.2 + 0.6 * 1.2 + 0.6 * 2.2) / 4
    with_total[1] = (0.6 * 1.8 + 0.6 * 1.8 + 0.4 * 0.2 + 0.4 * 1.2 + 0.4 * 2.2) / 4
    with_total[2] = (0.8 * 1.8 + 0.8 * 1.8 + 0.2 * 0.2 + 0.2 * 1.2 + 1.2 * 2.2) / 4
    assert close(third.effective_weight, math.sqrt(with_total[2]) / sum(map(math.sqrt, with_total)))


@given(papers())
def test_the_figures_are_those_of_an_independent_implementation(columns: list[list[float]]) -> None:
    """The standard library's variance, covariance and correlation, put together as Moodle's calculator defines them."""
    paper = analysed(columns)
    totals = [sum(row) for row in zip(*columns, strict=True)]
    together = [stdlib.covariance(column, totals) for column in columns]
    roots = sum(math.sqrt(max(0.0, one)) for one in together)
    assert close(paper.mean, stdlib.mean(totals))
    assert close(paper.deviation, stdlib.stdev(totals))
    if stdlib.variance(totals):
        k = len(columns)
        alpha = k / (k - 1) * (1 - sum(map(stdlib.variance, columns)) / stdlib.variance(totals))
        assert close(paper.alpha, alpha)
        assert close(paper.measurement_error, stdlib.stdev(totals) * math.sqrt(1 - alpha))
    else:
        assert paper.alpha is None
    for item, column, with_total in zip(paper.items, columns, together, strict=True):
        rest = [total - mark for total, mark in zip(totals, column, strict=True)]
        assert close(item.facility, stdlib.mean(column))
        assert close(item.error, stdlib.stdev(column) / math.sqrt(len(column)))
        if len(set(column)) > 1 and len(set(rest)) > 1:
            assert close(item.discrimination, stdlib.correlation(column, rest))
            most = stdlib.covariance(sorted(column), sorted(rest))
            assert close(item.efficiency, stdlib.covariance(column, rest) / most)
        else:
            assert item.discrimination is None
        if with_total > 1e-9 and roots:
            assert close(item.effective_weight, math.sqrt(with_total) / roots)


@given(papers(), st.sampled_from([0.5, 2.0, 8.0]))
def test_what_an_item_is_worth_in_points_changes_no_fraction(columns: list[list[float]], scale: float) -> None:
    """All marks and maxima times the same factor: every fraction stays, the points scale."""
    one = analysed(columns)
    two = analysed([[scale * mark for mark in column] for column in columns], [scale] * len(columns))
    assert close(two.mean, scale * one.mean)
    for before, after in zip(one.items, two.items, strict=True):
        assert close(after.facility, before.facility)
        assert (after.discrimination is None) == (before.discrimination is None)
        if before.discrimination is not None:
            assert close(after.discrimination, before.discrimination)
        assert after.flags == before.flags


@given(papers(least=1))
def test_every_figure_stays_within_its_bounds(columns: list[list[float]]) -> None:
    """Facilities lie in their intervals and these in [0, 1]; correlations in [-1, 1]; effective weights add up to one."""
    paper = analysed(columns)
    for item in paper.items:
        low, high = item.interval
        assert 0 <= low <= item.facility + 1e-9
        assert item.facility - 1e-9 <= high <= 1
        for value in (item.discrimination, item.efficiency):
            assert value is None or -1 - 1e-9 <= value <= 1 + 1e-9 or value is item.efficiency
        assert item.efficiency is None or item.efficiency <= 1 + 1e-9
    weights = [item.effective_weight for item in paper.items if item.effective_weight is not None]
    assert not weights or close(sum(weights), 1.0)
    assert paper.alpha is None or paper.alpha <= 1 + 1e-9


@given(papers(), st.randoms())
def test_the_order_of_people_does_not_matter(columns: list[list[float]], dice: object) -> None:
    """Statistics of a class, not of a list."""
    order = list(range(len(columns[0])))
    dice.shuffle(order)  # type: ignore[attr-defined]
    again = analysed([[column[place] for place in order] for column in columns])
    for one, two in zip(analysed(columns).items, again.items, strict=True):
        assert one.flags == two.flags
        assert close(two.facility, one.facility)


def _flags(columns: Sequence[Sequence[float]], chance: float | None = None) -> tuple[Flag, ...]:
    others = [Question(f"o{n}", 1.0, column) for n, column in enumerate(columns[1:])]
    paper = analyse([Question("q", 1.0, columns[0], chance), *others])
    assert paper is not None
    return paper.items[0].flags


STRONG = [0.0] * 10 + [1.0] * 10


@pytest.mark.parametrize(
    ("column", "chance", "flags"),
    [
        (STRONG, None, ()),
        ([1.0 - mark for mark in STRONG], None, (Flag.NEGATIVE,)),
        ([0.0, 1.0] * 10, None, (Flag.WEAK,)),
        (STRONG, 0.6, (Flag.BELOW_CHANCE,)),
        ([0.0] * 15 + [1.0] * 5, None, (Flag.HARD,)),
        ([1.0] * 20, None, (Flag.EASY, Flag.SAME)),
        ([0.0] * 20, 0.25, (Flag.BELOW_CHANCE, Flag.HARD, Flag.SAME)),
    ],
)
def test_flags_say_what_is_wrong(column: list[float], chance: float | None, flags: tuple[Flag, ...]) -> None:
    """Too hard, too easy, against the rest, no better than guessing: one class each."""
    assert _flags([column, STRONG, STRONG], chance) == flags


def test_few_people_say_nothing_about_discrimination() -> None:
    """Below ten people no item is called broken, and the paper calls itself small."""
    weak = [1.0 - mark for mark in (0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)]
    columns = [weak, [1.0 - mark for mark in weak], [1.0 - mark for mark in weak]]
    assert _flags(columns) == ()
    assert _flags([[0.0], [0.0]], 0.25) == (Flag.HARD,)
    paper = analysed(columns)
    assert paper.is_small
    assert close(paper.items[0].discrimination, -1.0)


def test_broken_items_are_those_whose_marks_mislead() -> None:
    """Hard or easy is a fact; against the rest, or below chance, is a fault."""
    assert {flag for flag in Flag if flag in BROKEN} == {Flag.NEGATIVE, Flag.BELOW_CHANCE}
    assert _item_with(Flag.NEGATIVE).is_broken
    assert not _item_with(Flag.HARD).is_broken


def _item_with(flag: Flag) -> ItemResult:
    return ItemResult("q", 1.0, 0.5, None, (0.0, 1.0), None, None, None, None, 1.0, None, None, (flag,))


def test_nothing_to_analyse_is_none_and_one_person_is_no_class() -> None:
    """No items, no people, one person: no division by zero."""
    assert analyse([]) is None
    assert analyse([Question("q", 1.0, [])]) is None
    paper = analysed([[1.0], [0.5]])
    assert (paper.deviation, paper.alpha, paper.measurement_error) == (None, None, None)
    assert [item.discrimination for item in paper.items] == [None, None]


def test_rounding_is_no_difference() -> None:
    """Marks equal but for the last bit discriminate nothing."""
    paper = analysed([[0.1 + 0.2, 0.3] * 10, STRONG])
    assert paper.items[0].discrimination is None
    assert Flag.SAME in paper.items[0].flags


@pytest.mark.parametrize(
    ("freedom", "t"),
    [
        (1, 12.706),
        (2, 4.303),
        (3, 3.182),
        (5, 2.571),
        (10, 2.228),
        (30, 2.042),
        (100, 1.984),
        (399, 1.966),
        (1000, 1.962),
    ],
)
def test_students_t_is_that_of_the_printed_tables(freedom: int, t: float) -> None:
    """Two-sided 95 %, from one degree of freedom to many."""
    assert t_quantile(freedom) == pytest.approx(t, abs=6e-4)


def test_the_series_of_t_meets_its_limit() -> None:
    """Where the limit takes over nothing jumps."""
    assert t_quantile(399) > t_quantile(400) > t_quantile(401)
    assert t_quantile(399) - t_quantile(400) < 2e-5


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_newcombes_examples(right: int, count: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(right / count, count) == pytest.approx((low, high), abs=6e-5)


def test_fishers_interval_and_students() -> None:
    """R = 0.5 of 28 people is tanh(0.5493 ∓ 0.3920); a mean of ten with error 0.1 reaches 2.262 of them; 0 and 1 are the ends."""
    assert fisher(0.5, 28) == pytest.approx((0.1560, 0.7358), abs=1e-4)
    assert fisher(0.5, 3) is None
    assert fisher(1.0, 30) == (1.0, 1.0)
    assert student(0.5, 0.1, 10) == pytest.approx((0.2738, 0.7262), abs=1e-4)
    assert student(0.95, 0.1, 10)[1] == 1.0
