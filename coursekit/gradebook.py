"""nbgrader's gradebook, read and written through SQLAlchemy Core in nbgrader's own schema.

nbgrader.api would cost seconds to import and a commit a cell; the tables are reflected from the database instead, so a
schema of another nbgrader is noticed at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, create_engine, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from coursekit.course import Course, CourseError

_TABLES = (
    "assignment", "notebook", "base_cell", "grade_cells", "solution_cells", "task_cells", "source_cell", "student",
    "submitted_assignment", "submitted_notebook", "grade", "comment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceCell:
    """A locked or graded cell as nbgrader stored it at release, hidden tests included."""

    name: str
    source: str
    checksum: str


@dataclass(frozen=True, slots=True)
class GradedCell:
    """A cell that brings points: *kind* is nbgrader's ("GradeCell", "TaskCell")."""

    id: str
    name: str
    kind: str
    maximum: float


@dataclass(frozen=True, slots=True)
class StoredNotebook:
    """A notebook of an assignment in the gradebook; *comments* are the ids of cells that take a comment."""

    id: str
    name: str
    sources: Mapping[str, SourceCell]
    graded: tuple[GradedCell, ...]
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredAssignment:
    """An assignment in the gradebook; *duedate* is an instant in UTC without zone, as nbgrader keeps it."""

    id: str
    name: str
    duedate: datetime | None
    notebooks: tuple[StoredNotebook, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What grading one submission found: for each notebook name, points by cell name (None: to be graded by hand)."""

    trainee: str
    timestamp: datetime | None
    scores: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)


class Gradebook:
    """One connection to the gradebook of a course; made by :func:`open_gradebook`."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        meta = MetaData()
        meta.reflect(connection, only=lambda name, _: name in _TABLES)
        missing = [name for name in _TABLES if name not in meta.tables]
        if missing:
            raise CourseError(
                f"成绩库缺少数据表 {'、'.join(missing)}：它不是 nbgrader 0.9 建立的。请先备份，再运行 nbgrader db upgrade。"
            )
        self._t: Mapping[str, Table] = meta.tables

    def assignment(self, name: str) -> StoredAssignment:
        """Load what nbgrader stored when it generated the assignment; raises CourseError when it did not."""
        table = self._t["assignment"]
        row = self._db.execute(select(table).where(table.c.name == name)).mappings().first()
        if row is None:
            raise CourseError(f"成绩库里没有作业“{name}”。请先生成发布版：nbgrader generate_assignment {name}")
        notebooks = self._rows("notebook", "assignment_id", row["id"])
        stored = tuple(self._notebook(n["id"], n["name"]) for n in sorted(notebooks, key=lambda n: n["name"]))
        return StoredAssignment(row["id"], name, row["duedate"], stored)

    def record(self, assignment: StoredAssignment, results: Iterable[Result]) -> None:
        """Write the results of submissions; manual scores and comments stay and are flagged for review.

        Every automatic score of the assignment is set, so that none of an earlier grading survives.
        """
        for result in results:
            submission = self._submission(assignment, result)
            for notebook in assignment.notebooks:
                self._grades(self._submitted(submission, notebook), notebook, result.scores.get(notebook.name, {}))

    def scores(self, assignment: str) -> dict[str, dict[str, float | None]]:
        """Return automatic scores by trainee and cell name."""
        t = self._t
        query = (
            select(t["submitted_assignment"].c.student_id, t["base_cell"].c.name, t["grade"].c.auto_score)
            .join(t["submitted_notebook"], t["submitted_notebook"].c.id == t["grade"].c.notebook_id)
            .join(t["submitted_assignment"], t["submitted_assignment"].c.id == t["submitted_notebook"].c.assignment_id)
            .join(t["assignment"], t["assignment"].c.id == t["submitted_assignment"].c.assignment_id)
            .join(t["base_cell"], t["base_cell"].c.id == t["grade"].c.cell_id)
            .where(t["assignment"].c.name == assignment)
            .order_by(t["submitted_assignment"].c.student_id, t["base_cell"].c.name)
        )
        found: dict[str, dict[str, float | None]] = {}
        for student, cell, score in self._db.execute(query):
            found.setdefault(student, {})[cell] = score
        return found

    def marks(self, assignment: str, trainee: str) -> dict[str, dict[str, Any]]:
        """Return for each graded or commented cell of a submission: score, comment, and whether it awaits a person."""
        t = self._t
        found: dict[str, dict[str, Any]] = {}
        for kind in ("grade", "comment"):
            query = (
                select(t["base_cell"].c.name, t[kind])
                .join(t["base_cell"], t["base_cell"].c.id == t[kind].c.cell_id)
                .join(t["submitted_notebook"], t["submitted_notebook"].c.id == t[kind].c.notebook_id)
                .join(
                    t["submitted_assignment"], t["submitted_assignment"].c.id == t["submitted_notebook"].c.assignment_id
                )
                .join(t["assignment"], t["assignment"].c.id == t["submitted_assignment"].c.assignment_id)
                .where(t["assignment"].c.name == assignment, t["submitted_assignment"].c.student_id == trainee)
            )
            for row in self._db.execute(query).mappings():
                found.setdefault(row["name"], {}).update(row)
        return found

    def trainees(self, assignment: str) -> list[str]:
        """List the trainees with a graded submission."""
        return list(self.scores(assignment))

    def _rows(self, table: str, column: str, value: str) -> list[Mapping[str, Any]]:
        t = self._t[table]
        return [dict(row) for row in self._db.execute(select(t).where(t.c[column] == value)).mappings()]

    def _notebook(self, notebook: str, name: str) -> StoredNotebook:
        cells = {row["id"]: row for row in self._rows("base_cell", "notebook_id", notebook)}
        graded: list[GradedCell] = []
        for kind, table in (("GradeCell", "grade_cells"), ("TaskCell", "task_cells")):
            t = self._t[table]
            rows = self._db.execute(select(t).where(t.c.id.in_(list(cells)))).mappings()
            graded += [GradedCell(r["id"], cells[r["id"]]["name"], kind, float(r["max_score"])) for r in rows]
        sources = {
            row["name"]: SourceCell(row["name"], row["source"] or "", row["checksum"] or "")
            for row in self._rows("source_cell", "notebook_id", notebook)
        }
        comments = tuple(key for key, row in cells.items() if row["type"] in ("SolutionCell", "TaskCell"))
        return StoredNotebook(notebook, name, sources, tuple(sorted(graded, key=lambda g: g.name)), comments)

    def _submission(self, assignment: StoredAssignment, result: Result) -> str:
        student, table = self._t["student"], self._t["submitted_assignment"]
        if self._db.execute(select(student.c.id).where(student.c.id == result.trainee)).first() is None:
            self._db.execute(insert(student).values(id=result.trainee))
        where = (table.c.assignment_id == assignment.id) & (table.c.student_id == result.trainee)
        found = self._db.execute(select(table.c.id).where(where)).scalar()
        if found is None:
            found = uuid.uuid4().hex
            values = {"id": found, "assignment_id": assignment.id, "student_id": result.trainee}
            self._db.execute(insert(table).values(**values, timestamp=result.timestamp))
        elif result.timestamp is not None:
            self._db.execute(update(table).where(table.c.id == found).values(timestamp=result.timestamp))
        return str(found)

    def _submitted(self, submission: str, notebook: StoredNotebook) -> str:
        table = self._t["submitted_notebook"]
        where = (table.c.assignment_id == submission) & (table.c.notebook_id == notebook.id)
        found = self._db.execute(select(table.c.id).where(where)).scalar()
        if found is None:
            found = uuid.uuid4().hex
            self._db.execute(
                insert(table).values(id=found, assignment_id=submission, notebook_id=notebook.id, flagged=False)
            )
        comment = self._t["comment"]
        have = {row["cell_id"] for row in self._rows("comment", "notebook_id", found)}
        for cell in notebook.comments:
            if cell not in have:
                self._db.execute(insert(comment).values(id=uuid.uuid4().hex, notebook_id=found, cell_id=cell))
        return str(found)

    def _grades(self, submitted: str, notebook: StoredNotebook, scores: Mapping[str, float | None]) -> None:
        table = self._t["grade"]
        have = {row["cell_id"]: row for row in self._rows("grade", "notebook_id", submitted)}
        for cell in notebook.graded:
            score = scores.get(cell.name, 0.0) if cell.kind == "GradeCell" else None
            old = have.get(cell.id)
            by_hand = score is None or (old is not None and old["manual_score"] is not None)
            if old is None:
                key = {"id": uuid.uuid4().hex, "notebook_id": submitted, "cell_id": cell.id}
                self._db.execute(insert(table).values(**key, auto_score=score, needs_manual_grade=by_hand))
            else:
                new = update(table).where(table.c.id == old["id"])
                self._db.execute(new.values(auto_score=score, needs_manual_grade=by_hand))


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """Open the course's gradebook in one transaction; raises CourseError when it is missing or cannot be used."""
    url = course.db_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
        raise CourseError("还没有成绩库 gradebook.db。请先生成并发布一个作业：nbgrader generate_assignment m04")
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            yield Gradebook(connection)
    except SQLAlchemyError as error:
        raise CourseError(
            f"成绩库无法读写（{type(error).__name__}：{error}）。请确认没有其他程序占用它，磁盘未满。"
        ) from error
    finally:
        engine.dispose()
