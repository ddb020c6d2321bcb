"""Reading sheets that an office fills in, whatever their columns: find the header, read the rows, say what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from coursekit.roster_table import Problem, Sheet, clean, header_word

#: Looked for a header this far down; above it stand titles.
_TOP = 20


class Column(Protocol):
    """A column: *label* is its header, *others* are headers that mean the same."""

    @property
    def label(self) -> str:
        """The header that people read."""
        ...

    @property
    def required(self) -> bool:
        """Whether every row must fill it in."""
        ...

    @property
    def others(self) -> tuple[str, ...]:
        """Other headers that mean the same."""
        ...


C = TypeVar("C", bound=Column)
#: What is wrong with a cell, and the cure.
Wrong = tuple[str, str] | None


@dataclass(frozen=True)
class SheetForm(Generic[C]):
    """A sheet to fill in by its title, its columns by their names in the database."""

    title: str
    hint: str
    columns: Mapping[str, C]

    @property
    def required(self) -> list[str]:
        """The headers that the sheet must have."""
        return [one.label for one in self.columns.values() if one.required]


F = TypeVar("F", bound=SheetForm[Any])


@dataclass(frozen=True, slots=True)
class Filled(Generic[F]):
    """One row as typed values, by the columns' names in the database, which has neither *sheet* nor *row*."""

    form: F
    sheet: str
    row: int
    values: Mapping[str, Any]

    def problem(self, name: str, what: str, cure: str, *, fatal: bool = True) -> Problem:
        """Say what is wrong with the column *name* of this row."""
        return Problem(self.sheet, self.row, self.form.columns[name].label, what, cure, fatal)


def read_rows(
    sheets: Sequence[Sheet],
    forms: Sequence[F],
    parse: Callable[[Any, str], tuple[Any, Wrong]],
    template: str,
    spare: str,
) -> tuple[list[Filled[F]], list[Problem]]:
    """Read every sheet that is a form by its title or, when the file has but one sheet, by its header.

    *parse* turns a column's cell into a value or says what is wrong; *template* names the command that makes an empty
    file, *spare* says what to do with a column that no form has.
    """
    rows: list[Filled[F]] = []
    problems: list[Problem] = []
    cure, found = f"请用模板填写：{template}", 0
    for sheet in sheets:
        form = next((one for one in forms if clean(sheet.name) == one.title), None)
        form = form or next((one for one in forms if len(sheets) == 1 and _header(sheet, one) is not None), None)
        if form is None:
            continue
        found += 1
        header = _header(sheet, form)
        if header is not None:
            problems += _read(sheet, form, header, parse, spare, rows)
        elif any(any(map(clean, cells)) for cells in sheet.rows):
            missing = "、".join(f"“{label}”" for label in form.required)
            problems.append(Problem(sheet.name, None, "", f"前 {_TOP} 行里没有写全 {missing} 的表头", cure))
    if not found:
        titles = "、".join(form.title for form in forms)
        problems.append(Problem(sheets[0].name if sheets else "", None, "", f"文件里没有这些工作表：{titles}", cure))
    return rows, problems


def _header(sheet: Sheet, form: F) -> int | None:
    """Return the index of the first row that has the headers of all columns to be filled in."""
    for place, cells in enumerate(sheet.rows[:_TOP]):
        names = set(_columns(cells, form).values())
        if all(name in names for name, one in form.columns.items() if one.required):
            return place
    return None


def _columns(titles: Sequence[str], form: F) -> dict[int, str]:
    words = {header_word(word): name for name, one in form.columns.items() for word in one.others}
    words |= {header_word(one.label): name for name, one in form.columns.items()}
    found: dict[int, str] = {}
    for place, title in enumerate(titles):
        name = words.get(header_word(title))
        if name and name not in found.values():
            found[place] = name
    return found


def _read(
    sheet: Sheet,
    form: F,
    header: int,
    parse: Callable[[Any, str], tuple[Any, Wrong]],
    spare: str,
    rows: list[Filled[F]],
) -> Iterator[Problem]:
    columns = _columns(sheet.rows[header], form)
    last = max((n for n, row in enumerate(sheet.rows, 1) if any(map(clean, row))), default=0)
    for first, end, address in sheet.merged:
        if end > header and first <= last:
            yield Problem(sheet.name, first, address, "是合并单元格，看不出每一行是什么", "请取消合并，每一行都写全")
    for place, title in enumerate(map(clean, sheet.rows[header])):
        if title and place not in columns:
            yield Problem(sheet.name, header + 1, title, "不认识这一列，没有读", spare, fatal=False)
    for number, cells in enumerate(sheet.rows[header + 1 :], header + 2):
        texts = {name: clean(cells[place]) if place < len(cells) else "" for place, name in columns.items()}
        if not any(texts.values()):
            continue
        values: dict[str, Any] = {}
        for name, column in form.columns.items():
            values[name], wrong = parse(column, texts.get(name, ""))
            if wrong:
                yield Problem(sheet.name, number, column.label, *wrong)
        rows.append(Filled(form, sheet.name, number, values))
