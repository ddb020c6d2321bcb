"""Effect figures in the gradebook's database: imported all or nothing, read back for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from coursekit import effect_rows
from coursekit.course import Course
from coursekit.effect import PHASES, Figures
from coursekit.effect_rows import FORMS, Form
from coursekit.effect_schema import EFFECT, QUALITY
from coursekit.ledger_import import Count, merge
from coursekit.quality import ALL, Observation
from coursekit.records import make_gradebook, open_records
from coursekit.roster_files import read_sheets
from coursekit.roster_table import Problem
from coursekit.sheet_forms import Filled
from coursekit.xlsx import Column, Sheet, write_book

_TABLES: Mapping[str, Table] = {effect_rows.EFFECT.title: EFFECT, effect_rows.QUALITY.title: QUALITY}


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did by the title of the sheet; nothing when a problem is fatal."""

    counts: Mapping[str, Count]
    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Marked:
    """Quality marks of one counter in one phase."""

    phase: str
    counter: str
    observation: Observation


def import_effect(course: Course, path: Path) -> Imported:
    """Import a file in one transaction; what stands there already is updated, and with a fatal problem nothing is."""
    rows, problems = effect_rows.read(read_sheets(path))
    make_gradebook(course)
    with open_records(course) as connection:
        today = datetime.now(course.zone).date()
        problems += effect_rows.judge(rows, [row for form in FORMS for row in _stored(connection, form)], today)
        if any(problem.fatal for problem in problems):
            return Imported({}, problems)
        counts = {
            form.title: merge(
                connection, _TABLES[form.title], form.keys, (dict(row.values) for row in rows if row.form is form)
            )
            for form in FORMS
        }
    return Imported({title: count for title, count in counts.items() if count != Count()}, problems)


def load_effect(course: Course) -> tuple[list[Figures], list[Marked]]:
    """Return all figures and all quality marks."""
    with open_records(course) as connection:
        figures = [Figures(**row.values) for row in _stored(connection, effect_rows.EFFECT)]
        marks = [_marked(row.values) for row in _stored(connection, effect_rows.QUALITY)]
    return figures, marks


def write_template(path: Path) -> None:
    """Write empty forms with headers, cell formats, lists to choose from, and how to fill them in."""
    guide = Sheet("填写说明", [Column("工作表", 14), Column("怎么填", 90)], [[form.title, form.hint] for form in FORMS])
    write_book(
        path, [guide, *(Sheet(form.title, [_column(one) for one in form.columns.values()], []) for form in FORMS)]
    )


def _column(one: effect_rows.Column) -> Column:
    kind = {"day": "day", "count": "count", "minutes": "number", "grade": "number", "mark": "number"}.get(one.kind)
    title = one.label + ("*" if one.required else "") + (f"（{one.unit}）" if one.unit else "")
    choices = tuple(PHASES.values()) if one.kind == "phase" else ()
    return Column(title, 12 if kind else 16, kind or "text", choices)


def _stored(connection: Connection, form: Form) -> list[Filled[Form]]:
    table = _TABLES[form.title]
    query = select(*(table.c[name] for name in form.columns)).order_by(*(table.c[name] for name in form.keys))
    return [Filled(form, "", 0, dict(row)) for row in connection.execute(query).mappings()]


def _marked(values: Mapping[str, Any]) -> Marked:
    marks = {name: None if values[name] is None else Fraction(values[name]) for name in ALL}
    return Marked(values["phase"], values["counter"], marks)
