"""What a report is made of, read from gradebook and folders: who belongs to the class, and a sheet of marks a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import msgspec

from coursekit import inbound
from coursekit.autograded import trainee_folders
from coursekit.course import Course, CourseError
from coursekit.gradebook import Gradebook, StoredAssignment, open_gradebook
from coursekit.grades import Grades
from coursekit.home import order, title_of
from coursekit.release import Release, load_release
from coursekit.report_answers import PaperAnswers, read_answers
from coursekit.report_items import Column, columns_of
from coursekit.workers import workers
from widgets.pool import sitting


@dataclass(frozen=True, slots=True)
class Person:
    """A trainee; *name* and *group* (班级) are empty where no roster says them."""

    id: str
    name: str
    group: str


@dataclass(frozen=True)
class Sheet:
    """One assignment's marks: a row of items a trainee, None where a mark is still to come.

    *missing* have not handed in, *ungraded* have; *faults* are items that the grader could not grade, with the reason.
    """

    assignment: str
    title: str
    columns: tuple[Column, ...]
    marks: Mapping[str, tuple[float | None, ...]]
    bonus: Mapping[str, float]
    waiting: Mapping[str, int]
    missing: tuple[str, ...]
    ungraded: tuple[str, ...]
    faults: Mapping[str, str]
    overdue: bool
    answers: PaperAnswers | None = None
    problem: str = ""

    @property
    def maximum(self) -> float:
        """The points of the paper."""
        return sum(column.maximum for column in self.columns)

    @property
    def missing_count(self) -> int:
        """How many people have not handed in."""
        return len(self.missing)

    @property
    def waiting_count(self) -> int:
        """How many items of how many people, all told, wait for a person."""
        return sum(self.waiting.values())

    @property
    def fault_count(self) -> int:
        """How many items could not be graded."""
        return len(self.faults)

    @property
    def has_work(self) -> bool:
        """Whether a person must do something before this sheet is complete."""
        return bool(self.waiting or self.ungraded or self.faults)

    def total(self, trainee: str) -> float:
        """Return a trainee's points as nbgrader counts them: extra credit added, lateness taken off."""
        return sum(filter(None, self.marks[trainee])) + self.bonus.get(trainee, 0.0)

    @cached_property
    def percents(self) -> dict[str, float]:
        """Points of a hundred of everybody who has a mark, over the items that have one: what a person must grade is not 0."""
        full, found = self.maximum, {}
        for trainee, row in self.marks.items():
            most = full
            if None in row:
                most = sum(column.maximum for mark, column in zip(row, self.columns, strict=True) if mark is not None)
            if most:
                found[trainee] = 100 * self.total(trainee) / most
        return found


@dataclass(frozen=True, slots=True)
class Book:
    """A class with its sheets in the order of the course; *group* is the 班级 that was asked for."""

    people: Mapping[str, Person]
    sheets: tuple[Sheet, ...]
    group: str


class _Report(msgspec.Struct):
    errors: dict[str, str] = {}


_REPORT = msgspec.json.Decoder(_Report)


def read_book(course: Course, assignments: Sequence[str], group: str = "") -> Book:
    """Read the class; raises CourseError when an assignment is unknown or nobody belongs to *group*."""
    for name in assignments:
        course.require(name)
    arrived = _arrived(course)
    with open_gradebook(course) as gradebook:
        people = _people(gradebook, group)
        names = sorted(assignments or course.assignments(), key=order)
        papers = [paper for name in names if (paper := _paper(course, gradebook, name, people, arrived))]
    with workers() as pool:  # what guessing earns takes longest, whatever the size of the class
        columns = [pool.submit(columns_of, paper.stored, paper.release) for paper in papers]
        with open_gradebook(course) as gradebook:
            grades = gradebook.grades([paper.stored for paper in papers], people)
            faults = [_faults(gradebook, paper) for paper in papers]
        sheets = tuple(
            _sheet(course, paper, found.result(), grades.pop(paper.stored.id), faulty)
            for paper, found, faulty in zip(papers, columns, faults, strict=True)
        )
    return Book(people, sheets, group)


def released(course: Course, stored: StoredAssignment) -> Release | None:
    """Load the release with its keys; None when it is gone, which costs titles and error tables but no marks."""
    try:
        return load_release(course, stored)
    except CourseError:
        return None


def _people(gradebook: Gradebook, group: str) -> dict[str, Person]:
    people = {key: Person(key, name, where) for key, (name, where) in gradebook.everybody().items()}
    if not group:
        return people
    found = {key: one for key, one in people.items() if one.group == group}
    if not found:
        groups = "、".join(sorted({one.group for one in people.values() if one.group})) or "（还没有）"
        raise CourseError(f"没有学员属于班级“{group}”。现有班级：{groups}。请检查写法，或先导入花名册。")
    return found


@dataclass(frozen=True, slots=True)
class _Paper:
    """An assignment before its marks: *here* have handed in, *missing* have not."""

    stored: StoredAssignment
    release: Release | None
    here: frozenset[str]
    missing: tuple[str, ...]


def _paper(
    course: Course, gradebook: Gradebook, name: str, people: Mapping[str, Person], arrived: Mapping[str, set[str]]
) -> _Paper | None:
    """Return an assignment that was released or handed in; None for one that exists in source/ only."""
    try:
        stored = gradebook.assignment(name)
    except CourseError:
        return None
    here = (arrived.get(name, set()) | gradebook.handed_in(name).keys()) & people.keys()
    if not here and not (course.exchanged / "outbound" / name).is_dir():
        return None
    return _Paper(stored, released(course, stored), frozenset(here), tuple(sorted(people.keys() - here)))


def _sheet(
    course: Course, paper: _Paper, columns: tuple[Column, ...], grades: Grades, faults: Mapping[str, str]
) -> Sheet:
    name, deadline, release = paper.stored.name, paper.stored.duedate, paper.release
    places = {cell.name: place for place, cell in enumerate(paper.stored.cells)}
    wanted = [places[column.name] for column in columns]
    marks = {trainee: tuple([grades.rows[trainee][place] for place in wanted]) for trainee in sorted(grades.rows)}
    return Sheet(
        name,
        title_of(course.source / name),
        columns,
        marks,
        grades.extra,
        dict(sorted(grades.waiting.items())),
        paper.missing,
        tuple(sorted(paper.here - marks.keys())),
        faults,
        deadline is not None and deadline < datetime.now(UTC).replace(tzinfo=None),
        read_answers(course, release, list(marks)) if release and sitting(name)[1] == 1 else None,
        "" if release else "发布版不在了或读不出来，没有题名和错误表。请重新发布：coursekit release " + name,
    )


def _faults(gradebook: Gradebook, paper: _Paper) -> dict[str, str]:
    """Return what the grader could not grade, by cell or exercise."""
    notebooks = paper.release.notebooks if paper.release else ()
    found = {cell: why for nb in notebooks for cell, (_, why) in nb.broken.items()}
    for report in gradebook.reports(paper.stored.name).values():
        found.update(_REPORT.decode(report).errors)
    return found


def _arrived(course: Course) -> dict[str, set[str]]:
    """Return who handed in by assignment: what lies in the exchange, and what was collected."""
    found: dict[str, set[str]] = {}
    try:
        for one in inbound.arrivals(course.exchanged / "inbound")[0]:
            found.setdefault(one.assignment, set()).add(one.trainee)
    except CourseError:
        pass  # without the exchange, what was collected is known still
    for path in trainee_folders(course.root / "submitted"):
        for folder in path.iterdir():
            found.setdefault(folder.name, set()).add(path.name)
    return found
