"""What everybody got for every assignment, summed by the database in one query each, as nbgrader itself would count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, column, func, select, table
from sqlalchemy import DateTime as Instant

_ASSIGNMENT = table("assignment", column("id"), column("name"), column("duedate", Instant))
_NOTEBOOK = table("notebook", column("id"), column("assignment_id"))
_CELL = table("base_cell", column("id"), column("notebook_id"), column("name"))
_STUDENT = table("student", column("id"), column("first_name"), column("last_name"), column("email"))
_SUBMITTED = table(
    "submitted_assignment", column("id"), column("assignment_id"), column("student_id"), column("timestamp", Instant)
)
_PAGE = table("submitted_notebook", column("id"), column("assignment_id"), column("late_submission_penalty"))
_GRADE = table(
    "grade", column("notebook_id"), column("cell_id"), column("manual_score"), column("auto_score"),
    column("extra_credit"), column("needs_manual_grade"),
)  # fmt: skip
_COMMENT = table("comment", column("notebook_id"), column("cell_id"), column("manual_comment"))


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment in the gradebook; *duedate* is an instant in UTC without zone, *maximum* the sum of its points."""

    name: str
    duedate: datetime | None
    maximum: float


@dataclass(frozen=True, slots=True)
class Result:
    """What somebody got; *waits* says that a person must still look at a part of it."""

    assignment: str
    trainee: str
    timestamp: datetime | None
    raw: float
    penalty: float
    waits: bool

    @property
    def score(self) -> float:
        """Points without what being late cost, at least 0."""
        return max(0.0, self.raw - self.penalty)


@dataclass(frozen=True, slots=True)
class Comment:
    """What a person wrote on an answer."""

    trainee: str
    assignment: str
    text: str


def assignments(connection: Connection) -> dict[str, Assignment]:
    """Return the assignments by name, sorted."""
    maximum: dict[str, float] = {}
    for name in ("grade_cells", "task_cells"):
        cells = table(name, column("id"), column("max_score"))
        query = (
            select(_NOTEBOOK.c.assignment_id, func.sum(cells.c.max_score))
            .select_from(cells)
            .join(_CELL, _CELL.c.id == cells.c.id)
            .join(_NOTEBOOK, _NOTEBOOK.c.id == _CELL.c.notebook_id)
            .group_by(_NOTEBOOK.c.assignment_id)
        )
        for key, points in connection.execute(query):
            maximum[key] = maximum.get(key, 0.0) + float(points or 0)
    rows = connection.execute(select(_ASSIGNMENT).order_by(_ASSIGNMENT.c.name))
    return {row.name: Assignment(row.name, row.duedate, maximum.get(row.id, 0.0)) for row in rows}


def results(connection: Connection) -> list[Result]:
    """Return the result of every submission, by assignment and trainee."""
    penalties: dict[str, float] = {
        key: float(points or 0)
        for key, points in connection.execute(
            select(_PAGE.c.assignment_id, func.sum(_PAGE.c.late_submission_penalty)).group_by(_PAGE.c.assignment_id)
        ).all()
    }
    query = (
        select(_PAGE.c.assignment_id, func.sum(_score()), func.max(case((_GRADE.c.needs_manual_grade, 1), else_=0)))
        .select_from(_GRADE)
        .join(_PAGE, _PAGE.c.id == _GRADE.c.notebook_id)
        .group_by(_PAGE.c.assignment_id)
    )
    points = {key: (float(score or 0), bool(waits)) for key, score, waits in connection.execute(query).all()}
    nothing = (0.0, False)
    submissions = (
        select(_SUBMITTED.c.id, _ASSIGNMENT.c.name, _SUBMITTED.c.student_id, _SUBMITTED.c.timestamp)
        .join_from(_SUBMITTED, _ASSIGNMENT, _ASSIGNMENT.c.id == _SUBMITTED.c.assignment_id)
        .order_by(_ASSIGNMENT.c.name, _SUBMITTED.c.student_id)
    )
    return [
        Result(name, student, when, points.get(key, nothing)[0], penalties.get(key, 0.0), points.get(key, nothing)[1])
        for key, name, student, when in connection.execute(submissions).all()
    ]


def comments(connection: Connection) -> Iterator[Comment]:
    """Yield each comment that a person wrote, by trainee, assignment and cell."""
    query = (
        select(_SUBMITTED.c.student_id, _ASSIGNMENT.c.name, _COMMENT.c.manual_comment)
        .select_from(_COMMENT)
        .join(_PAGE, _PAGE.c.id == _COMMENT.c.notebook_id)
        .join(_SUBMITTED, _SUBMITTED.c.id == _PAGE.c.assignment_id)
        .join(_ASSIGNMENT, _ASSIGNMENT.c.id == _SUBMITTED.c.assignment_id)
        .join(_CELL, _CELL.c.id == _COMMENT.c.cell_id)
        .where(_COMMENT.c.manual_comment.is_not(None), _COMMENT.c.manual_comment != "")
        .order_by(_SUBMITTED.c.student_id, _ASSIGNMENT.c.name, _CELL.c.name)
    )
    for student, name, comment in connection.execute(query):
        yield Comment(student, name, comment)


def by_trainee(found: list[Result]) -> Mapping[str, dict[str, Result]]:
    """Sort results by trainee and assignment."""
    sorted_: dict[str, dict[str, Result]] = {}
    for one in found:
        sorted_.setdefault(one.trainee, {})[one.assignment] = one
    return sorted_


def _score() -> ColumnElement[float]:
    """Return nbgrader's Grade.score: a person's points before automatic ones; extra credit counts when there are any."""
    given = func.coalesce(_GRADE.c.manual_score, _GRADE.c.auto_score)
    return case((given.is_(None), 0.0), else_=given + func.coalesce(_GRADE.c.extra_credit, 0.0))
