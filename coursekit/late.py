"""Points off for being late, by whatever plugin the course's nbgrader configuration names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from coursekit.course import Course
from coursekit.gradebook import Penalty


def late_penalty(course: Course) -> Penalty:
    """Return nbgrader's late penalty for the course; nbgrader, which takes seconds, is imported only when one is set."""
    config = course.root / "config"

    def off(trainee: str, score: float, seconds: float) -> float | None:
        return _plugin(config)(trainee, score, seconds)

    return off


@lru_cache(maxsize=4)
def _plugin(config: Path) -> Penalty:
    from traitlets.config.loader import PyFileConfigLoader

    settings = PyFileConfigLoader("nbgrader_config.py", str(config)).load_config()
    if not settings.keys() & {"AssignLatePenalties", "LateSubmissionPlugin"}:
        return _nothing

    from nbgrader.preprocessors import AssignLatePenalties

    step: Any = AssignLatePenalties(config=settings)  # type: ignore[no-untyped-call]
    step.init_plugin()
    found: Penalty = step.plugin_inst.late_submission_penalty
    return found


def _nothing(_trainee: str, _score: float, _seconds: float) -> None:
    """Take nothing off: nbgrader's own default."""
