"""The rules of scoring that all kinds share."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from widgets.score import clamp, guarded, percent, points

PROPERTY = settings(max_examples=200, deadline=None, derandomize=True)
COUNTS = st.integers(0, 30)


@PROPERTY
@given(st.floats())
def test_clamp_stays_between_0_and_1(value: float) -> None:
    """Whatever number comes in, a plain float in [0, 1] comes out."""
    assert type(clamp(value)) is float
    assert 0.0 <= clamp(value) <= 1.0


def test_clamp_of_what_is_no_number() -> None:
    """NaN counts as 0, infinities as the nearest bound, and minus zero loses its sign."""
    assert clamp(math.nan) == 0.0
    assert clamp(math.inf) == 1.0
    assert clamp(-math.inf) == 0.0
    assert math.copysign(1, clamp(-0.0)) == 1


@pytest.mark.parametrize(
    ("right", "wrong", "expected"), [(0, 0, 0.0), (6, 4, 0.0), (6, 1, 0.75), (6, 0, 1.0), (3, 0, 0.5), (0, 4, 0.0)]
)
def test_guarded_reproduces_the_table_of_the_specification(right: int, wrong: int, expected: float) -> None:
    """With 6 right and 4 wrong options the lazy strategies earn what table a.1 says."""
    assert guarded(right, wrong, 6, 4) == pytest.approx(expected)


@PROPERTY
@given(COUNTS, COUNTS, st.data())
def test_guarded_stays_between_0_and_1(rights: int, wrongs: int, data: st.DataObject) -> None:
    """Every choice is worth something in [0, 1]."""
    right = data.draw(st.integers(0, rights))
    wrong = data.draw(st.integers(0, wrongs))
    assert 0.0 <= guarded(right, wrong, rights, wrongs) <= 1.0


@PROPERTY
@given(COUNTS, COUNTS)
def test_guarded_gives_the_exact_choice_everything(rights: int, wrongs: int) -> None:
    """Choosing all right items and no wrong one is worth 1, also when nothing is right."""
    assert guarded(rights, 0, rights, wrongs) == 1.0


@PROPERTY
@given(COUNTS, st.integers(1, 30))
def test_guarded_gives_nothing_for_choosing_all(rights: int, wrongs: int) -> None:
    """Ticking everything is worth 0 however few wrong items there are."""
    assert guarded(rights, wrongs, rights, wrongs) == pytest.approx(0.0, abs=1e-9)
    assert points(guarded(rights, wrongs, rights, wrongs), 100) == 0.0


@PROPERTY
@given(st.integers(1, 30), COUNTS)
def test_guarded_gives_nothing_for_choosing_none(rights: int, wrongs: int) -> None:
    """Ticking nothing is worth 0 when something was to be ticked."""
    assert guarded(0, 0, rights, wrongs) == 0.0


@PROPERTY
@given(COUNTS, COUNTS, st.data())
def test_guarded_never_rises_with_a_wrong_choice(rights: int, wrongs: int, data: st.DataObject) -> None:
    """One more wrong choice never raises the score."""
    assume(wrongs)
    right = data.draw(st.integers(0, rights))
    wrong = data.draw(st.integers(0, wrongs - 1))
    assert guarded(right, wrong + 1, rights, wrongs) <= guarded(right, wrong, rights, wrongs)


@PROPERTY
@given(COUNTS, COUNTS, st.data())
def test_guarded_never_falls_with_a_right_choice(rights: int, wrongs: int, data: st.DataObject) -> None:
    """One more right choice never lowers the score."""
    assume(rights)
    right = data.draw(st.integers(0, rights - 1))
    wrong = data.draw(st.integers(0, wrongs))
    assert guarded(right + 1, wrong, rights, wrongs) >= guarded(right, wrong, rights, wrongs)


@pytest.mark.parametrize(
    ("fraction", "maximum", "expected"),
    [
        (0.125, 1, 0.13),
        (0.835, 1, 0.84),
        (0.145, 10, 1.45),
        (1 / 3, 1, 0.33),
        (2 / 3, 5, 3.33),
        (1.0, 6, 6.0),
        (0.0, 6, 0.0),
        (-3.0, 6, 0.0),
        (7.0, 6, 6.0),
        (math.nan, 6, 0.0),
        (math.inf, 6, 6.0),
        (1.0, 5.005, 5.005),
        (1.0, 0, 0.0),
    ],
)
def test_points_round_half_up(fraction: float, maximum: float, expected: float) -> None:
    """Points are rounded half up to 0.01, as people do it, and stay in [0, maximum]."""
    assert points(fraction, maximum) == expected


@PROPERTY
@given(st.floats(), st.floats(0, 1000))
def test_points_are_a_plain_float_within_the_maximum(fraction: float, maximum: float) -> None:
    """Points are a built-in, finite, non-negative float, as nbgrader needs, and at most the maximum."""
    earned = points(fraction, maximum)
    assert type(earned) is float
    assert 0.0 <= earned <= maximum
    assert math.copysign(1, earned) == 1


@PROPERTY
@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 100))
def test_points_keep_the_order_of_fractions(one: float, other: float, maximum: int) -> None:
    """A higher fraction never brings fewer points."""
    assert points(min(one, other), maximum) <= points(max(one, other), maximum)


@PROPERTY
@given(st.floats(0, 1), st.integers(1, 100))
def test_points_lie_within_half_a_cent_of_the_exact_product(fraction: float, maximum: int) -> None:
    """Rounding moves points by at most 0.005."""
    exact = Decimal(repr(fraction)) * maximum
    assert abs(Decimal(repr(points(fraction, maximum))) - exact) <= Decimal("0.005")


def test_percent_of_nothing_is_a_dash() -> None:
    """A share of nothing is shown as a dash and any other as a whole percentage."""
    assert percent(0, 0) == "—"
    assert percent(1, 3) == "33%"
    assert percent(3, 3) == "100%"
