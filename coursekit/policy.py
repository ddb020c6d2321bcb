"""What depends on the centre's own rules: policy/<assignment>*.py write it into source/ from config/course.toml.

Such a module has ``CELLS``, a function for each cell that depends on the settings, by the cell's id. What it writes
stands in source/ as if it had been typed there, so that nbgrader and the graders need to know nothing of it; the module
holds keys, and is an instructor's like source/: it is neither released nor installed.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from coursekit import plain
from coursekit.author import Cell, grade_cell, lesson, task_cell
from coursekit.course import Course, CourseError
from coursekit.evaluation import LABELS
from coursekit.notebooks import marks, read_notebook, text
from coursekit.settings import Evaluation, Settings
from widgets.pool import sitting
from widgets.workdays import HolidayTable, read_table

#: Holidays and working weekends, from the course's folder.
HOLIDAYS = Path("config") / "holidays-2025-2026.csv"


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise's data file (of variants: by name) and its key (likewise)."""

    data: dict[str, Any]
    key: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The Markdown of a lesson cell."""

    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """The data file of a free-text exercise, and what trainees and graders read below it."""

    data: dict[str, Any]
    instruction: str
    rubric: str


Written = Exercise | Lesson | Task
Writers = Mapping[str, Callable[[Settings], Written]]


@cache
def holidays(writer: str) -> HolidayTable:
    """Read the course's table of holidays for a module of policy/, given its ``__file__``."""
    return read_table((Path(writer).resolve().parents[1] / HOLIDAYS).read_text("utf-8"))


def spoken(day: date) -> str:
    """Write a day of the course's year the way people say it."""
    return f"{day.month} 月 {day.day} 日"


def lines_said(rules: Evaluation) -> str:
    """Say in one line what a trainee must reach: the pass mark and each part's floor."""
    floors = "、".join(f"{name} {rules.floors[part]} 分" for part, name in LABELS.items())
    return f"合格线：本中心规定，总评达到 {rules.pass_mark} 分，并且单项都达到 {floors}（“达到”都含本数）"


def writers(course: Course, assignment: str) -> Writers:
    """Load policy/<assignment>.py and _*.py beside it; an assignment without any depends on no local rule."""
    name = sitting(assignment)[0]
    modules = sorted([*course.policy.glob(f"{name}.py"), *course.policy.glob(f"{name}_*.py")])
    return {cell: write for path in modules for cell, write in runpy.run_path(str(path)).get("CELLS", {}).items()}


def rewritten(course: Course, assignment: str) -> Iterator[tuple[Path, str]]:
    """Yield (file, new content) for what in source/ differs from what the settings say.

    Raises CourseError when a writer names a cell that the notebooks do not have.
    """
    due = {name: write(course.settings) for name, write in writers(course, assignment).items()}
    folder = course.require(assignment)
    for name, written in due.items():
        if not isinstance(written, Lesson):
            yield from _data_files(folder / "data", name, written.data)
    missing = set(due)
    for path in sorted(folder.glob("*.ipynb")) if due else ():
        notebook = read_notebook(path)
        cells = notebook["cells"]
        missing -= {cell.get("id") for cell in cells}
        notebook["cells"] = [_cell(cell, due.get(cell.get("id", ""))) for cell in cells]
        if notebook["cells"] != cells:
            yield path, json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
    if missing:
        raise CourseError(
            f"policy/{assignment}.py 里的 {'、'.join(sorted(missing))} 在 {assignment} 的笔记本里找不到。"
        )


def apply(course: Course, assignment: str) -> list[Path]:
    """Write into source/ what the settings say; returns the files that changed."""
    due = list(rewritten(course, assignment))
    for path, content in due:
        path.parent.mkdir(parents=True, exist_ok=True)
        plain.write(path, content.encode())
    return [path for path, _ in due]


def _data_files(folder: Path, name: str, data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    files = {folder / f"{name}.json": data} if "kind" in data else {folder / name / f"{v}.json": data[v] for v in data}
    for path, content in files.items():
        if not path.is_file() or json.loads(path.read_bytes()) != content:
            yield path, json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _cell(cell: Cell, written: Written | None) -> Cell:
    """Return *cell* with the source that *written* gives it; all else about the cell stays."""
    name = cell.get("id", "")
    match written:
        case None:
            return cell
        case Lesson(content):
            made = lesson(name, content)
        case Task(_, instruction, rubric):
            made = task_cell(name, marks(cell)["points"], instruction, rubric)
        case Exercise(_, key):
            made = grade_cell(name, marks(cell)["points"], key)
    return cell if text(cell) == text(made) else cell | {"source": text(made)}
