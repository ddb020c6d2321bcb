"""A second sitting: the same paper's plan under the name <assignment>-2, from which every trainee draws other variants."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from coursekit import plain
from coursekit.check import exercise_names
from coursekit.course import Course, CourseError
from coursekit.notebooks import read_notebook, text
from widgets.pool import load_pool, sitting
from widgets.spec import DataError

#: Names go up to <assignment>-9.
MOST = 9


def make_resit(course: Course, assignment: str) -> Path:
    """Copy an assignment in source/ as its next sitting and return the new folder.

    The first sitting's marks stay in the gradebook beside the second's. Raises CourseError when there are no variants
    left to draw, since the second paper would be the first.
    """
    name, _ = sitting(assignment)
    source = course.require(name)
    number = next(n for n in range(2, MOST + 2) if not (course.source / f"{name}-{n}").exists())
    most = _variants(source)
    if number > min(most, MOST):
        raise CourseError(
            f"{name} 的变式最多只够考 {min(most, MOST)} 次，第 {number} 次就会有人拿到做过的题。请先为每道题增加变式。"
        )
    target = course.source / f"{name}-{number}"
    with plain.placed(target) as aside:
        shutil.copytree(source, aside, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "answers.jsonl"))
        for path in aside.glob("*.ipynb"):
            notebook = read_notebook(path)
            notebook["metadata"]["coursekit"]["title"] += f"（第 {number} 次）"
            first = notebook["cells"][0]
            head, _, rest = text(first).partition("\n")
            first["source"] = f"{head}（第 {number} 次）\n{rest}"
            path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return target


def _variants(folder: Path) -> int:
    """Return the fewest variants that an exercise of the assignment has."""
    try:
        return min((len(load_pool(folder, name).specs) for name in exercise_names(folder)), default=0)
    except DataError as error:
        raise CourseError(str(error)) from None
