"""Importing filled-in forms of the ledger, all of a file or nothing, and the empty forms to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from coursekit.course import Course
from coursekit.ledger_forms import ATTENDANCES, FORMS, PRESENCE, SESSIONS, Form
from coursekit.ledger_rows import judge, kind_of, read_forms
from coursekit.office_schema import ATTENDANCE, RECORD, SESSION
from coursekit.records import make_gradebook, open_records
from coursekit.roster_files import read_sheets
from coursekit.roster_table import Problem
from coursekit.sessions import known
from coursekit.sheet_forms import Filled
from coursekit.xlsx import Column, Sheet, write_book

#: What ``coursekit session import`` reads of a file.
SESSION_FORMS = (SESSIONS, ATTENDANCES)


@dataclass(frozen=True, slots=True)
class Count:
    """What became of a form's rows."""

    added: int = 0
    updated: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did by the title of the form; nothing when a problem is fatal."""

    counts: Mapping[str, Count]
    problems: Sequence[Problem]

    @property
    def is_done(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(problem.fatal for problem in self.problems)


def import_forms(course: Course, path: Path, forms: Sequence[Form] = FORMS) -> Imported:
    """Import a file in one transaction; what stands there already is updated, and with a fatal problem nothing is."""
    rows, problems = read_forms(read_sheets(path), forms)
    make_gradebook(course)
    with open_records(course) as connection:
        problems += judge(rows, known(connection, course))
        if any(problem.fatal for problem in problems):
            return Imported({}, problems)
        counts = {form.title: _write(connection, form, [row for row in rows if row.form is form]) for form in forms}
    return Imported({title: count for title, count in counts.items() if count != Count()}, problems)


def write_template(path: Path) -> None:
    """Write empty forms with headers, cell formats and lists to choose from."""
    guide = Sheet("填写说明", [Column("工作表", 14), Column("怎么填", 70)], [[form.title, form.hint] for form in FORMS])
    sheets = [Sheet(form.title, [_column(form, name) for name in form.columns], []) for form in FORMS]
    write_book(path, [guide, *sheets])


def _column(form: Form, name: str) -> Column:
    field = form.columns[name]
    kinds = {"day": "day", "clock": "clock", "hours": "number"}
    wide = {"id": 12, "number": 12, "day": 12, "clock": 9, "hours": 8, "presence": 9}
    text = 40 if field.most > 200 else 14
    title = f"{field.label}*" if field.required else field.label
    choices = PRESENCE if field.kind == "presence" else ()
    return Column(title, wide.get(field.kind, text), kinds.get(field.kind, "text"), choices)


def _write(connection: Connection, form: Form, rows: Sequence[Filled[Form]]) -> Count:
    if form is SESSIONS:
        return merge(connection, SESSION, ("number",), (dict(row.values) for row in rows))
    if form is ATTENDANCES:
        return merge(connection, ATTENDANCE, ("session", "student_id"), (_without_name(row) for row in rows))
    rest = {"kind": kind_of(form), "correction": "", "done": None, "by": ""}
    keys = ("student_id", "kind", "day", "content")
    return merge(connection, RECORD, keys, (rest | _without_name(row) for row in rows))


def _without_name(row: Filled[Form]) -> dict[str, Any]:
    return {name: value for name, value in row.values.items() if name != "name"}


def merge(connection: Connection, table: Table, keys: Sequence[str], rows: Iterable[dict[str, Any]]) -> Count:
    """Insert rows whose *keys* are new and update those that say something else."""
    rows = list(rows)
    if not rows:
        return Count()
    names = list(rows[0])
    there = {
        tuple(row[key] for key in keys): {name: row[name] for name in names}
        for row in connection.execute(select(*(table.c[name] for name in names))).mappings()
    }
    new, changed = [], []
    for row in rows:
        old = there.get(tuple(row[key] for key in keys))
        if old is None:
            new.append(row)
        elif old != row:
            changed.append(row)
    if new:
        connection.execute(insert(table), new)
    others = [name for name in names if name not in keys]
    if changed and others:
        where = [table.c[key] == bindparam(f"old_{key}") for key in keys]
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in others}
        bound = [{f"old_{n}": row[n] for n in keys} | {f"new_{n}": row[n] for n in others} for row in changed]
        connection.execute(update(table).where(*where).values(values), bound)
    return Count(len(new), len(changed), len(rows) - len(new) - len(changed))
