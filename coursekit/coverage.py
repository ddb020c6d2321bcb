"""Which row of the curriculum is taught in which module and assessed by which exercise: docs/coverage.zh-CN.md.

The rows stand in docs/inventory.csv: ★ must be assessed, ☆ are views to be discussed and never the only right answer,
✗ are mistakes of the source documents and appear only as material to correct.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coursekit.check import exercise_names
from coursekit.course import Course, CourseError
from widgets.pool import load_pool, sitting
from widgets.spec import DataError

INVENTORY, TABLE = Path("docs") / "inventory.csv", Path("docs") / "coverage.zh-CN.md"
MUST = "★"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the inventory: its number, mark, the module that teaches it, and what it is about."""

    number: str
    mark: str
    module: str
    title: str


#: The exercises that name a row in their ``seed``, by row number.
Assessed = Mapping[str, Sequence[str]]


def rows(course: Course) -> list[Row]:
    """Read the inventory; raises CourseError when it is missing or has other columns."""
    path = course.root / INVENTORY
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [Row(one["row"], one["mark"], one["module"], one["title"]) for one in csv.DictReader(file)]
    except FileNotFoundError:
        raise CourseError(f"找不到课程大纲 {path}，请从课程包里恢复。") from None
    except (KeyError, UnicodeDecodeError):
        raise CourseError(f"{path} 应为 UTF-8 编码，第一行是 row,mark,module,title。") from None


def assessed(course: Course) -> Assessed:
    """Collect the exercises of all assignments by the inventory rows that they name; second sittings do not count."""
    found: dict[str, list[str]] = defaultdict(list)
    for assignment in course.assignments():
        if sitting(assignment)[1] > 1:
            continue
        for name in sorted(exercise_names(course.source / assignment)):
            try:
                pool = load_pool(course.source / assignment, name)
            except DataError as error:
                raise CourseError(f"{assignment}/{error}") from None
            for row in dict.fromkeys(seed for spec in pool.specs.values() for seed in spec.seed):
                found[row].append(name)
    return found


def holes(inventory: Sequence[Row], found: Assessed) -> list[Row]:
    """Return the ★ rows that no exercise assesses."""
    return [row for row in inventory if row.mark == MUST and not found.get(row.number)]


def table(inventory: Sequence[Row], found: Assessed) -> str:
    """Write the coverage table: row → module → exercises, with a summary by mark."""
    marks = Counter(row.mark for row in inventory)
    lines = [
        "# 大纲覆盖表",
        "",
        "由 `coursekit coverage` 根据各练习的 `seed` 字段生成，请不要手改。★ 必须考核；☆ 是资料中的看法，只供了解和讨论；",
        "✗ 是资料中的错误，只作纠错素材。大纲在 `docs/inventory.csv`。",
        "",
        (
            f"共 {len(inventory)} 条：★ {marks['★']} 条，☆ {marks['☆']} 条，✗ {marks['✗']} 条；"
            f"★ 中没有练习的 {len(holes(inventory, found))} 条。"
        ),
        "",
        "| 条目 | 标记 | 内容 | 讲授 | 练习 |",
        "|---|---|---|---|---|",
        *(
            f"| {row.number} | {row.mark} | {row.title} | {row.module} | {'、'.join(found.get(row.number, ())) or '—'} |"
            for row in inventory
        ),
    ]
    return "\n".join(lines) + "\n"
