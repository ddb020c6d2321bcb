"""Reading the sheets of figures that an office fills in: typed rows, and what is wrong where, with the cure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from coursekit.effect import PHASES
from coursekit.ledger_forms import read_day
from coursekit.quality import ALL
from coursekit.roster_table import Problem, Sheet
from coursekit.sheet_forms import Filled, SheetForm, read_rows

#: No counter handles more in a period, no case takes longer (minutes).
MOST, LONGEST = 100_000_000, 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, what its cells say, and which other column a figure needs beside it."""

    label: str
    kind: Literal["phase", "text", "day", "count", "minutes", "grade", "mark"]
    required: bool = False
    needs: str = ""
    unit: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form(SheetForm[Column]):
    """A sheet of figures: no two rows share their *keys*, and each says one of the *figures*."""

    keys: tuple[str, ...]

    @property
    def figures(self) -> list[str]:
        """The columns that hold figures."""
        return [name for name, one in self.columns.items() if one.kind in ("count", "minutes", "grade", "mark")]


_PHASE = Column("阶段", "phase", required=True)
_COUNTER = Column("窗口", "text", required=True)
EFFECT = Form(
    "效果数据",
    "每个窗口每段时间一行。填件数，不填百分比：差错率、满意度由程序按合计件数计算，几个窗口的百分比不能直接平均。没有的留空，0 要写 0。",
    {
        "phase": _PHASE,
        "counter": _COUNTER,
        "starts": Column("起始日期", "day", required=True),
        "ends": Column("截止日期", "day", required=True),
        "handled": Column("办件量", "count"),
        "errors": Column("差错件数", "count", needs="handled"),
        "rated": Column("评价数", "count"),
        "satisfied": Column("满意数", "count", needs="rated"),
        "complaints": Column("投诉量", "count"),
        "praises": Column("表扬量", "count"),
        "minutes": Column("平均办理时长", "minutes", needs="handled", unit="分钟"),
        "feedback": Column("学员反馈", "grade", needs="responses", unit="1–5 分，平均"),
        "responses": Column("反馈份数", "count"),
    },
    ("counter", "starts"),
)
QUALITY = Form(
    "服务质量",
    "每次评价一行，二级指标都按 0–100 分、分高为好；没有看到的留空。评价手段如：神秘顾客、录像分析、测试、系统记录。",
    {
        "phase": _PHASE,
        "counter": _COUNTER,
        "day": Column("日期", "day", required=True),
        "method": Column("评价手段", "text", required=True),
        **{name: Column(label, "mark") for name, label in ALL.items()},
    },
    ("counter", "day", "method"),
)
FORMS = (EFFECT, QUALITY)


def key_of(row: Filled[Form]) -> tuple[Any, ...]:
    """Return what no two rows of a form may share."""
    return tuple(row.values[name] for name in row.form.keys)


def read(sheets: Sequence[Sheet]) -> tuple[list[Filled[Form]], list[Problem]]:
    """Read the sheets of figures; a file that has them and not one row is a mistake."""
    found, problems = read_rows(sheets, FORMS, _value, "coursekit effect template 模板.xlsx", "请核对表头")
    if not found and not problems:
        problems.append(Problem(sheets[0].name, None, "", "表头下面一行数据也没有", "请填写后再导入"))
    return found, problems


def judge(rows: Sequence[Filled[Form]], stored: Sequence[Filled[Form]], today: date) -> Iterator[Problem]:
    """Check rows each by itself, against each other, and against those *stored* that they do not replace."""
    seen: dict[tuple[Any, ...], Filled[Form]] = {}
    for row in rows:
        if None not in key_of(row):
            first = seen.setdefault((row.form.title, *key_of(row)), row)
            if first is not row:
                yield row.problem(row.form.keys[0], f"与第 {first.row} 行是同一窗口、同一日期", "请删去其中一行")
        yield from _alone(row, today)
    kept = [one for one in stored if (one.form.title, *key_of(one)) not in seen]
    yield from _order([row for row in (*rows, *kept) if row.form is EFFECT])


