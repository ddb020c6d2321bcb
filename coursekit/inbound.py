"""Where submissions arrive: what nbgrader's names there say, and who may read what lies there."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from coursekit.course import CourseError

#: How nbgrader writes an instant (Exchange.timestamp_format in UTC); other forms it reads back wrongly.
STAMP = "%Y-%m-%d %H:%M:%S.%f UTC"
_TRAINEE = re.compile(r"\w[\w.@-]{0,63}\Z")
_NAME = re.compile(r"(?P<trainee>[^+]+)\+(?P<assignment>[^+]+)\+(?P<stamp>[^+]+)(?:\+(?P<random>[^+]*))?\Z")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One submission in a folder of nbgrader's exchange or cache; *at* is aware, *stamp* the same in nbgrader's words."""

    folder: Path
    trainee: str
    assignment: str
    at: datetime
    stamp: str


@dataclass(frozen=True, slots=True)
class Door:
    """Owner, group and mode of the inbound folder."""

    owner: int
    group: int
    mode: int


def is_trainee(name: str) -> bool:
    """Say whether *name* may be a trainee's id: letters of any language, digits, and _ - . @ after the first."""
    return _TRAINEE.match(name) is not None


def require_trainee(name: str) -> str:
    """Return *name*; raises CourseError when it cannot be a trainee's id."""
    if not is_trainee(name):
        raise CourseError(f"工号“{name[:64]}”不能用：只能由文字、数字和 _ - . @ 组成，以文字或数字开头，最多 64 个字。")
    return name


def stamp_of(when: datetime) -> str:
    """Put an aware instant in nbgrader's words."""
    return when.astimezone(UTC).strftime(STAMP)


def parse_stamp(stamp: str) -> datetime | None:
    """Read an instant in nbgrader's words; anything else is none."""
    for form in (STAMP, "%Y-%m-%d %H:%M:%S UTC"):
        try:
            return datetime.strptime(stamp, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def parse_name(folder: Path) -> Arrival | None:
    """Read a folder's name, trainee+assignment+time(+random); a name that means nothing is none."""
    match = _NAME.match(folder.name)
    if match is None or not is_trainee(match["trainee"]):
        return None
    at = parse_stamp(match["stamp"])
    return Arrival(folder, match["trainee"], match["assignment"], at, match["stamp"]) if at else None


def arrivals(folder: Path) -> tuple[list[Arrival], list[str]]:
    """List the submissions in an inbound or cache folder, oldest first, and the names of entries that are none.

    What is being written (its name starts with a dot) is in neither list. A missing folder has nothing.
    """
    found, odd = [], []
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return [], []
    except PermissionError:
        raise CourseError(f"没有读取收件夹 {folder} 的权限。请用教师（课程管理员）账号操作。") from None
    for path in entries:
        if path.name.startswith("."):
            continue
        one = parse_name(path)
        if one is None or path.is_symlink() or not path.is_dir():
            odd.append(path.name)
        else:
            found.append(one)
    return sorted(found, key=lambda one: (one.at, one.folder.name)), odd


def newest(found: Iterable[Arrival], deadline: datetime | None = None) -> dict[tuple[str, str], Arrival]:
    """Pick by (assignment, trainee) the last submission; with *deadline* the last in time, if there is one."""
    picked: dict[tuple[str, str], Arrival] = {}
    for one in sorted(found, key=lambda one: (deadline is not None and one.at <= deadline, one.at)):
        picked[one.assignment, one.trainee] = one
    return picked


def is_open(mode: int) -> bool:
    """Say whether others than owner and group can look into a folder."""
    return bool(mode & (stat.S_IROTH | stat.S_IXOTH))


def folder_mode(door: Door, user: int, group: int) -> int:
    """Decide who may read a submission by *user* (with primary *group*) beside this user: the course group, or nobody.

    Raises CourseError when the instructor could not read what only its sender may read.
    """
    set_group = bool(door.mode & stat.S_ISGID)
    if set_group and door.group != group:
        return 0o750  # a new folder gets the inbound folder's group: the instructors
    if user == door.owner or 0 in (user, door.owner):
        return 0o700  # one machine, one account; or the instructor is root
    raise CourseError(
        "收件夹的权限设置不对：照现在的设置，交上去的作业要么教师读不到，要么同组学员都能读到。"
        "请课程管理员把收件夹的组改为教师组并设为 3733："
        "chgrp 教师组 …/inbound && chmod 3733 …/inbound，然后再提交。您的作答都还在。"
    )


def strangers(
    found: Iterable[tuple[Arrival, int]], owner: int, name_of: dict[int, str]
) -> Iterator[tuple[Arrival, str]]:
    """Yield submissions whose folder belongs to another account than their name says, with that account.

    *found* pairs submissions with the folder's owner. What the inbound folder's own *owner* or root put there (one
    machine, one account; a USB collection) is trusted.
    """
    for one, user in found:
        account = name_of.get(user, str(user))
        if user not in (owner, 0) and account != one.trainee:
            yield one, account
