"""Module m08, complaints and ratings: what follows from the centre's own time limits."""

from __future__ import annotations

from datetime import date
from typing import Any

from coursekit.policy import Exercise, Lesson, holidays, spoken
from coursekit.settings import Settings
from widgets.workdays import add_workdays

NOTICE = "国务院办公厅关于 2026 年部分节假日安排的通知"
RATINGS = "政务服务“好差评”制度（国办发〔2019〕51号）及其公开解读"
HOLIDAYS = "放假：9 月 25 日至 27 日中秋，10 月 1 日至 7 日国庆；调休上班：9 月 20 日（周日）、10 月 10 日（周六）；其余周末不上班"


def after(month: int, day: int, days: int) -> date:
    """Return the last day of a limit of so many working days from a day of 2026, which itself does not count."""
    return add_workdays(date(2026, month, day), days, holidays(__file__))


def m08_deadlines(settings: Settings) -> Lesson:
    """State the centre's limits for complaints and ratings, with one example that meets both autumn holidays."""
    complaints, ratings = settings.policy.complaints, settings.policy.ratings
    rows = [
        ("投诉：联系投诉人、确认受理", complaints.accept_days),
        ("投诉：答复", complaints.answer_days),
        ("实名差评：联系核实", ratings.contact_days),
        ("实名差评：整改并反馈", ratings.improve_days),
    ]
    lines = "\n".join(f"| {what} | {days} 个工作日内 | {spoken(after(9, 23, days))} |" for what, days in rows)
    return Lesson(f"""
## 七、期限：先看规定，再数日子

投诉和差评的办理期限，各地规定不一样。下表是**本中心规定**，到别的中心要看当地的。四个期限都按**工作日**算：收到当天不计，从次日数起；法定节假日和周末不计，调休上班的周末要计。“以内”含最后一天，那一天办完就不算超期。

| 事情 | 本中心规定 | 例：9 月 23 日（周三）收到，最迟 |
|---|---|---|
{lines}

例子里要跳过中秋（9 月 25 日至 27 日）和国庆（10 月 1 日至 7 日），数到 10 月的，别漏了 10 月 10 日（周六）上班。

对群众说期限，要说**哪一天**。“我们会尽快”等于没有说。到了约定的日子还没有查清，也要先打电话说明进展。
""")


def m08_j01(settings: Settings) -> Exercise:
    """Last days for contact and answer, and how late an answer came."""
    accept, answer = settings.policy.complaints.accept_days, settings.policy.complaints.answer_days
    contact, due, late = after(9, 18, accept), after(9, 18, answer), 3
    came = after(due.month, due.day, late)
    data: dict[str, Any] = {
        "kind": "calculation",
        "title": "计算一：一件投诉的两个期限",
        "prompt": "按本中心规定算出两个期限，再看实际办得怎样。都按工作日算：收到当天不计，放假不计，调休上班要计。",
        "source": ["本中心规定（投诉办理期限）", NOTICE],
        "seed": ["3.8", "10.3"],
        "facts": [
            {"id": "f1", "text": "收到投诉：2026 年 9 月 18 日（周五）"},
            {
                "id": "f2",
                "text": f"本中心规定：收到投诉后 {accept} 个工作日内联系投诉人、确认受理，{answer} 个工作日内答复",
            },
            {"id": "f3", "text": HOLIDAYS},
            {"id": "f4", "text": f"实际联系：{spoken(contact)}"},
            {"id": "f5", "text": f"实际答复：{spoken(came)}"},
        ],
        "blanks": [
            {"id": "k3", "text": "最迟哪一天联系投诉人、确认受理？", "answer": "date"},
            {"id": "k8", "text": "最迟哪一天答复？", "answer": "date"},
            {
                "id": "k5",
                "text": "实际答复比最迟的那一天晚了多少？请按办理期限的算法数",
                "answer": "number",
                "decimals": 0,
                "units": [{"id": "u2", "text": "个自然日"}, {"id": "u7", "text": "个工作日"}],
            },
            {
                "id": "k1",
                "text": "台账上怎样登记？",
                "answer": "choice",
                "options": [
                    {"id": "c4", "text": "联系超期，答复超期"},
                    {"id": "c9", "text": "联系超期，答复按时"},
                    {"id": "c2", "text": "联系按时，答复超期"},
                    {"id": "c6", "text": "联系按时，答复按时"},
                ],
            },
        ],
    }
    key: dict[str, Any] = {
        "blanks": {
            "k3": {
                "value": contact.isoformat(),
                "why": f"9 月 18 日不计，从次日数起，周六不计，9 月 20 日（周日）调休上班要计；数满 {accept} 个工作日，是 {spoken(contact)}。",
            },
            "k8": {
                "value": due.isoformat(),
                "why": f"同样从次日数起，9 月 20 日计入，放假各日跳过；数满 {answer} 个工作日，是 {spoken(due)}。",
            },
            "k5": {
                "value": str(late),
                "unit": "u7",
                "follow": {"k8": [str(late - 1), str(late + 1)]},
                "why": f"从 {spoken(due)}的次日数到 {spoken(came)}，其中上班的有 {late} 天。期限按工作日算，晚了多少也按工作日说。",
            },
            "k1": {
                "value": "c2",
                "why": f"{spoken(contact)}正是联系期限的最后一天，“以内”含本数，算按时；答复过了期限，要登记超期并向投诉人说明原因。",
            },
        }
    }
    return Exercise(data=data, key=key)


