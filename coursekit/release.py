"""An assignment as it was released: cells, keys and points from the gradebook, data files from source/."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

import widgets
from coursekit.author import Cell, Notebook
from coursekit.course import Course, CourseError
from coursekit.gradebook import StoredAssignment, StoredNotebook
from coursekit.notebooks import marks, read_notebook, shown_exercise, text
from coursekit.source import Item, load_item
from widgets.grading import read_call
from widgets.pool import Pool, load_pool
from widgets.spec import DataError


@dataclass(frozen=True, slots=True)
class ReleasedNotebook:
    """One notebook to be graded.

    *blank* is the released notebook with hidden tests put back and no outputs; *items* and *broken* are its grade
    cells by cell name: those that can be graded, and for the rest what is wrong on our side. *shown* are the
    exercises without a grade cell: free text, which a person grades, and practice. *locked* are the sources of the
    locked cells as trainees got them.
    """

    name: str
    blank: Notebook
    items: dict[str, Item]
    broken: dict[str, tuple[float, str]]
    shown: dict[str, Pool]
    locked: dict[str, str]
    digest: str


@dataclass(frozen=True)
class Release:
    """Everything that grading a submission needs, besides the submission.

    *files* are those that pages show, by path within the folder; *digest* changes when a mark could.
    """

    assignment: str
    notebooks: tuple[ReleasedNotebook, ...]
    files: dict[str, Path]
    digest: str

    @cached_property
    def exercises(self) -> frozenset[str]:
        """The names of all exercises."""
        graded = {item.exercise for nb in self.notebooks for item in nb.items.values()}
        return frozenset(graded.union(*(nb.shown for nb in self.notebooks)))


def load_release(course: Course, stored: StoredAssignment) -> Release:
    """Put the released assignment together; raises CourseError when its released notebook is gone."""
    folder = course.require(stored.name)
    released = course.folder("release", ".", stored.name)
    notebooks = tuple(_notebook(folder, released, notebook) for notebook in stored.notebooks)
    files = {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".ipynb", ".json", ".jsonl")
    }
    content = sha256(msgspec.json.encode([(nb.blank, _keys(nb), nb.broken) for nb in notebooks]))
    content.update(_code_version().encode())
    return Release(stored.name, notebooks, files, content.hexdigest())


def _keys(nb: ReleasedNotebook) -> list[Any]:
    """Return what decides the marks of a notebook, in an order that does not change."""
    plain = msgspec.to_builtins
    return [
        (cell, item.maximum, [(v.name, plain(v.spec), plain(v.key)) for v in item.variants()])
        for cell, item in sorted(nb.items.items())
    ]


def _code_version() -> str:
    """Hash the code that grades."""
    found = sha256()
    for path in sorted(Path(widgets.__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def _notebook(folder: Path, released: Path, stored: StoredNotebook) -> ReleasedNotebook:
    path = released / f"{stored.name}.ipynb"
    blank = read_notebook(path)
    digest = sha256(path.read_bytes()).hexdigest()
    locked = {marks(cell)["grade_id"]: text(cell) for cell in blank["cells"] if marks(cell).get("grade_id")}
    for cell in blank["cells"]:
        _restore(cell, stored)
    items, broken = {}, {}
    for graded in stored.graded:
        if graded.by_hand:
            continue
        try:
            call = read_call(stored.sources[graded.name].source)
            items[graded.name] = load_item(folder, stored.name, graded.name, graded.maximum, call)
        except DataError as error:
            broken[graded.name] = (graded.maximum, str(error))
    if broken and not items:
        raise CourseError(
            f"{stored.name} 没有一个评分单元格是本课程的练习（{next(iter(broken.values()))[1]}）"
            "含学员代码的作业请用 nbgrader autograde 评分。"
        )
    points = {item.exercise for item in items.values()}
    names = {name for name in map(exercise_of, blank["cells"]) if name and name not in points}
    shown = dict(_pools(folder, sorted(names)))
    return ReleasedNotebook(stored.name, blank, items, broken, shown, locked, digest)


def _pools(folder: Path, names: list[str]) -> Iterator[tuple[str, Pool]]:
    for name in names:
        try:
            yield name, load_pool(folder, name)
        except DataError:
            continue  # its grade cell, if it has one, already says so


def _restore(cell: Cell, stored: StoredNotebook) -> None:
    """Put back what release took out of a cell, as nbgrader's OverwriteCells does."""
    source = stored.sources.get(marks(cell).get("grade_id", ""))
    if source is not None:
        cell["source"] = source.source
        cell["metadata"]["nbgrader"]["checksum"] = source.checksum
    if cell.get("cell_type") == "code":
        cell["outputs"], cell["execution_count"] = [], None


def exercise_of(cell: Cell) -> str | None:
    """Return the exercise that a cell of a released notebook shows."""
    shown = shown_exercise(cell)
    return shown[1] if shown else None
