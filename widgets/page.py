"""An exercise as plain HTML: what was asked, what was answered, what was right. Everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from widgets.kind import Line
from widgets.score import Part, Score, Verdict
from widgets.spec import Spec

STYLE = (
    "<style>.ck-page{font:15px/1.7 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;color:#1d2733;max-width:60rem}"
    ".ck-page table{border-collapse:collapse;width:100%;margin:.5rem 0}"
    ".ck-page th,.ck-page td{border:1px solid #cdd7e1;padding:.35rem .6rem;text-align:left!important;"
    "vertical-align:top;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".ck-page td:first-child{min-width:7em}.ck-page td:nth-child(3){min-width:5em}"
    ".ck-page th{background:#eef3f8;font-weight:600}.ck-page .ck-note{color:#55636f}"
    ".ck-page .ck-right{color:#17663a}.ck-page .ck-bad{color:#a3261c}</style>"
)
_MARKS = {
    Verdict.RIGHT: ("ck-right", "✓ "),
    Verdict.PARTLY: ("ck-bad", "△ "),
    Verdict.WRONG: ("ck-bad", "✗ "),
    Verdict.MISSED: ("ck-bad", "○ "),
    Verdict.OPEN: ("ck-note", "… "),
}


def answer_page(spec: Spec, label: str, lines: Iterable[Line], note: str = "") -> str:
    """Show the question with the answer as it stands, without judging it."""
    body = _table(("项目", "作答"), ((line.item, line.given) for line in lines))
    return _frame(spec, label, (f'<p class="ck-note">{escape(note)}</p>' if note else "") + body)


def score_page(spec: Spec, label: str, score: Score, points: float, maximum: float) -> str:
    """Show what was given, what was right and why, item by item, under the points; of an examination no key."""
    if spec.policy == "examination":
        given = _table(("项目", "作答"), ((part.item, part.given) for part in score.parts))
        note = '<p class="ck-note">考试题不公布答案。</p>'
        return _frame(spec, label, f"<p><strong>得分 {points:g} / {maximum:g}</strong></p>{note}{given}")
    head = f"<p><strong>得分 {points:g} / {maximum:g}</strong>"
    head += "".join(f"　{escape(name)} {escape(value)}" for name, value in score.measures) + "</p>"
    head += "".join(f'<p class="ck-bad"><strong>红线：</strong>{escape(flag)}</p>' for flag in score.flags)
    return _frame(spec, label, head + _parts(score.parts))


def message_page(title: str, text: str) -> str:
    """Show a message where an exercise should be."""
    return f'{STYLE}<div class="ck-page" lang="zh-CN"><p class="ck-bad"><strong>{escape(title)}</strong>：{escape(text)}</p></div>'


def _parts(parts: Iterable[Part]) -> str:
    rows = []
    for part in parts:
        css, mark = _MARKS[part.verdict]
        cells = (part.item, part.given, f'<span class="{css}">{mark}{part.verdict}</span>', part.expected, part.why)
        rows.append("".join(f"<td>{c if i == 2 else escape(c)}</td>" for i, c in enumerate(cells)))
    return _rows(("项目", "作答", "判定", "正确答案", "理由与依据"), rows)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return _rows(heads, ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows))


def _rows(heads: tuple[str, ...], rows: Iterable[str]) -> str:
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"


def _frame(spec: Spec, label: str, body: str) -> str:
    title = f"<p><strong>{escape(label)} · {escape(spec.title)}</strong></p>"
    return f'{STYLE}<section class="ck-page" lang="zh-CN">{title}<p>{escape(spec.prompt)}</p>{body}</section>'
