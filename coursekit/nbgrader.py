"""nbgrader's own steps, run in this process with the course's configuration instead of a command line each.

Importing nbgrader takes seconds, so this module is imported only by commands that need one of its steps.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.auth import Authenticator
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from coursekit.course import Course, CourseError
from coursekit.receipt import Receipt
from coursekit.seat import CACHE

_STEPS = {
    "release_assignment": "发布",
    "fetch_assignment": "领取",
    "submit": "提交",
    "collect": "收取",
    "release_feedback": "发布反馈",
}


class Nbgrader:
    """nbgrader for one course; each method is the command of the same name and raises CourseError when that fails."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._config: Config = PyFileConfigLoader("nbgrader_config.py", str(course.root / "config")).load_config()

    def generate_assignment(self, assignment: str) -> None:
        """Make release/ from source/ and store cells and keys in the gradebook."""
        with _spoken(f"生成 {assignment} 的发布版") as log:
            GenerateAssignment(coursedir=self._coursedir(assignment), config=self._config, force=True, log=log).start()

    def release_assignment(self, assignment: str) -> None:
        """Put the release into the exchange."""
        self.course.exchange.mkdir(parents=True, exist_ok=True)
        self._exchange("release_assignment", assignment, force=True)

    def fetch_assignment(self, assignment: str, home: Path) -> None:
        """Copy a released assignment into a trainee's *home*, or bring the copy there up to the release."""
        self._exchange("fetch_assignment", assignment, assignment_dir=str(home))

    def submit(self, assignment: str, home: Path, trainee: str) -> Receipt | None:
        """Hand in the assignment in a trainee's *home*; returns the receipt that the kit's plugin gives."""
        cache = str(home / CACHE)
        done = self._exchange("submit", assignment, trainee, assignment_dir=str(home), cache=cache)
        return getattr(done, "receipt", None)

    def collect(self, assignment: str) -> Any:
        """Copy the latest submissions from the exchange into submitted/; returns coursekit.exchange.Collected."""
        return self._exchange("collect", assignment, update=True).collected

    def release_feedback(self, assignment: str) -> None:
        """Put feedback/ into the exchange, where trainees fetch it."""
        self._exchange("release_feedback", assignment)

    def _coursedir(self, assignment: str, trainee: str = "*") -> CourseDirectory:
        found = CourseDirectory(config=self._config, assignment_id=assignment)
        found.student_id = trainee
        return found

    def _exchange(self, step: str, assignment: str, trainee: str = "*", **traits: object) -> Any:
        """Run a step of the exchange by the plugin that the course's configuration names for it."""
        with _spoken(f"{_STEPS[step]} {assignment} ") as log:
            coursedir = self._coursedir(assignment, trainee)
            authenticator = Authenticator(config=self._config)
            plugin = getattr(ExchangeFactory(config=self._config), step)  # type: ignore[no-untyped-call]
            done = plugin(coursedir=coursedir, authenticator=authenticator, config=self._config, log=log, **traits)
            done.start()
            return done


class _Errors(logging.Handler):
    """Keeps what nbgrader logs as an error: its exceptions only point at the log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage().strip().splitlines()[-1])


@contextmanager
def _spoken(what: str) -> Iterator[logging.Logger]:
    """Turn nbgrader's English failures into one Chinese message, and keep its log out of the terminal.

    The logger is this call's own: inside a Jupyter server others log at the same time.
    """
    log, errors = logging.Logger("coursekit.nbgrader"), _Errors()  # noqa: LOG001
    log.addHandler(errors)
    try:
        find_alembic()
        yield log
    except CourseError:
        raise
    except (NbGraderException, ExchangeError, SystemExit, OSError, RuntimeError) as error:
        reason = "；".join(dict.fromkeys(line for line in errors.lines if line)) or str(error)
        raise CourseError(f"{what}没有成功：{reason}") from error


def find_alembic() -> None:
    """Put this Python's own programs on the path: nbgrader calls alembic by name to make a new gradebook.

    For good, as threads of one server share the path; nbgrader's own setenv would remove the variable afterwards.
    """
    here, path = str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)
    if here not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([here, path])
