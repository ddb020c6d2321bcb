"""nbgrader's exchange without its traps: plugins that config/nbgrader_config.py names in c.ExchangeFactory.

Stock nbgrader copies submissions in place with mode 0777, drops over-size files with a line in a log, follows links
when an instructor collects, and gives up the whole class at one odd name. What a centre must set up stands in
:mod:`coursekit.handin`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from nbgrader.utils import get_username

from coursekit import edition, handin, inbound, plain
from coursekit.course import CourseError
from coursekit.receipt import Receipt

#: Sticky bit: who may put something into a folder may not rename or remove what others put there.
STICKY = stat.S_ISVTX
#: A submission whose writing began longer ago (seconds) was cut short.
STALE = 24 * 3600


class RefusedError(CourseError, ExchangeError):
    """What the kit refuses, in Chinese, as nbgrader's own commands expect a refusal."""


@dataclass(slots=True)
class Collected:
    """What collecting came to: trainees by what happened, and in Chinese what an instructor must look at."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class SafeSubmit(ExchangeSubmit):
    """Hands in as :mod:`coursekit.handin` does; ``receipt`` holds the receipt afterwards."""

    coursedir: Any
    receipt: Receipt | None = None

    def copy_files(self) -> None:
        """Hand in the assignment, or raise RefusedError with a Chinese message."""
        self.init_release()  # type: ignore[no-untyped-call]
        trainee = self.coursedir.student_id if self.coursedir.student_id != "*" else _username()
        limits = handin.Limits(1000 * self.coursedir.max_file_size, 1000 * self.coursedir.max_dir_size)
        folder, released = Path(self.src_path), Path(self.release_path)
        parcel = handin.Parcel(trainee, self.coursedir.assignment_id, folder, released, limits)
        try:
            self.receipt = handin.hand_in(parcel, Path(self.inbound_path), Path(self.cache_path), handin.now())
        except CourseError as error:
            self.log.fatal(str(error))
            raise RefusedError(str(error)) from error
        self.log.info("Submitted as: %s %s", self.receipt.folder, self.receipt.code)


class SafeFetch(ExchangeFetchAssignment):
    """Fetches whole or not at all; a second time it brings the folder up to the release and leaves answers alone."""

    coursedir: Any

    def init_dest(self) -> None:
        """Say where the assignment goes; that it is there already is no failure."""
        root = Path(self.coursedir.course_id) if self.path_includes_course else Path()
        self.dest_path = str(Path(self.assignment_dir, root, self.coursedir.assignment_id).resolve())

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        """Copy the release aside and rename it into place, or update what is there."""
        del log
        if Path(dest).is_dir():
            edition.update(Path(src), Path(dest))
            return
        with plain.placed(Path(dest)) as aside:
            shutil.copytree(src, aside, ignore=shutil.ignore_patterns(*self.coursedir.ignore), dirs_exist_ok=True)


class SafeRelease(ExchangeReleaseAssignment):
    """Releases whole or not at all, and notes the checksums by which notebooks may run by themselves."""

    coursedir: Any

    def ensure_root(self) -> None:
        """Make the exchange writable for everybody, but so that nobody can move another's course away."""
        super().ensure_root()  # type: ignore[no-untyped-call]
        _stick(Path(self.root))

    def init_dest(self) -> None:
        """Make the folders; inbound is 3733."""
        super().init_dest()  # type: ignore[no-untyped-call]
        _stick(Path(self.inbound_path))

    def copy_files(self) -> None:
        """Put the release into outbound/ in one step."""
        dest = self.dest_path
        if Path(dest).is_dir() and not self.force:
            _fail(self, f"Destination already exists, add --force to overwrite: {self.coursedir.assignment_id}")
        with plain.placed(Path(dest)) as aside:
            aside.rmdir()
            self.dest_path = str(aside)
            super().copy_files()  # type: ignore[no-untyped-call]
            self.dest_path = dest
        edition.record(Path(self.course_path), self.coursedir.assignment_id)


class SafeReleaseFeedback(ExchangeReleaseFeedback):
    """Hands out feedback; a submission without a secret (collected by stock zip_collect) does not stop the others."""

    coursedir: Any

    def copy_files(self) -> None:
        """Give every feedback folder the two files that nbgrader looks for, then release."""
        for folder in Path(self.coursedir.root).glob(f"feedback/*/{self.coursedir.assignment_id}"):
            for name in ("timestamp.txt", "submission_secret.txt"):
                if not (folder / name).is_file():
                    self.log.warning("%s has no %s: its feedback cannot be fetched", folder, name)
                    (folder / name).write_text("" if name == "timestamp.txt" else os.urandom(64).hex(), "utf-8")
        super().copy_files()  # type: ignore[no-untyped-call]


