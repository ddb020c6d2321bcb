"""Commands around the exchange: hand out, take in, and say who is where."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from coursekit.console import Assignment, CourseOption, app, console, say
from coursekit.course import Course, CourseError


@app.command()
def release(assignment: Assignment, course: CourseOption = Path()) -> None:
    """检查、生成并发布一个作业；学员随后可以领取。"""
    from coursekit.desk import release as work

    say(work(Course.find(course), assignment, lambda *_: None))


@app.command()
def collect(
    what: Annotated[list[str], typer.Argument(help="作业（从收发文件夹收取），或 zip 文件、文件夹（U 盘）")],
    trainee: Annotated[str | None, typer.Option("--trainee", help="文件里看不出是谁时：工号")] = None,
    assignment: Annotated[str | None, typer.Option("--assignment", help="文件里看不出时：作业")] = None,
    force: Annotated[bool, typer.Option("--force", help="文件与回执不符也收取")] = False,
    course: CourseOption = Path(),
) -> None:
    """收取作业：从收发文件夹，或从 U 盘上的 zip 文件和文件夹。"""
    from coursekit.desk import collect as work

    found = Course.find(course)
    files = [Path(one) for one in what if one not in found.assignments()]
    for name in (one for one in what if one in found.assignments()):
        say(work(found, name, lambda *_: None))
    if files and not _collect_files(found, files, (trainee, assignment) if trainee and assignment else None, force):
        raise typer.Exit(1)


@app.command()
def status(
    assignments: Annotated[list[str] | None, typer.Argument(help="要看的作业，缺省为全部")] = None,
    course: CourseOption = Path(),
) -> None:
    """对账：发布、领取、提交、收取、评分、反馈各多少人，缺口在哪里。"""
    from coursekit.status import overviews
    from coursekit.tables import status_table

    found = Course.find(course)
    for name in assignments or ():
        found.require(name)
    overview = overviews(found, assignments or found.assignments())
    console.print(status_table(overview))
    for one in overview:
        for problem in one.problems:
            say(f"{one.assignment}　{problem}")


@app.command()
def receipt(
    code: Annotated[str, typer.Argument(help="回执码，如 7F3A-91BC-02DE")],
    course: CourseOption = Path(),
) -> None:
    """查回执：谁、哪个作业、何时提交，收取和评分了没有。"""
    from coursekit.inbound import parse_stamp
    from coursekit.lookup import find

    found = Course.find(course)
    one = find(found, code)
    for label, text in one.lines():
        say(f"{label}　{text}")
    if at := parse_stamp(one.receipt.timestamp):
        say(f"时间　{at.astimezone(found.zone):%Y-%m-%d %H:%M:%S}（{found.settings.timezone}）")
    if one.doubts:
        raise typer.Exit(1)


def _collect_files(course: Course, files: list[Path], said: tuple[str, str] | None, force: bool) -> bool:
    """Collect from zip files and folders; returns whether all went well. *said* are trainee and assignment."""
    from coursekit.archive import Bundle, bundles, take_in
    from coursekit.inbound import require_trainee

    fine = True
    with TemporaryDirectory(prefix="coursekit-") as scratch:
        for one in bundles(files, Path(scratch), said):
            if not isinstance(one, Bundle):
                say(f"注意　{one}")
                fine = False
                continue
            try:
                course.require(one.assignment)
                if not force:
                    _undoubted(one.doubts)
                dest = course.folder("submitted", require_trainee(one.trainee), one.assignment)
                say(f"{one.assignment}　{one.trainee}　{take_in(one, dest)}")
            except (CourseError, OSError) as error:
                say(f"注意　{one.assignment}　{one.trainee}　{error}")
                fine = False
    return fine


def _undoubted(doubts: tuple[str, ...]) -> None:
    if doubts:
        raise CourseError(f"没有收取：{'；'.join(doubts)}。核实后可加 --force 收取。")
