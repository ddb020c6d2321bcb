"""Kill the grader at any moment: the gradebook holds whole submissions only, and the next run finishes the work.

The short form kills 5 times. The full one, 100 times: ``COURSEKIT_SOAK=full pytest tests/test_soak.py -n 0 -s``
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from building import copied
from grading import classroom, hand_in, rows, tree

from coursekit.autograded import ASIDE
from coursekit.course import Course

pytestmark = pytest.mark.soak

KILLS = 100 if os.environ.get("COURSEKIT_SOAK") == "full" else 5
TRAINEES = 200
#: Cells that have a row of grade: four exercises and the task.
CELLS = 5
COMMAND = [sys.executable, "-c", "from coursekit.cli import main; main()", "grade", "x01"]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make a course with a class's submissions, none graded yet."""
    course = classroom(tmp_path_factory.mktemp("class") / "c")
    for number in range(TRAINEES):
        hand_in(course, f"t{number:03d}", ("right", "wrong", "partly", "")[number % 4], "2026-11-22 05:00:00 UTC")
    return course


def start(course: Course, *words: str) -> subprocess.Popen[bytes]:
    """Start the grader and return once it grades."""
    lock = course.root / ".grading.lock"
    lock.unlink(missing_ok=True)
    grader = subprocess.Popen([*COMMAND, *words, "--course", str(course.root)], stdout=subprocess.DEVNULL)
    while not (lock.exists() and lock.read_text().startswith(f"{grader.pid} ")):
        assert not waited(grader, 0.002), "the grader was refused"
    return grader


def waited(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Say whether a process ends within some time."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def state(course: Course) -> dict[str, Any]:
    """Return everything that grading leaves behind, without times and random ids."""
    with sqlite3.connect(course.root / "gradebook.db") as db:
        digests = db.execute("SELECT trainee, assignment, digest, report FROM coursekit_grading").fetchall()
    return rows(course) | {"digests": sorted(digests), "autograded": tree(course.root / "autograded")}


def audit(course: Course) -> list[tuple[Any, ...]]:
    """Return what was logged, without times, sorted."""
    with sqlite3.connect(course.root / "gradebook.db") as db:
        return sorted(db.execute("SELECT trainee, cell, old, new, why FROM coursekit_audit"))


def check(course: Course, sound: dict[str, str], *, forced: bool) -> tuple[int, int]:
    """Assert that every submission has all its rows or none; returns how many are graded and how many folders wait."""
    with sqlite3.connect(course.root / "gradebook.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        known = "coursekit_grading" in tables
        digests = {name for (name,) in db.execute("SELECT trainee FROM coursekit_grading")} if known else set()
        logged = Counter(name for (name,) in db.execute("SELECT trainee FROM coursekit_audit")) if known else Counter()
    found = rows(course)
    for table, column, each in (
        ("student", 0, 1), ("submitted_assignment", 1, 1), ("submitted_notebook", 0, 1), ("grade", 0, CELLS),
        ("comment", 0, 1),
    ):  # fmt: skip
        assert Counter(row[column] for row in found[table]) == dict.fromkeys(digests, each), table
    assert logged == dict.fromkeys(digests, CELLS)
    have = {name: value for name, value in tree(course.root / "autograded").items() if ASIDE not in name}
    folders = {path.parent.name for path in (course.root / "autograded").glob("*/x01")}
    assert have == {name: value for name, value in sound.items() if name.split("/")[0] in folders}
    waiting = digests - folders  # between two renames of a forced regrade; the next run grades it again
    assert len(waiting) <= forced
    return len(digests), len(waiting)


def test_the_grader_may_be_killed_at_any_moment(handed_in: Course, tmp_path: Path) -> None:
    """After each kill -9 the gradebook is whole; after the last run all is as if nothing had happened."""
    calm, course = copied(handed_in, tmp_path / "calm"), copied(handed_in, tmp_path / "c")
    grader, begin = start(calm), time.monotonic()
    assert grader.wait() == 0
    took = time.monotonic() - begin
    expected, log = state(calm), audit(calm)
    assert len(expected["digests"]) == TRAINEES
    assert start(calm, "--force").wait() == 0
    assert state(calm) == expected
    assert audit(calm) == log

    dice, graded, kills, seen = random.Random(2026), 0, 0, Counter[str]()
    while kills < KILLS:
        if graded == TRAINEES and kills % 2 == 0:  # begin anew, else grade again what is graded
            shutil.rmtree(course.root / "autograded")
            shutil.copyfile(handed_in.root / "gradebook.db", course.root / "gradebook.db")
            graded = 0
        forced = graded == TRAINEES
        grader = start(course, *["--force"] * forced)
        if waited(grader, dice.uniform(0, took)):
            assert grader.returncode == 0
            seen["ended before the kill"] += 1
        else:
            grader.kill()
            grader.wait()
            kills += 1
        seen["half-written folders"] += len(list((course.root / "autograded").glob(f"*/{ASIDE}*")))
        graded, waiting = check(course, expected["autograded"], forced=forced)
        seen["kills of a regrade"] += forced
        seen["some graded, some not"] += 0 < graded < TRAINEES
        seen["folders to be written again"] += waiting
    assert start(course).wait() == 0
    assert state(course) == expected
    assert audit(course) == log
    print(f"\n{kills} kills over {TRAINEES} submissions: {dict(seen)}")
