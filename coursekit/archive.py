"""Submissions that come as files: zip archives and folders from a USB stick, read with suspicion.

A folder is a submission when it holds a receipt, a journal or a notebook. Whose it is, and of which assignment, its
receipt says; without one its name, as the exchange, the kit's export or an nbgrader zip_collect download writes it.
"""

from __future__ import annotations

import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Sized
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from coursekit import handin, inbound, plain, receipt
from coursekit.course import CourseError
from widgets.journal import NAME

LIMITS = handin.Limits(33_000_000, 100_000_000)
_EXPORTED = re.compile(r"(?P<assignment>[\w-]+?)-(?P<trainee>\w[\w.@-]*)-[0-9A-F]{12}\Z")
#: What nbgrader's own documentation names downloads: ps1_bitdiddle_attempt_2016-01-30-15-00-00_problem1.ipynb
DOWNLOADED = (
    r"(?P<assignment>[A-Za-z0-9-]+)_(?P<student_id>\w[\w.@-]*)_attempt_(?P<timestamp>[\d-]+)(?:_(?P<file_id>.+))?"
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A submission's folder: whose, of what, handed in when (aware; None where nothing says), and doubts in Chinese."""

    folder: Path
    trainee: str
    assignment: str
    at: datetime | None
    doubts: tuple[str, ...] = ()


def unpack(archive: Path, into: Path, limits: handin.Limits = LIMITS) -> Path:
    """Unpack a zip file into a new folder below *into* and return it.

    Raises CourseError for what a submission never has: paths out of the folder, links, passwords, more files or bytes
    than *limits* however the archive declares them, and what is no zip file at all.
    """
    target = into / _plain_name(archive.stem)
    target.mkdir(parents=True)
    try:
        with ZipFile(archive) as opened:
            entries = [(info, _checked(info)) for info in opened.infolist() if not info.is_dir()]
            _few(entries)
            left = limits.folder
            for info, name in entries:
                left -= _unpack_one(opened, info, target / name, min(limits.file, left))
    except CourseError as error:
        raise CourseError(
            f"压缩包“{archive.name}”没有收取：{error}。请让学员重新导出，或用 U 盘拷贝作业文件夹。"
        ) from None
    except (BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError, EOFError) as error:
        raise CourseError(
            f"“{archive.name}”不是完好的 zip 压缩包（{error}），没有收取。请重新拷贝或重新导出。"
        ) from None
    return target


def bundles(paths: Iterable[Path], scratch: Path, said: tuple[str, str] | None = None) -> Iterator[Bundle | str]:
    """Yield every submission in *paths* (zip files, folders, folders of them), and in Chinese what is none.

    *said* names trainee and assignment where the files do not.
    """
    for path in paths:
        if not path.exists():
            yield f"找不到“{path}”，请检查路径。"
            continue
        try:
            found = list(_folders(path, scratch))
        except CourseError as error:
            yield str(error)
            continue
        if not found:
            yield f"“{path.name}”里没有作业（没有回执、作答记录，也没有笔记本）。"
        for folder in found:
            yield folder if isinstance(folder, str) else identify(folder, path.stem, said)


def identify(folder: Path, outer: str = "", said: tuple[str, str] | None = None) -> Bundle | str:
    """Say whose submission lies in *folder*, or in Chinese why nobody can tell; *outer* is what it came in."""
    made = receipt.read(folder)
    if made is not None:
        if not inbound.is_trainee(made.trainee) or not _is_assignment(made.assignment):
            return f"“{outer or folder.name}”的回执里的工号或作业名不能用，没有收取。"
        return Bundle(
            folder, made.trainee, made.assignment, inbound.parse_stamp(made.timestamp), tuple(doubts(folder, made))
        )
    at = inbound.parse_stamp(plain.read_text(folder / "timestamp.txt"))
    for name in dict.fromkeys([folder.name, outer]):
        if arrival := inbound.parse_name(Path(name)):
            return Bundle(folder, arrival.trainee, arrival.assignment, arrival.at)
        if match := _EXPORTED.match(name):
            return Bundle(folder, match["trainee"], match["assignment"], at)
        if match := re.match(DOWNLOADED, name):
            return Bundle(folder, match["student_id"], match["assignment"], at or attempt(match["timestamp"]))
    if (
        _is_assignment(folder.name)
        and inbound.is_trainee(folder.parent.name)
        and (folder / f"{folder.name}.ipynb").is_file()
    ):
        return Bundle(folder, folder.parent.name, folder.name, at)
    if said:
        return Bundle(folder, *said, at)
    return f"“{outer or folder.name}”看不出是谁的、哪个作业：没有回执，名字也不是“作业-工号-回执码”。可用 --trainee 和 --assignment 指明。"


def take_in(one: Bundle, dest: Path) -> str:
    """Put a submission into *dest* below submitted/ in one step; returns in Chinese what was done.

    An older one never replaces a newer one. Raises CourseError for what may not be handed in.
    """
    there = plain.read_text(dest / "timestamp.txt")
    old = inbound.parse_stamp(there)
    if dest.is_dir() and old and one.at and old >= one.at:
        return "没有变化" if old == one.at else "没有收取：已有更新的一次提交"
    stamp = inbound.stamp_of(one.at or datetime.now(UTC))
    handin.take_over(one.folder, dest, stamp, LIMITS)
    said = "更新" if there else "新收"
    return said if one.at else f"{said}（没有提交时间，按现在算）"


def _folders(path: Path, scratch: Path) -> Iterator[Path | str]:
    """Yield the submissions' folders in one path; archives inside a folder are unpacked, those inside archives are not."""
    if path.is_dir():
        if _holds_submission(path):
            yield path
            return
        for inner in sorted(path.iterdir()):
            if inner.is_dir() and not inner.is_symlink() and inner.name[0] != ".":
                yield from _folders(inner, scratch)
            elif inner.suffix.lower() == ".zip":
                try:
                    yield from _inside(unpack(inner, scratch / secrets.token_hex(4)))
                except CourseError as error:
                    yield str(error)
    elif path.suffix.lower() == ".zip":
        yield from _inside(unpack(path, scratch / secrets.token_hex(4)))
    else:
        raise CourseError(f"“{path.name}”不是 zip 压缩包，也不是文件夹，没有收取。")


def _inside(folder: Path) -> Iterator[Path]:
    if _holds_submission(folder):
        yield folder
        return
    for inner in sorted(folder.iterdir()):
        if inner.is_dir():
            yield from _inside(inner)


def _holds_submission(folder: Path) -> bool:
    names = {path.name for path in folder.iterdir() if not path.is_symlink() and path.is_file()}
    return receipt.FILE in names or NAME in names or any(name.endswith(".ipynb") for name in names)


def _few(entries: Sized) -> None:
    if len(entries) > handin.MAX_FILES:
        raise CourseError(f"里面有 {len(entries)} 个文件，超过 {handin.MAX_FILES} 个的上限")


def _checked(info: ZipInfo) -> PurePosixPath:
    """Return an entry's path; raises CourseError when it would leave the folder or is no plain file."""
    name = info.filename
    path = PurePosixPath(name)
    if "\\" in name or ":" in name or "\0" in name or path.is_absolute() or ".." in path.parts or not path.parts:
        raise CourseError(f"里面的路径“{name[:60]}”指向文件夹之外，这样的压缩包不安全")
    if len(name.encode("utf-8", "replace")) > handin.MAX_PATH:
        raise CourseError(f"里面的路径“{name[:60]}…”太长")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise CourseError(f"里面的“{name[:60]}”是链接或特殊文件")
    if info.flag_bits & 1:
        raise CourseError("压缩包有密码")
    return path


def _unpack_one(opened: ZipFile, info: ZipInfo, target: Path, limit: int) -> int:
    """Write one entry; counts what really comes out, not what the archive declares."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with opened.open(info) as source, target.open("xb") as out:
        while block := source.read(1 << 16):
            size += len(block)
            if size > limit:
                raise CourseError(f"里面的“{info.filename[:60]}”解开后超过 {plain.size_words(limit)} 的上限")
            out.write(block)
    return size


def doubts(folder: Path, made: receipt.Receipt) -> Iterator[str]:
    """Say where the files are not what the receipt says."""
    files = {}
    for name, _ in plain.names(folder):
        if name not in receipt.ADDED:
            with suppress(OSError):
                files[name] = plain.digest(folder / name, LIMITS.file)
    yield from receipt.faults(made, files)


def attempt(text: str) -> datetime | None:
    """Read the time in the name of a download; anything else is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _is_assignment(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][\w-]{0,63}", name) is not None


def _plain_name(name: str) -> str:
    return re.sub(r"[^\w.@+ -]", "_", name).lstrip(".") or "archive"
