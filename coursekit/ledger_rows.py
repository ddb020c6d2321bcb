"""Reading filled-in forms of the ledger: typed rows, and what is wrong where (sheet, row, column) with the cure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from coursekit.ledger_forms import ATTENDANCES, FORMS, PRESENCE, RECORDS, SESSIONS, Field, Form, read_clock, read_day
from coursekit.roster_table import Problem, Sheet
from coursekit.sheet_forms import Filled, read_rows


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says already: names by id, the days of sessions by number, and today."""

    people: Mapping[str, str]
    sessions: Mapping[str, date]
    today: date


def read_forms(sheets: Sequence[Sheet], forms: Sequence[Form] = FORMS) -> tuple[list[Filled[Form]], list[Problem]]:
    """Read the sheets that are forms of the ledger; what else is in the file is passed over."""
    return read_rows(sheets, forms, _value, "coursekit ledger template 模板.xlsx", "需要保留的请写进备注")


def judge(rows: Sequence[Filled[Form]], known: Known) -> Iterator[Problem]:
    """Check rows against each other and against what is known; nothing is fatal that an office may mean."""
    held = dict(known.sessions)
    held |= {row.values["number"]: row.values["day"] for row in rows if row.form is SESSIONS and row.values["day"]}
    begun = min(held.values(), default=None)
    seen: dict[tuple[Any, ...], Filled[Form]] = {}
    for row in rows:
        values = row.values
        key = _key(row)
        if key in seen:
            yield row.problem(next(iter(row.form.columns)), f"与第 {seen[key].row} 行重复", "请删去其中一行")
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


def _key(row: Filled[Form]) -> tuple[Any, ...]:
    names = {SESSIONS.title: ("number",), ATTENDANCES.title: ("session", "student_id")}
    chosen = names.get(row.form.title, ("student_id", "day", "content"))
    return (row.form.title, *(row.values[name] for name in chosen))


def _who(row: Filled[Form], known: Known) -> Iterator[Problem]:
    who, name = row.values["student_id"], row.values["name"]
    if not who:
        return
    if who not in known.people:
        cure = "请核对工号；新来的人请先导入花名册：coursekit roster import 花名册.xlsx"
        yield row.problem("student_id", f"花名册里没有工号 {who}", cure)
    elif name and known.people[who] and name != known.people[who]:
        what = f"工号 {who} 在花名册里是{known.people[who]}，这里写的是{name}"
        yield row.problem("name", what, "请改正工号或姓名")


def _days(row: Filled[Form], begun: date | None, today: date) -> Iterator[Problem]:
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
