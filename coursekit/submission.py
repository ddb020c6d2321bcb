"""One submission as data: read with suspicion, graded without running anything of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from coursekit.notebooks import marks, text
from coursekit.release import Release, ReleasedNotebook
from widgets import journal
from widgets.assess import Assessment, Outcome, assess, failed, refused, shown_page
from widgets.page import message_page
from widgets.pool import Pool

#: A notebook larger than this is not opened, nor one of nbgrader's own small files (bytes).
MAX_NOTEBOOK, MAX_SMALL = 20_000_000, 1000
#: A journal with more lines is no trainee's work.
MAX_LINES = 100_000
#: As many oddities of one submission are spelt out.
MAX_ODDITIES = 20


@dataclass(frozen=True, slots=True)
class Submission:
    """What a trainee handed in, as far as grading looks at it: the journal's bytes, or why they could not be read."""

    trainee: str
    journal: bytes
    trouble: str
    timestamp: datetime | None
    oddities: tuple[str, ...]

    def digest(self, release: Release) -> str:
        """Return what changes when grading this submission again could give anything else."""
        content = sha256(release.digest.encode())
        for part in (self.trainee, self.trouble, str(self.timestamp), *self.oddities):
            content.update(part.encode("utf-8", "surrogateescape") + b"\0")
        content.update(self.journal)
        return content.hexdigest()


@dataclass(frozen=True, slots=True)
class Graded:
    """One graded submission: what came of every exercise by notebook and cell, and what was odd about it."""

    trainee: str
    timestamp: datetime | None
    digest: str
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


def read_submission(release: Release, folder: Path, trainee: str, zone: ZoneInfo) -> Submission:
    """Read a collected submission; whatever the folder holds, this returns and never raises."""
    data, trouble = b"", ""
    try:
        data = journal.read_bytes(folder / journal.NAME)
    except journal.JournalError as error:
        trouble = str(error)
    if (lines := data.count(b"\n")) > MAX_LINES:
        data, trouble = b"", f"作答记录有 {lines} 行，超过 {MAX_LINES} 行的上限，已拒绝读取。"
    timestamp, odd_time = read_timestamp(folder / "timestamp.txt", zone)
    odd_notebooks = dict.fromkeys(odd for nb in release.notebooks for odd in _odd_notebook(nb, folder))
    return Submission(trainee, data, trouble, timestamp, (*odd_time, *odd_notebooks))


def grade_submission(release: Release, submission: Submission) -> Graded:
    """Grade what the journal says; whatever it holds, this returns and never raises."""
    found, trouble = journal.parse(submission.journal), submission.trouble
    oddities = [*submission.oddities, *found.problems, *([trouble] if trouble else [])]
    oddities += [
        f"作答记录里有不属于本作业的练习 {name[:64]!r}，已忽略"
        for name in sorted(found.entries.keys() - release.exercises)
    ]
    if len(oddities) > MAX_ODDITIES:
        oddities[MAX_ODDITIES:] = [f"还有 {len(oddities) - MAX_ODDITIES} 处异常，没有一一列出"]
    assessments = {nb.name: dict(_assess(nb, found, trouble, submission.trainee)) for nb in release.notebooks}
    shown = {
        name: _shown(pool, found, submission.trainee) for nb in release.notebooks for name, pool in nb.shown.items()
    }
    digest = submission.digest(release)
    return Graded(submission.trainee, submission.timestamp, digest, assessments, shown, tuple(oddities))


def read_timestamp(path: Path, zone: ZoneInfo) -> tuple[datetime | None, tuple[str, ...]]:
    """Read nbgrader's timestamp.txt ("2026-11-22 05:00:00.123 UTC") as an instant in UTC without zone.

    nbgrader itself misreads "+0800" and "CST" (nbgrader-pitfalls.md §6, row 13); here an offset is an offset, and a
    time without one, or with a name that is not UTC, is the course's own time and is reported.
    """
    try:
        words = _plain_bytes(path, MAX_SMALL).decode("utf-8").strip()
    except FileNotFoundError:
        return None, ()
    except (OSError, UnicodeDecodeError):
        return None, ("提交时间 timestamp.txt 读不出来，按没有时间处理",)
    text, _, tail = words.rpartition(" ")
    name = tail if tail and not tail[0].isdigit() and tail[0] not in "+-" else ""
    in_utc = name.upper() in ("UTC", "GMT", "Z")
    try:
        when = datetime.fromisoformat(text if name else words.replace(" +", "+").replace(" -", "-"))
        is_odd = when.tzinfo is None and not in_utc
        aware = when if when.tzinfo else when.replace(tzinfo=UTC if in_utc else zone)
        instant = aware.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None, (f"提交时间 {words[:40]!r} 看不懂，按没有时间处理",)
    return instant, (f"提交时间 {words[:40]!r} 没有写 UTC，按 {zone.key} 理解",) if is_odd else ()


