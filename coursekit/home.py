"""课程首页 for a trainee: every module with its state, decided from facts that :func:`look` reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Literal

import msgspec

from coursekit import edition, handin, inbound, pages, plain, receipt
from coursekit.answered import Answered, check_answers, exercises
from coursekit.course import Course, CourseError
from coursekit.notebooks import read_notebook
from coursekit.seat import Seat
from widgets.journal import MAX_FILE, NAME

State = Literal["new", "working", "submitted", "graded"]
_ORDER = "mde"


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """One module as the page shows it; times are in the course's zone."""

    id: str
    title: str
    minutes: int | None = None
    state: State = "new"
    fetched: bool = False
    done: int = 0
    total: int = 0
    deadline: datetime | None = None
    overdue: bool = False
    submitted_at: datetime | None = None
    receipt: str | None = None
    points: float | None = None
    maximum: float | None = None
    path: str = ""
    changed: bool = False
    feedback: bool = False
    newer: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission as the trainee's cache knows it; *page* is its released feedback.

    What was only exported (for a USB stick) has not arrived unless there is feedback for it.
    """

    at: datetime
    arrived: bool
    code: str | None
    journal: str
    page: Path | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one module; *journal* is the checksum of the answers, empty without any."""

    id: str
    title: str
    minutes: int | None
    path: str
    fetched: bool
    is_current: bool
    answers: Answered
    journal: str
    sent: tuple[Sent, ...]
    deadline: datetime | None
    problem: str | None = None


def decide(facts: Facts, now: datetime, zone: tzinfo) -> Module:
    """Decide a module's state from the facts; *sent* has the newest submission first."""
    last = next((one for one in facts.sent if one.arrived), None)
    state: State = "new"
    points = maximum = None
    if last and last.page:
        state = "graded"
        points, maximum = pages.marks_of(last.page)
    elif last:
        state = "submitted"
    elif facts.fetched:
        state = "working"
    return Module(
        id=facts.id,
        title=facts.title,
        minutes=facts.minutes,
        state=state,
        fetched=facts.fetched,
        done=facts.answers.done,
        total=facts.answers.total,
        deadline=facts.deadline.astimezone(zone) if facts.deadline else None,
        overdue=facts.deadline is not None and now > facts.deadline and last is None,
        submitted_at=last.at.astimezone(zone).replace(microsecond=0) if last else None,
        receipt=last.code if last else None,
        points=points,
        maximum=maximum,
        path=facts.path,
        changed=last is not None and facts.fetched and facts.journal != last.journal,
        feedback=any(one.page for one in facts.sent),
        newer=facts.fetched and not facts.is_current,
        problem=facts.problem,
    )


def modules(seat: Seat) -> list[Module]:
    """List the modules that are released, fetched or handed in, in the order of the course."""
    return [module(seat, name) for name in sorted(known(seat), key=order)]


def module(seat: Seat, assignment: str) -> Module:
    """Return one module; raises CourseError when there is none of this name."""
    if assignment not in known(seat):
        raise CourseError(f"没有名为“{assignment[:64]}”的模块，或教师还没有发布。请刷新页面后再试。")
    return decide(look(seat, assignment), datetime.now(UTC), seat.course.zone)


def known(seat: Seat) -> set[str]:
    """Name the assignments that concern this trainee; without the exchange those that lie in the home folder."""
    if seat.outbound.is_dir():
        found = {path.name for path in _folders(seat.outbound)}
    else:
        found = {path.name for path in _folders(seat.home) if _title(_notebook(path, path.name)) is not None}
    return found | {one.assignment for one in inbound.arrivals(seat.cache)[0] if one.trainee == seat.trainee}


def order(assignment: str) -> tuple[int, str]:
    """Sort training modules before drills before examinations."""
    place = _ORDER.find(assignment[:1].lower())
    return (place if place >= 0 else len(_ORDER)), assignment


def look(seat: Seat, assignment: str) -> Facts:
    """Read everything about one module; runs no code."""
    mine, released = seat.home / assignment, seat.outbound / assignment
    fetched = mine.is_dir()
    problem, answers = None, Answered(0, 0, ())
    try:
        answers = check_answers(mine if fetched else released, seat.trainee, released)
    except CourseError as error:
        problem = str(error)
    shown = _notebook(released, assignment) or _notebook(mine, assignment)
    said = _title(shown) or {}
    name = shown.name if shown else f"{assignment}.ipynb"
    deadline = seat.course.deadline(assignment)
    return Facts(
        id=assignment,
        title=str(said.get("title") or assignment),
        minutes=_minutes(said),
        path=f"{assignment}/{name}",
        fetched=fetched,
        is_current=not released.is_dir() or not fetched or edition.is_current(released, mine),
        answers=answers,
        journal=_journal(mine),
        sent=tuple(sent(seat, assignment)),
        deadline=deadline.replace(tzinfo=UTC) if deadline else None,
        problem=problem,
    )


def sketch(course: Course, assignment: str) -> Module:
    """Return a module as its author opens it in source/."""
    folder = course.require(assignment)
    notebook = _notebook(folder, assignment)
    said, deadline = _title(notebook) or {}, course.deadline(assignment)
    name = notebook.name if notebook else f"{assignment}.ipynb"
    return Module(
        id=assignment,
        title=title_of(folder),
        minutes=_minutes(said),
        total=len(exercises(folder)),
        deadline=deadline.replace(tzinfo=UTC).astimezone(course.zone) if deadline else None,
        path=f"source/{assignment}/{name}",
    )


def title_of(folder: Path) -> str:
    """Return an assignment's title: its notebook's, otherwise its own name."""
    return str((_title(_notebook(folder, folder.name)) or {}).get("title") or folder.name)


def sent(seat: Seat, assignment: str) -> Iterator[Sent]:
    """Yield the trainee's submissions, newest first, with the feedback that was released for each."""
    for one in handin.sent(seat.cache, seat.trainee, assignment):
        made = receipt.read(one.folder)
        journal = made.files.get(NAME, "") if made else _journal(one.folder)
        page = pages.released(seat.feedback, one.folder)
        arrived = made is None or bool(made.folder) or page is not None
        yield Sent(one.at, arrived, made.code if made else None, journal, page)


def _folders(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if path.name[0] not in "._" and path.is_dir())
    except OSError:
        return


def _notebook(folder: Path, assignment: str) -> Path | None:
    """Return the notebook that a module opens with: the one of its own name, otherwise the first."""
    own = folder / f"{assignment}.ipynb"
    return own if own.is_file() else next(iter(sorted(folder.glob("*.ipynb"))), None)


def _title(notebook: Path | None) -> dict[str, Any] | None:
    """Return what a course notebook says of itself; a stranger's says nothing."""
    try:
        said = read_notebook(notebook)["metadata"]["coursekit"] if notebook else None
    except (CourseError, KeyError, TypeError):
        return None
    return said if isinstance(said, dict) else None


def _minutes(said: dict[str, Any]) -> int | None:
    found = said.get("minutes")
    return found if isinstance(found, int) else None


def _journal(folder: Path) -> str:
    try:
        return plain.digest(folder / NAME, MAX_FILE)
    except OSError:
        return ""
