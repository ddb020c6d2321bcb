"""Working days: the examples of standards-and-law.md §11 and the public tables."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest
from building import REPO
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.workdays import HolidayTable, WorkdayError, add_workdays, is_workday, read_table, workdays

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
FILE = REPO / "config" / "holidays-2025-2026.csv"
TABLE = read_table(FILE.read_text("utf-8"))
DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(730)]
HEAD = "date,kind,name\n"


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        ("2026-09-18", 20, "2026-10-22"),
        ("2026-10-22", 10, "2026-11-05"),
        ("2026-09-18", 5, "2026-09-24"),
        ("2026-09-28", 5, "2026-10-10"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-11", 3, "2026-02-14"),
        ("2026-04-28", 20, "2026-05-28"),
        ("2026-09-29", 3, "2026-10-09"),
    ],
)
def test_verified_examples(start: str, days: int, last: str) -> None:
    """The verified examples of §11: the first day does not count, moved working days do."""
    assert add_workdays(date.fromisoformat(start), days, TABLE) == date.fromisoformat(last)


def test_the_first_day_never_counts() -> None:
    """No day at all is the start itself, even on a Sunday; one day from a Sunday is Monday."""
    assert add_workdays(date(2026, 11, 15), 0, TABLE) == date(2026, 11, 15)
    assert add_workdays(date(2026, 11, 15), 1, TABLE) == date(2026, 11, 16)


@pytest.mark.parametrize("year", [2025, 2026])
def test_working_days_of_a_year(year: int) -> None:
    """Both years have 248 working days (§11)."""
    assert sum(is_workday(day, TABLE) for day in DAYS if day.year == year) == 248


def test_the_table_agrees_with_chinesecalendar() -> None:
    """All 730 days are as the package chinesecalendar has them."""
    calendar = pytest.importorskip("chinese_calendar")
    assert [day for day in DAYS if is_workday(day, TABLE) != calendar.is_workday(day)] == []


def test_the_table_agrees_with_holidays() -> None:
    """All 730 days are as the package holidays has them."""
    china = pytest.importorskip("holidays").China(years=(2025, 2026))
    assert [day for day in DAYS if is_workday(day, TABLE) != china.is_working_day(day)] == []


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2027, 1, 1)])
def test_a_year_outside_the_table_is_refused(day: date) -> None:
    """Without the year's notice nobody knows its working days; the message names the year and the cure."""
    with pytest.raises(WorkdayError, match=f"没有 {day.year} 年（已有：2025、2026）.*放假通知"):
        is_workday(day, TABLE)


def test_a_time_limit_that_leaves_the_table_is_refused() -> None:
    """A limit from December into the next year needs that year's table."""
    with pytest.raises(WorkdayError, match="没有 2027 年"):
        add_workdays(date(2026, 12, 25), 20, TABLE)
    assert add_workdays(date(2026, 12, 25), 4, TABLE) == date(2026, 12, 31)


def test_a_year_is_covered_by_its_first_holiday() -> None:
    """A single row of a year does not cover it: its 1 January must be there."""
    table = read_table(HEAD + "2026-10-01,off,国庆节\n")
    assert table.years == frozenset()
    with pytest.raises(WorkdayError, match="已有：无"):
        is_workday(date(2026, 10, 8), table)


def test_a_negative_number_of_days_is_refused() -> None:
    """Time limits run forward."""
    with pytest.raises(WorkdayError, match="-1"):
        add_workdays(date(2026, 9, 18), -1, TABLE)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "第一行"),
        ("day,kind\n", "第一行"),
        (HEAD + "2026-01-01,free,元旦\n", "第 2 行"),
        (HEAD + "2026/01/01,off,元旦\n", "第 2 行"),
        (HEAD + "2026-02-30,off,元旦\n", "第 2 行"),
        ("# 说明\n" + HEAD + "\n2026-01-01,off,元旦\n2026-01-02\n", "第 5 行"),
        (HEAD + "2026-01-01,off,元旦\n2026-01-01,work,元旦\n", "第 3 行的 2026-01-01 已经写过"),
    ],
)
def test_a_faulty_table_is_refused(text: str, named: str) -> None:
    """A message names the line of the file and how it should look."""
    with pytest.raises(WorkdayError, match=named):
        read_table(text)


def test_a_table_saved_by_a_spreadsheet_is_read() -> None:
    """A byte order mark and Windows line ends do not matter."""
    table = read_table("\ufeffdate,kind,name\r\n2026-01-01,off,元旦\r\n2026-01-04,work,调休\r\n")
    assert table == HolidayTable({date(2026, 1, 1): "元旦"}, {date(2026, 1, 4): "调休"})


def test_moved_working_days_are_weekend_days() -> None:
    """Only a Saturday or Sunday needs a row to be a working day."""
    assert {day.weekday() for day in TABLE.work} <= {5, 6}
    assert not TABLE.off.keys() & TABLE.work.keys()


@PROPERTY
@given(st.sampled_from(DAYS[:600]), st.integers(0, 40), st.integers(0, 40))
def test_time_limits_add_up(start: date, one: int, two: int) -> None:
    """Two limits after each other end where their sum ends, on a working day, and count what lies between."""
    last = add_workdays(start, one + two, TABLE)
    assert add_workdays(add_workdays(start, one, TABLE), two, TABLE) == last
    between = [start + timedelta(days=n) for n in range(1, (last - start).days + 1)]
    assert sum(is_workday(day, TABLE) for day in between) == one + two
    assert last == start or is_workday(last, TABLE)
    assert list(islice(workdays(start, TABLE), one)) == [day for day in between if is_workday(day, TABLE)][:one]
