"""What a spreadsheet says of people: its header, its rows, and what is wrong where (sheet, row, column) with the cure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

#: Columns by the names that people give them, the likeliest first; matched without blanks, case and what is in brackets.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "id": ("工号", "学员工号", "员工号", "员工编号", "学员编号", "人员编号", "学号", "编号", "id", "studentid",
           "employeeid", "staffid", "userid", "username", "用户名"),
    "name": ("姓名", "学员姓名", "名字", "name", "fullname", "studentname"),
    "unit": ("单位", "工作单位", "派驻单位", "所在单位", "单位名称", "部门", "unit", "department", "organization",
             "organisation"),
    "counter": ("窗口", "窗口号", "窗口名称", "所在窗口", "岗位", "counter", "window", "desk"),
    "class_name": ("班级", "班级名称", "培训班", "班次", "班", "class", "classname", "group"),
    "email": ("邮箱", "电子邮箱", "邮件", "电子邮件", "email", "mail", "emailaddress"),
    "archived": ("归档", "是否归档", "archived"),
}  # fmt: skip
LABELS = {name: words[0] for name, words in HEADERS.items()}
_KNOWN = {word: (name, rank) for name, words in HEADERS.items() for rank, word in enumerate(words)}
#: Looked for a header this far down; above it stand titles.
_TOP = 20
#: nbgrader's columns hold this many characters; a longer remark goes into an extra column.
MAX_TEXT, MAX_EXTRA = 128, 4000
#: Marks that direct or hide text and mean nothing in a spreadsheet.
_UNSEEN = re.compile("[\u200b\ufeff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it stands in a file, rows from 1; *merged* are (first row, last row, address) of merged cells."""

    name: str
    rows: Sequence[Sequence[str]]
    merged: Sequence[tuple[int, int, str]] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong where, and the cure; a *fatal* one keeps the whole file out."""

    sheet: str
    row: int | None
    field: str
    what: str
    cure: str
    fatal: bool = True

    def __str__(self) -> str:
        """Say it in one Chinese sentence."""
        place = "".join(
            (f"工作表“{self.sheet}”", f"第 {self.row} 行" if self.row else "", f"“{self.field}”" if self.field else "")
        )
        return f"{place}：{self.what}。{self.cure}。"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: what its known columns say, and the others."""

    sheet: str
    row: int
    given: Mapping[str, str]
    extra: Mapping[str, str]


def clean(text: str) -> str:
    """Return a cell's text without invisible marks, blanks around it, and more than one blank inside."""
    return " ".join(_UNSEEN.sub("", text).split())


def parse(sheets: Sequence[Sheet]) -> tuple[list[Row], list[Problem]]:
    """Read all sheets that have a header; one without is passed over with a remark unless none has."""
    rows: list[Row] = []
    problems: list[Problem] = []
    headed = [(sheet, _header(sheet)) for sheet in sheets]
    for sheet, header in headed:
        if header is not None:
            problems += _read(sheet, header, rows)
        elif any(any(map(clean, row)) for row in sheet.rows):
            what = f"前 {_TOP} 行里没有写着“工号”的表头"
            cure = "请加一行表头，如：工号、姓名、单位、窗口、班级、邮箱" if len(sheets) == 1 else "这张表没有读"
            problems.append(Problem(sheet.name, None, "", what, cure, fatal=len(sheets) == 1))
    if not any(header is not None for _, header in headed) and not any(one.fatal for one in problems):
        name = sheets[0].name if sheets else ""
        problems.append(Problem(name, None, "", "文件里没有花名册", "请检查是否选错了文件；表头里要有“工号”"))
    return rows, problems


def header_word(text: str) -> str:
    """Return a header as it is looked up: without blanks, case, asterisks and what is in brackets."""
    return re.sub(r"[\s_*:-]|\(.*?\)", "", unicodedata.normalize("NFKC", clean(text))).lower()


def _header(sheet: Sheet) -> int | None:
    """Return the index of the header's row."""
    for place, row in enumerate(sheet.rows[:_TOP]):
        if any(_KNOWN.get(header_word(text), ("", 0))[0] == "id" for text in row):
            return place
    return None


def _columns(titles: Sequence[str]) -> dict[int, str]:
    """Return the known column at each place; of two headers with one meaning, the likelier is it."""
    best: dict[str, tuple[int, int]] = {}
    for place, title in enumerate(titles):
        name, rank = _KNOWN.get(header_word(title), ("", 0))
        if name and (name not in best or rank < best[name][0]):
            best[name] = (rank, place)
    return {place: name for name, (_, place) in best.items()}


def _read(sheet: Sheet, header: int, rows: list[Row]) -> Iterator[Problem]:
    titles = [clean(text) for text in sheet.rows[header]]
    columns = _columns(titles)
    last = max((n for n, row in enumerate(sheet.rows, 1) if any(map(clean, row))), default=0)
    for first, end, address in sheet.merged:
        if end > header and first <= last:
            cure = "请取消合并，每一行都写全"
            yield Problem(sheet.name, first, address, "是合并单元格，看不出每一行是什么", cure)
    for title in sorted({title for title in titles if title and titles.count(title) > 1}):
        yield Problem(sheet.name, header + 1, title, "有两列用了同一个表头", "请改名或删去其中一列")
    nameless: set[int] = set()
    for number, cells in enumerate(sheet.rows[header + 1 :], header + 2):
        texts = [clean(text) for text in cells]
        if not any(texts):
            continue
        extra = {}
        for place, text in enumerate(texts):
            title = titles[place] if place < len(titles) else ""
            where = LABELS.get(columns.get(place, ""), title or f"第 {place + 1} 列")
            yield from _unfit(sheet.name, number, where, text, MAX_TEXT if place in columns else MAX_EXTRA)
            if place in columns:
                continue
            if title:
                extra[title] = text
            elif text and place not in nameless:
                nameless.add(place)
                yield Problem(sheet.name, number, where, "这一列没有表头，没有读", "要保留请写上表头", fatal=False)
        given = {name: texts[place] if place < len(texts) else "" for place, name in columns.items()}
        rows.append(Row(sheet.name, number, given, extra))


def _unfit(sheet: str, number: int, where: str, text: str, most: int) -> Iterator[Problem]:
    if len(text) > most:
        yield Problem(sheet, number, where, f"有 {len(text)} 个字，最多 {most} 个", "请缩短")
    if any(unicodedata.category(letter) in ("Cc", "Cs") or _is_nothing(ord(letter)) for letter in text):
        yield Problem(sheet, number, where, "含有看不见的控制字符", "请删去后重新输入")


def _is_nothing(point: int) -> bool:
    """Say whether a code point is one that Unicode never gives to a character."""
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
