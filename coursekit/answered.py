"""检查作答: which exercises are answered, read from data files and journal; runs no code and needs no kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from coursekit.course import CourseError
from coursekit.edition import locked
from coursekit.notebooks import read_notebook, shown_exercise
from widgets import journal
from widgets.kind import AnswerError
from widgets.pool import load_pool
from widgets.spec import DataError


class Unanswered(msgspec.Struct, frozen=True):
    """An exercise that still waits; *place* is its number among the exercises."""

    exercise: str
    title: str
    place: int


class Answered(msgspec.Struct, frozen=True):
    """How far a trainee is in one assignment."""

    done: int
    total: int
    unanswered: tuple[Unanswered, ...]


def check_answers(folder: Path, trainee: str, released: Path | None = None) -> Answered:
    """Say what of the assignment in *folder* is answered; a damaged notebook is replaced by the *released* one.

    Exercises for practice do not count. Raises CourseError when the journal cannot be read.
    """
    names = exercises(folder) or (exercises(released) if released else [])
    try:
        found = journal.read(folder / journal.NAME)
    except journal.JournalError as error:
        raise CourseError(f"{error}") from error
    waiting, done, place = [], 0, 0
    for name in names:
        place += 1
        title, answered = _look(folder, name, found, trainee)
        if answered is None:
            place -= 1  # practice
        elif answered:
            done += 1
        else:
            waiting.append(Unanswered(name, title, place))
    return Answered(done, done + len(waiting), tuple(waiting))


def exercises(folder: Path) -> list[str]:
    """Name the exercises that an assignment's notebooks show, in order; a damaged notebook shows none."""
    return [name for path in sorted(folder.glob("*.ipynb")) for name in _shown(path)]


def _shown(path: Path) -> Iterator[str]:
    try:
        for cell in locked(read_notebook(path), "code"):
            if shown := shown_exercise(cell):
                yield shown[1]
    except (CourseError, TypeError, ValueError, RecursionError, MemoryError):
        return


def _look(folder: Path, name: str, found: journal.Journal, trainee: str) -> tuple[str, bool | None]:
    """Return an exercise's title and whether it is answered; None for practice."""
    try:
        pool = load_pool(folder, name)
    except DataError:
        return f"{name}（题目文件有损坏，请重新领取）", False
    variant = pool.variant(trainee)
    spec, entry = pool.specs[variant], found.entries.get(name)
    if spec.policy == "practice":
        return spec.title, None
    if entry is None or entry.variant != variant:
        return spec.title, False
    try:
        return spec.title, not pool.kind.is_blank(pool.kind.parse_answer(spec, bytes(entry.answer)))
    except AnswerError:
        return spec.title, False
