"""What a grade cell calls: ``grade("m04-c01", points=6, key={…})``, and how others read that call without running it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from widgets import journal
from widgets.assess import Assessment, assess, failed, parse_key, refused
from widgets.kinds import parse_spec
from widgets.spec import DataError, read_bytes


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


def assess_file(folder: Path, call: GradeCall) -> Assessment:
    """Grade one exercise of the assignment in *folder*; every failure becomes an outcome."""
    try:
        file = f"data/{call.exercise}.json"
        kind, spec = parse_spec(read_bytes(folder / file, file), file)
        key = parse_key(kind, spec, call.key)
    except DataError as error:
        return failed(call.exercise, call.points, str(error))
    try:
        entry = journal.read(folder / journal.NAME).entries.get(call.exercise)
    except journal.JournalError as error:
        return refused(call.exercise, call.points, str(error))
    return assess(call.exercise, kind, spec, key, entry, call.points)


def read_call(source: str) -> GradeCall:
    """Read the ``grade(…)`` call out of a grade cell's source without running it.

    Raises DataError unless the cell is an import and one call with literal arguments.
    """
    try:
        match ast.parse(source).body[-1]:
            case ast.Expr(ast.Call(ast.Name("grade"), [ast.Constant(str(exercise))], keywords)):
                named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in keywords}
                return GradeCall(exercise, float(named["points"]), named["key"])
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
