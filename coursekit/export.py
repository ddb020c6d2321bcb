"""Exporters for nbgrader: ``nbgrader export --exporter=coursekit.export.XlsxExporter`` (or CsvExporter, XapiExporter)."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin
from sqlalchemy import Connection
from traitlets import Unicode

from coursekit import results, xapi
from coursekit.course import Course, CourseError
from coursekit.decisions import Decision, decisions
from coursekit.home import title_of
from coursekit.ledger import local
from coursekit.marks import papers_of
from coursekit.office_files import written
from coursekit.results import Assignment, Result
from coursekit.roster import Person
from coursekit.roster_store import everybody
from coursekit.schema import META
from coursekit.states import State
from coursekit.xlsx import Column, Sheet, write_book
from widgets.pool import sitting

#: What a spreadsheet takes for a formula; an apostrophe before it says text.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_COLUMNS = (
    Column("作业", 10), Column("名称", 26), Column("截止时间", 17, "time"), Column("提交时间", 17, "time"),
    Column("工号", 12), Column("姓名", 10), Column("单位", 18), Column("班级", 12), Column("邮箱", 20),
    Column("原始分", 8, "points"), Column("迟交扣分", 8, "points"), Column("得分", 8, "points"),
    Column("满分", 8, "points"), Column("百分制", 8, "number"), Column("情况", 12), Column("归档", 6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Book:
    """What an exporter writes: the chosen people and assignments, and everybody's results by trainee."""

    course: Course
    people: Mapping[str, Person]
    assignments: Mapping[str, Assignment]
    titles: Mapping[str, str]
    results: Mapping[str, Mapping[str, Result]]
    decisions: tuple[Decision, ...]

    def rows(self) -> Iterator[list[Any]]:
        """Yield a line for every assignment and trainee, as nbgrader's own exporter does, whether handed in or not."""
        for name, one in self.assignments.items():
            for person in self.people.values():
                yield self._row(one, person, self.results.get(person.id, {}).get(name))

    def _row(self, one: Assignment, person: Person, found: Result | None) -> list[Any]:
        times = [self._local(one.duedate), self._local(found.timestamp if found else None)]
        who = [person.id, person.name, person.unit, person.class_name, person.email]
        points = [found.raw, found.penalty, found.score] if found else [None, None, None]
        percent = found.score / one.maximum * 100 if found and one.maximum else None
        state = "未提交" if found is None else "待人工评分" if found.waits else "已评分"
        archived = "是" if person.archived else None
        return [one.name, self.titles[one.name], *times, *who, *points, one.maximum, percent, state, archived]

    def _local(self, instant: datetime | None) -> datetime | None:
        return local(self.course, instant).replace(microsecond=0) if instant else None


class KitExporter(ExportPlugin):
    """What the kit's exporters share: ``--to``, ``--student`` and ``--assignment`` mean what they mean to nbgrader."""

    default = ""

    def export(self, gradebook: Any) -> None:
        """Export *gradebook* (nbgrader.api); ends nbgrader with one Chinese sentence when that cannot be."""
        path = Path(self.to or self.default)
        try:
            course = Course.load(Path(CourseDirectory(parent=self).root))
            self.write(self.read(course, gradebook.db.connection()), path)
        except CourseError as error:
            sys.exit(f"错误　{error}")
        self.log.info("已写入 %s", path)

    def read(self, course: Course, connection: Connection) -> Book:
        """Read what is to be exported; raises CourseError for a trainee or an assignment that is not there."""
        META.create_all(connection)
        people = _chosen(everybody(connection), [str(one) for one in self.student], "学员")
        stored = _chosen(results.assignments(connection), [str(one) for one in self.assignment], "作业")
        titles = {name: title_of(course.source / name) for name in stored}
        found = results.by_trainee(results.results(connection))
        return Book(course, people, stored, titles, found, tuple(decisions(connection)))

    def write(self, book: Book, path: Path) -> None:
        """Write the file."""
        raise NotImplementedError


