"""Grade submissions as data: only the journal of a submission is read, and none of its cells is ever run."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from coursekit.course import Course, CourseError
from coursekit.gradebook import Result, open_gradebook
from coursekit.notebooks import marks
from coursekit.release import Release, ReleasedNotebook, exercise_of, load_release
from widgets import journal
from widgets.assess import Assessment, Outcome, assess, failed, refused
from widgets.kind import AnswerError
from widgets.page import answer_page
from widgets.pool import Pool

#: What nbgrader's exchange puts beside a submission and wants to find beside its feedback.
SUBMISSION_FILES = ("timestamp.txt", "submission_secret.txt")


@dataclass(frozen=True, slots=True)
class Graded:
    """One graded submission: what came of every exercise, pages of those that a person grades, and what was odd."""

    trainee: str
    timestamp: datetime | None
    assessments: dict[str, dict[str, Assessment]]
    shown: dict[str, str]
    oddities: tuple[str, ...]

    @property
    def points(self) -> float:
        """Points earned by scored exercises."""
        return sum(a.points for cells in self.assessments.values() for a in cells.values())

    def count(self, outcome: Outcome) -> int:
        """Count the exercises that ended in *outcome*."""
        return sum(a.outcome is outcome for cells in self.assessments.values() for a in cells.values())


def submitted_trainees(course: Course, assignment: str) -> list[str]:
    """List who has a collected submission of *assignment*, sorted."""
    root = course.root / "submitted"
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if (path / assignment).is_dir() and not path.is_symlink())


def grade_assignment(
    course: Course,
    assignment: str,
    trainees: Iterable[str] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Graded]:
    """Grade all collected submissions (or those of *trainees*) into autograded/ and the gradebook.

    Raises CourseError when the assignment was not released or a named trainee has not submitted it.
    """
    with open_gradebook(course) as gradebook:
        stored = gradebook.assignment(assignment)
    release = load_release(course, stored)
    found = submitted_trainees(course, assignment)
    for trainee in trainees or ():
        if trainee not in found:
            raise CourseError(
                f"学员“{trainee}”没有已收取的 {assignment} 作业。已收取的有：{'、'.join(found[:20]) or '无'}。"
            )
    graded = []
    for trainee in trainees or found:
        one = grade_submission(release, course.folder("submitted", trainee, assignment), trainee)
        write_autograded(
            release,
            one,
            course.folder("submitted", trainee, assignment),
            course.folder("autograded", trainee, assignment),
        )
        graded.append(one)
        progress(trainee)
    with open_gradebook(course) as gradebook:
        gradebook.record(stored, [_result(one) for one in graded])
    return graded


def grade_submission(release: Release, folder: Path, trainee: str) -> Graded:
    """Grade what the journal in *folder* says; whatever the folder holds, this returns and never raises."""
    oddities: list[str] = []
    try:
        found = journal.read(folder / journal.NAME)
        oddities += found.problems
        trouble = ""
    except journal.JournalError as error:
        found, trouble = journal.Journal(), str(error)
        oddities.append(trouble)
    assessments = {nb.name: dict(_assess(nb, found, trouble, trainee)) for nb in release.notebooks}
    shown = {name: _shown(pool, found, trainee) for nb in release.notebooks for name, pool in nb.shown.items()}
    known = {item.exercise for nb in release.notebooks for item in nb.items.values()} | shown.keys()
    oddities += [f"作答记录里有不属于本作业的练习“{name}”，已忽略" for name in sorted(found.entries.keys() - known)]
    return Graded(trainee, _timestamp(folder), assessments, shown, tuple(oddities))


def write_autograded(release: Release, graded: Graded, submitted: Path, folder: Path) -> None:
    """Write the autograded folder that formgrader opens: the released notebook with answers and points as outputs.

    Written aside and then renamed, so that nobody ever sees half of it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    aside.chmod(0o755)
    for nb in release.notebooks:
        notebook = filled(nb, graded.assessments[nb.name], graded.shown)
        (aside / f"{nb.name}.ipynb").write_bytes(msgspec.json.encode(notebook))
    for name, path in release.files.items():
        (aside / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, aside / name)
    for name in (journal.NAME, *SUBMISSION_FILES):
        if _is_plain(submitted / name):
            shutil.copyfile(submitted / name, aside / name, follow_symlinks=False)
    if folder.exists():
        old = aside.with_name(aside.name + ".old")
        folder.rename(old)
        aside.rename(folder)
        shutil.rmtree(old)
    else:
        aside.rename(folder)


def filled(nb: ReleasedNotebook, assessments: dict[str, Assessment], shown: dict[str, str]) -> dict[str, Any]:
    """Return the released notebook with each exercise's answer and each grade cell's feedback and points as output."""
    pages = shown | {a.exercise: a.shown for a in assessments.values()}
    cells = []
    for cell in nb.blank["cells"]:
        outputs: list[dict[str, Any]] = []
        name = marks(cell).get("grade_id", "")
        if name in assessments:
            outputs = [_html(assessments[name].html), _number(assessments[name].points)]
        elif page := pages.get(exercise_of(cell) or ""):
            outputs = [_html(page)]
        cells.append(cell | {"outputs": outputs} if outputs else cell)
    return nb.blank | {"cells": cells}


def _shown(pool: Pool, found: journal.Journal, trainee: str) -> str:
    """Show an answer that is not graded here."""
    variant = pool.variant(trainee)
    spec, entry = pool.specs[variant], found.entries.get(pool.exercise)
    try:
        answer = pool.kind.parse_answer(spec, bytes(entry.answer)) if entry and entry.variant == variant else None
    except AnswerError as error:
        return answer_page(spec, pool.kind.label, pool.kind.lines(spec, None), f"无效作答。{error}")
    return answer_page(spec, pool.kind.label, pool.kind.lines(spec, answer))


def _assess(
    nb: ReleasedNotebook, found: journal.Journal, trouble: str, trainee: str
) -> Iterator[tuple[str, Assessment]]:
    for cell, item in nb.items.items():
        if trouble:
            yield cell, refused(item.exercise, item.maximum, trouble)
        else:
            entry = found.entries.get(item.exercise)
            yield cell, assess(item.key, entry, trainee)
    for cell, (maximum, message) in nb.broken.items():
        yield cell, failed(cell, maximum, message)


def _result(graded: Graded) -> Result:
    scores = {nb: {cell: a.points for cell, a in cells.items()} for nb, cells in graded.assessments.items()}
    return Result(graded.trainee, graded.timestamp, scores)


def _html(html: str) -> dict[str, Any]:
    data = {"text/html": html, "text/plain": "<IPython.core.display.HTML object>"}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _number(points: float) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "data": {"text/plain": repr(points)},
        "metadata": {},
        "execution_count": None,
    }


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _timestamp(folder: Path) -> datetime | None:
    """Read nbgrader's timestamp.txt ("2026-11-22 05:00:00.123 UTC") as an instant in UTC without zone."""
    path = folder / "timestamp.txt"
    try:
        words = path.read_text("utf-8")[:64].strip() if _is_plain(path) else ""
        when = datetime.fromisoformat(words.removesuffix(" UTC"))
    except (ValueError, OSError):
        return None
    return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