def _alone(row: Filled[Form], today: date) -> Iterator[Problem]:
    values, columns = row.values, row.form.columns
    if all(values[name] is None for name in row.form.figures):
        yield row.problem(row.form.figures[0], "这一行没有填任何数", "请补上，或删去这一行")
    for name in row.form.figures:
        whole = columns[name].needs
        if values[name] is None or not whole:
            continue
        if values[whole] is None:
            yield row.problem(whole, f"填了{columns[name].label}，没有填{columns[whole].label}", "请补上，否则没法计算")
        elif columns[name].kind == "count" and values[name] > values[whole]:
            what = f"{columns[name].label} {values[name]} 大于{columns[whole].label} {values[whole]}"
            yield row.problem(name, what, "请核对这两个数")
        elif columns[name].kind != "count" and not values[whole]:
            yield row.problem(name, f"{columns[whole].label}是 0，不会有{columns[name].label}", "请核对这两个数")
    for name in ("ends", "day"):
        if values.get(name) and values[name] > today:
            yield row.problem(name, f"{values[name]} 还没有到", "请改正日期，或等这段时间结束再填")
    if row.form is EFFECT and values["starts"] and values["ends"] and values["ends"] < values["starts"]:
        yield row.problem("ends", f"{values['ends']} 早于起始日期 {values['starts']}", "请改正其中一个日期")


def _order(rows: Sequence[Filled[Form]]) -> Iterator[Problem]:
    """Yield periods of one counter that overlap, and 培训前 that comes after 培训后."""
    whole = [row for row in rows if row.values["starts"] and row.values["ends"] and row.values["counter"]]
    whole.sort(key=lambda row: (row.values["counter"], row.values["starts"]))
    last: dict[str, Filled[Form]] = {}
    for row in whole:
        before = last.get(row.values["counter"])
        last[row.values["counter"]] = row
        if before is None:
            continue
        said = row if row.row else before  # what is stored already cannot be mended in the file
        other = before if said is row else row
        where = f"第 {other.row} 行" if other.row else "已导入"
        period = f"{where}的 {other.values['starts']} 至 {other.values['ends']}"
        if row.values["starts"] <= before.values["ends"]:
            yield said.problem("starts", f"与{period}重叠，会重复计算", "请改正日期，同一窗口的各段时间不能重叠")
        if before.values["phase"] == "after" and row.values["phase"] == "before":
            yield said.problem("phase", f"同一窗口的培训前晚于培训后（{period}）", "请核对阶段和日期")


def _value(column: Column, text: str) -> tuple[Any, tuple[str, str] | None]:
    """Return a cell's value and, when it cannot be, what is wrong and the cure."""
    if not text:
        return None, ("没有填写", f"请补上{column.label}，或删去这一行") if column.required else None
    said, found = f"“{text[:40]}”", unicodedata.normalize("NFKC", text)
    match column.kind:
        case "phase":
            phase = next((name for name, label in PHASES.items() if found == label), None)
            return phase, None if phase else (f"{said}看不懂", f"请写：{'或'.join(PHASES.values())}")
        case "text":
            if len(text) > 128 or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
                return None, ("太长，或含有看不见的控制字符", "请改成不超过 128 个字的普通文字")
            return text, None
        case "day":
            day = read_day(found)
            return day, None if day else (f"{said}不是日期", "请写成 2026-11-22，单元格格式设为日期")
        case "count":
            whole = re.fullmatch(r"\d{1,9}", found.replace(",", ""))
            if whole and int(whole[0]) <= MOST:
                return int(whole[0]), None
            cure = "请填件数，不填百分比" if "%" in found else f"请填 0 到 {MOST} 的整数"
            return None, (f"{said}不是件数", cure)
        case "minutes" | "grade" | "mark":
            least, most = {"minutes": (0, LONGEST), "grade": (1, 5), "mark": (0, 100)}[column.kind]
            number = Decimal(found) if re.fullmatch(r"\d{1,6}(\.\d{1,20})?", found) else Decimal(-1)
            if least <= number <= most:
                return number.quantize(Decimal("0.01"), ROUND_HALF_UP), None
            return None, (f"{said}超出范围或不是数", f"请填 {least} 到 {most} 的数")
