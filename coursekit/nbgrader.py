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

from nbgrader.auth import Authenticator
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from nbgrader.utils import setenv
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from coursekit.course import Course, CourseError


class Nbgrader:
    """nbgrader for one course; each method is the command of the same name and raises CourseError when that fails."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._config: Config = PyFileConfigLoader("nbgrader_config.py", str(course.root / "config")).load_config()

    def generate_assignment(self, assignment: str) -> None:
        """Make release/ from source/ and store cells and keys in the gradebook."""
        with _spoken(f"生成 {assignment} 的发布版"):
            GenerateAssignment(coursedir=self._coursedir(assignment), config=self._config, force=True).start()

    def release_assignment(self, assignment: str) -> None:
        """Put the release into the exchange."""
        self.course.exchange.mkdir(parents=True, exist_ok=True)
        self._exchange(ExchangeReleaseAssignment, assignment, force=True)

    def fetch_assignment(self, assignment: str, home: Path) -> None:
        """Copy a released assignment into a trainee's *home*."""
        self._exchange(ExchangeFetchAssignment, assignment, assignment_dir=str(home))

    def submit(self, assignment: str, home: Path, trainee: str) -> None:
        """Hand in the assignment in a trainee's *home*."""
        cache = str(home / ".nbgrader_cache")
        self._exchange(ExchangeSubmit, assignment, trainee, assignment_dir=str(home), cache=cache)

    def collect(self, assignment: str) -> None:
        """Copy the latest submissions from the exchange into submitted/."""
        self._exchange(ExchangeCollect, assignment, update=True, check_owner=False)

    def release_feedback(self, assignment: str) -> None:
        """Put feedback/ into the exchange, where trainees fetch it."""
        self._exchange(ExchangeReleaseFeedback, assignment)

    def _coursedir(self, assignment: str, trainee: str = "*") -> CourseDirectory:
        found = CourseDirectory(config=self._config, assignment_id=assignment)
        found.student_id = trainee
        return found

    def _exchange(self, step: type, assignment: str, trainee: str = "*", **traits: object) -> None:
        with _spoken(f"{step.__name__}({assignment})"):
            coursedir = self._coursedir(assignment, trainee)
            authenticator = Authenticator(config=self._config)
            step(coursedir=coursedir, authenticator=authenticator, config=self._config, **traits).start()


class _Errors(logging.Handler):
    """Keeps what nbgrader logs as an error: its exceptions only point at the log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage().strip().splitlines()[-1])


@contextmanager
def _spoken(what: str) -> Iterator[None]:
    """Turn nbgrader's English failures into one Chinese message, and keep its log out of the terminal."""
    log, errors = logging.getLogger("traitlets"), _Errors()
    before, log.handlers, log.propagate = (log.handlers, log.propagate), [errors], False
    try:
        with setenv(PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])):
            yield  # nbgrader calls alembic by name to make a new gradebook
    except (NbGraderException, ExchangeError, SystemExit, OSError, RuntimeError) as error:
        reason = "；".join(dict.fromkeys(line for line in errors.lines if line)) or str(error)
        raise CourseError(f"{what}没有成功：{reason}") from error
    finally:
        log.handlers, log.propagate = before
