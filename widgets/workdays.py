"""Working days by China's yearly holiday table, which moves holidays and turns some weekends into working days."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

HEADER = ["date", "kind", "name"]


class WorkdayError(ValueError):
    """A holiday table that cannot be read or does not reach far enough; the message is Chinese and names the cure."""


@dataclass(frozen=True, slots=True)
class HolidayTable:
    """The days that differ from the plain week: *off* are free, *work* are weekend days on which offices open."""

    off: dict[date, str]
    work: dict[date, str]

    @property
    def years(self) -> frozenset[int]:
        """The years covered: those whose 1 January, always a holiday, stands in the table."""
        return frozenset(day.year for day in self.off if (day.month, day.day) == (1, 1))


def read_table(text: str) -> HolidayTable:
    """Read CSV text with the columns date, kind (off or work) and name; lines that begin with # are remarks."""
    found: dict[str, dict[date, str]] = {"off": {}, "work": {}}
    numbered = enumerate(text.removeprefix("\ufeff").splitlines(), 1)
    lines = [(number, line) for number, line in numbered if line.strip() and line[0] != "#"]
    rows = list(csv.reader(line for _, line in lines))
    if not rows or rows[0] != HEADER:
        raise WorkdayError(f"放假表：第一行应为 {','.join(HEADER)}，请补上表头。")
    for (number, _), row in zip(lines[1:], rows[1:], strict=True):
        try:
            day, kind, name = date.fromisoformat(row[0]), row[1], row[2]
            taken = day in found["off"] or day in found["work"]
            found[kind][day] = name
        except (ValueError, IndexError, KeyError):
            raise WorkdayError(
                f"放假表：第 {number} 行应为“2026-01-01,off,元旦”的样子，kind 只能是 off 或 work。"
            ) from None
        if taken:
            raise WorkdayError(f"放假表：第 {number} 行的 {day} 已经写过，请删去一行。")
    return HolidayTable(found["off"], found["work"])


def is_workday(day: date, table: HolidayTable) -> bool:
    """Say whether offices are open on *day*; raises WorkdayError for a year that the table does not cover."""
    if day.year not in table.years:
        covered = "、".join(map(str, sorted(table.years))) or "无"
        raise WorkdayError(f"放假表没有 {day.year} 年（已有：{covered}），请按国务院办公厅的放假通知补上这一年再算。")
    return day in table.work or (day not in table.off and day.weekday() < 5)


def workdays(start: date, table: HolidayTable) -> Iterator[date]:
    """Yield the working days after *start*, which itself does not count (《民法典》第二百零一条)."""
    day = start
    while True:
        day += timedelta(days=1)
        if is_workday(day, table):
            yield day


def add_workdays(start: date, n: int, table: HolidayTable) -> date:
    """Return the last day of a time limit of *n* working days that begins at *start* (《行政许可法》第八十二条).

    No working day at all is *start* itself. Raises WorkdayError where the limit leaves the table's years.
    """
    if n < 0:
        raise WorkdayError(f"工作日数是 {n}，应为 0 或正整数。")
    return next(islice(workdays(start, table), n - 1, None)) if n else start
