"""Writing XLSX as an office expects it: frozen header, filter, widths, formats, A4 landscape, and no formula at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from coursekit.course import CourseError
from coursekit.office_files import written

#: What a spreadsheet takes for a formula when it is typed in, or for the mark that says text.
_FORMULA = re.compile(r"[=+\-@\t\r']")
#: What XML cannot hold: one of these would make the whole file unreadable.
_UNFIT = re.compile("[\ud800-\udfff\ufffe\uffff]")
#: A cell of Excel holds no more characters.
_MOST = 32_767
_CUT = "……（太长，后面的没有写）"
_FORMATS = {
    "text": "@",
    "number": "0.0",
    "points": "0.00",
    "count": "0",
    "day": "yyyy-mm-dd",
    "clock": "hh:mm",
    "time": "yyyy-mm-dd hh:mm",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: header, width in digits, what its cells hold, and what may be chosen (empty forms only)."""

    title: str
    width: float
    kind: str = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: one header row, rows of texts, numbers, days and instants (local, without zone); *fixed* columns stay."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    fixed: int = 0


def write_book(path: Path, sheets: Sequence[Sheet], heading: str = "", note: str = "") -> None:
    """Write a workbook, whole or not at all; *heading* and *note* stand on every printed page."""
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import XlsxWriterException

    if path.suffix.lower() != ".xlsx":
        raise CourseError(f"“{path.name}”：只能写成 .xlsx，请改文件名的后缀。")
    try:
        with written(path) as aside, Workbook(aside, {"constant_memory": True}) as book:
            styles = _Styles(book)
            for sheet in sheets:
                _write(book.add_worksheet(sheet.title), sheet, styles, (heading, note))
    except XlsxWriterException as error:
        raise CourseError(f"写不进 {path}（{error}）。请检查路径和权限，并先在 Excel 里关闭它。") from None


class _Styles:
    """The formats of one workbook, made once each."""

    def __init__(self, book: Any) -> None:
        line = {"border": 1, "border_color": "#CDD7E1", "valign": "top", "font_name": "宋体", "font_size": 10.5}
        self.header = book.add_format(
            line | {"bold": True, "bg_color": "#E4EDF6", "text_wrap": True, "valign": "vcenter", "align": "center"}
        )
        self.cells = {
            kind: book.add_format(line | {"num_format": form, "text_wrap": kind == "text"})
            for kind, form in _FORMATS.items()
        }
        #: Excel keeps what begins like a formula a text even when somebody edits the cell.
        self.quoted = book.add_format(line | {"num_format": "@", "text_wrap": True, "quote_prefix": True})
        self.column = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}


def _write(sheet: Any, content: Sheet, styles: _Styles, said: tuple[str, str]) -> None:
    for place, column in enumerate(content.columns):
        sheet.set_column(place, place, column.width, styles.column[column.kind])
        sheet.write_string(0, place, column.title, styles.header)
    sheet.set_row(0, 32)
    last = 0
    for last, row in enumerate(content.rows, 1):
        for place, (column, value) in enumerate(zip(content.columns, row, strict=True)):
            _cell(sheet, last, place, column, value, styles)
    for place, column in enumerate(content.columns):
        if column.choices:
            sheet.data_validation(1, place, 9999, place, {"validate": "list", "source": list(column.choices)})
    sheet.freeze_panes(1, content.fixed)
    sheet.autofilter(0, 0, last, len(content.columns) - 1)
    _print_setup(sheet, content, last, said)


def _cell(sheet: Any, row: int, place: int, column: Column, value: Any, styles: _Styles) -> None:
    style = styles.cells[column.kind]
    match value:
        case None | "":
            sheet.write_blank(row, place, None, style)
        case bool():
            sheet.write_string(row, place, "是" if value else "否", style)
        case int() | float() | Decimal() if isfinite(value):
            sheet.write_number(row, place, float(value), style)
        case datetime() | date():
            sheet.write_datetime(row, place, value, style)
        case _:
            text = _UNFIT.sub("\ufffd", str(value))
            text = text if len(text) <= _MOST else text[: _MOST - len(_CUT)] + _CUT
            sheet.write_string(row, place, text, styles.quoted if _FORMULA.match(text) else styles.cells["text"])


def _print_setup(sheet: Any, content: Sheet, last: int, said: tuple[str, str]) -> None:
    heading, note = (text.replace("&", "&&")[:80] for text in said)
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(left=0.5, right=0.5, top=0.9, bottom=0.7)
    sheet.set_header(f'&C&"宋体,Bold"&14{heading}　{content.title}' if heading else f"&C{content.title}")
    sheet.set_footer(f"&L{note}&C第 &P 页，共 &N 页" if note else "&C第 &P 页，共 &N 页")
    sheet.print_area(0, 0, last, len(content.columns) - 1)
