"""``coursekit grade`` and plain ``nbgrader autograde`` give the same marks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from building import REPO

from coursekit.course import Course
from coursekit.demo import answer_all
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook
from coursekit.nbgrader import Nbgrader
from coursekit.people import people
from coursekit.source import load_items
from widgets import ChecklistReview, RecordSpotting, StepOrdering

VIEWS = {view.kind: view for view in (ChecklistReview, RecordSpotting, StepOrdering)}

STOCK = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "counter"
"""


def scores(course: Course) -> dict[str, dict[str, float | None]]:
    """Read the automatic scores of m04."""
    with open_gradebook(course) as gradebook:
        return gradebook.scores("m04")


def test_same_marks_as_stock_nbgrader(tmp_path: Path) -> None:
    """On well-formed submissions every cell has the same score as from nbgrader with real kernels and stock settings."""
    root = tmp_path / "ours"
    for folder in ("source", "config"):
        shutil.copytree(REPO / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    course = Course.load(root)
    nbgrader = Nbgrader(course)
    nbgrader.generate_assignment("m04")
    items = load_items(course, "m04")
    submitted = {
        name: course.folder("submitted", name, "m04") for name in ("right", "wrong", "partly", "blank", "mixed")
    }
    for name, folder in submitted.items():
        shutil.copytree(course.folder("release", ".", "m04"), folder)
        for item in items if name in ("right", "wrong", "partly") else ():
            answer: Any = getattr(item.of(name).samples(), name)
            VIEWS[item.kind.name](item.exercise, folder, name).save(answer)
    answer_all(people(3)[2], items, submitted["mixed"])
    stock = tmp_path / "stock"
    shutil.copytree(root, stock)
    (stock / "config" / "nbgrader_config.py").write_text(STOCK.format(root=str(stock)))

    graded = {one.trainee: one for one in grade_assignment(course, "m04")}
    env = os.environ | {"JUPYTER_CONFIG_PATH": str(stock / "config")}
    command = [sys.executable, "-m", "nbgrader", "autograde", "m04"]
    subprocess.run(command, cwd=stock, env=env, check=True, capture_output=True)

    ours = scores(course)
    assert ours == scores(Course.load(stock))
    assert graded["right"].points == sum(item.maximum for item in items)
    assert graded["blank"].points == 0
    assert 0 < graded["mixed"].points < graded["right"].points
