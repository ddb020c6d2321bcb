"""The exercises of an assignment as its author left them in source/: data file, grade cell and key together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.author import Notebook
from coursekit.course import Course, CourseError
from coursekit.notebooks import marks, read_notebook, text
from widgets.assess import parse_key
from widgets.grading import GradeCall, read_call
from widgets.kind import Samples
from widgets.kinds import AnyKind, parse_spec
from widgets.spec import DataError, Spec, read_bytes


@dataclass(frozen=True, slots=True)
class Item:
    """One exercise with its key; *cell* is the grade cell's id, *maximum* its points."""

    notebook: str
    cell: str
    exercise: str
    maximum: float
    kind: AnyKind
    spec: Spec
    key: Any

    def samples(self) -> Samples:
        """Make sample answers from the key."""
        return self.kind.samples(self.spec, self.key)


def notebooks(folder: Path) -> dict[str, Notebook]:
    """Read all notebooks of an assignment's folder by name; raises CourseError when there is none."""
    found = {path.stem: read_notebook(path) for path in sorted(folder.glob("*.ipynb"))}
    if not found:
        raise CourseError(f"作业文件夹 {folder} 里没有笔记本（.ipynb）。")
    return found


def load_item(folder: Path, notebook: str, cell: str, maximum: float, call: GradeCall) -> Item:
    """Load what a grade call refers to; raises DataError naming file, place and cure."""
    file = f"data/{call.exercise}.json"
    kind, spec = parse_spec(read_bytes(folder / file, file), file)
    return Item(notebook, cell, call.exercise, maximum, kind, spec, parse_key(kind, spec, call.key))


def load_items(course: Course, assignment: str) -> list[Item]:
    """Load every exercise of an assignment in order; raises CourseError at the first that is faulty."""
    folder = course.require(assignment)
    items = []
    for name, notebook in notebooks(folder).items():
        for cell in notebook["cells"]:
            if marks(cell).get("grade") and cell["cell_type"] == "code":
                try:
                    call = read_call(text(cell))
                    items.append(load_item(folder, name, marks(cell)["grade_id"], marks(cell)["points"], call))
                except DataError as error:
                    raise CourseError(f"{assignment}/{name} 单元格 {marks(cell).get('grade_id')}：{error}") from None
    return items
