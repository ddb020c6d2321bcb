"""The training ledger (培训台账): everything that is on record of trainees, collected from the gradebook's database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from coursekit import results
from coursekit.certificate import Certificate, certificates
from coursekit.conduct import Record as Entry
from coursekit.conduct import records as entries
from coursekit.course import Course, CourseError
from coursekit.decisions import Decision, decisions
from coursekit.evaluate import Standing, standings
from coursekit.forms import Sheet
from coursekit.forms_store import stored as stored_forms
from coursekit.home import title_of
from coursekit.office_schema import RECORD
from coursekit.records import open_records
from coursekit.results import Assignment, Comment, Result
from coursekit.roster import Person
from coursekit.roster_store import everybody
from coursekit.sessions import Attendance, Session, attendances, sessions

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Record:
    """A skill gained, a problem with its correction, an honour or a comment; *kind* is a key of ledger_forms.RECORDS."""

    trainee: str
    kind: str
    day: date
    content: str
    correction: str
    done: date | None
    by: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything on record of *people*; what is by person is keyed by id. Only *made* is local time, all else UTC."""

    course: Course
    made: datetime
    people: Mapping[str, Person]
    standings: Mapping[str, Standing]
    assignments: Sequence[Assignment]
    titles: Mapping[str, str]
    results: Mapping[str, Mapping[str, Result]]
    comments: Mapping[str, Sequence[Comment]] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)
    attendance: Mapping[str, Sequence[Attendance]] = field(default_factory=dict)
    records: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)
    conduct: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    forms: Mapping[str, Sequence[Sheet]] = field(default_factory=dict)

    def of_kind(self, trainee: str, kind: str) -> list[Record]:
        """Return a trainee's records of one kind, oldest first."""
        return [one for one in self.records.get(trainee, ()) if one.kind == kind]

    def undone(self, trainee: str) -> set[int]:
        """Return which entries of a trainee's 日常表现 were taken back."""
        return {one.entry.undoes for one in self.conduct.get(trainee, ()) if one.entry.undoes is not None}

    def local(self, instant: datetime | None) -> datetime | None:
        """Return an instant as what the clock on the wall said, without zone."""
        return None if instant is None else local(self.course, instant)


def collect(course: Course, group: str = "", *, archived: bool = False) -> Ledger:
    """Collect the ledger of a class (班级), or of everybody; raises CourseError when that is nobody."""
    standing = {one.trainee: one for one in standings(course, group)}
    with open_records(course) as connection:
        people = {
            key: one
            for key, one in everybody(connection).items()
            if (archived or not one.archived) and (not group or one.class_name == group)
        }
        if not people:
            raise CourseError("花名册是空的，没有可以写的台账。请先导入：coursekit roster import 花名册.xlsx")
        stored = results.assignments(connection)
        return Ledger(
            course=course,
            made=datetime.now(course.zone),
            people=people,
            standings=standing,
            assignments=list(stored.values()),
            titles={name: title_of(course.source / name) for name in stored},
            results=results.by_trainee(results.results(connection)),
            comments=_grouped(results.comments(connection)),
            sessions={one.number: one for one in sessions(connection)},
            attendance=_grouped(attendances(connection)),
            records=_grouped(_records(connection)),
            decisions=_grouped(decisions(connection)),
            conduct=_grouped(entries(connection)),
            certificates={one.trainee: one for one in certificates(connection) if one.revoked is None},
            forms=_grouped(sheet for _, sheet in stored_forms(connection) if sheet.trainee),
        )


def local(course: Course, instant: datetime) -> datetime:
    """Return an instant in UTC without zone as what the clock on the wall said, without zone."""
    return instant.replace(tzinfo=UTC).astimezone(course.zone).replace(tzinfo=None)


def _records(connection: Connection) -> Iterable[Record]:
    for row in connection.execute(select(RECORD).order_by(RECORD.c.day, RECORD.c.id)):
        yield Record(row.student_id, row.kind, row.day, row.content, row.correction, row.done, row.by)


def _grouped(rows: Iterable[T]) -> dict[str, list[T]]:
    """Sort rows that have a trainee by trainee."""
    found: dict[str, list[T]] = {}
    for row in rows:
        one: Any = row
        found.setdefault(one.trainee, []).append(row)
    return found
