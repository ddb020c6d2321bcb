"""``coursekit receipt CODE``: whose submission a receipt stands for, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from coursekit import archive, inbound, receipt
from coursekit.autograded import trainee_folders
from coursekit.course import Course, CourseError
from coursekit.receipt import Receipt
from coursekit.status import Standing, overviews


@dataclass(frozen=True, slots=True)
class Found:
    """A receipt with the folders it lies in, what is doubtful about them in Chinese, and the trainee's standing."""

    receipt: Receipt
    folders: tuple[Path, ...]
    doubts: tuple[str, ...]
    standing: Standing
    is_collected: bool
    collected: Receipt | None

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield what to tell the trainee, as label and text."""
        one = self.standing
        yield "回执码", self.receipt.code
        yield "学员", self.receipt.trainee
        yield "作业", self.receipt.assignment
        yield (
            "文件",
            f"{len(self.receipt.files)} 个，" + ("逐个核对无误" if not self.doubts else "；".join(self.doubts)),
        )
        if self.is_collected:
            yield "收取", "已收取"
        elif self.collected is not None:
            yield "收取", f"现在收取的是另一次提交（回执 {self.collected.code}）"
        else:
            yield "收取", "已收取的作业没有回执，无法比对" if one.is_collected else "还没有收取"
        at = inbound.parse_stamp(self.receipt.timestamp)
        graded = self.is_collected and one.is_graded and one.graded == at
        waiting = f"，还有 {one.waiting} 题等待人工评分" if one.waiting else ""
        yield "评分", f"已评分{waiting}" if graded else "还没有评分"
        yield "反馈", "已发布" if graded and one.feedback else "还没有发布"


def find(course: Course, text: str) -> Found:
    """Find a receipt by its code in the exchange and in submitted/; raises CourseError when it is nowhere."""
    code = receipt.parse_code(text)
    folders, made = [], None
    for folder in _places(course):
        seen = receipt.read(folder)
        if seen is not None and seen.code == code:
            folders.append(folder)
            made = made or seen
    if made is None:
        raise CourseError(
            f"没有找到回执 {code}：收件夹和 submitted/ 里都没有。请核对号码；如果学员用 U 盘交作业，请先运行 coursekit collect 文件。"
        )
    (overview,) = overviews(course, [made.assignment])
    standing = overview.standings.get(made.trainee) or Standing(made.trainee)
    collected = receipt.read(course.folder("submitted", made.trainee, made.assignment))
    doubts = tuple(dict.fromkeys(doubt for folder in folders for doubt in archive.doubts(folder, made)))
    is_collected = collected is not None and collected.code == code
    return Found(made, tuple(folders), doubts, standing, is_collected, collected)


def _places(course: Course) -> Iterator[Path]:
    with suppress(CourseError):  # an instructor without access to inbound still finds what was collected
        yield from (one.folder for one in inbound.arrivals(course.exchanged / "inbound")[0])
    for trainee in trainee_folders(course.root / "submitted"):
        yield from trainee_folders(trainee)
