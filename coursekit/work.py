"""What a trainee does with a module: fetch, check, hand in, export, read feedback; a page's buttons end here."""

from __future__ import annotations

from pathlib import Path

from coursekit import edition, handin, home, pages
from coursekit.answered import Answered, check_answers
from coursekit.course import Course, CourseError
from coursekit.home import Module
from coursekit.seat import Seat

#: What an export may weigh (bytes), as config/nbgrader_config.py limits submissions.
LIMITS = handin.Limits(33_000_000, 100_000_000)


def required(seat: Seat, assignment: str) -> str:
    """Return *assignment* when there is one of this name; raises CourseError otherwise."""
    if assignment not in home.known(seat):
        raise CourseError(f"没有名为“{assignment[:64]}”的模块，或教师还没有发布。请刷新页面后再试。")
    return assignment


def fetched(seat: Seat, assignment: str) -> Path:
    """Return the folder of a fetched module; raises CourseError when it is not fetched."""
    folder = seat.home / required(seat, assignment)
    if not folder.is_dir():
        raise CourseError(f"模块 {assignment} 还没有领取。请先点“领取”。")
    return folder


def _reach(seat: Seat) -> None:
    if not (seat.outbound.is_dir() and seat.inbound.is_dir()):
        raise CourseError(
            "收发文件夹还没有建立或连接不上，请联系教师，过一会儿再试。您的作答都在自己的文件夹里，不会丢失。"
        )


def fetch(seat: Seat, assignment: str) -> Module:
    """Fetch a module through nbgrader's exchange."""
    from coursekit.nbgrader import Nbgrader

    _reach(seat)
    Nbgrader(seat.course).fetch_assignment(required(seat, assignment), seat.home)
    return home.module(seat, assignment)


def check(seat: Seat, assignment: str) -> Answered:
    """Say what of a fetched module is answered."""
    return check_answers(fetched(seat, assignment), seat.trainee, seat.outbound / assignment)


def submit(seat: Seat, assignment: str) -> Module:
    """Hand a module in through nbgrader's exchange; it has arrived when this returns."""
    from coursekit.nbgrader import Nbgrader

    _reach(seat)
    Nbgrader(seat.course).submit(fetched(seat, assignment).name, seat.home, seat.trainee)
    return home.module(seat, assignment)


def export(seat: Seat, assignment: str) -> dict[str, object]:
    """Write a module as a zip file into the trainee's home."""
    folder = fetched(seat, assignment)
    parcel = handin.Parcel(seat.trainee, assignment, folder, seat.outbound / assignment, LIMITS)
    path, made = handin.export(parcel, seat.home, seat.cache, handin.now())
    return {"path": path.name, "receipt": made.code, "module": home.module(seat, assignment)}


def feedback(seat: Seat, assignment: str) -> Path:
    """Return the newest released feedback page; raises CourseError when there is none yet."""
    for one in home.sent(seat, required(seat, assignment)):
        if one.page:
            return one.page
    raise CourseError("还没有反馈。教师评分并发布以后，这里就能看到。")


def feedback_page(seat: Seat, assignment: str) -> str:
    """Return the newest released feedback as one page."""
    return pages.html(feedback(seat, assignment), seat.home / assignment)


def authored_notebooks(course: Course) -> dict[str, str]:
    """Return by path in the course folder which checksum an author's notebook may run with: the one it has."""
    stages = [*course.source.glob("*/*.ipynb"), *(course.root / "release").glob("*/*.ipynb")]
    return {path.relative_to(course.root).as_posix(): edition.notebook_digest(path) for path in stages}


def authored(course: Course) -> list[Module]:
    """List what an instructor writes, to be opened in source/."""
    return [home.sketch(course, name) for name in sorted(course.assignments(), key=home.order)]
