"""Put a course notebook together from lessons and exercises, the way every module of the course looks."""

from __future__ import annotations

import pprint
from collections.abc import Mapping, Sequence
from typing import Any

#: Cells and notebooks are plain JSON objects here; importing nbformat costs a second and adds nothing.
Cell = dict[str, Any]
Notebook = dict[str, Any]

BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
MARK_SCHEME, END_MARK_SCHEME = "=== BEGIN MARK SCHEME ===", "=== END MARK SCHEME ==="


def notebook(cells: Sequence[Cell], title: str, minutes: int) -> Notebook:
    """Wrap *cells* as a course notebook; kernel name and marker are what JupyterLab and the extension look for."""
    return {
        "cells": list(cells),
        "metadata": {
            "coursekit": {"autorun": True, "minutes": minutes, "title": title},
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def lesson(name: str, text: str) -> Cell:
    """Make a locked Markdown cell."""
    return {
        "cell_type": "markdown",
        "id": name,
        "metadata": _nbgrader(name) | {"deletable": False, "editable": False},
        "source": text.strip("\n"),
    }


def exercise(name: str, view: str) -> Cell:
    """Make the hidden, locked cell that shows exercise *name* by the class *view* of ``widgets``."""
    return _code(f"{name}-show", f'from widgets import {view}\n\n{view}("{name}")')


def clock(name: str, minutes: int) -> Cell:
    """Make the hidden, locked cell that shows an examination's time limit."""
    return _code(name, f"from widgets import ExamClock\n\nExamClock({minutes})")


def grade_cell(name: str, points: float, key: Any) -> Cell:
    """Make the grade cell of exercise *name*; the key stands in its hidden-test region and nowhere else."""
    literal = pprint.pformat(key, width=108, sort_dicts=False)
    lines = [BEGIN, f'grade("{name}", points={points}, key={literal})', END]
    cell = _code(name, "\n".join(["from widgets import grade", "", *lines]))
    cell["metadata"]["nbgrader"] |= {"grade": True, "points": points}
    return cell


def task_cell(name: str, points: float, instruction: str, rubric: str) -> Cell:
    """Make nbgrader's manually graded task cell of free-text exercise *name*; the rubric is stripped at release."""
    cell = lesson(name, f"{instruction}\n\n{MARK_SCHEME}\n\n{rubric}\n\n{END_MARK_SCHEME}")
    cell["metadata"]["nbgrader"] |= {"task": True, "points": points}
    return cell


def labelled(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Make the entries of a data file that have an id and a text: options, bins, columns."""
    return [{"id": name, "text": text} for name, text in texts.items()]


def facts(*texts: str) -> list[dict[str, str]]:
    """Make the facts of a data file, called f1, f2 and so on."""
    return labelled({f"f{number}": text for number, text in enumerate(texts, 1)})


def table(columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Make the columns and rows of a data file; rows are called r1, r2 and so on."""
    cells = [dict(zip(columns, row, strict=True)) for row in rows]
    return {"columns": labelled(columns), "rows": [{"id": f"r{n}", "cells": row} for n, row in enumerate(cells, 1)]}


def _code(name: str, source: str) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": _nbgrader(name) | {"deletable": False, "editable": False, "jupyter": {"source_hidden": True}},
        "outputs": [],
        "source": source,
    }


def _nbgrader(name: str) -> dict[str, Any]:
    return {
        "nbgrader": {
            "grade": False,
            "grade_id": name,
            "locked": True,
            "schema_version": 3,
            "solution": False,
            "task": False,
        }
    }
