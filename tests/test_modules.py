"""Every assignment in source/: lints clean, runs, and gives no key away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from building import REPO

from coursekit.check import check, exercise_names, is_form
from coursekit.course import Course
from coursekit.nbgrader import Nbgrader
from coursekit.notebooks import marks, read_notebook
from coursekit.proof import strings
from coursekit.source import load_items
from widgets.pool import load_pool

COURSE = Course.load(REPO)


@pytest.mark.parametrize("assignment", COURSE.assignments())
def test_check_finds_nothing(assignment: str) -> None:
    """What is in source/ may be released."""
    assert check(COURSE, assignment) == []


@pytest.mark.parametrize("assignment", COURSE.assignments())
def test_points_add_up_to_100(assignment: str) -> None:
    """An assignment is worth 100 points, those that a person gives included; forms to be collected are worth none."""
    cells = [cell for path in (COURSE.source / assignment).glob("*.ipynb") for cell in read_notebook(path)["cells"]]
    by_hand = sum(marks(cell)["points"] for cell in cells if marks(cell).get("task"))
    pools = [load_pool(COURSE.source / assignment, name) for name in exercise_names(COURSE.source / assignment)]
    worth = 0 if pools and all(map(is_form, pools)) else 100
    assert sum(item.maximum for item in load_items(COURSE, assignment)) + by_hand == worth


def test_notebooks_run(tmp_path: Path) -> None:
    """Every cell of every source notebook runs in a fresh kernel (nbval); nothing is written beside it."""
    shutil.copytree(REPO / "source", tmp_path / "source")
    before = {path: path.read_bytes() for path in (tmp_path / "source").rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    result = subprocess.run([*command, "."], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
    after = {path: path.read_bytes() for path in (tmp_path / "source").rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("assignment", COURSE.assignments())
def test_no_key_is_released(assignment: str, tmp_path: Path) -> None:
    """The released folder holds no string of a key that the exercise does not show anyway."""
    for folder in ("source", "config"):
        shutil.copytree(REPO / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    course = Course.load(tmp_path)
    Nbgrader(course).generate_assignment(assignment)
    released = "\n".join(
        path.read_text("utf-8")
        for path in sorted(course.folder("release", ".", assignment).rglob("*"))
        if path.is_file()
    )
    assert "HIDDEN TESTS" not in released
    assert "key=" not in released
    for item in load_items(course, assignment):
        for variant in item.variants():
            shown = "\n".join(strings(msgspec.to_builtins(variant.spec)))
            for secret in strings(msgspec.to_builtins(variant.key)):
                # what a form asks for stands in the document that it shows; a bare number or date tells nothing
                if len(secret) >= 6 and re.search(r"[\u4e00-\u9fff]", secret) and secret not in shown:
                    assert secret not in released, f"{item.exercise}: {secret}"
