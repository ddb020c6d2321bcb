"""What a grade cell calls: ``grade("m04-c01", points=6, key={…})``, and how others read that call without running it."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from widgets import journal
from widgets.assess import Assessment, assess, failed, parse_keys, refused
from widgets.pool import load_pool
from widgets.spec import DataError


@dataclass(frozen=True, slots=True)
class GradeCall:
    """The arguments of a grade cell, read from its source."""

    exercise: str
    points: float
    key: object


def grade(exercise: str, *, points: float, key: Mapping[str, Any], folder: Path | None = None) -> float:
    """Grade the answer in the journal beside the notebook and return its points, a plain float in [0, *points*].

    The feedback is displayed before, so that nbgrader still takes the number for the cell's result. Nothing is raised
    and nothing goes to stderr: nbgrader makes full marks of the one and none of the other.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = assess_file(folder or Path(), GradeCall(exercise, points, key))
        _display(result.html)
    return result.points


def assess_file(folder: Path, call: GradeCall, trainee: str | None = None) -> Assessment:
    """Grade one exercise of the assignment in *folder*; every failure becomes an outcome."""
    try:
        key = parse_keys(load_pool(folder, call.exercise), call.key, call.points)
    except DataError as error:
        return failed(call.exercise, call.points, str(error))
    try:
        entry = journal.read(folder / journal.NAME).entries.get(call.exercise)
    except journal.JournalError as error:
        return refused(call.exercise, call.points, str(error))
    return assess(key, entry, trainee or submitter(folder))


def submitter(folder: Path) -> str:
    """Return whose work lies in *folder*: nbgrader's stages are laid out as stage/trainee/assignment."""
    return folder.resolve().parent.name


def read_call(source: str) -> GradeCall:
    """Read the ``grade(…)`` call out of a grade cell's source without running it.

    Raises DataError unless the cell is an import and one call with literal arguments.
    """
    try:
        match ast.parse(source).body:
            case [*imports, ast.Expr(ast.Call(ast.Name("grade"), [ast.Constant(str(exercise))], keywords))] if all(
                isinstance(one, ast.Import | ast.ImportFrom) for one in imports
            ):
                named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in keywords}
                points = named["points"]
                if type(points) in (int, float) and 0 <= points < math.inf:
                    return GradeCall(exercise, float(points), named["key"])
    except (SyntaxError, ValueError, IndexError, KeyError, TypeError, MemoryError, RecursionError):
        pass
    raise DataError('评分单元格的最后一句应为 grade("练习编号", points=分值, key={…})，且全部写成字面值。')


def _display(html: str) -> None:
    """Show *html* where there is a notebook; elsewhere there is nobody to show it to."""
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import HTML, display
    except ImportError:
        return
    if get_ipython() is not None:
        display(HTML(html))  # type: ignore[no-untyped-call]
