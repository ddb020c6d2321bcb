"""Handing in for tests: a home with an answer, its parcel, and what lies in a folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from coursekit.course import Course
from coursekit.handin import Limits, Parcel
from coursekit.nbgrader import Nbgrader
from widgets import RecordSpotting

NOW = datetime(2026, 11, 22, 6, 3, 10, 123456, tzinfo=UTC)
LIMITS = Limits(file=1_000_000, folder=3_000_000)


def answer(home: Path, row: int) -> None:
    """Mark one row of the wrong-record exercise."""
    exercise = RecordSpotting("x01-w1", home / "x01", "t001")
    before = exercise.latest()
    exercise.save({"marks": {f"r{row}/done": {"reason": "late"}}}, base=before.seq if before else 0)


def worked_on(course: Course, home: Path) -> Path:
    """Fetch x01 into a home and answer one exercise; returns the home."""
    Nbgrader(course).fetch_assignment("x01", home)
    answer(home, 3)
    return home


def parcel(course: Course, home: Path, limits: Limits = LIMITS) -> Parcel:
    """Pack a home's x01 as t001 hands it in."""
    return Parcel("t001", "x01", home / "x01", course.exchanged / "outbound" / "x01", limits)


def tree(folder: Path) -> set[str]:
    """List the files below a folder by their path in it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
