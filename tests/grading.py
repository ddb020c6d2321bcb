"""A released course for tests of grading: submissions made in one line, and what the gradebook then holds."""

from __future__ import annotations

import copy
import json
import shutil
import sqlite3
import subprocess
import sys
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from building import EXERCISES, SPOTTING, SPOTTING_KEY, make_course, notebook

from coursekit import author
from coursekit.course import Course
from coursekit.grade import Report
from coursekit.gradebook import open_gradebook
from coursekit.source import load_items
from widgets import journal

#: Points of the exercises that the grader gives; x01-essay's five are a person's to give.
MAXIMA = {"x01-c1": 6.0, "x01-w1": 4.0, "x01-o1": 5.0, "x01-p1": 4.0}
FULL = sum(MAXIMA.values())
BEIJING = ZoneInfo("Asia/Shanghai")


def classroom(root: Path) -> Course:
    """Release a course with three kinds, an exercise of two variants and a task that a person grades."""
    from coursekit.nbgrader import Nbgrader

    second = {"errors": {"r6/done": {"reason": "late", "why": "第六行办结日早于受理日。"}}}
    keys = {"a": SPOTTING_KEY, "b": second}
    course = make_course(root, EXERCISES | {"x01-p1": ("RecordSpotting", SPOTTING, keys, 4)})
    folder = course.source / "x01"
    (folder / "data" / "x01-p1").mkdir()
    (folder / "data" / "x01-p1.json").rename(folder / "data" / "x01-p1" / "a.json")
    variant = copy.deepcopy(SPOTTING)
    variant["rows"][2]["cells"]["done"] = "2026-09-24"
    (folder / "data" / "x01-p1" / "b.json").write_text(json.dumps(variant, ensure_ascii=False), "utf-8")
    cells = notebook(EXERCISES | {"x01-p1": ("RecordSpotting", SPOTTING, keys, 4)})
    task = author.task_cell("x01-essay", 5, "写一段心得。", "要点齐全得满分。")
    task["metadata"]["nbgrader"]["locked"] = True  # as nbgrader makes it; unlocked, its own autograde refuses it
    cells["cells"].append(task)
    (folder / "x01.ipynb").write_text(json.dumps(cells, ensure_ascii=False), "utf-8")
    Nbgrader(course).generate_assignment("x01")
    return course


def line(exercise: str, answer: Any, variant: str = "", **other: Any) -> bytes:
    """Write one line of a journal."""
    entry = {"v": 1, "exercise": exercise, "variant": variant, "seq": 1, "at": "2026-11-22T08:15:04.120Z"}
    return msgspec.json.encode(entry | {"answer": answer} | other) + b"\n"


def answers(course: Course, trainee: str, how: str = "right") -> dict[str, bytes]:
    """Return a journal line for each exercise, answered right, wrong or partly."""
    items = [(item, item.of(trainee)) for item in load_items(course, "x01")]
    return {item.exercise: line(item.exercise, getattr(v.samples(), how), v.name) for item, v in items}


def hand_in(course: Course, trainee: str, how: str = "right", when: str = "") -> Path:
    """Put a submission into submitted/ as nbgrader collects it; answered in no way, it has no journal."""
    folder = course.folder("submitted", trainee, "x01")
    shutil.copytree(course.folder("release", ".", "x01"), folder)
    if how:
        (folder / journal.NAME).write_bytes(b"".join(answers(course, trainee, how).values()))
    if when:
        (folder / "timestamp.txt").write_text(when)
    return folder


def scores(course: Course) -> dict[str, dict[str, float | None]]:
    """Return automatic scores by trainee and cell."""
    with open_gradebook(course) as gradebook:
        return gradebook.scores("x01")


def total(course: Course, trainee: str) -> float:
    """Return a trainee's automatic points."""
    return sum(score or 0.0 for score in scores(course)[trainee].values())


def rows(course: Course) -> dict[str, list[tuple[Any, ...]]]:
    """Dump every row that grading makes, by what it stands for instead of by nbgrader's random ids."""
    parents = {
        "student": "SELECT s.* FROM student s",
        "submitted_assignment": "SELECT a.name, x.student_id, x.timestamp, x.extension FROM submitted_assignment x "
        "JOIN assignment a ON a.id = x.assignment_id",
        "submitted_notebook": "SELECT x.student_id, n.name, m.flagged, m.late_submission_penalty "
        "FROM submitted_notebook m JOIN submitted_assignment x ON x.id = m.assignment_id "
        "JOIN notebook n ON n.id = m.notebook_id",
    }
    for table, columns in (
        ("grade", "g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade"),
        ("comment", "g.auto_comment, g.manual_comment"),
    ):
        parents[table] = (
            f"SELECT x.student_id, c.name, c.type, {columns} FROM {table} g JOIN base_cell c ON c.id = g.cell_id "
            "JOIN submitted_notebook m ON m.id = g.notebook_id JOIN submitted_assignment x ON x.id = m.assignment_id"
        )
    with sqlite3.connect(course.root / "gradebook.db") as db:
        return {table: sorted(db.execute(query), key=str) for table, query in parents.items()}


def nbgrader(course: Course, *words: str, check: bool = True) -> str:
    """Run stock nbgrader with the course's configuration; returns what it said."""
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=course.root, env=course.environment, check=False, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def stock(module: str, name: str) -> Any:
    """Return something of nbgrader's, whose own type annotations are not to be relied on."""
    return getattr(import_module(f"nbgrader.{module}"), name)


def with_deadline(course: Course, when: str) -> Course:
    """Return the course with a deadline for x01 in course.toml."""
    file = course.root / "config" / "course.toml"
    lines = [one for one in file.read_text("utf-8").splitlines() if not one.startswith("x01 = ")]
    lines.insert(lines.index(next(one for one in lines if one.startswith("[deadlines]"))) + 1, f"x01 = {when}")
    file.write_text("\n".join(lines), "utf-8")
    return Course.load(course.root)


def rewrite(file: Path, change: Any) -> None:
    """Write a notebook again with its list of cells changed."""
    found = json.loads(file.read_bytes())
    found["cells"] = change(found["cells"])
    file.write_text(json.dumps(found), "utf-8")


def new_cell(source: str) -> dict[str, Any]:
    """Make a cell that a trainee added."""
    return {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
        "id": "added",
    }


def tree(root: Path) -> dict[str, str]:
    """Hash every file below *root* by its path."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest() for path in files}


def only(graded: list[Report]) -> Report:
    """Return the only report."""
    (one,) = graded
    return one
