"""Feedback pages in Chinese, without code and without keys that feedback should not show; one renderer, two doors.

``coursekit feedback`` writes them directly; stock ``nbgrader generate_feedback`` comes here through FeedbackExporter
(config/nbgrader_config.py), so that both put the same page in the same place for ``nbgrader release_feedback``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from nbconvert.exporters import Exporter

from coursekit.author import Cell, Notebook
from coursekit.autograded import SUBMISSION_FILES
from coursekit.course import Course, CourseError
from coursekit.gradebook import open_gradebook
from coursekit.notebooks import marks, read_notebook, text
from widgets.page import STYLE

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_PAGE_STYLE = (
    "<style>body{margin:0 auto;padding:1rem;max-width:64rem;font:16px/1.7 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;"
    "color:#1d2733}h1{font-size:1.4rem}table{border-collapse:collapse}th,td{border:1px solid #cdd7e1;padding:.3rem .6rem}"
    "img{max-width:100%}.total{background:#e4edf6;padding:.5rem 1rem;border-radius:6px}.lesson{color:#55636f}"
    "nav li{display:inline-block;margin-right:1rem}.comment{background:#f3f6fa;padding:.5rem 1rem;border-left:4px solid #1f4e79;"
    "white-space:pre-wrap}@media print{nav{display:none}}</style>"
)

#: What the gradebook says of a cell: score, points, comment.
Mark = Mapping[str, Any]


def feedback_page(notebook: Notebook, cells: Mapping[str, Mark], penalty: float = 0.0) -> str:
    """Render a graded notebook as one self-contained page; *cells* maps grade cells to score, points and comment."""
    title = notebook.get("metadata", {}).get("coursekit", {}).get("title", "作业反馈")
    graded = [cell for cell in notebook["cells"] if marks(cell).get("grade_id") in cells]
    total = sum(_score(cells[marks(cell)["grade_id"]]) for cell in graded) - penalty
    maximum = sum(float(cells[marks(cell)["grade_id"]].get("points") or 0) for cell in graded)
    late = f"（已扣除迟交 {penalty:g} 分）" if penalty else ""
    entries = "".join(_entry(number, cell, cells[marks(cell)["grade_id"]]) for number, cell in enumerate(graded, 1))
    body = "".join(_cell(cell, cells) for cell in notebook["cells"])
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)} · 反馈</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">{_PAGE_STYLE}</head><body>'
        f"<h1>{escape(title)} · 反馈</h1>"
        f'<p class="total"><strong>总分 {total:g} / {maximum:g}</strong>{late}</p><nav><ol>{entries}</ol></nav>{body}</body></html>'
    )


def write_feedback(course: Course, assignment: str, progress: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Write the feedback of all graded submissions to feedback/; raises CourseError when nothing was graded yet."""
    with open_gradebook(course) as gradebook:
        stored = gradebook.assignment(assignment)
        marks_of, penalties = gradebook.marks(assignment), gradebook.penalties(assignment)
    if not any(notebook.graded for notebook in stored.notebooks):
        raise CourseError(
            f"“{assignment}”是记录表，不评分，没有反馈。把收来的表读成数据：coursekit forms collect {assignment}"
        )
    if not marks_of:
        raise CourseError(f"作业“{assignment}”还没有评分结果。请先运行 coursekit grade {assignment}")
    maxima = {cell.name: cell.maximum for notebook in stored.notebooks for cell in notebook.graded}
    written = []
    for trainee, rows in marks_of.items():
        autograded = course.folder("autograded", trainee, assignment)
        folder = course.folder("feedback", trainee, assignment)
        folder.mkdir(parents=True, exist_ok=True)
        cells = {name: _mark(row, maxima[name]) for name, row in rows.items() if name in maxima}
        for notebook in stored.notebooks:
            penalty = penalties.get((trainee, notebook.name), 0.0)
            page = feedback_page(read_notebook(autograded / f"{notebook.name}.ipynb"), cells, penalty)
            path = folder / f"{notebook.name}.html"
            path.write_text(page, encoding="utf-8")
            written.append(path)
        for name in SUBMISSION_FILES:
            if (autograded / name).is_file():
                (folder / name).write_bytes((autograded / name).read_bytes())
        progress(trainee)
    return written


class FeedbackExporter(Exporter):
    """The door for ``nbgrader generate_feedback``: its GetGrades has put scores and comments into the metadata."""

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: Any, resources: Any = None, **kwargs: Any) -> tuple[Any, Any]:
        """Render *nb* with what nbgrader says of its cells."""
        notebook, resources = super().from_notebook_node(nb, resources, **kwargs)
        cells = {
            marks(cell)["grade_id"]: marks(cell)
            for cell in notebook.cells
            if marks(cell).get("grade") or marks(cell).get("task")
        }
        return feedback_page(notebook, cells, resources.get("nbgrader", {}).get("late_penalty") or 0.0), resources


def _mark(row: Mapping[str, Any], maximum: float) -> Mark:
    """Return score, points and comment of a cell as nbgrader counts them: what a person gave replaces the automatic."""
    base = row.get("manual_score") if row.get("manual_score") is not None else row.get("auto_score")
    score = (base or 0.0) + (row.get("extra_credit") or 0.0)
    return {"score": score, "points": maximum, "comment": row.get("manual_comment") or row.get("auto_comment")}


def _score(mark: Mark) -> float:
    return float(mark.get("score") or 0.0)


def _entry(number: int, cell: Cell, mark: Mark) -> str:
    name = escape(str(marks(cell)["grade_id"]))
    return f'<li><a href="#{name}">第 {number} 题</a> {_score(mark):g}/{float(mark.get("points") or 0):g}</li>'


def _cell(cell: Cell, cells: Mapping[str, Mark]) -> str:
    name = str(marks(cell).get("grade_id"))
    if name in cells:
        mark = cells[name]
        comment = mark.get("comment")
        note = f'<div class="comment"><strong>教师评语：</strong>{escape(str(comment))}</div>' if comment else ""
        return f'<section id="{escape(str(name))}">{_outputs(cell)}{note}</section><hr>'
    if cell["cell_type"] == "markdown":
        html = _lesson(text(cell))
        return f'<details class="lesson"><summary>{escape(_heading(cell))}</summary>{html}</details>'
    return ""


@lru_cache(maxsize=256)
def _lesson(source: str) -> str:
    """Render Markdown once for the whole class."""
    return str(_MARKDOWN.render(source))


def _heading(cell: Cell) -> str:
    first = next((line for line in text(cell).splitlines() if line.strip()), "课文")
    return re.sub(r"[#*`|]", "", first).strip() or "课文"


def _outputs(cell: Cell) -> str:
    """Return the HTML that the grader put into a grade cell; it was escaped where it was made."""
    pages = [o["data"]["text/html"] for o in cell.get("outputs", []) if "text/html" in o.get("data", {})]
    html = "".join(page if isinstance(page, str) else "".join(page) for page in pages)
    return html or STYLE + "<p>（没有反馈内容）</p>"
