"""What every test gets, and courses that many modules share; a module that needs another course makes its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursekit.console import console
from coursekit.course import Course


@pytest.fixture(autouse=True)
def _wide_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tables of the command line stand unbroken, whichever test imported the console first."""
    monkeypatch.setattr(console, "_width", 220)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Release a course once for all tests of grading, which takes seconds; a test changes a copy."""
    from grading import classroom

    return classroom(tmp_path_factory.mktemp("released") / "c")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make a course with its one assignment, x01, released to trainees."""
    from building import make_released

    return make_released(tmp_path_factory.mktemp("exchange") / "course")


@pytest.fixture
def home(course: Course, tmp_path: Path) -> Path:
    """Make a home where x01 was fetched and one exercise answered."""
    from exchanging import worked_on

    return worked_on(course, tmp_path)
