"""A small training office for tests: two examinations, a drill, a roster with hostile names, filled-in forms."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from building import CHECKLIST, CHECKLIST_KEY, REPO, SPOTTING, SPOTTING_KEY, write_assignment
from openpyxl import Workbook
from sqlalchemy import insert
from typer.testing import CliRunner

import coursekit.commands_certificate
import coursekit.commands_office  # noqa: F401  both register their commands
from coursekit.console import app
from coursekit.course import Course
from coursekit.evaluate import evaluate_course
from coursekit.gradebook import Result, open_gradebook
from coursekit.records import open_records
from coursekit.roster import plan
from coursekit.roster_store import everybody, write
from coursekit.roster_table import Row

#: Names that break formulas, markup and files; t1 passes, t2 must come again, t3 lacks the drill.
NAMES = {"t1": '=HYPERLINK("http://x")', "t2": "<script>alert(1)</script>", "t3": "../李&四"}
UNIT = "+市场监管局"


def released_course(root: Path) -> Course:
    """Let nbgrader generate two examinations and a drill, each of two exercises of 50 points."""
    from coursekit.nbgrader import Nbgrader

    shutil.copytree(REPO / "config", root / "config", ignore=shutil.ignore_patterns("__pycache__"))
    course = Course.load(root)
    for name in ("e01", "e02", "d01"):
        exercises = {
            f"{name}-c1": ("ChecklistReview", CHECKLIST, CHECKLIST_KEY, 50),
            f"{name}-w1": ("RecordSpotting", SPOTTING, SPOTTING_KEY, 50),
        }
        write_assignment(course.source / name, exercises)
        Nbgrader(course).generate_assignment(name)
    return course


def evaluated_course(root: Path) -> Course:
    """Let everybody sit the examinations, and record who passed."""
    course = released_course(root)
    enrol(course)
    examine(course)
    evaluate_course(course, write=True)
    return course


def enrol(course: Course, names: Mapping[str, str] = NAMES) -> None:
    """Put people on the roster, the last of them in a class of their own."""
    rows = [
        Row("名册", 2, {"id": key, "name": name, "unit": UNIT, "class_name": "二班" if key == "t3" else "一班"}, {})
        for key, name in names.items()
    ]
    with open_records(course) as connection:
        write(connection, plan(rows, [], everybody(connection)).changes)


def mark(course: Course, assignment: str, marks: Mapping[str, tuple[float, float]]) -> None:
    """Write marks of two exercises as the grader does; handed in at 13:00 in China."""
    results = [
        Result(
            who,
            datetime.fromisoformat("2026-11-20 05:00"),
            {assignment: {f"{assignment}-c1": a, f"{assignment}-w1": b}},
            "",
            "{}",
        )
        for who, (a, b) in marks.items()
    ]
    with open_gradebook(course) as gradebook:
        gradebook.record(gradebook.assignment(assignment), results, "测试", lambda *_: None)


def examine(course: Course) -> None:
    """Give everybody marks: t1 has 81.9, t2 87.9 with too little theory, t3 no drill."""
    mark(course, "e01", {"t1": (42, 40), "t2": (39, 40), "t3": (20, 30.5)})
    mark(course, "e02", {"t1": (40, 36), "t2": (45, 50), "t3": (35, 36)})
    mark(course, "d01", {"t1": (45, 45), "t2": (46, 46)})


def comment(course: Course, trainee: str, assignment: str, text: str) -> None:
    """Write a comment on an answer as a person does in formgrader."""
    with open_gradebook(course) as gradebook:
        tables, db = gradebook._t, gradebook._db
        cell, page, paper = tables["grade_cells"], tables["submitted_notebook"], tables["submitted_assignment"]
        mine = (
            db.execute(
                page.select()
                .join(paper, paper.c.id == page.c.assignment_id)
                .join(tables["assignment"], tables["assignment"].c.id == paper.c.assignment_id)
                .where(paper.c.student_id == trainee, tables["assignment"].c.name == assignment)
            )
            .mappings()
            .one()
        )
        chosen = db.execute(
            cell.select()
            .join(tables["base_cell"], tables["base_cell"].c.id == cell.c.id)
            .where(tables["base_cell"].c.notebook_id == mine["notebook_id"])
        ).first()
        assert chosen is not None
        row = {"id": f"{trainee}{assignment}", "notebook_id": mine["id"], "cell_id": chosen.id, "manual_comment": text}
        db.execute(insert(tables["comment"]), row)


def book(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], merge: Mapping[str, str] | None = None) -> Path:
    """Write a workbook, headers first; what begins with = stays text, as a person means it."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row, 1):
                if value is not None:
                    cell = sheet.cell(number, place)
                    cell.value = value
                    cell.data_type = "s" if isinstance(value, str) else cell.data_type
        for address in [merge[title]] if merge and title in merge else []:
            sheet.merge_cells(address)
    made.save(path)
    return path


def run(course: Course, *words: str, code: int = 0) -> str:
    """Run a command of the office on *course*; a CourseError's text is what it says."""
    result = CliRunner().invoke(app, [*words, "--course", str(course.root)], env={"COLUMNS": "220"})
    said = result.output + (str(result.exception) if result.exception and result.exit_code == 1 else "")
    assert result.exit_code == code, (result.output, result.exception)
    return said
