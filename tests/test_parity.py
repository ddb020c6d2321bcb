"""``coursekit grade`` and plain ``nbgrader autograde`` give the same marks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from building import REPO, VIEWS, every_kind, make_course

from coursekit.course import Course
from coursekit.demo import answer_all
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook
from coursekit.nbgrader import Nbgrader
from coursekit.people import people
from coursekit.source import load_items
from widgets import journal

STOCK = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "counter"
"""
#: How to get each sample answer into a journal; malformed ones no page would send.
SAMPLES = ("right", "wrong", "partly", "everything", "malformed", "blank")


def test_same_marks_as_stock_nbgrader_on_m04(tmp_path: Path) -> None:
    """On well-formed submissions every cell of m04 has the score that nbgrader finds with real kernels."""
    course = _course(tmp_path / "ours", "m04")
    items = load_items(course, "m04")
    folders = _submissions(course, "m04", (*SAMPLES[:3], "blank", "mixed"))
    for name in SAMPLES[:3]:
        for item in items:
            VIEWS[item.kind.name](item.exercise, folders[name], name).save(getattr(item.of(name).samples(), name))
    answer_all(people(3)[2], items, folders["mixed"])
    points = _graded_twice(course, tmp_path / "stock", "m04")
    assert points["right"] == sum(item.maximum for item in items)
    assert points["blank"] == 0
    assert 0 < points["mixed"] < points["right"]


def test_same_marks_as_stock_nbgrader_for_every_kind(tmp_path: Path) -> None:
    """Right, wrong, partly right, everything ticked, malformed and blank: each kind, through nbgrader's own kernels."""
    course = make_course(tmp_path / "ours", every_kind())
    Nbgrader(course).generate_assignment("x01")
    items = load_items(course, "x01")
    for name, folder in _submissions(course, "x01", SAMPLES).items():
        lines = []
        for number, item in enumerate(items if name != "blank" else ()):
            answer: Any = getattr(item.of(name).samples(), name)
            answer = answer[number % len(answer)] if name == "malformed" else answer
            lines.append(
                {
                    "v": 1,
                    "exercise": item.exercise,
                    "variant": "",
                    "seq": 1,
                    "at": "2026-11-22T01:00:00.000Z",
                    "answer": answer,
                }
            )
        (folder / journal.NAME).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    points = _graded_twice(course, tmp_path / "stock", "x01")
    assert points["right"] == sum(item.maximum for item in items)
    assert points["blank"] == points["malformed"] == points["everything"] == 0
    assert points["wrong"] < points["partly"] < points["right"]


@pytest.mark.parametrize("assignment", Course.load(REPO).assignments())
def test_a_solved_copy_is_worth_everything_and_a_blank_one_nothing(tmp_path: Path, assignment: str) -> None:
    """Every assignment of the course, through plain nbgrader and through ours; free text waits for a person."""
    course = _course(tmp_path / "ours", assignment)
    items = load_items(course, assignment)
    folder = _submissions(course, assignment, ("solved", "blank"))["solved"]
    for item in items:
        VIEWS[item.kind.name](item.exercise, folder, "solved").save(item.of("solved").samples().right)
    points = _graded_twice(course, tmp_path / "stock", assignment)
    assert points == {"solved": sum(item.maximum for item in items), "blank": 0}


def _course(root: Path, assignment: str) -> Course:
    shutil.copytree(REPO / "config", root / "config", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPO / "source" / assignment, root / "source" / assignment)
    course = Course.load(root)
    Nbgrader(course).generate_assignment(assignment)
    return course


def _submissions(course: Course, assignment: str, names: tuple[str, ...]) -> dict[str, Path]:
    folders = {name: course.folder("submitted", name, assignment) for name in names}
    for folder in folders.values():
        shutil.copytree(course.folder("release", ".", assignment), folder)
    return folders


def _graded_twice(course: Course, stock: Path, assignment: str) -> dict[str, float]:
    """Grade by us and by nbgrader with nothing but its own settings, compare cell by cell, and return our points."""
    shutil.copytree(course.root, stock)
    (stock / "config" / "nbgrader_config.py").write_text(STOCK.format(root=str(stock)))
    graded = {one.trainee: one.points for one in grade_assignment(course, assignment)}
    env = os.environ | {"JUPYTER_CONFIG_PATH": str(stock / "config")}
    command = [sys.executable, "-m", "nbgrader", "autograde", assignment]
    subprocess.run(command, cwd=stock, env=env, check=True, capture_output=True)
    assert _scores(course, assignment) == _scores(Course.load(stock), assignment)
    return graded


def _scores(course: Course, assignment: str) -> dict[str, dict[str, float | None]]:
    with open_gradebook(course) as gradebook:
        return gradebook.scores(assignment)