#: Ratings: number, month, day, level, whether the name is known, and how far contact and improvement came from the limit.
LEDGER: tuple[tuple[str, int, int, str, bool, int | None, int | None], ...] = (
    ("H-01", 9, 21, "满意", True, None, None),
    ("H-02", 9, 22, "不满意", True, 0, 0),
    ("H-03", 9, 23, "基本满意", True, None, None),
    ("H-04", 9, 24, "非常不满意", True, 1, -1),
    ("H-05", 9, 28, "不满意", False, None, 0),
    ("H-06", 9, 28, "非常满意", False, None, None),
    ("H-07", 9, 29, "非常不满意", True, 0, 1),
    ("H-08", 10, 9, "不满意", True, -1, 0),
    ("H-09", 10, 10, "不满意", True, 0, 2),
    ("H-10", 10, 12, "满意", False, None, None),
)


def m08_j02(settings: Settings) -> Exercise:
    """Bad ratings of a month: how many, until when, and how many in time."""
    contact, improve = settings.policy.ratings.contact_days, settings.policy.ratings.improve_days
    rows: list[dict[str, Any]] = []
    for number, month, day, level, named, met, mended in LEDGER:
        cells = {
            "no": number,
            "day": spoken(date(2026, month, day)),
            "level": level,
            "who": "实名" if named else "匿名",
            "met": "—" if met is None else spoken(after(month, day, contact + met)),
            "done": "—" if mended is None else spoken(after(month, day, improve + mended)),
        }
        rows.append({"id": f"r{len(rows) + 1}", "cells": cells})
    bad = [row for row in LEDGER if row[3] in {"不满意", "非常不满意"}]
    named_bad = [row for row in bad if row[4]]
    met_share = 100 * sum((row[5] or 0) <= 0 for row in named_bad) / len(named_bad)
    done_share = 100 * sum((row[6] or 0) <= 0 for row in named_bad) / len(named_bad)
    first, second = after(9, 24, contact), after(9, 29, improve)
    units = [{"id": "u4", "text": "个百分点"}, {"id": "u9", "text": "%"}]
    data: dict[str, Any] = {
        "kind": "calculation",
        "title": "计算二：差评办得及时吗",
        "prompt": "看“好差评”台账，先数差评，再算期限和及时率。期限从评价的次日起按工作日算。",
        "source": [RATINGS, "本中心规定（差评办理期限）", NOTICE],
        "seed": ["3.6"],
        "facts": [
            {
                "id": "f1",
                "text": f"本中心规定：实名差评 {contact} 个工作日内联系核实，{improve} 个工作日内整改并反馈，都从评价的次日起算",
            },
            {"id": "f2", "text": HOLIDAYS},
            {"id": "f3", "text": "台账：每一行是一次评价；“—”表示不需要或者无法联系"},
        ],
        "columns": [
            {"id": "no", "text": "编号"},
            {"id": "day", "text": "评价日"},
            {"id": "level", "text": "等级"},
            {"id": "who", "text": "评价人"},
            {"id": "met", "text": "联系核实"},
            {"id": "done", "text": "整改反馈"},
        ],
        "rows": rows,
        "blanks": [
            {"id": "k6", "text": "表中的差评一共几条？（只写数）", "answer": "number", "decimals": 0},
            {"id": "k2", "text": "H-04 最迟哪一天联系核实？", "answer": "date"},
            {"id": "k9", "text": "H-07 最迟哪一天整改并反馈？", "answer": "date"},
            {
                "id": "k4",
                "text": "实名差评里，按时联系核实的占多少？",
                "answer": "number",
                "decimals": 1,
                "units": units,
            },
            {
                "id": "k7",
                "text": "实名差评里，按时整改反馈的占多少？",
                "answer": "number",
                "decimals": 1,
                "units": units,
            },
        ],
    }
    late = [row[0] for row in named_bad if (row[6] or 0) > 0]
    key: dict[str, Any] = {
        "blanks": {
            "k6": {
                "value": str(len(bad)),
                "why": f"五级里的后两级是差评，匿名的也算，共 {len(bad)} 条；“基本满意”不是差评。",
            },
            "k2": {
                "value": first.isoformat(),
                "why": f"9 月 24 日评价，次日起是中秋假期，跳过；数满 {contact} 个工作日，是 {spoken(first)}。",
            },
            "k9": {
                "value": second.isoformat(),
                "why": f"9 月 29 日评价，30 日是第 1 日，国庆假期跳过，10 月 8 日接着数；数满 {improve} 个工作日，是 {spoken(second)}。",
            },
            "k4": {
                "value": f"{met_share:.1f}",
                "tolerance": "0.05",
                "unit": "u9",
                "why": f"实名差评 {len(named_bad)} 条，只有 H-04 联系晚了一个工作日；最后一天联系的不算晚。所以是 {met_share:.1f}%。",
            },
            "k7": {
                "value": f"{done_share:.1f}",
                "tolerance": "0.05",
                "unit": "u9",
                "why": f"{'、'.join(late)} 的反馈过了期限，其余 {len(named_bad) - len(late)} 条按时，占 {done_share:.1f}%。比例用“%”，两个比例相减才用“百分点”。",
            },
        }
    }
    return Exercise(data=data, key=key)


CELLS = {"m08-deadlines": m08_deadlines, "m08-j01": m08_j01, "m08-j02": m08_j02}