class SafeCollect(ExchangeCollect):
    """Collects without following links, and passes over what is odd instead of giving up; ``collected`` says how it went."""

    coursedir: Any
    collected: Collected

    def init_src(self) -> None:
        """Choose the newest submission of everybody whose folder belongs to whom it names."""
        self.collected = Collected()
        if not self.coursedir.course_id:
            _fail(self, "No course id specified. Re-run with --course flag.")
        self.course_path = str(Path(self.root, self.coursedir.course_id))
        self.inbound_path = str(Path(self.course_path, "inbound"))
        folder, assignment = Path(self.inbound_path), self.coursedir.assignment_id
        if not folder.is_dir():
            _fail(self, f"Course not found: {folder}")
        try:
            found, odd = inbound.arrivals(folder)
        except CourseError as error:
            raise RefusedError(str(error)) from error
        self.collected.problems += [
            f"收件夹里的“{name[:80]}”不是作业，没有收取" for name in odd if f"+{assignment}+" in name
        ]
        found = [one for one in found if one.assignment == assignment and self._wanted(one.trainee)]
        found = list(self._own(found, folder))
        _sweep(folder)
        chosen = inbound.newest(found, self._deadline() if self.before_duedate else None)
        self.src_records = [chosen[key] for key in sorted(chosen)]

    def copy_files(self) -> None:
        """Copy each chosen submission aside and rename it into submitted/."""
        for one in self.src_records:
            dest = Path(self.coursedir.format_path(self.coursedir.submitted_directory, one.trainee, one.assignment))
            try:
                self._collect(one, dest)
            except (OSError, CourseError) as error:
                self.collected.problems.append(f"{one.trainee} 的作业没有收取：{error}")
        for problem in self.collected.problems:
            self.log.error(problem)

    def _collect(self, one: inbound.Arrival, dest: Path) -> None:
        there = plain.read_text(dest / "timestamp.txt")
        old = inbound.parse_stamp(there)
        if dest.is_dir() and (
            there == one.stamp or not self.update or (old and old > one.at and not self.before_duedate)
        ):
            self.collected.unchanged.append(one.trainee)
            return
        handin.take_over(one.folder, dest, one.stamp, self._limits())
        (self.collected.updated if there else self.collected.new).append(one.trainee)

    def _limits(self) -> handin.Limits:
        return handin.Limits(1000 * self.coursedir.max_file_size, 1000 * self.coursedir.max_dir_size)

    def _wanted(self, trainee: str) -> bool:
        return self.coursedir.student_id in ("*", "", trainee)

    def _own(self, found: list[inbound.Arrival], folder: Path) -> list[inbound.Arrival]:
        """Leave out submissions in somebody else's name, and say so."""
        if not self.check_owner:
            return found
        pairs = [(one, one.folder.lstat().st_uid) for one in found]
        accounts = {user: _account(user) for _, user in pairs}
        wrong = dict(inbound.strangers(pairs, folder.stat().st_uid, accounts))
        self.collected.problems += [
            f"以 {one.trainee} 的名义提交的作业属于账号 {account}，没有收取，请核实：{one.folder.name}"
            "（若学员本来就共用账号，请在 nbgrader_config.py 里设 c.ExchangeCollect.check_owner = False）"
            for one, account in wrong.items()
        ]
        return [one for one in found if one not in wrong]

    def _deadline(self) -> Any:
        from datetime import UTC

        from nbgrader.api import Gradebook, MissingEntry

        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook, suppress(MissingEntry):
            found = gradebook.find_assignment(self.coursedir.assignment_id).duedate
            return found.replace(tzinfo=UTC) if found else None
        return None


def _fail(step: Any, text: str) -> NoReturn:
    step.fail(text)
    raise AssertionError


def _stick(folder: Path) -> None:
    mode = folder.stat().st_mode
    if not mode & STICKY and folder.stat().st_uid == os.geteuid():
        folder.chmod(stat.S_IMODE(mode) | STICKY)


def _sweep(folder: Path) -> None:
    """Remove submissions whose writing was cut short more than a day ago."""
    for path in folder.glob(f"{plain.ASIDE}*"):
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > STALE:
                shutil.rmtree(path)


def _username() -> str:
    found: str = get_username()  # type: ignore[no-untyped-call]
    return found


def _account(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
