"""What exercises and lessons say about the calendar: weekdays, holidays, and working weekends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest
from rulebook import ASSIGNMENTS, COURSE, is_workday, variants

from coursekit.notebooks import read_notebook, text
from coursekit.proof import strings

DAY = r"(?:(\d{4}) ?年 ?)?(\d{1,2}) ?月 ?(\d{1,2}) ?日"
WEEKDAY = re.compile(DAY + r"(?:（周|是周|（星期|是星期)([一二三四五六日])")
SPAN = re.compile(DAY + r"(?:（周.）)?(?:[至—]+ ?(?:(\d{1,2}) ?月 ?)?(\d{1,2}) ?日)?")


def year_of(texts: list[str]) -> int:
    """Return the year that an exercise plays in: the one it names first near a day, else 2026."""
    found = re.search(r"(202[56])(?: ?年 ?\d|-\d\d-\d\d|\.\d\d\.\d\d)", " ".join(texts))
    return int(found[1]) if found else 2026


def spans(words: str, year: int) -> Iterator[tuple[date, date]]:
    """Read 9 月 25 日, 9 月 25 日至 27 日 and 9 月 25 日至 10 月 2 日."""
    for own, month, first, other, last in SPAN.findall(words):
        start = date(int(own or year), int(month), int(first))
        yield start, start.replace(month=int(other or month), day=int(last or first))


def every(span: tuple[date, date]) -> list[date]:
    """List the days of a span."""
    return [span[0] + timedelta(days=n) for n in range((span[1] - span[0]).days + 1)]


def stated(texts: list[str], year: int) -> tuple[set[date], set[date]]:
    """Return the days that clauses of an exercise call off, and those that they call working days."""
    off: set[date] = set()
    work: set[date] = set()
    for clause in (clause for words in texts for clause in re.split(r"[；。]", words)):
        if not re.search(r"放假|上班", clause) or re.search(r"没有(?:其他)?放假|放假调休", clause):
            continue
        for part in re.split(r"(?<=放假)、|，(?=\d)", clause):
            days = {day for span in spans(part, year) for day in every(span)}
            if "上班" in part and "起不来上班" not in part and "回来" not in part:
                work |= days
            elif "放假" in clause:
                off |= days
    return off, work


def shown(assignment: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (exercise, texts that it shows)."""
    for (exercise, name), found in variants(assignment).items():
        yield f"{exercise} {name}".strip(), list(strings(msgspec.to_builtins(found.spec)))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_weekdays_are_right(assignment: str) -> None:
    """A day with its weekday has the right one, in exercises, keys and lessons."""
    places = [
        (f"{exercise} {name}", [*strings(msgspec.to_builtins(found.spec)), *strings(msgspec.to_builtins(found.key))])
        for (exercise, name), found in variants(assignment).items()
    ]
    for path in (COURSE.source / assignment).glob("*.ipynb"):
        places += [(c["id"], [text(c)]) for c in read_notebook(path)["cells"] if c["cell_type"] == "markdown"]
    wrong = []
    for place, texts in places:
        for own, month, day, weekday in WEEKDAY.findall("\n".join(texts)):
            told = date(int(own or year_of(texts)), int(month), int(day))
            if "一二三四五六日"[told.weekday()] != weekday:
                wrong.append(f"{place}: {told} 不是周{weekday}")
    assert wrong == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_holidays_and_working_weekends_are_right(assignment: str) -> None:
    """What an exercise says about days off and days on is what the State Council's notices say."""
    wrong = []
    for place, texts in shown(assignment):
        off, work = stated(texts, year_of(texts))
        wrong += [f"{place}: {day} 不放假" for day in sorted(off) if is_workday(day)]
        wrong += [f"{place}: {day} 不上班" for day in sorted(work) if not is_workday(day)]
    assert wrong == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_calendar_that_says_the_rest_are_weekends_is_whole(assignment: str) -> None:
    """From the first day of an exercise to the last, what it says about days off leaves nothing out."""
    wrong = []
    for place, texts in shown(assignment):
        if not re.search(r"其余(?:周末|周六)", " ".join(texts)):
            continue
        year = year_of(texts)
        off, work = stated(texts, year)
        named = [day for words in texts for span in spans(words, year) for day in span]
        wrong += [
            f"{place}: {day}"
            for day in every((min(named), max(named)))
            if ((day.weekday() < 5 and day not in off) or day in work) != is_workday(day)
        ]
    assert wrong == []


def test_statements_are_read() -> None:
    """The reader of calendars finds the usual ways to put it."""
    texts = ["日历：9 月 25 日至 27 日、10 月 1 日至 7 日放假；10 月 10 日（周六）上班；其余周末休息"]
    off, work = stated(texts, 2026)
    assert len(off) == 10
    assert work == {date(2026, 10, 10)}
    assert stated(["放假：10 月 1 日至 7 日；10 月 10 日（周六）上班"], 2026)[1] == {date(2026, 10, 10)}
    assert year_of(["抽查日：2025 年 11 月 14 日"]) == 2025
