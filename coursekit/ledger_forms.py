"""The sheets that an office fills in for the ledger: which columns each has, and what a cell of them may say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from coursekit.sheet_forms import SheetForm

#: What attendance may say.
PRESENCE = ("出勤", "迟到", "早退", "请假", "缺勤")
#: Whoever was there for at least a part.
PRESENT = frozenset(PRESENCE[:3])

Kind = Literal["text", "id", "number", "day", "clock", "hours", "presence"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a form; *label* is its header, *others* are headers that mean the same."""

    label: str
    kind: Kind = "text"
    required: bool = True
    most: int = 2000
    others: tuple[str, ...] = ()


Form = SheetForm[Field]

_WHO = {
    "student_id": Field("工号", "id", most=64, others=("学员工号",)),
    "name": Field("姓名", required=False, most=128),
}
_DAY = Field("日期", "day")

SESSIONS = Form(
    "培训场次",
    "每场培训一行；场次编号自定，不要重复，如 2026-01。",
    {
        "number": Field("场次编号", "number", most=64, others=("场次", "编号")),
        "day": Field("日期", "day", others=("培训日期",)),
        "starts": Field("开始", "clock", others=("开始时间",)),
        "ends": Field("结束", "clock", required=False, others=("结束时间",)),
        "place": Field("地点", most=128, others=("培训地点",)),
        "content": Field("内容", others=("培训内容", "主题")),
        "trainer": Field("讲师", most=128, others=("培训讲师", "主讲人", "授课人")),
        "hours": Field("学时", "hours", required=False),
    },
)
ATTENDANCES = Form(
    "签到",
    f"每人每场一行；签到写：{'、'.join(PRESENCE)}。",
    {
        "session": Field("场次编号", "number", most=64, others=("场次", "编号")),
        **_WHO,
        "status": Field("签到", "presence", others=("签到情况", "出勤情况")),
        "note": Field("备注", required=False),
    },
)
#: Forms whose rows are records, by the kind of these.
RECORDS: Mapping[str, Form] = {
    "skill": Form(
        "技能提升",
        "通过培训掌握了什么。",
        {
            **_WHO,
            "day": _DAY,
            "content": Field("技能提升", others=("技能", "内容")),
            "by": Field("认定人", required=False, most=128),
        },
    ),
    "problem": Form(
        "问题与改进",
        "发现的问题和改进情况；还没有改好的，完成日期留空。",
        {
            **_WHO,
            "day": _DAY,
            "content": Field("问题", others=("发现的问题", "存在问题")),
            "correction": Field("改进措施", required=False, others=("改进", "整改措施")),
            "done": Field("完成日期", "day", required=False, others=("改进完成日期",)),
            "by": Field("责任人", required=False, most=128, others=("督促人",)),
        },
    ),
    "honour": Form(
        "表彰",
        "表彰和奖励。",
        {
            **_WHO,
            "day": _DAY,
            "content": Field("表彰", others=("表彰奖励", "荣誉", "内容")),
            "by": Field("授予单位", required=False, most=128),
        },
    ),
    "comment": Form(
        "评语",
        "培训评语；试卷上的评语从成绩库读取，不用填在这里。",
        {**_WHO, "day": _DAY, "content": Field("评语"), "by": Field("评语人", required=False, most=128)},
    ),
}
FORMS: tuple[Form, ...] = (SESSIONS, ATTENDANCES, *RECORDS.values())

#: Where a day in words begins and ends; earlier and later ones are slips of the pen.
_FIRST, _LAST = date(1990, 1, 1), date(2100, 1, 1)
_DAY_WORDS = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\d\d:\d\d(?::\d\d)?)?\Z")
_CLOCK_WORDS = re.compile(r"(?:(?:\d{4}-\d\d-\d\d)[ T])?(\d{1,2})\s*(?::|时|点)\s*(\d{2})?(?::00)?分?\Z")


def read_day(text: str) -> date | None:
    """Read a day as people write it, 2026-11-22, 2026/11/22 or 2026年11月22日; anything else is none."""
    match = _DAY_WORDS.match(unicodedata.normalize("NFKC", text))
    try:
        day = date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
    return day if day and _FIRST <= day < _LAST else None


def read_clock(text: str) -> str | None:
    """Read a time of day, 9:00, 09:00:00 or 9时30分, as 09:00; anything else is none."""
    match = _CLOCK_WORDS.match(unicodedata.normalize("NFKC", text))
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None
