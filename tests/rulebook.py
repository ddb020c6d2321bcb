"""Rules of the field, written down a second time for tests: check digits, working days, and reading what a page shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, TypeVar

import holidays
import pytest
from building import REPO

from coursekit.course import Course
from coursekit.settings import Settings
from coursekit.source import Variant, load_items

COURSE = Course.load(REPO)
ASSIGNMENTS = [*(f"m{n:02d}" for n in range(1, 13)), "e01", "e02"]

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

T = TypeVar("T")


# GB 11643 and GB 32100


def id_sum(digits: str) -> int:
    """Return Σ digit · weight of the leading digits of an identity number."""
    return sum(int(digit) * weight for digit, weight in zip(digits, ID_WEIGHTS, strict=False))


def id_sign(number: str) -> str:
    """Return the 18th character that the first 17 digits ask for (ISO 7064 MOD 11-2)."""
    return "10X98765432"[id_sum(number[:17]) % 11]


def birthday(number: str) -> date | None:
    """Return the day in places 7 to 14, or None when the calendar has no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex(number: str) -> str:
    """Return 男 for an odd 17th digit, 女 for an even one."""
    return "男" if int(number[16]) % 2 else "女"


def years_old(born: date, day: date) -> int:
    """Return the age in whole years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def validity(age: int) -> int | None:
    """Return the years that an identity card is valid (居民身份证法 5); None is for good."""
    return 5 if age < 16 else 10 if age < 26 else 20 if age < 46 else None


def uscc_sum(code: str) -> int:
    """Return Σ value · 3^place mod 31 of the leading characters of a social credit code."""
    return sum(USCC_SIGNS.index(sign) * (3**place % 31) for place, sign in enumerate(code))


def uscc_sign(code: str) -> str:
    """Return the 18th character that the first 17 ask for."""
    return USCC_SIGNS[-uscc_sum(code[:17]) % 31]


def valid_uscc(code: str) -> bool:
    """Say whether a code has 18 allowed characters and the right last one."""
    return len(code) == 18 and set(code) <= set(USCC_SIGNS) and code[17] == uscc_sign(code)


# Working days, by two packages that have nothing to do with the course's own table


@cache
def china(year: int) -> holidays.HolidayBase:
    """Return a year of the package holidays; making it takes a while."""
    return holidays.country_holidays("CN", years=year)


@cache
def is_workday(day: date) -> bool:
    """Say whether offices are open; both packages must say the same."""
    calendar = pytest.importorskip("chinese_calendar")
    one, other = calendar.is_workday(day), china(day.year).is_working_day(day)
    assert one == other, f"the two calendars disagree about {day}"
    return bool(one)


def after(start: date, days: int) -> date:
    """Return the last of so many working days; the first day does not count."""
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_workday(day)
    return day


def later(start: date, days: int) -> date:
    """Return the last of so many natural days; were it a day off, the law would move it, and no exercise goes into that."""
    last = start + timedelta(days=days)
    assert is_workday(last), f"{last} is a day off"
    return last


def workdays(first: date, last: date) -> int:
    """Count the working days from *first* to *last*, both included."""
    return sum(is_workday(first + timedelta(days=n)) for n in range((last - first).days + 1))


# Reading and saying


def days_in(words: str, year: int = 2026) -> list[date]:
    """Read all days in a text: 2026 年 9 月 14 日, 9 月 14 日, 2026-09-14 or 09-14, in order."""
    pattern = r"(?:(?<!\d)(\d{4})(?: ?年 ?|-|\.))?(?<!\d)(\d{1,2})(?: ?月 ?|-|\.)(\d{1,2})(?: ?日|(?!\d))"
    return [date(int(y or year), int(m), int(d)) for y, m, d in re.findall(pattern, words)]


def day_in(words: str, year: int = 2026) -> date:
    """Read the first day in a text."""
    return days_in(words, year)[0]


def said(day: date) -> str:
    """Say a day as the pages do: 9 月 14 日."""
    return f"{day.month} 月 {day.day} 日"


def number(words: str, pattern: str = r"(-?\d+(?:\.\d+)?)") -> Decimal:
    """Read the number that *pattern* finds in a text; a pattern that finds none is a fault of the rule."""
    found = re.search(pattern, words)
    assert found, f"{pattern!r} is not in {words!r}"
    return Decimal(found[1])


def count(words: str, pattern: str = r"(\d+)") -> int:
    """Read a whole number."""
    return int(number(words, pattern))


def clock(words: str) -> int:
    """Read 16:29 as minutes after midnight."""
    hours, minutes = words.split(":")
    return int(hours) * 60 + int(minutes)


def half_up(value: Decimal, places: int) -> Decimal:
    """Round half up, as people do."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def share(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """Return *part* of *whole* in per cent."""
    return Decimal(part) / Decimal(whole) * 100


@dataclass(frozen=True, slots=True)
class Given:
    """What a trainee sees of an exercise, with the centre's settings."""

    spec: Any
    settings: Settings = COURSE.settings

    def fact(self, name: str) -> str:
        """Return the text of a fact."""
        return str({fact.id: fact.text for fact in self.spec.facts}[name])

    @property
    def rows(self) -> list[dict[str, str]]:
        """Return the table's rows, cells by column."""
        return [row.cells for row in self.spec.rows]

    @property
    def table(self) -> dict[str, dict[str, str]]:
        """Return the table's rows by their first cell."""
        first = self.spec.columns[0].id
        return {row[first]: row for row in self.rows}

    def blank(self, name: str) -> Any:
        """Return a blank of a calculation."""
        return {blank.id: blank for blank in self.spec.blanks}[name]

    def pick(self, name: str, words: str) -> str:
        """Return the id of the one option of a blank that has *words* in it."""
        (found,) = (option.id for option in self.blank(name).options if words in option.text)
        return str(found)


@cache
def variants(assignment: str) -> dict[tuple[str, str], Variant]:
    """Load all exercises of an assignment by name and variant (single exercises have the variant "")."""
    items = load_items(COURSE, assignment)
    return {(item.exercise, variant.name): variant for item in items for variant in item.variants()}


def of_kind(kind: str, *assignments: str) -> Iterator[tuple[str, str]]:
    """Yield (exercise, variant) of one kind, in all assignments or in those named."""
    for assignment in assignments or ASSIGNMENTS:
        yield from (key for key, variant in variants(assignment).items() if variant.kind.name == kind)


def variant(exercise: str, name: str = "") -> Variant:
    """Load one exercise's variant."""
    return variants(exercise[:3])[exercise, name]


def registry(into: dict[str, T]) -> Callable[[str], Callable[[T], T]]:
    """Return a decorator that files a function under the name of its exercise."""

    def named(exercise: str) -> Callable[[T], T]:
        def file(rule: T) -> T:
            assert exercise not in into, f"{exercise} has two rules"
            into[exercise] = rule
            return rule

        return file

    return named
