"""Grading beside stock nbgrader: its own rows, its own autograde and formgrader's pages come to the same."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from building import copied
from grading import hand_in, nbgrader, new_cell, rewrite, rows, scores, stock, total, with_deadline

from coursekit.course import Course
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook
from widgets import journal


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """Return a released course that a test may change."""
    return copied(released, tmp_path / "c")


STOCK = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "counter"
c.LateSubmissionPlugin.penalty_method = "zero"
"""


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_the_rows_are_those_of_stock_nbgrader(course: Course, tmp_path: Path) -> None:
    """Students, submissions, timestamps, late penalties, grades, comments: as nbgrader with kernels writes them."""
    for name, how, when in (
        ("late", "partly", "2026-11-22 11:00:00 UTC"),
        ("granted", "right", "2026-11-22 11:00:00.123456 UTC"),
    ):
        hand_in(course, name, how, when)
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        gradebook.update_or_create_assignment("x01", duedate="2026-11-22 10:00:00 UTC")
        gradebook.add_student("granted")
        gradebook.add_submission("x01", "granted", extension=timedelta(hours=2))
    other = copied(course, tmp_path / "stock")
    settings = STOCK.format(root=str(other.root))
    (other.root / "config" / "nbgrader_config.py").write_text(settings)
    with (course.root / "config" / "nbgrader_config.py").open("a") as file:
        file.write(settings.splitlines()[-1] + "\n")

    late = {one.trainee: one.seconds_late for one in grade_assignment(course, "x01")}
    nbgrader(other, "autograde", "x01")

    assert rows(course) == rows(other)
    assert late == {"late": 3600, "granted": 0}
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        found = {one.student.id: one for one in gradebook.assignment_submissions("x01")}
        assert {name: one.total_seconds_late for name, one in found.items()} == late
        assert found["late"].late_submission_penalty == found["late"].score > 0
        assert found["granted"].late_submission_penalty in (None, 0)


def test_stock_autograde_with_the_kit_s_settings_runs_nothing_of_a_submission(course: Course, tmp_path: Path) -> None:
    """``nbgrader autograde`` and formgrader's button give the same marks, on damaged notebooks too, and run no cell."""
    marker = tmp_path / "ran"
    run = f"import pathlib; pathlib.Path({str(marker)!r}).touch()"
    spoil: dict[str, Any] = {
        "fine": lambda _: None,
        "not-json": lambda file: file.write_bytes(b"{broken"),
        "added": lambda file: rewrite(file, lambda cells: [new_cell(run), *cells, *cells]),
        "no longer a course's": lambda file: file.write_text(unmarked(file, run)),
        "edited": lambda file: rewrite(file, lambda cells: [cell | {"source": run} for cell in cells]),
        "variants": lambda file: shutil.copytree(file.parent / "data" / "x01-p1", file.parent / "data" / "x01-c1"),
        "thief": lambda file: replace(file.with_name(journal.NAME), course.folder("submitted", "fine", "x01")),
        "link": lambda file: replace(file, course.folder("submitted", "added", "x01")),
    }
    for name, do in spoil.items():
        folder = hand_in(course, name, "partly", "2026-11-22 05:00:00 UTC")
        do(folder / "x01.ipynb")
    with (course.root / "config" / "nbgrader_config.py").open("a") as file:
        file.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    ours = with_deadline(course, "2026-11-22T12:00:00")  # an hour before they were handed in
    other = copied(ours, tmp_path / "stock")
    grade_assignment(ours, "x01")
    nbgrader(other, "autograde", "x01")
    assert rows(ours) == rows(other)
    assert all(points == taken for points, taken in _points_and_penalties(other).values())
    assert [name for name in spoil if not total(other, name)] == ["thief"]
    shutil.rmtree(other.root / "release")
    nbgrader(other, "autograde", "x01", "--force", check=False)
    assert not marker.exists()


def _points_and_penalties(course: Course) -> dict[str, tuple[float, float]]:
    with open_gradebook(course) as gradebook:
        taken = gradebook.penalties("x01")
    return {name: (total(course, name), taken[name, "x01"]) for name in scores(course)}


def unmarked(file: Path, source: str) -> str:
    """Return a notebook without the course's mark and with a cell of the trainee's first."""
    found = json.loads(file.read_bytes())
    return json.dumps(found | {"cells": [new_cell(source), *found["cells"]], "metadata": {}})


def replace(file: Path, other: Path) -> None:
    """Put a link to the file of the same name in another folder in a file's place."""
    file.unlink()
    file.symlink_to(other / file.name)


def test_formgrader_shows_an_autograded_notebook(course: Course) -> None:
    """Formgrader's own exporter renders answers and the fields of the manually graded task; its API lists the rows."""
    hand_in(course, "t1", "partly")
    grade_assignment(course, "x01")
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        submission = gradebook.find_submission_notebook("x01", "x01", "t1").id
    resources = {
        "assignment_id": "x01", "notebook_id": "x01", "submission_id": submission, "index": 0, "total": 1,
        "base_url": "", "student": "t1", "last_name": None, "first_name": None, "notebook_path": "",
    }  # fmt: skip
    formgrader = import_module("nbgrader.server_extensions.formgrader.formgrader")
    exporter = formgrader.HTMLExporter(config=formgrader.FormgradeExtension().build_extra_config())
    page, _ = exporter.from_filename(str(course.folder("autograded", "t1", "x01") / "x01.ipynb"), resources=resources)
    assert "设立登记申请书" in page
    assert "得分" in page
    assert 'id="x01-essay"' in page or "x01-essay" in page
    assert "要点齐全得满分。" in page
    directory = stock("coursedir", "CourseDirectory")(root=str(course.root), db_url=course.db_url, course_id="counter")
    api = stock("apps.api", "NbGraderAPI")(directory)
    assert [one["student"] for one in api.get_notebook_submissions("x01", "x01")] == ["t1"]
    assert api.get_submission("x01", "t1")["needs_manual_grade"]
