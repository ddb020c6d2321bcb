"""What people type: one meaning however it is written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.typed import compact, date_of, number_of, plain

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("　云溪市　", "云溪市"),
        ("ＡＢｃ１２３", "ABc123"),
        ("Li   Ming", "Li Ming"),
        ("青榆街 18 号一层", "青榆街18号一层"),
        ("云溪市（河东区）", "云溪市(河东区)"),
        ("林\u200b知夏\ufeff", "林知夏"),
        ("a\tb\nc\xa0d", "a b c d"),
        ("12—34", "12-34"),
        (" \u3000\t", ""),
    ],
)
def test_plain_text(typed: str, meant: str) -> None:
    """Width, invisible characters, outer spaces and spaces beside Chinese mean nothing; case and words do."""
    assert plain(typed) == meant


@pytest.mark.parametrize(
    "typed", ["990101 19850615 002x", "９９０１０１－１９８５０６１５－００２Ｘ", "99010119850615002X"]
)
def test_numbers_of_documents(typed: str) -> None:
    """Spaces and hyphens in a number are only there for the eye, and X is a capital."""
    assert compact(typed) == "99010119850615002X"


@pytest.mark.parametrize(
    "typed",
    [
        "2026-09-18",
        "2026/9/18",
        "2026.9.18",
        "20260918",
        "2026年9月18日",
        "2026年09月18号",
        "２０２６ 年 ９ 月 １８ 日",
    ],
)
def test_dates(typed: str) -> None:
    """The usual ways to write a day are the same day."""
    assert date_of(typed) == date(2026, 9, 18)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "9-18",
        "2026-02-29",
        "1958-02-29",
        "2026-13-01",
        "2026-9/18",
        "2026年9月",
        "0000-01-01",
        "明天",
        "٢٠٢٦-٠٩-١٨",
    ],
)
def test_no_dates(typed: str) -> None:
    """A day that does not exist, or half a date, is no date."""
    assert date_of(typed) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("81.9", "81.9"),
        ("８１．９", "81.9"),
        ("+30", "30"),
        ("−57.1", "-57.1"),
        ("－57.1", "-57.1"),
        ("1,234.5", "1234.5"),
        ("1，234，567", "1234567"),
        ("12 345", "12345"),
        ("007", "7"),
        (".5", "0.5"),
        ("3.", "3"),
        ("0", "0"),
    ],
)
def test_numbers(typed: str, meant: str) -> None:
    """Full width, signs and separators for thousands are read; the value is exact."""
    assert number_of(typed) == Decimal(meant)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        ".",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "1e999",
        "1e3",
        "12,34",
        "1,2345",
        "1,234 567",
        "81.9%",
        "约 30",
        "3天",
        "٣",
        "0x1f",
        "1_000",
    ],
)
def test_no_numbers(typed: str) -> None:
    """NaN, Infinity, exponents, words and misplaced separators are no numbers, and never an exception."""
    assert number_of(typed) is None


def test_a_percent_sign_needs_the_unit_per_cent() -> None:
    """“81.9%” is 81.9 per cent where the unit is per cent, and nothing elsewhere."""
    assert number_of("81.9%", percent=True) == number_of("８１．９ ％", percent=True) == Decimal("81.9")
    assert number_of("%", percent=True) is None
    assert number_of("81.9%%", percent=True) is None


@PROPERTY
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises, spelling twice changes nothing more, and how a text is spelt does not change its meaning."""
    assert plain(plain(text)) == plain(text)
    assert compact(compact(text)) == compact(text)
    assert date_of(plain(text)) == date_of(text)
    assert number_of(plain(text)) == number_of(text)


@PROPERTY
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_every_decimal_is_read_back(value: Decimal) -> None:
    """What Python writes with separators is what it means."""
    assert number_of(f"{value:,}") == number_of(f"{value:f}") == value


@PROPERTY
@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_read_back(day: date) -> None:
    """ISO, compact and Chinese writing of a day agree."""
    written = (
        f"{day:%Y-%m-%d}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
    )
    assert {date_of(text) for text in written} == {day}
