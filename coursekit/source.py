"""The exercises of an assignment as its author left them in source/: data file, grade cell and key together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.author import Notebook
from coursekit.course import Course, CourseError
from coursekit.notebooks import marks, read_notebook, text
from widgets.assess import AnswerKey, parse_keys
from widgets.grading import GradeCall, read_call
from widgets.kind import Samples
from widgets.kinds import AnyKind
from widgets.pool import load_pool
from widgets.spec import DataError, Spec


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of an exercise with its key."""

    name: str
    kind: AnyKind
    spec: Spec
    key: Any

    def samples(self) -> Samples:
        """Make sample answers from the key."""
        return self.kind.samples(self.spec, self.key)


@dataclass(frozen=True, slots=True)
class Item:
    """One graded exercise; *cell* is the grade cell's id."""

    notebook: str
    cell: str
    key: AnswerKey

    @property
    def exercise(self) -> str:
        """The exercise's name."""
        return self.key.exercise

    @property
    def maximum(self) -> float:
        """The points that the exercise is worth."""
        return self.key.maximum

    @property
    def kind(self) -> AnyKind:
        """The exercise's kind."""
        return self.key.pool.kind

    def variants(self) -> Iterator[Variant]:
        """Yield all variants with their keys."""
        for name, spec in self.key.pool.specs.items():
            yield Variant(name, self.kind, spec, self.key.keys[name])

    def of(self, trainee: str) -> Variant:
        """Return the variant that *trainee* gets."""
        name = self.key.pool.variant(trainee)
        return Variant(name, self.kind, self.key.pool.specs[name], self.key.keys[name])


def notebooks(folder: Path) -> dict[str, Notebook]:
    """Read all notebooks of an assignment's folder by name; raises CourseError when there is none."""
    found = {path.stem: read_notebook(path) for path in sorted(folder.glob("*.ipynb"))}
    if not found:
        raise CourseError(f"作业文件夹 {folder} 里没有笔记本（.ipynb）。")
    return found


def load_item(folder: Path, notebook: str, cell: str, maximum: float, call: GradeCall) -> Item:
    """Load what a grade call refers to; raises DataError naming file, place and cure."""
    return Item(notebook, cell, parse_keys(load_pool(folder, call.exercise), call.key, maximum))


def load_items(course: Course, assignment: str) -> list[Item]:
    """Load every graded exercise of an assignment in order; raises CourseError at the first that is faulty."""
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
