"""The service-quality index: weights, means of second-level marks, and what is said when something is missing."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.quality import ALL, LABELS, MARKS, Dimension, Observation, index
from coursekit.settings import Quality

WEIGHTS: dict[Dimension, int] = {"attitude": 35, "expertise": 25, "efficiency": 20, "innovation": 20}


def observed(**dimensions: int) -> Observation:
    """Mark every second-level mark of a dimension alike."""
    return {mark: Fraction(value) for name, value in dimensions.items() for mark in MARKS[name]}  # type: ignore[index]


def test_the_curriculum_example() -> None:
    """90/80/70/60 is 77.5 by 35/25/20/20, not the plain average 75."""
    found = index([observed(attitude=90, expertise=80, efficiency=70, innovation=60)], WEIGHTS)
    assert found.total == Fraction(775, 10)
    assert found.missing == []
    assert found.costliest == "创新改进"


def test_second_level_marks_count_alike_within_a_dimension() -> None:
    """A mark that was observed more often does not weigh more than its sisters."""
    often = [{"smile": Fraction(100)}, {"smile": Fraction(100)}, {"smile": Fraction(100), "patience": Fraction(0)}]
    assert index(often, WEIGHTS).dimensions["attitude"] == 50


def test_a_missing_dimension_leaves_no_total() -> None:
    """What nobody observed is not 0; a dimension of weight 0 may be missing."""
    found = index([observed(attitude=90, expertise=80, efficiency=70)], WEIGHTS)
    assert (found.total, found.missing) == (None, ["创新改进"])
    without: dict[Dimension, int] = {"attitude": 50, "expertise": 30, "efficiency": 20, "innovation": 0}
    assert index([observed(attitude=90, expertise=80, efficiency=70)], without).total == 83


@given(st.dictionaries(st.sampled_from(list(ALL)), st.integers(0, 100), min_size=len(ALL)))
def test_the_total_lies_between_the_worst_and_the_best_mark(marks: dict[str, int]) -> None:
    """A weighted mean leaves the range of its parts never."""
    total = index([{name: Fraction(value) for name, value in marks.items()}], WEIGHTS).total
    assert total is not None
    assert min(marks.values()) <= total <= max(marks.values())


def test_full_marks_cost_nothing() -> None:
    """Nothing is to be improved where everything is full."""
    assert index([observed(attitude=100, expertise=100, efficiency=100, innovation=100)], WEIGHTS).costliest is None


def test_the_settings_are_those_of_the_source_document() -> None:
    """35/25/20/20 is the default; weights that do not add up to 100 are refused."""
    assert msgspec.to_builtins(Quality()) == WEIGHTS
    assert list(WEIGHTS) == list(LABELS)
    with pytest.raises(msgspec.ValidationError, match="合计应为 100，现为 105"):
        msgspec.convert({"attitude": 40}, Quality)
