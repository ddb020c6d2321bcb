"""The same safe grading inside stock ``nbgrader autograde`` and formgrader's button (config/nbgrader_config.py).

nbgrader reads each submitted notebook, restores locked cells and executes the result in a kernel. Here the released
notebook stands in for the submitted one from the first read on, and grade cells are assessed as data. Assignments whose
released notebook is not one of this course are left to nbgrader's own way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute

from coursekit.notebooks import marks, text
from coursekit.release import exercise_of
from widgets import journal
from widgets.assess import shown_page
from widgets.grading import assess_file, read_call
from widgets.page import message_page
from widgets.pool import load_pool
from widgets.spec import DataError


class ReleasedNotebookExporter(NotebookExporter):
    """Reads the released notebook wherever nbgrader asks for a submitted one of this course."""

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[Any, Any]:
        """Convert the released notebook of the same assignment and name; others as they are."""
        path = Path(filename).resolve()
        stage = path.parents[2]
        released = stage.parent / "release" / path.parent.name / path.name
        if stage.name == "submitted" and _is_course(released):
            with released.open(encoding="utf-8") as file:
                notebook = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
            found: tuple[Any, Any] = self.from_notebook_node(notebook, resources, **kwargs)  # type: ignore[no-untyped-call]
        else:
            found = super().from_filename(filename, resources, **kwargs)
        return found


class ExecuteAsData(Execute):
    """Takes the place of nbgrader's Execute: a course notebook's cells get their outputs without a kernel."""

    def preprocess(self, nb: Any, resources: Any = None, km: Any = None) -> tuple[Any, Any]:
        """Fill the outputs of a course notebook from the journal beside it; run other notebooks as nbgrader does."""
        if not nb.metadata.get("coursekit", {}).get("autorun"):
            return super().preprocess(nb, resources, km)
        folder = Path(resources["metadata"]["path"])
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = list(_outputs(cell, folder, resources["nbgrader"]["student"]))
        return nb, resources


def _outputs(cell: Any, folder: Path, trainee: str) -> list[Any]:
    """Return feedback and points of a grade cell, the answer of a cell that shows an exercise."""
    if marks(cell).get("grade"):
        result = assess_file(folder, read_call(text(cell)), trainee)  # what is no call of ours stops this submission
        data = {"text/plain": repr(result.points)}
        return [_page(result.html), new_output("execute_result", data, execution_count=None)]  # type: ignore[no-untyped-call]
    name = exercise_of(cell)
    return [_page(_answer(folder, name, trainee))] if name else []


def _page(html: str) -> Any:
    return new_output("display_data", {"text/html": html})  # type: ignore[no-untyped-call]


def _answer(folder: Path, exercise: str, trainee: str) -> str:
    try:
        return shown_page(load_pool(folder, exercise), journal.read(folder / journal.NAME), trainee)
    except (DataError, journal.JournalError) as error:
        return message_page(exercise, str(error))


def _is_course(released: Path) -> bool:
    """Say whether there is such a released notebook and it carries the course's mark."""
    if not released.is_file():
        return False
    with released.open(encoding="utf-8") as file:
        return bool(nbformat.read(file, as_version=4).metadata.get("coursekit", {}).get("autorun"))  # type: ignore[no-untyped-call]
