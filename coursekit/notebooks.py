"""Notebooks as plain JSON: reading them, and what nbgrader's metadata says of a cell."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import msgspec

from coursekit.author import BEGIN, END, Cell, Notebook
from coursekit.course import CourseError


def read_notebook(path: Path) -> Notebook:
    """Read a notebook of ours; raises CourseError when it is missing or no notebook."""
    try:
        found = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        raise CourseError(f"找不到笔记本 {path}，请确认作业文件夹里有它。") from None
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise CourseError(f"笔记本 {path} 读不出来（{error}），请从备份恢复。") from None
    if not (isinstance(found, dict) and isinstance(found.get("cells"), list)):
        raise CourseError(f"{path} 不是笔记本：里面没有 cells，请从备份恢复。")
    return found


def text(cell: Cell) -> str:
    """Return a cell's source as one string, however it is stored."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def marks(cell: Cell) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell, empty when it has none."""
    found: dict[str, Any] = cell.get("metadata", {}).get("nbgrader", {})
    return found


def shown_exercise(cell: Cell) -> tuple[str, str] | None:
    """Return (class, exercise) of a cell that shows an exercise, such as ``ChecklistReview("m04-c01")``."""
    if cell.get("cell_type") != "code" or marks(cell).get("grade"):
        return None
    try:
        last = ast.parse(text(cell)).body[-1]
    except (SyntaxError, IndexError):
        return None
    match last:
        case ast.Expr(ast.Call(ast.Name(view), [ast.Constant(str(name))], [])):
            return view, name
    return None


def released_text(cell: Cell) -> str:
    """Return a cell's source as trainees get it: without hidden-test regions (nbgrader's ClearHiddenTests)."""
    kept, hidden = [], False
    for line in text(cell).split("\n"):
        if BEGIN.strip("# ") in line:
            hidden = True
        elif END.strip("# ") in line:
            hidden = False
        elif not hidden:
            kept.append(line)
    return "\n".join(kept)
