"""Where one trainee works: home folder, trainee's id, and what the course has for this person in the exchange."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from coursekit.course import Course
from coursekit.inbound import require_trainee
from widgets.exercise import current_trainee

#: nbgrader's cache in a trainee's home; config/nbgrader_config.py names the same.
CACHE = ".nbgrader_cache"


@dataclass(frozen=True, slots=True)
class Seat:
    """A trainee of a course at work in *home*."""

    course: Course
    trainee: str
    home: Path

    @classmethod
    def here(cls, course: Course, home: Path) -> Seat:
        """Return the seat of whoever runs this process in *home*; raises CourseError for an unusable id."""
        return cls(course, require_trainee(current_trainee()), home.resolve())

    @property
    def cache(self) -> Path:
        """What this trainee handed in of this course."""
        return self.home / CACHE / self.course.settings.id

    @property
    def outbound(self) -> Path:
        """What is released."""
        return self.course.exchanged / "outbound"

    @property
    def inbound(self) -> Path:
        """Where submissions go."""
        return self.course.exchanged / "inbound"

    @property
    def feedback(self) -> Path:
        """Where released feedback lies, each page under a name that only its receiver can compute."""
        return self.course.exchanged / "feedback"

    def take(self) -> None:
        """Name trainee and home to kernels and to nbgrader's own extensions, which run in this process or below it."""
        os.environ["COURSEKIT_TRAINEE"] = self.trainee
        os.environ["COURSEKIT_HOME"] = str(self.home)
