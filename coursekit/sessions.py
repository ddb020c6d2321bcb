"""Training sessions held (培训场次) and who was there, as the gradebook's database keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from coursekit.course import Course, CourseError
from coursekit.ledger_forms import SESSIONS
from coursekit.ledger_rows import Known, judge
from coursekit.office_schema import ATTENDANCE, SESSION
from coursekit.records import make_gradebook, open_records
from coursekit.roster_store import everybody
from coursekit.sheet_forms import Filled


@dataclass(frozen=True, slots=True)
class Session:
    """One training session; *day*, *starts* and *ends* are those of the clock on the wall."""

    number: str
    day: date
    starts: str
    ends: str
    place: str
    content: str
    trainer: str
    hours: Decimal | None = None

    @property
    def when(self) -> str:
        """Day and time as people read them."""
        return f"{self.day} {self.starts}" + (f"–{self.ends}" if self.ends else "")


@dataclass(frozen=True, slots=True)
class Attendance:
    """Whether somebody was at a session."""

    session: str
    trainee: str
    status: str
    note: str


def sessions(connection: Connection) -> list[Session]:
    """List the sessions, oldest first."""
    query = select(SESSION).order_by(SESSION.c.day, SESSION.c.starts, SESSION.c.number)
    return [
        Session(
            row.number, row.day, row.starts, row.ends, row.place, row.content, row.trainer,
            None if row.hours is None else Decimal(row.hours),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def attendances(connection: Connection) -> Iterator[Attendance]:
    """Yield who was at which session."""
    for row in connection.execute(select(ATTENDANCE).order_by(ATTENDANCE.c.session, ATTENDANCE.c.student_id)):
        yield Attendance(row.session, row.student_id, row.status, row.note)


def load_sessions(course: Course) -> list[Session]:
    """List the sessions of a course, oldest first."""
    with open_records(course) as connection:
        return sessions(connection)


def add_session(course: Course, session: Session) -> None:
    """Add one session; raises CourseError when its number is taken or its times cannot be."""
    values = {name: getattr(session, name) for name in SESSIONS.columns}
    make_gradebook(course)
    with open_records(course) as connection:
        if connection.execute(select(SESSION.c.number).where(SESSION.c.number == session.number)).first():
            raise CourseError(f"场次“{session.number}”已经登记过。请换一个编号，或用 coursekit session import 更新它。")
        if wrong := list(judge([Filled(SESSIONS, "", 0, values)], known(connection, course))):
            raise CourseError("；".join(f"{one.field}：{one.what}。{one.cure}" for one in wrong) + "。")
        connection.execute(SESSION.insert(), values)


def known(connection: Connection, course: Course) -> Known:
    """Return what rows of the ledger are checked against."""
    people = {key: person.name for key, person in everybody(connection).items()}
    held: dict[str, date] = dict(list(connection.execute(select(SESSION.c.number, SESSION.c.day))))
    return Known(people, held, datetime.now(course.zone).date())