class _Cell(msgspec.Struct):
    metadata: dict[str, Any] = {}
    source: str | list[str] = ""


class _Notebook(msgspec.Struct):
    cells: list[_Cell]


_NOTEBOOK = msgspec.json.Decoder(_Notebook)


def _odd_notebook(nb: ReleasedNotebook, folder: Path) -> Iterator[str]:
    """Say how a submitted notebook differs from the released one; marks do not depend on it."""
    file = f"{nb.name}.ipynb"
    try:
        data = _plain_bytes(folder / file, MAX_NOTEBOOK)
    except OSError as error:
        yield f"笔记本 {file} {error.strerror or error}；答案不受影响"
        return
    if sha256(data).hexdigest() == nb.digest:
        return
    try:
        cells = _NOTEBOOK.decode(data).cells
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield f"笔记本 {file} 已损坏；答案不受影响"
        return
    points = {marks(cell).get("grade_id"): marks(cell).get("points") for cell in nb.blank["cells"]}
    plain = {text(cell) for cell in nb.blank["cells"] if not marks(cell).get("grade_id")} | {""}
    seen: list[str] = []
    added = 0
    for cell in cells:
        mark = cell.metadata.get("nbgrader")
        name = mark.get("grade_id") if isinstance(mark, dict) else None
        source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
        if not isinstance(mark, dict) or not isinstance(name, str) or name not in nb.locked:
            added += source.strip() not in plain
            continue
        seen.append(name)
        if source != nb.locked[name]:
            yield f"笔记本 {file} 的单元格 {name} 被改动；已按发布版评分"
        if mark.get("points") != points[name]:
            yield f"笔记本 {file} 的单元格 {name} 分值被改动；已按发布版评分"
    for name in nb.locked:
        if (count := seen.count(name)) != 1:
            yield f"笔记本 {file} 的单元格 {name} {'重复' if count else '缺失'}；已按发布版评分"
    if (once := list(dict.fromkeys(seen))) != [name for name in nb.locked if name in once]:
        yield f"笔记本 {file} 的单元格次序被改动；已按发布版评分"
    if added:
        yield f"笔记本 {file} 多出 {added} 个单元格；没有运行"


def _plain_bytes(path: Path, limit: int) -> bytes:
    """Read a regular file without following links or waiting; raises OSError with a Chinese reason otherwise."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise OSError(2, "没有交上来") from None
    except OSError as error:
        raise OSError(error.errno, "是链接或无法打开") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(22, "不是普通文件")
        if status.st_size > limit:
            raise OSError(27, f"有 {status.st_size} 字节，过大，没有打开")
        with open(handle, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(handle)


def small_bytes(path: Path) -> bytes:
    """Read one of the small files that nbgrader puts beside a submission; empty when there is no such plain file."""
    try:
        return _plain_bytes(path, MAX_SMALL)
    except OSError:
        return b""


def _shown(pool: Pool, found: journal.Journal, trainee: str) -> str:
    """Show an answer that is not graded here; a fault of ours costs this page and nothing else."""
    try:
        return shown_page(pool, found, trainee)
    except Exception as error:  # noqa: BLE001  as in assess
        return message_page(pool.exercise, f"作答无法显示（{type(error).__name__}：{error}），请教师复核。")


def _assess(
    nb: ReleasedNotebook, found: journal.Journal, trouble: str, trainee: str
) -> Iterator[tuple[str, Assessment]]:
    for cell, item in nb.items.items():
        if trouble:
            yield cell, refused(item.exercise, item.maximum, trouble)
        else:
            yield cell, assess(item.key, found.entries.get(item.exercise), trainee)
    for cell, (maximum, message) in nb.broken.items():
        yield cell, failed(cell, maximum, message)
