"""Who may read a submission: its owner and the course group or root, by mode and with real accounts."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coursekit import inbound, receipt
from coursekit.course import Course, CourseError
from coursekit.inbound import Door
from coursekit.nbgrader import Nbgrader
from widgets.journal import NAME


@pytest.mark.parametrize(
    ("door", "user", "group", "mode"),
    [
        (Door(owner=0, group=50, mode=0o43733), 1001, 1001, 0o750),  # course group, instructors are in it
        (Door(owner=7, group=50, mode=0o43733 | stat.S_ISGID), 1001, 1001, 0o750),
        (
            Door(owner=0, group=1001, mode=0o42733 | stat.S_ISGID),
            1001,
            1001,
            0o700,
        ),  # trainees' own group: root collects
        (Door(owner=1001, group=1001, mode=0o40755), 1001, 1001, 0o700),  # one machine, one account
        (Door(owner=0, group=0, mode=0o40733), 1001, 1001, 0o700),  # no setgid: root collects
    ],
)
def test_only_the_course_group_or_root_reads_a_submission(door: Door, user: int, group: int, mode: int) -> None:
    """Whoever else could read is shut out, whatever the folder's permissions."""
    if not door.mode & stat.S_ISGID and mode == 0o750:
        door = Door(door.owner, door.group, door.mode | stat.S_ISGID)
    assert inbound.folder_mode(door, user, group) == mode


@pytest.mark.parametrize(
    "door",
    [
        Door(owner=7, group=1001, mode=0o43733 | stat.S_ISGID),  # the instructor's inbound has the trainees' group
        Door(owner=7, group=7, mode=0o40733),  # without setgid a submission keeps the trainee's own group
    ],
)
def test_a_set_up_where_the_instructor_could_not_read_is_refused(door: Door) -> None:
    """Better a message at the first submission than an empty list at the deadline."""
    with pytest.raises(CourseError, match="chgrp"):
        inbound.folder_mode(door, 1001, 1001)


def test_the_exchange_lets_everybody_in_and_nobody_look(course: Course) -> None:
    """Root 1777 and inbound 3733: put in, not look, not rename what others put there."""
    assert stat.S_IMODE(course.exchange.stat().st_mode) == 0o1777
    assert stat.S_IMODE((course.exchanged / "inbound").stat().st_mode) == 0o3733


@pytest.fixture(name="hall")
def _hall() -> Iterator[tuple[Path, str, str]]:
    """Make two accounts of trainees and a folder that both can reach."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    useradd, userdel = shutil.which("useradd", path=path), shutil.which("userdel", path=path)
    if os.geteuid() != 0 or useradd is None or userdel is None:
        pytest.skip("making accounts needs root and useradd")
    names = [f"ckt{letter}{os.getpid()}" for letter in "ab"]
    root = Path(tempfile.mkdtemp(prefix="coursekit-hall-"))
    root.chmod(0o755)
    try:
        for name in names:
            subprocess.run([useradd, "--create-home", "--home-dir", root / name, name], check=True)
        yield root, names[0], names[1]
    finally:
        for name in names:
            subprocess.run([userdel, name], check=False, capture_output=True)
        shutil.rmtree(root)


def as_user(name: str, home: Path, do: Callable[[], Any]) -> Any:
    """Do something in a process of account *name*, in its home; returns the result, or the error's name and text.

    A fork, because the Python under test may lie where only its owner can start it.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def work() -> None:
        user = pwd.getpwnam(name)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.chdir(home)
        try:
            theirs.send(do())
        except (OSError, CourseError) as error:
            theirs.send((type(error).__name__, str(error)))

    process = context.Process(target=work)
    process.start()
    found = ours.recv()
    process.join()
    return found


def moved(course: Course, root: Path) -> Course:
    """Copy a course below *root*, release it there, and load all that a fork needs."""
    skip = shutil.ignore_patterns("exchange", "submitted", "homes")
    found = Course.load(shutil.copytree(course.root, root / "course", ignore=skip))
    found.source.chmod(0o700)
    nbgrader = Nbgrader(found)
    nbgrader.release_assignment("x01")
    nbgrader.fetch_assignment("x01", root)
    nbgrader.submit("x01", root, "root")
    return found


