"""nbgrader's gradebook, read and written through SQLAlchemy Core in nbgrader's own schema.

nbgrader.api would cost seconds to import and a commit a cell; the tables are reflected from the database instead, so a
schema of another nbgrader is noticed at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, MetaData, Select, Table, bindparam, insert, select, update

from coursekit.course import Course, CourseError
from coursekit.database import NONE, is_missing, require_known, transaction
from coursekit.grades import Grades, read_grades
from coursekit.schema import AUDIT, GRADING, META, PERSON

_TABLES = (
    "assignment", "notebook", "base_cell", "grade_cells", "solution_cells", "task_cells", "source_cell", "student",
    "submitted_assignment", "submitted_notebook", "grade", "comment",
)  # fmt: skip

#: How many values one query may list; SQLite allows 32,766 variables, other databases fewer.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class SourceCell:
    """A locked or graded cell as nbgrader stored it at release, hidden tests included."""

    name: str
    source: str
    checksum: str


@dataclass(frozen=True, slots=True)
class GradedCell:
    """A cell that brings points; *by_hand* marks nbgrader's task cells."""

    id: str
    name: str
    by_hand: bool
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

    @property
    def cells(self) -> list[GradedCell]:
        """The cells that bring points, notebook by notebook."""
        return [cell for notebook in self.notebooks for cell in notebook.graded if cell.maximum > 0]


@dataclass(frozen=True, slots=True)
class Result:
    """What grading one submission found: points by notebook and cell, its digest, and a JSON report."""

    trainee: str
    timestamp: datetime | None
    scores: Mapping[str, Mapping[str, float]]
    digest: str
    report: str


#: Of trainee, score and seconds late, the points to take off: nbgrader's LateSubmissionPlugin.
Penalty = Callable[[str, float, float], float | None]
#: When a trainee handed in, as an instant in UTC without zone, and for how long their deadline was put off.
HandedIn = tuple[datetime | None, timedelta | None]


