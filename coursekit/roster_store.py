"""The roster in the gradebook: nbgrader's own student rows, and beside them what nbgrader has no column for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, MetaData, RowMapping, String, Table, bindparam, insert, select, update

from coursekit.course import Course, CourseError
from coursekit.records import has_gradebook, make_gradebook, open_records
from coursekit.roster import Action, Change, Person, Plan, plan
from coursekit.roster_files import read_sheets, write_roster
from coursekit.roster_table import parse
from coursekit.schema import PERSON

_STUDENT = Table(
    "student",
    MetaData(),
    Column("id", String(128), primary_key=True),
    Column("first_name", String(128)),
    Column("last_name", String(128)),
    Column("email", String(128)),
)


def everybody(connection: Connection) -> dict[str, Person]:
    """Return all people by id, archived ones too; whom only nbgrader knows has a name and an address at most."""
    kept = {row["student_id"]: row for row in connection.execute(select(PERSON)).mappings()}
    return {
        row["id"]: _person(row, kept.get(row["id"]))
        for row in connection.execute(select(_STUDENT).order_by(_STUDENT.c.id)).mappings()
    }


def load(course: Course) -> dict[str, Person]:
    """Return all people of the course by id; nobody without a gradebook."""
    if not has_gradebook(course):
        return {}
    with open_records(course) as connection:
        return everybody(connection)


def require_person(connection: Connection, trainee: str) -> Person:
    """Return somebody by id; raises CourseError when nobody has it."""
    row = connection.execute(select(_STUDENT).where(_STUDENT.c.id == trainee)).mappings().first()
    if row is None:
        raise CourseError(f"没有工号为“{trainee[:64]}”的学员。请检查写法：coursekit roster list")
    return _person(row, connection.execute(select(PERSON).where(PERSON.c.student_id == trainee)).mappings().first())


def preview_import(course: Course, path: Path, *, archive_missing: bool = False) -> Plan:
    """Say what importing a file would do, writing nothing."""
    rows, problems = parse(read_sheets(path))
    return plan(rows, problems, load(course), archive_missing=archive_missing)


def import_roster(course: Course, path: Path, *, archive_missing: bool = False) -> Plan:
    """Import a file in one transaction and return what was done; with a fatal problem nothing is."""
    rows, problems = parse(read_sheets(path))
    if not plan(rows, problems, load(course), archive_missing=archive_missing).is_possible:
        return plan(rows, problems, load(course), archive_missing=archive_missing)
    make_gradebook(course)
    with open_records(course) as connection:
        decided = plan(rows, problems, everybody(connection), archive_missing=archive_missing)
        if decided.is_possible:
            write(connection, decided.changes)
    return decided


def export_roster(course: Course, path: Path) -> int:
    """Write everybody to a file, archived people too; returns how many. Raises CourseError when there is nobody."""
    people = load(course)
    if not people:
        raise CourseError("花名册是空的，没有可以导出的内容。请先导入：coursekit roster import 花名册.xlsx")
    write_roster(path, list(people.values()))
    return len(people)


def write(connection: Connection, changes: Sequence[Change]) -> None:
    """Carry out changes; grades and submissions are never touched, whoever is archived."""
    now = datetime.now(UTC).replace(tzinfo=None)
    known = set(connection.execute(select(PERSON.c.student_id)).scalars())
    todo = [one for one in changes if one.action is not Action.SAME or one.person.id not in known]
    if new := [_student(one.person) for one in todo if one.before is None]:
        connection.execute(insert(_STUDENT), new)
    if old := [_student(one.person) for one in todo if one.before is not None]:
        values: dict[str, Any] = {name: bindparam(name) for name in ("first_name", "last_name", "email")}
        renamed = [row | {"key": row.pop("id")} for row in old]
        connection.execute(update(_STUDENT).where(_STUDENT.c.id == bindparam("key")).values(values), renamed)
    if new := [_row(one.person) | {"added": now, "updated": now} for one in todo if one.person.id not in known]:
        connection.execute(insert(PERSON), new)
    if old := [_row(one.person) | {"updated": now} for one in todo if one.person.id in known]:
        names = [name for name in old[0] if name != "student_id"]
        values = {name: bindparam(f"new_{name}") for name in names}
        bound = [{"key": row["student_id"]} | {f"new_{name}": row[name] for name in names} for row in old]
        connection.execute(update(PERSON).where(PERSON.c.student_id == bindparam("key")).values(values), bound)


def _person(student: RowMapping, row: RowMapping | None) -> Person:
    name = "".join(filter(None, (student["last_name"], student["first_name"])))
    email = student["email"] or ""
    if row is None:
        return Person(student["id"], name, email=email)
    extra = msgspec.json.decode(row["extra"], type=dict[str, str])
    return Person(
        student["id"], row["name"], row["unit"], row["counter"], row["class_name"], email, bool(row["archived"]), extra
    )


def _student(person: Person) -> dict[str, Any]:
    """Return nbgrader's row: the whole name is the first name, since a Chinese name is not to be cut."""
    return {"id": person.id, "first_name": person.name, "last_name": "", "email": person.email or None}


def _row(person: Person) -> dict[str, Any]:
    return {
        "student_id": person.id,
        "name": person.name,
        "unit": person.unit,
        "counter": person.counter,
        "class_name": person.class_name,
        "extra": msgspec.json.encode(dict(person.extra)).decode(),
        "archived": person.archived,
    }