def submit_as(name: str, course: Course, home: Path, claimed: str) -> Any:
    """Fetch and hand in by account *name* under the trainee's id *claimed*."""

    def do() -> str:
        nbgrader = Nbgrader(course)
        nbgrader.fetch_assignment("x01", home)
        (home / "x01" / NAME).write_text("")
        made = nbgrader.submit("x01", home, claimed)
        assert made is not None
        return made.folder

    return as_user(name, home, do)


def test_two_accounts_cannot_read_each_other_and_the_instructor_collects_both(
    course: Course, hall: tuple[Path, str, str]
) -> None:
    """With real accounts: no listing, no reading, no renaming of another's submission, no handing in for another."""
    root, ann, bob = hall
    course = moved(course, root)
    nbgrader = Nbgrader(course)
    box = course.exchanged / "inbound"
    folders = {name: box / submit_as(name, course, root / name, name) for name in (ann, bob)}
    assert stat.S_IMODE(folders[ann].stat().st_mode) & 0o777 == 0o750

    victim = folders[ann]
    attacks: list[Callable[[], Any]] = [
        lambda: sorted(box.iterdir()),
        lambda: sorted(victim.iterdir()),
        (victim / NAME).read_bytes,
        (victim / receipt.FILE).read_bytes,
        (victim / "submission_secret.txt").read_bytes,
        lambda: victim.rename(f"{victim}x"),
        lambda: shutil.rmtree(victim),
        (victim / "extra").touch,
        (victim / NAME).unlink,
        lambda: course.exchanged.rename(course.exchanged.with_name("mine")),
        lambda: sorted(course.source.iterdir()),
    ]
    for number, attack in enumerate(attacks):
        assert as_user(bob, root / bob, attack)[0] == "PermissionError", number

    assert submit_as(bob, course, root / bob, ann).startswith(f"{ann}+")  # he can put it in …
    found = nbgrader.collect("x01")
    assert sorted(found.new) == sorted([ann, bob, "root"])
    assert any(bob in problem and ann in problem for problem in found.problems)  # … but it is nobody's
    collected, mine = receipt.read(course.folder("submitted", ann, "x01")), receipt.read(victim)
    assert collected is not None
    assert collected == mine


def test_an_instructor_without_root_reads_by_the_course_group(course: Course, hall: tuple[Path, str, str]) -> None:
    """A submission has inbound's group and is 0750, so its members read it; who is not in it does not."""
    root, ann, teacher = hall
    course = moved(course, root)
    box = course.exchanged / "inbound"
    os.chown(box, pwd.getpwnam(teacher).pw_uid, pwd.getpwnam(teacher).pw_gid)
    box.chmod(0o3733)
    folder = box / submit_as(ann, course, root / ann, ann)
    assert folder.group() == pwd.getpwnam(teacher).pw_name
    names = as_user(teacher, root / teacher, lambda: sorted(path.name for path in folder.iterdir()))
    assert NAME in names
    assert as_user(teacher, root / teacher, (folder / "data" / "x01-w1.json").read_bytes)
    assert ann in as_user(teacher, root / teacher, lambda: [one.trainee for one in inbound.arrivals(box)[0]])


def test_a_group_that_all_trainees_share_reads_nothing(course: Course, hall: tuple[Path, str, str]) -> None:
    """Where inbound has the trainees' own group, a submission is its owner's alone, and root collects it."""
    root, ann, bob = hall
    course = moved(course, root)
    nbgrader = Nbgrader(course)
    box = course.exchanged / "inbound"
    os.chown(box, 0, pwd.getpwnam(ann).pw_gid)
    box.chmod(0o3733)
    folder = box / submit_as(ann, course, root / ann, ann)
    assert stat.S_IMODE(folder.stat().st_mode) & 0o777 == 0o700
    assert as_user(bob, root / bob, lambda: sorted(folder.iterdir()))[0] == "PermissionError"
    assert ann in nbgrader.collect("x01").new
