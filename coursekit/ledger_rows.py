"""Reading filled-in forms of the ledger: typed rows, and what is wrong where (sheet, row, column) with the cure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from coursekit.ledger_forms import ATTENDANCES, FORMS, PRESENCE, RECORDS, SESSIONS, Field, Form, read_clock, read_day
from coursekit.roster_table import Problem, Sheet, clean, header_word

#: Looked for a header this far down; above it stand titles.
_TOP = 20


@dataclass(frozen=True, slots=True)
class Filled:
    """One row of a form as typed values, by the columns' names in the database; empty ones are '' or None."""

    form: Form
    sheet: str
    row: int
    values: Mapping[str, Any]

    def problem(self, name: str, what: str, cure: str, *, fatal: bool = True) -> Problem:
        """Say what is wrong with the column *name* of this row."""
        return Problem(self.sheet, self.row, self.form.fields[name].label, what, cure, fatal)


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says already: names by id, the days of sessions by number, and today."""

    people: Mapping[str, str]
    sessions: Mapping[str, date]
    today: date


def read_forms(sheets: Sequence[Sheet], forms: Sequence[Form] = FORMS) -> tuple[list[Filled], list[Problem]]:
    """Read every sheet that is a form by its title or, when the file has but one sheet, by its header."""
    rows: list[Filled] = []
    problems: list[Problem] = []
    found = 0
    for sheet in sheets:
        form = _form_of(sheet, forms, alone=len(sheets) == 1)
        if form is None:
            continue
        found += 1
        header = _header(sheet, form)
        if header is not None:
            problems += _read(sheet, form, header, rows)
        elif any(any(map(clean, cells)) for cells in sheet.rows):
            missing = "、".join(f"“{label}”" for label in _required(form))
            what = f"前 {_TOP} 行里没有写全 {missing} 的表头"
            problems.append(Problem(sheet.name, None, "", what, "请用模板填写：coursekit ledger template 模板.xlsx"))
    if not found:
        titles = "、".join(form.title for form in forms)
        what = f"文件里没有这些工作表：{titles}"
        name = sheets[0].name if sheets else ""
        problems.append(Problem(name, None, "", what, "请用模板填写：coursekit ledger template 模板.xlsx"))
    return rows, problems


def judge(rows: Sequence[Filled], known: Known) -> Iterator[Problem]:
    """Check rows against each other and against what is known; nothing is fatal that an office may mean."""
    held = dict(known.sessions)
    held |= {row.values["number"]: row.values["day"] for row in rows if row.form is SESSIONS and row.values["day"]}
    begun = min(held.values(), default=None)
    seen: dict[tuple[Any, ...], Filled] = {}
    for row in rows:
        values = row.values
        key = _key(row)
        if key in seen:
            yield row.problem(next(iter(row.form.fields)), f"与第 {seen[key].row} 行重复", "请删去其中一行")
        seen.setdefault(key, row)
        if row.form is SESSIONS:
            if values["ends"] and values["starts"] and values["ends"] <= values["starts"]:
                what = f"结束 {values['ends']} 不晚于开始 {values['starts']}"
                yield row.problem("ends", what, "请核对；跨天的培训请分成两场")
            continue
        yield from _who(row, known)
        if row.form is ATTENDANCES:
            if values["session"] and values["session"] not in held:
                yield row.problem("session", f"没有场次“{values['session']}”", "请先在“培训场次”里登记，或改正编号")
        else:
            yield from _days(row, begun, known.today)


def kind_of(form: Form) -> str:
    """Return which kind of record a form's rows are."""
    return next(kind for kind, one in RECORDS.items() if one is form)


def _key(row: Filled) -> tuple[Any, ...]:
    names = {SESSIONS.title: ("number",), ATTENDANCES.title: ("session", "student_id")}
    chosen = names.get(row.form.title, ("student_id", "day", "content"))
    return (row.form.title, *(row.values[name] for name in chosen))


def _who(row: Filled, known: Known) -> Iterator[Problem]:
    who, name = row.values["student_id"], row.values["name"]
    if not who:
        return
    if who not in known.people:
        cure = "请核对工号；新来的人请先导入花名册：coursekit roster import 花名册.xlsx"
        yield row.problem("student_id", f"花名册里没有工号 {who}", cure)
    elif name and known.people[who] and name != known.people[who]:
        what = f"工号 {who} 在花名册里是{known.people[who]}，这里写的是{name}"
        yield row.problem("name", what, "请改正工号或姓名")