class Gradebook:
    """One transaction on the gradebook of a course; made by :func:`open_gradebook`."""

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
        META.create_all(connection)

    def assignment(self, name: str) -> StoredAssignment:
        """Load what nbgrader stored when it generated the assignment; raises CourseError when it did not."""
        table = self._t["assignment"]
        row = self._db.execute(select(table).where(table.c.name == name)).mappings().first()
        if row is None:
            raise CourseError(f"成绩库里没有作业“{name}”。请先生成发布版：nbgrader generate_assignment {name}")
        notebooks = self._rows("notebook", "assignment_id", [row["id"]])
        stored = tuple(self._notebook(n["id"], n["name"]) for n in sorted(notebooks, key=lambda n: str(n["name"])))
        return StoredAssignment(row["id"], name, row["duedate"], stored)

    def set_duedate(self, assignment: str, duedate: datetime | None) -> None:
        """Set the deadline, an instant in UTC without zone; None leaves what was set in nbgrader."""
        table = self._t["assignment"]
        if duedate is not None:
            other = (table.c.name == assignment) & table.c.duedate.is_distinct_from(duedate)
            self._db.execute(update(table).where(other).values(duedate=duedate))

    def handed_in(self, assignment: str) -> dict[str, HandedIn]:
        """Return by trainee when they last handed in and what extension they were granted."""
        table, parent = self._t["submitted_assignment"], self._t["assignment"]
        query = (
            select(table.c.student_id, table.c.timestamp, table.c.extension)
            .join(parent, parent.c.id == table.c.assignment_id)
            .where(parent.c.name == assignment)
        )
        return {student: (when, _span(extension)) for student, when, extension in self._db.execute(query)}

    def digests(self, assignment: str) -> dict[str, str]:
        """Return the digest of each trainee's last graded submission."""
        query = select(GRADING.c.trainee, GRADING.c.digest).where(GRADING.c.assignment == assignment)
        return dict(list(self._db.execute(query)))

    def reports(self, assignment: str) -> dict[str, str]:
        """Return the JSON report of each trainee's last grading."""
        query = select(GRADING.c.trainee, GRADING.c.report).where(GRADING.c.assignment == assignment)
        return dict(list(self._db.execute(query)))

    def audit(self, assignment: str) -> list[dict[str, Any]]:
        """Return every change of a grade of the assignment, oldest first."""
        query = select(AUDIT).where(AUDIT.c.assignment == assignment).order_by(AUDIT.c.id)
        return [dict(row) for row in self._db.execute(query).mappings()]

    def record(self, assignment: StoredAssignment, results: Sequence[Result], why: str, penalty: Penalty) -> None:
        """Write the results of submissions: their rows as nbgrader would, digests, and an audit line a changed grade.

        Every automatic score of a submission is set, so that none of an earlier grading survives. Manual scores,
        comments and extra credit stay, and what they belong to is flagged for review (nbgrader's SaveAutoGrades).
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        self._add_students(results)
        submissions = self._submissions(assignment, results)
        notebooks = self._submitted(assignment, [row["id"] for row in submissions.values()])
        self._add_comments(assignment, notebooks)
        totals = self._write_grades(assignment, results, submissions, notebooks, now, why)
        self._write_penalties(assignment, results, submissions, notebooks, totals, penalty)
        self._write_digests(assignment, results, now)

    def scores(self, assignment: str) -> dict[str, dict[str, float | None]]:
        """Return automatic scores by trainee and cell name."""
        grade, cell = self._t["grade"], self._t["base_cell"]
        query = self._of("grade", assignment, cell.c.name, grade.c.auto_score)
        found: dict[str, dict[str, float | None]] = {}
        for student, name, score in self._db.execute(query):
            found.setdefault(student, {})[name] = score
        return found

    def marks(self, assignment: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Return by trainee and cell name what the gradebook says: scores, comments, whether a person must look."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for kind in ("grade", "comment"):
            query = self._of(kind, assignment, self._t["base_cell"].c.name, *self._t[kind].c)
            for row in self._db.execute(query).mappings():
                found.setdefault(row["student_id"], {}).setdefault(row["name"], {}).update(row)
        return found

    def grades(
        self, assignments: Iterable[StoredAssignment], people: Container[str] | None = None
    ) -> dict[str, Grades]:
        """Return everybody's grades, or those of *people*, by the assignments' ids; rows are in the order of their cells."""
        return read_grades(self._db, {one.id: [cell.id for cell in one.cells] for one in assignments}, people)

    def everybody(self) -> dict[str, tuple[str, str]]:
        """Return name and class (班级) by trainee, archived people left out; no class without a roster."""
        student = self._t["student"]
        rows = self._db.execute(select(student.c.id, student.c.last_name, student.c.first_name))
        found = {key: ("".join(filter(None, (family, given))), "") for key, family, given in rows}
        for key, name, group, archived in self._db.execute(
            select(PERSON.c.student_id, PERSON.c.name, PERSON.c.class_name, PERSON.c.archived)
        ):
            if archived:
                found.pop(key, None)
            else:
                found[key] = (name, group)
        return found

    def penalties(self, assignment: str) -> dict[tuple[str, str], float]:
        """Return what being late cost in points, by trainee and notebook."""
        t = self._t
        columns = t["submitted_assignment"].c.student_id, t["notebook"].c.name
        query = (
            select(*columns, t["submitted_notebook"].c.late_submission_penalty)
            .select_from(t["submitted_notebook"])
            .join(t["submitted_assignment"], t["submitted_assignment"].c.id == t["submitted_notebook"].c.assignment_id)
            .join(t["notebook"], t["notebook"].c.id == t["submitted_notebook"].c.notebook_id)
            .join(t["assignment"], t["assignment"].c.id == t["submitted_assignment"].c.assignment_id)
            .where(t["assignment"].c.name == assignment)
        )
        return {(student, notebook): points or 0.0 for student, notebook, points in self._db.execute(query)}

    def _of(self, kind: str, assignment: str, *columns: Any) -> Select[Any]:
        t = self._t
        # naming the cells first lets the database use the index on them instead of reading every grade there is
        cells = (
            select(t["base_cell"].c.id)
            .join(t["notebook"], t["notebook"].c.id == t["base_cell"].c.notebook_id)
            .join(t["assignment"], t["assignment"].c.id == t["notebook"].c.assignment_id)
            .where(t["assignment"].c.name == assignment)
        )
        return (
            select(t["submitted_assignment"].c.student_id, *columns)
            .select_from(t[kind])
            .join(t["base_cell"], t["base_cell"].c.id == t[kind].c.cell_id)
            .join(t["submitted_notebook"], t["submitted_notebook"].c.id == t[kind].c.notebook_id)
            .join(t["submitted_assignment"], t["submitted_assignment"].c.id == t["submitted_notebook"].c.assignment_id)
            .join(t["assignment"], t["assignment"].c.id == t["submitted_assignment"].c.assignment_id)
            .where(t["assignment"].c.name == assignment, t[kind].c.cell_id.in_(cells))
            .order_by(t["submitted_assignment"].c.student_id, t["base_cell"].c.name)
        )

    def _rows(self, table: str, column: str, values: Sequence[str], **also: str) -> Iterator[dict[str, Any]]:
        t = self._t[table]
        for start in range(0, len(values), _CHUNK):
            query = select(t).where(t.c[column].in_(values[start : start + _CHUNK]))
            for name, value in also.items():
                query = query.where(t.c[name] == value)
            yield from (dict(row) for row in self._db.execute(query).mappings())

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._db.execute(insert(self._t[table]), rows)

    def _notebook(self, notebook: str, name: str) -> StoredNotebook:
        cells = {row["id"]: row for row in self._rows("base_cell", "notebook_id", [notebook])}
        graded = [
            GradedCell(row["id"], cells[row["id"]]["name"], table == "task_cells", float(row["max_score"]))
            for table in ("grade_cells", "task_cells")
            for row in self._rows(table, "id", list(cells))
        ]
        sources = {
            row["name"]: SourceCell(row["name"], row["source"] or "", row["checksum"] or "")
            for row in self._rows("source_cell", "notebook_id", [notebook])
        }
        comments = tuple(key for key, row in cells.items() if row["type"] in ("SolutionCell", "TaskCell"))
        return StoredNotebook(notebook, name, sources, tuple(sorted(graded, key=lambda g: g.name)), comments)

    def _add_students(self, results: Sequence[Result]) -> None:
        names = [result.trainee for result in results]
        have = {row["id"] for row in self._rows("student", "id", names)}
        self._insert("student", [{"id": name} for name in names if name not in have])

    def _submissions(self, assignment: StoredAssignment, results: Sequence[Result]) -> dict[str, dict[str, Any]]:
        """Return each trainee's row of submitted_assignment, made or brought up to date."""
        names = [result.trainee for result in results]
        table = self._t["submitted_assignment"]
        have = {
            row["student_id"]: row for row in self._rows(table.name, "student_id", names, assignment_id=assignment.id)
        }
        new = [
            {
                "id": uuid.uuid4().hex, "assignment_id": assignment.id, "student_id": result.trainee,
                "timestamp": result.timestamp, "extension": None,
            }
            for result in results
            if result.trainee not in have
        ]  # fmt: skip
        self._insert(table.name, new)
        changed = [
            {"key": have[result.trainee]["id"], "when": result.timestamp}
            for result in results
            if result.trainee in have and result.timestamp and have[result.trainee]["timestamp"] != result.timestamp
        ]
        if changed:
            when = update(table).where(table.c.id == bindparam("key")).values(timestamp=bindparam("when"))
            self._db.execute(when, changed)
        found = have | {row["student_id"]: row for row in new}
        for result in results:
            found[result.trainee]["timestamp"] = result.timestamp or found[result.trainee]["timestamp"]
        return found

    def _submitted(self, assignment: StoredAssignment, submissions: Sequence[str]) -> dict[tuple[str, str], str]:
        """Return the id of each (submission, notebook), made where it is missing."""
        table = self._t["submitted_notebook"]
        have = {
            (row["assignment_id"], row["notebook_id"]): row["id"]
            for row in self._rows(table.name, "assignment_id", submissions)
        }
        new = [
            {"id": uuid.uuid4().hex, "assignment_id": submission, "notebook_id": notebook.id, "flagged": False}
            for submission in submissions
            for notebook in assignment.notebooks
            if (submission, notebook.id) not in have
        ]
        self._insert(table.name, new)
        return have | {(str(row["assignment_id"]), str(row["notebook_id"])): str(row["id"]) for row in new}

    def _add_comments(self, assignment: StoredAssignment, notebooks: Mapping[tuple[str, str], str]) -> None:
        cells = {notebook.id: notebook.comments for notebook in assignment.notebooks}
        have = {
            (row["notebook_id"], row["cell_id"])
            for row in self._rows("comment", "notebook_id", list(notebooks.values()))
        }
        new = [
            {"id": uuid.uuid4().hex, "notebook_id": submitted, "cell_id": cell}
            for (_, notebook), submitted in notebooks.items()
            for cell in cells.get(notebook, ())
            if (submitted, cell) not in have
        ]
        self._insert("comment", new)

    def _write_grades(
        self,
        assignment: StoredAssignment,
        results: Sequence[Result],
        submissions: Mapping[str, Mapping[str, Any]],
        notebooks: Mapping[tuple[str, str], str],
        now: datetime,
        why: str,
    ) -> dict[str, float]:
        """Set all scores and log what changed; returns the resulting total by submitted notebook."""
        table = self._t["grade"]
        have = {
            (row["notebook_id"], row["cell_id"]): row
            for row in self._rows("grade", "notebook_id", list(notebooks.values()))
        }
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        log: list[dict[str, Any]] = []
        totals: dict[str, float] = {}
        for result in results:
            for notebook in assignment.notebooks:
                submitted = notebooks[submissions[result.trainee]["id"], notebook.id]
                scores = result.scores.get(notebook.name, {})
                for cell in notebook.graded:
                    old = have.get((submitted, cell.id))
                    score = None if cell.by_hand else scores.get(cell.name, 0.0)
                    manual = old["manual_score"] if old else None
                    extra = (old["extra_credit"] or 0.0) if old else 0.0
                    by_hand = score is None or manual is not None
                    totals[submitted] = (
                        totals.get(submitted, 0.0) + (manual if manual is not None else score or 0.0) + extra
                    )
                    if old is None:
                        row = {"id": uuid.uuid4().hex, "notebook_id": submitted, "cell_id": cell.id}
                        new.append(row | {"auto_score": score, "needs_manual_grade": by_hand})
                    else:
                        changed.append({"key": old["id"], "score": score, "by_hand": by_hand})
                    if old is None or old["auto_score"] != score:
                        before = old["auto_score"] if old else None
                        line = {"at": now, "assignment": assignment.name, "trainee": result.trainee, "cell": cell.name}
                        log.append(line | {"old": before, "new": score, "why": why})
        self._insert("grade", new)
        if changed:
            values: dict[str, Any] = {"auto_score": bindparam("score"), "needs_manual_grade": bindparam("by_hand")}
            self._db.execute(update(table).where(table.c.id == bindparam("key")).values(values), changed)
        if log:
            self._db.execute(insert(AUDIT), log)
        return totals

    def _write_penalties(
        self,
        assignment: StoredAssignment,
        results: Sequence[Result],
        submissions: Mapping[str, Mapping[str, Any]],
        notebooks: Mapping[tuple[str, str], str],
        totals: Mapping[str, float],
        penalty: Penalty,
    ) -> None:
        """Take off points of late submissions, at least 0 and at most the score (nbgrader's AssignLatePenalties)."""
        table = self._t["submitted_notebook"]
        rows = []
        for result in results:
            submission = submissions[result.trainee]
            late = seconds_late(submission["timestamp"], assignment.duedate, _span(submission["extension"]))
            for notebook in assignment.notebooks:
                submitted = notebooks[submission["id"], notebook.id]
                total = totals.get(submitted, 0.0)
                off = penalty(result.trainee, total, late) if late > 0 else None
                rows.append({"key": submitted, "off": None if off is None else min(max(off, 0.0), total)})
        values: dict[str, Any] = {"late_submission_penalty": bindparam("off")}
        self._db.execute(update(table).where(table.c.id == bindparam("key")).values(values), rows)

    def _write_digests(self, assignment: StoredAssignment, results: Sequence[Result], now: datetime) -> None:
        have = self.digests(assignment.name)
        rows = [
            {"who": r.trainee, "hash": r.digest, "when": now, "text": r.report, "what": assignment.name}
            for r in results
        ]
        values: dict[str, Any] = {
            "digest": bindparam("hash"),
            "graded_at": bindparam("when"),
            "report": bindparam("text"),
        }
        old = [row for row in rows if row["who"] in have]
        if old:
            where = (GRADING.c.assignment == bindparam("what")) & (GRADING.c.trainee == bindparam("who"))
            self._db.execute(update(GRADING).where(where).values(values), old)
        new = [row for row in rows if row["who"] not in have]
        if new:
            keys: dict[str, Any] = {"assignment": bindparam("what"), "trainee": bindparam("who")}
            self._db.execute(insert(GRADING).values(keys | values), new)


def seconds_late(timestamp: datetime | None, duedate: datetime | None, extension: timedelta | None) -> float:
    """Return by how many seconds a submission missed its deadline, 0 when it did not or none is known."""
    if timestamp is None or duedate is None:
        return 0.0
    return max(0.0, (timestamp - duedate - (extension or timedelta())).total_seconds())


def _span(extension: timedelta | datetime | None) -> timedelta | None:
    """Return an extension as a span; SQLite, having none, keeps it as a date that long after 1970."""
    epoch = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)
    return extension - epoch if isinstance(extension, datetime) else extension


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """Open the course's gradebook in one transaction; raises CourseError when it is missing or cannot be used."""
    if is_missing(course):
        raise CourseError(NONE)
    with transaction(course) as connection:
        require_known(connection)
        yield Gradebook(connection)
