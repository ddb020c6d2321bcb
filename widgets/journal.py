"""The answer journal: one JSON object a line, appended and synced before anybody is told that it is saved.

``{"v":1,"exercise":"m04-c01","variant":"","seq":17,"at":"2026-11-22T08:15:04.120Z","answer":{…}}``

The last complete line of an exercise is its answer. A torn last line is ignored, and sealed by the next append.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

try:
    import fcntl
except ImportError:  # Windows has no flock; there a page and its kernel are alone with their journal
    fcntl = None  # type: ignore[assignment]

NAME = "answers.jsonl"
VERSION = 1
#: Larger files and lines are no trainee's work (bytes).
MAX_FILE, MAX_LINE = 32_000_000, 262_144


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal; *at* is an instant in UTC, *answer* is JSON as the trainee's page sent it."""

    v: int
    exercise: str
    variant: str
    seq: int
    at: str
    answer: msgspec.Raw


class JournalError(OSError):
    """A journal that cannot be read or written; the message is Chinese and says what to do."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What a journal says: each exercise's latest entry, and what in it could not be understood."""

    entries: dict[str, Entry] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


_DECODER = msgspec.json.Decoder(Entry)


def parse(data: bytes) -> Journal:
    """Read all complete lines; what is not an entry is named in ``problems`` by its line number, and skipped."""
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    for number, entry in _lines(data):
        if isinstance(entry, str):
            problems.append(f"第 {number} 行{entry}，已跳过")
        else:
            entries[entry.exercise] = entry
    if data and not data.endswith(b"\n"):
        problems.append("最后一行没有写完（多因断电或强制关机），已忽略")
    return Journal(entries, tuple(problems))


def read(path: Path) -> Journal:
    """Read the journal at *path*; a missing one is empty. Raises JournalError for anything but a plain, sane file."""
    return parse(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Read the journal's bytes as they are; a missing one has none. Raises JournalError as read does."""
    try:
        with open(path, "rb", opener=_open_plain) as file:
            return _content(file)
    except FileNotFoundError:
        return b""
    except JournalError:
        raise
    except OSError as error:
        raise JournalError(f"作答记录 {path.name} 无法读取（{error.strerror}），请检查文件权限。") from error


def save(
    path: Path,
    *,
    exercise: str,
    variant: str,
    answer: object,
    base: int,
    fits: Callable[[object], bool] = lambda _: True,
    join: Callable[[Any, Any, Any], Any] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Entry:
    """Append *answer*, made on top of entry number *base*, and return what now stands in the journal.

    When another page has answered since, both changes are kept (see merge), or what *join* makes of them. An unchanged
    answer is not written again, so that sending twice is harmless. Raises JournalError when the line did not reach the disk; nothing is then half
    written.
    """
    with _locked(path) as file:
        data = _content(file)
        seal = b"\n" if data and not data.endswith(b"\n") else b""
        history = [
            e
            for _, e in _lines(data + seal)
            if isinstance(e, Entry) and e.exercise == exercise and e.variant == variant
        ]
        latest = history[-1] if history else None
        if latest and latest.seq != base:
            before: Any = next((json(e.answer) for e in reversed(history) if e.seq == base), {})
            joined = (join or merge)(before, answer, json(latest.answer))
            answer = joined if fits(joined) else answer
        if latest and answer == json(latest.answer):
            return latest
        entry = Entry(
            v=VERSION,
            exercise=exercise,
            variant=variant,
            seq=latest.seq + 1 if latest else 1,
            at=now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            answer=msgspec.Raw(msgspec.json.encode(answer)),
        )
        line = msgspec.json.encode(entry)
        if len(line) > MAX_LINE or len(data) + len(line) + 2 > MAX_FILE:
            raise JournalError("答案没有存到磁盘上（作答内容过大），请联系教师。")
        _append(file, seal + line + b"\n", len(data))
        return entry


def merge(before: Any, mine: Any, theirs: Any, depth: int = 2) -> Any:
    """Join two changes of the same answer: what only one side changed is kept, where both changed mine wins.

    Objects are joined key by key down to *depth* levels, so that a row of a checklist stays in one piece.
    """
    if depth == 0 or not (isinstance(mine, dict) and isinstance(theirs, dict)):
        return theirs if mine == before else mine
    before = before if isinstance(before, dict) else {}
    joined = {}
    for name in [*theirs, *(name for name in mine if name not in theirs)]:
        value = merge(before.get(name, _ABSENT), mine.get(name, _ABSENT), theirs.get(name, _ABSENT), depth - 1)
        if value is not _ABSENT:
            joined[name] = value
    return joined


_ABSENT = object()


def json(raw: msgspec.Raw) -> Any:
    """Decode the answer of an entry."""
    return msgspec.json.decode(raw)


def _lines(data: bytes) -> Iterator[tuple[int, Entry | str]]:
    """Yield each complete line with its number, as an entry or as what is wrong with it."""
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        if not line.strip():
            continue
        if len(line) > MAX_LINE:
            yield number, f"有 {len(line)} 字节，超过上限"
            continue
        try:
            entry = _DECODER.decode(line)
            json(entry.answer)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            yield number, "不是完整的作答记录"
            continue
        if entry.v != VERSION:
            yield number, f"的版本是 {entry.v}，本程序只认识版本 {VERSION}"
        else:
            yield number, entry


def _open_plain(path: str, flags: int) -> int:
    """Open without following links or waiting for a pipe: the folder may be a stranger's."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o644)


def _content(file: BinaryIO) -> bytes:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise JournalError("作答记录不是普通文件（可能是链接、管道或文件夹），已拒绝读取。")
    if status.st_size > MAX_FILE:
        raise JournalError(f"作答记录有 {status.st_size} 字节，超过 {MAX_FILE} 字节的上限，已拒绝读取。")
    file.seek(0)
    return file.read(MAX_FILE + 1)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """Open the journal for reading and appending, alone among all kernels of this machine."""
    try:
        is_new = not path.exists()
        with open(path, "ab+", buffering=0, opener=_open_plain) as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        if is_new and hasattr(os, "O_DIRECTORY"):
            folder = os.open(path.parent, os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except JournalError:
        raise
    except OSError as error:
        cure = "磁盘已满，请清理后再试" if error.errno == 28 else f"{error.strerror}，请联系教师"
        raise JournalError(f"答案没有存到磁盘上（{cure}）。") from error


def _append(file: BinaryIO, data: bytes, size: int) -> None:
    """Write and sync, or leave the file as it was."""
    try:
        while data:
            data = data[file.write(data) :]
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            os.ftruncate(file.fileno(), size)
        raise
