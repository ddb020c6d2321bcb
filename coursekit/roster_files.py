"""Rosters as files: XLSX, and CSV in UTF-8 (with or without BOM), GB18030/GBK or UTF-16."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from coursekit import plain
from coursekit.course import CourseError
from coursekit.roster import Person
from coursekit.roster_table import HEADERS, LABELS, Sheet, parse

#: A larger file is no roster; an XLSX may unfold to this many bytes, and this many rows of a sheet are read.
MAX_BYTES, MAX_UNFOLDED, MAX_ROWS, MAX_COLUMNS = 20_000_000, 300_000_000, 100_000, 200
#: What a spreadsheet takes for a formula; an apostrophe before it says text, as in Excel.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def read_sheets(path: Path) -> list[Sheet]:
    """Read the tables of a file by what it is, not by its name; raises CourseError with the cure when it cannot be."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CourseError(f"{path.name} 超过 {MAX_BYTES // 1_000_000} MB，不像花名册。请检查是否选错了文件。")
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"打不开 {path}：{error.strerror or error}。请检查文件名，并先在 Excel 里关闭它。") from None
    if data.startswith(b"PK\x03\x04"):
        return _read_xlsx(path.name, data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise CourseError(f"{path.name} 是旧版 .xls 格式，或设了打开密码。请另存为不加密的 .xlsx 再导入。")
    return [_read_csv(path, data)]


def write_roster(path: Path, people: Sequence[Person]) -> None:
    """Write people as XLSX or, when the name ends in .csv, as CSV with BOM; importing it again loses nothing."""
    names = list(HEADERS)
    extra = list(dict.fromkeys(title for one in people for title in one.extra))
    table = [[*(LABELS[name] for name in names), *extra]]
    for one in people:
        known = [("是" if one.archived else "") if name == "archived" else getattr(one, name) for name in names]
        table.append([*known, *(one.extra.get(title, "") for title in extra)])
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise CourseError(f"“{path.name}”：只能导出 .xlsx 或 .csv，请改文件名的后缀。")
    content = _csv_bytes(table) if path.suffix.lower() == ".csv" else _xlsx_bytes(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    plain.write(path, content)
    path.chmod(0o600)  # personal data


def _read_xlsx(name: str, data: bytes) -> list[Sheet]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _require_small(name, data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's remarks on styles and validations that it does not read
            book = load_workbook(io.BytesIO(data), data_only=True, rich_text=False)
    except CourseError:
        raise
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, SyntaxError) as error:
        why = f"{type(error).__name__}：{error}"
        raise CourseError(f"{name} 不是完好的 XLSX 文件（{why}）。请用 Excel 或 WPS 打开，另存为 .xlsx。") from None
    found = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        if sheet.max_row > MAX_ROWS or sheet.max_column > MAX_COLUMNS:
            raise CourseError(
                f"{name} 的工作表“{sheet.title}”有 {sheet.max_row} 行 {sheet.max_column} 列，"
                f"最多 {MAX_ROWS} 行 {MAX_COLUMNS} 列。请删去表格下方和右边的空行空列再导入。"
            )
        rows = [[_text(cell) for cell in row] for row in sheet.iter_rows()]
        merged = [(one.min_row, one.max_row, one.coord) for one in sheet.merged_cells.ranges]
        found.append(Sheet(sheet.title, rows, sorted(merged)))
    if not found:
        raise CourseError(f"{name} 里没有可见的工作表。请取消隐藏花名册所在的工作表。")
    return found


def _require_small(name: str, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(one.file_size for one in archive.infolist()) > MAX_UNFOLDED:
            raise CourseError(f"{name} 展开后过大，不像花名册。请只保留花名册一张表，另存后再导入。")


def _text(cell: Any) -> str:
    """Return a cell as it reads on the screen, as far as an office needs: a number 7 formatted 000 is 007."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        whole = float(value).is_integer() and abs(value) < 1e15
        form = str(cell.number_format)
        if whole and re.fullmatch(r"0+", form):
            return f"{int(value):0{len(form)}d}"
        return str(int(value)) if whole else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _read_csv(path: Path, data: bytes) -> Sheet:
    """Read CSV in the first encoding that gives a header with 工号; failing that, in the first that fits at all."""
    fitting = []
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            continue
        sheet = Sheet(path.name, _records(path, text))
        if not any(problem.fatal and problem.row is None for problem in parse([sheet])[1]):
            return sheet
        fitting.append(sheet)
    if not fitting:
        raise CourseError(f"{path.name} 既不是 XLSX，也不是 UTF-8 或 GBK 编码的 CSV。请用 Excel 另存为 .xlsx 再导入。")
    return fitting[0]


def _encodings(data: bytes) -> Iterable[str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    return ("utf-8-sig",) if data.startswith(b"\xef\xbb\xbf") else ("utf-8", "gb18030")


def _records(path: Path, text: str) -> list[list[str]]:
    head = "\n".join(text.splitlines()[:20])
    comma = max(",\t;，", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True))
    except csv.Error as error:
        raise CourseError(
            f"{path.name} 的引号或逗号写坏了（{error}）。请用 Excel 打开，另存为 .xlsx 再导入。"
        ) from None
    if len(rows) > MAX_ROWS:
        raise CourseError(f"{path.name} 有 {len(rows)} 行，最多 {MAX_ROWS} 行。请检查是否选错了文件。")
    return [[cell[1:] if _ESCAPED.match(cell) else cell for cell in row] for row in rows]


def _csv_bytes(table: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    safe = [[f"'{cell}" if _FORMULA.match(cell) else cell for cell in row] for row in table]
    csv.writer(out).writerows(safe)
    return out.getvalue().encode("utf-8-sig")


def _xlsx_bytes(table: Sequence[Sequence[str]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "花名册"
    for number, row in enumerate(table, 1):
        for place, value in enumerate(row, 1):
            if not value:
                continue
            cell = sheet.cell(number, place)
            cell.value = value
            cell.data_type = "s"  # what begins with = is text too
            cell.number_format = "@"
    for place in range(1, len(table[0]) + 1):
        sheet.cell(1, place).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = 16
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