class XlsxExporter(KitExporter):
    """Grades as an XLSX workbook: a sheet with a line a person, and one with a line a submission."""

    default = "grades.xlsx"

    def write(self, book: Book, path: Path) -> None:
        """Write both sheets."""
        titles = [f"{one.name}（满分 {one.maximum:g}）" for one in book.assignments.values()]
        columns = [*_COLUMNS[4:6], _COLUMNS[7], *(Column(title, 11, "points") for title in titles)]
        rows = (
            [person.id, person.name, person.class_name, *(_score(book, person, name) for name in book.assignments)]
            for person in book.people.values()
        )
        sheets = [Sheet("成绩汇总", columns, rows, fixed=2), Sheet("成绩明细", _COLUMNS, book.rows(), fixed=1)]
        write_book(path, sheets, book.course.settings.name)


class CsvExporter(KitExporter):
    """Grades as CSV in UTF-8 with BOM, which Excel and WPS open in Chinese; no cell is a formula."""

    default = "grades.csv"

    def write(self, book: Book, path: Path) -> None:
        """Write a line a submission."""
        with written(path) as aside, aside.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow(column.title for column in _COLUMNS)
            for row in book.rows():
                out.writerow(map(_csv_cell, row))


class XapiExporter(KitExporter):
    """Learning records as xAPI statements, one a line (xapi.jsonl)."""

    default = "xapi.jsonl"
    home_page = Unicode(
        "", help="Root of all ids, an address of the centre's own; none is https://<course id>.invalid"
    ).tag(config=True)

    def write(self, book: Book, path: Path) -> None:
        """Write every statement, by assignment and trainee, the final evaluations last."""
        settings = book.course.settings
        home = (self.home_page or f"https://{settings.id.lower().replace('_', '-')}.invalid").rstrip("/")
        if not re.fullmatch(r"https?://[^\s/?#\"<>\\^`{|}]+(/[^\s?#\"<>\\^`{|}]*)?", home):
            raise CourseError(f"home_page“{home}”不是网址。请写成 https://training.example.cn 这样。")
        with written(path) as aside, aside.open("wb") as file:
            for statement in statements(book, xapi.Place(home, settings.id, settings.name)):
                file.write(xapi.line(statement))


def statements(book: Book, place: xapi.Place) -> Iterator[dict[str, Any]]:
    """Yield what the gradebook says; an examination or drill is passed at its component's floor, a module at pass_mark."""
    rules = book.course.settings.evaluation
    parts = papers_of(rules, book.assignments)
    floors = {paper: rules.floors[part] for part, papers in parts.items() for paper in papers}
    for name, one in book.assignments.items():
        needed = floors.get(sitting(name)[0], rules.pass_mark)
        for person in book.people.values():
            if found := book.results.get(person.id, {}).get(name):
                learner = xapi.Learner(person.id, person.name)
                title = book.titles[name]
                work = xapi.Work(name, title, found.timestamp, found.score, one.maximum, needed, found.waits)
                yield from xapi.of_work(place, learner, work)
    for step in book.decisions:
        learner_of = book.people.get(step.trainee)
        if learner_of is None or step.total is None or step.after not in (State.PASSED, State.RETRAINING):
            continue
        learner = xapi.Learner(learner_of.id, learner_of.name)
        yield from xapi.of_decision(place, learner, step.at, step.total, passed=step.after is State.PASSED)


def _score(book: Book, person: Person, name: str) -> float | None:
    found = book.results.get(person.id, {}).get(name)
    return found.score if found else None


def _chosen(found: Mapping[str, Any], names: list[str], what: str) -> dict[str, Any]:
    """Return those of *names*, all without any; raises CourseError for a name that is not there."""
    if missing := [name for name in names if name not in found]:
        raise CourseError(f"成绩库里没有{what}：{'、'.join(missing)[:200]}。请检查写法。")
    return {name: one for name, one in found.items() if not names or name in names}


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
