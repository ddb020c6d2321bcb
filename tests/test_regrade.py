"""Regrading: a preview writes nothing, and the log has one line a changed score that nobody can change."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest
from building import copied
from grading import MAXIMA, hand_in, only, scores, tree

from coursekit.course import Course
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook
from coursekit.regrade import apply_regrade, preview_regrade
from widgets import journal


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """Return a released course that a test may change."""
    return copied(released, tmp_path / "c")


def test_a_preview_writes_nothing_and_a_regrade_says_why(course: Course) -> None:
    """Who gains and who loses is known before; afterwards the log has one line a changed score."""
    for name, how in (("gains", "wrong"), ("loses", "right"), ("blank", "")):
        hand_in(course, name, how)
    grade_assignment(course, "x01")
    source = course.source / "x01" / "x01.ipynb"
    source.write_text(source.read_text("utf-8").replace("'r6/done'", "'r6/got'"))
    before, old = tree(course.root), scores(course)
    seen = preview_regrade(course, "x01")
    assert tree(course.root) == before
    assert {(who, cell) for who, cell, now, then in seen if then < (now or 0)} >= {("loses", "x01-w1")}
    assert not [change for change in seen if change[0] == "blank"]

    apply_regrade(course, "x01")
    new = scores(course)
    changes = {(who, cell): (now, then) for who, cell, now, then in seen}
    assert changes == {
        (who, cell): (old[who][cell], score)
        for who, cells in new.items()
        for cell, score in cells.items()
        if score != old[who][cell]
    }
    with open_gradebook(course) as gradebook:
        log = [entry for entry in gradebook.audit("x01") if "重评" in entry["why"]]
    assert {(entry["trainee"], entry["cell"]): (entry["old"], entry["new"]) for entry in log} == changes
    assert len(log) == len(changes)
    assert all(isinstance(entry["at"], datetime) for entry in log)
    assert preview_regrade(course, "x01") == []


def test_a_preview_shows_what_mending_a_faulty_key_gives(course: Course) -> None:
    """A cell that could not be graded is part of the preview once its key is right."""
    hand_in(course, "t1")
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.execute("UPDATE source_cell SET source = replace(source, '''s4'': [''s3'']', '''s9'': []')")
    assert only(grade_assignment(course, "x01")).outcomes["评分故障"] == 1
    assert preview_regrade(course, "x01") == [("t1", "x01-o1", 0.0, 5.0)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE coursekit_audit SET new = 99",
        "DELETE FROM coursekit_audit",
        "REPLACE INTO coursekit_audit SELECT id, at, assignment, trainee, cell, old, 99, why FROM coursekit_audit",
    ],
)
def test_the_log_is_append_only(course: Course, statement: str) -> None:
    """What was logged cannot be changed, not even where a kill came between the table and its guard."""
    hand_in(course, "t1")
    grade_assignment(course, "x01")
    with sqlite3.connect(course.root / "gradebook.db") as db:
        for action in ("update", "delete", "insert"):
            db.execute(f"DROP TRIGGER coursekit_audit_no_{action}")
    assert scores(course)  # any opening puts the guard back
    with (
        sqlite3.connect(course.root / "gradebook.db") as db,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        db.execute(statement)


def test_the_log_has_one_line_a_changed_score(course: Course) -> None:
    """First grading logs every machine-graded cell, an unchanged regrade nothing, a change one line."""
    folder = hand_in(course, "t1")
    grade_assignment(course, "x01")
    grade_assignment(course, "x01", force=True)
    (folder / journal.NAME).write_bytes(b"")
    grade_assignment(course, "x01", why="学员重交")
    with open_gradebook(course) as gradebook:
        log = gradebook.audit("x01")
    first, second = log[: len(log) - len(MAXIMA)], log[-len(MAXIMA) :]
    assert {one["cell"]: (one["old"], one["new"]) for one in second} == {
        cell: (full, 0) for cell, full in MAXIMA.items()
    }
    assert {one["why"] for one in second} == {"学员重交"}
    assert {one["cell"]: one["new"] for one in first} == MAXIMA | {"x01-essay": None}