def _days(row: Filled, begun: date | None, today: date) -> Iterator[Problem]:
    day, done = row.values["day"], row.values.get("done")
    if day and begun and day < begun:
        yield row.problem("day", f"{day} 早于第一场培训（{begun}）", "请改正日期，或先登记那一场培训")
    if day and day > today:
        yield row.problem("day", f"{day} 还没有到", "请改正日期")
    if day and done and done < day:
        yield row.problem("done", f"完成日期 {done} 早于发现问题的日期 {day}", "请改正其中一个日期")
    if done and done > today:
        yield row.problem("done", f"{done} 还没有到", "没有改好的请留空")
    if done and not row.values["correction"]:
        yield row.problem("correction", "写了完成日期，没有写改进措施", "请补上改进措施")


def _required(form: Form) -> list[str]:
    return [field.label for field in form.fields.values() if field.required]


def _form_of(sheet: Sheet, forms: Sequence[Form], *, alone: bool) -> Form | None:
    title = clean(sheet.name)
    for form in forms:
        if title == form.title:
            return form
    return next((form for form in forms if alone and _header(sheet, form) is not None), None)


def _header(sheet: Sheet, form: Form) -> int | None:
    """Return the index of the first row that has the headers of all columns to be filled in."""
    for place, cells in enumerate(sheet.rows[:_TOP]):
        names = set(_columns(cells, form).values())
        if all(name in names for name, field in form.fields.items() if field.required):
            return place
    return None


def _columns(titles: Sequence[str], form: Form) -> dict[int, str]:
    words = {header_word(word): name for name, field in form.fields.items() for word in (*field.others, field.label)}
    words |= {header_word(field.label): name for name, field in form.fields.items()}
    found: dict[int, str] = {}
    for place, title in enumerate(titles):
        name = words.get(header_word(title))
        if name and name not in found.values():
            found[place] = name
    return found


def _read(sheet: Sheet, form: Form, header: int, rows: list[Filled]) -> Iterator[Problem]:
    columns = _columns(sheet.rows[header], form)
    last = max((n for n, row in enumerate(sheet.rows, 1) if any(map(clean, row))), default=0)
    for first, end, address in sheet.merged:
        if end > header and first <= last:
            yield Problem(sheet.name, first, address, "是合并单元格，看不出每一行是什么", "请取消合并，每一行都写全")
    for place, title in enumerate(map(clean, sheet.rows[header])):
        if title and place not in columns:
            yield Problem(sheet.name, header + 1, title, "不认识这一列，没有读", "需要保留的请写进备注", fatal=False)
    for number, cells in enumerate(sheet.rows[header + 1 :], header + 2):
        texts = {name: clean(cells[place]) if place < len(cells) else "" for place, name in columns.items()}
        if not any(texts.values()):
            continue
        values: dict[str, Any] = {}
        for name, field in form.fields.items():
            value, wrong = _value(field, texts.get(name, ""))
            values[name] = value
            if wrong:
                yield Problem(sheet.name, number, field.label, *wrong)
        rows.append(Filled(form, sheet.name, number, values))


def _value(field: Field, text: str) -> tuple[Any, tuple[str, str] | None]:
    """Return a cell's value and, when it cannot be, what is wrong and the cure."""
    nothing: Any = None if field.kind in ("day", "hours") else ""
    if not text:
        return nothing, ("没有填写", f"请补上{field.label}，或删去这一行") if field.required else None
    if len(text) > field.most:
        return nothing, (f"有 {len(text)} 个字，最多 {field.most} 个", "请缩短")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        return nothing, ("含有看不见的控制字符", "请删去后重新输入")
    if field.kind in ("id", "number"):
        return unicodedata.normalize("NFKC", text), None
    if field.kind == "day":
        day = read_day(text)
        return day, None if day else (f"“{text[:40]}”不是日期", "请写成 2026-11-22，单元格格式设为日期")
    if field.kind == "clock":
        clock = read_clock(text)
        return clock or "", None if clock else (f"“{text[:40]}”不是时间", "请写成 09:00，单元格格式设为时间")
    if field.kind == "hours":
        return _hours(text)
    if field.kind == "presence" and text not in PRESENCE:
        return "", (f"“{text[:40]}”看不懂", f"请写：{'、'.join(PRESENCE)}")
    return text, None


def _hours(text: str) -> tuple[Decimal | None, tuple[str, str] | None]:
    try:
        hours = Decimal(unicodedata.normalize("NFKC", text))
    except InvalidOperation:
        hours = Decimal(-1)
    if not hours.is_finite() or not 0 <= hours <= 999 or hours != round(hours, 1):
        return None, (f"“{text[:40]}”不是学时", "请写 0 到 999 的数，最多一位小数")
    return hours, None
