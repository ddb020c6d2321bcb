"""Who is where: released, fetched, submitted, collected, graded and feedback compared, and every gap named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coursekit import inbound, pages, plain
from coursekit.autograded import trainee_folders
from coursekit.course import Course, CourseError
from coursekit.gradebook import open_gradebook
from coursekit.home import order, title_of

#: Names in one sentence.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Standing:
    """One trainee in one assignment; *graded* is when what was graded had been submitted, None is "not yet".

    *fetched* is None where homes are out of sight; *waiting* counts items that await a person; a form *has_marks* never.
    """

    trainee: str
    fetched: bool | None = None
    submitted: datetime | None = None
    collected: datetime | None = None
    is_collected: bool = False
    graded: datetime | None = None
    is_graded: bool = False
    has_marks: bool = True
    waiting: int = 0
    feedback: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """One assignment: its trainees by id, and in Chinese what an instructor should do or look at."""

    assignment: str
    title: str
    released: bool
    deadline: datetime | None
    standings: Mapping[str, Standing]
    problems: tuple[str, ...]


def gaps(one: Standing, late: bool) -> Iterator[str]:
    """Yield what is missing between two steps of one trainee; *late* says that the deadline has passed."""
    if one.submitted is None and not one.is_collected:
        if one.fetched is not None:
            step = "已领取，还没有提交" if one.fetched else "还没有领取"
            yield f"{step}（已过截止时间）" if late else step
        return
    if one.submitted is not None and not one.is_collected:
        yield "已提交，还没有收取"
    elif one.submitted is not None and one.collected is not None and one.submitted > one.collected:
        yield "又提交过，收取的还是旧的"
    if one.is_collected and not one.is_graded:
        yield "已收取，还没有评分"
    elif one.is_collected and one.graded != one.collected:
        yield "收取了新的提交，还没有重新评分"
    elif one.is_graded and one.waiting:
        yield "有题等待人工评分"
    elif one.is_graded and one.has_marks and not one.feedback:
        yield "已评分，反馈还没有发布"


def overview(
    assignment: str,
    title: str,
    standings: Mapping[str, Standing],
    deadline: datetime | None,
    now: datetime,
    *,
    released: bool,
    odd: Iterable[str] = (),
) -> Overview:
    """Put the standings of an assignment together; gaps are counted and named, the most frequent first."""
    late = deadline is not None and now > deadline
    found: dict[str, list[str]] = {}
    for name in sorted(standings):
        for gap in gaps(standings[name], late):
            found.setdefault(gap, []).append(name)
    lines = [f"{gap}：{_names(names)}" for gap, names in sorted(found.items(), key=lambda item: -len(item[1]))]
    if standings and not released:
        lines.insert(0, "收发文件夹里没有发布版，学员不能领取")
    return Overview(assignment, title, released, deadline, standings, (*odd, *lines))


def overviews(course: Course, assignments: Iterable[str]) -> list[Overview]:
    """Look at the course's folders and gradebook; what cannot be read is a problem and stops nothing."""
    odd: list[str] = []
    arrived: list[inbound.Arrival] = []
    try:
        arrived, names = inbound.arrivals(course.exchanged / "inbound")
        odd = [f"收件夹里的“{name[:80]}”不是作业，不会被收取" for name in names]
    except CourseError as error:
        odd = [str(error)]
    newest = inbound.newest(arrived)
    now = datetime.now(UTC)
    found = []
    for name in sorted(assignments, key=order):
        graded, trouble = _graded(course, name)
        deadline = course.deadline(name)
        found.append(
            overview(
                name,
                title_of(course.source / name),
                _standings(course, name, newest, graded),
                deadline.replace(tzinfo=UTC).astimezone(course.zone) if deadline else None,
                now,
                released=(course.exchanged / "outbound" / name).is_dir(),
                odd=(*(text for text in odd if f"+{name}+" in text or "+" not in text), *trouble),
            )
        )
    return found


def _standings(
    course: Course, assignment: str, newest: Mapping[tuple[str, str], inbound.Arrival], graded: Mapping[str, Standing]
) -> dict[str, Standing]:
    people = dict(graded)
    for path in trainee_folders(course.root / "homes"):
        people[path.name] = replace(_of(people, path.name), fetched=(path / assignment).is_dir())
    for (name, trainee), arrival in newest.items():
        if name == assignment:
            people[trainee] = replace(_of(people, trainee), submitted=arrival.at)
    for path in trainee_folders(course.root / "submitted"):
        folder = path / assignment
        if folder.is_dir():
            at = inbound.parse_stamp(plain.read_text(folder / "timestamp.txt"))
            page = pages.released(course.exchanged / "feedback", folder) is not None
            one = replace(_of(people, path.name), collected=at, is_collected=True, feedback=page)
            people[path.name] = one
    return people


def _of(people: Mapping[str, Standing], trainee: str) -> Standing:
    return people.get(trainee) or Standing(trainee)


def _graded(course: Course, assignment: str) -> tuple[dict[str, Standing], list[str]]:
    """Read from the gradebook whose submission of when was graded, and how many items await a person."""
    if not _has_gradebook(course):
        return {}, []
    try:
        with open_gradebook(course) as gradebook:
            when, marks = gradebook.handed_in(assignment), gradebook.marks(assignment)
            done = gradebook.digests(assignment)
    except CourseError as error:
        return {}, [str(error)]
    return {name: _mark(name, at, marks.get(name, {}), name in done) for name, (at, _) in when.items()}, []


def _mark(trainee: str, at: datetime | None, cells: Mapping[str, Mapping[str, Any]], done: bool) -> Standing:
    """Return where a trainee stands; a form, which has no marks, is *done* when the grader has been over it."""
    waiting = sum(bool(row.get("needs_manual_grade")) for row in cells.values())
    graded = at.replace(tzinfo=UTC) if at else None
    return Standing(trainee, graded=graded, is_graded=bool(cells) or done, has_marks=bool(cells), waiting=waiting)


def _has_gradebook(course: Course) -> bool:
    url = course.db_url
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).is_file()


def _names(names: list[str]) -> str:
    more = f" 等 {len(names)} 人" if len(names) > SHOWN else f"（{len(names)} 人）"
    return "、".join(names[:SHOWN]) + more
