"""The practical paper's registers: entry records with sums given, and a register of licences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from rulebook import (
    Given,
    after,
    birthday,
    count,
    day_in,
    days_in,
    id_sum,
    is_workday,
    of_kind,
    registry,
    sex,
    variant,
    workdays,
)

#: What a rule finds: the cell, and words of the reason.
Found = dict[str, str]

RULES: dict[str, Callable[[Given], Found]] = {}
rule = registry(RULES)

KINDS = {"有限公司": "91", "专业合作社": "93"}


@rule("e02-w01")
def entries(given: Given) -> Found:
    """Numbers, codes and dates of what was typed in; the weighted sums shown are true."""
    year = count(given.fact("f2"), r"(\d{4}) 年")
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        code, number = cells["uscc"], cells["idno"]
        assert len(code) == len(number) == 18
        assert int(cells["sum"]) == id_sum(number[:17])
        if set(code) & set("IOSVZ"):
            found[f"{row.id}/uscc"] = "不使用的字母"
        elif not code.startswith(next((kind for word, kind in KINDS.items() if cells["firm"].endswith(word)), "92")):
            found[f"{row.id}/uscc"] = "主体类别"
        if birthday(number) is None:
            found[f"{row.id}/idno"] = "日历上不存在"
        elif number[17] != "10X98765432"[int(cells["sum"]) % 11]:
            found[f"{row.id}/idno"] = "加权和"
        elif f"（{sex(number)}）" not in cells["person"]:
            found[f"{row.id}/person"] = "性别"
        got, done = days_in(cells["dates"], year)
        if done < got:
            found[f"{row.id}/dates"] = "办结早于收件"
        elif not is_workday(got):
            found[f"{row.id}/dates"] = "不是工作日"
    return found


def allowed(note: str, due: date, year: int, more: int) -> date | None:
    """Return the last day for a decision, or None when it was prolonged after the term had run out."""
    if "批准延长" in note:
        return after(due, more) if day_in(note, year) <= due else None
    if "检验" in note:
        (first, last), test = days_in(note, year), count(note, r"共 ?(\d+) 个工作日")
        assert workdays(first, last) == test
        return after(due, test)
    return due


@rule("e02-w02")
def licences(given: Given) -> Found:
    """Told in time and in writing, decided in time, handed over in time, no step left out."""
    year = count(given.fact("f2"), r"(\d{4}) 年")
    tell, term, more, send = (count(given.spec.rules[n], r"(\d+) 个工作日") for n in (0, 1, 2, 4))
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        got, paper = day_in(cells["recv"], year), days_in(cells["doc"], year)
        if not paper:
            found[f"{row.id}/doc"] = "没有书面凭证"
        elif "补正" in cells["doc"] and paper[0] > after(got, tell):
            found[f"{row.id}/doc"] = f"超过 {tell} 个工作日"
        if cells["accept"] == "—":
            continue
        taken, due = day_in(cells["accept"], year), day_in(cells["due"], year)
        assert due == after(taken, term), "the system's dates are said to be right"
        assert got <= taken
        if cells["decide"] == "—":
            found[f"{row.id}/decide"] = "漏了"
            continue
        decided, sent = day_in(cells["decide"], year), day_in(cells["send"], year)
        last = allowed(cells["note"], due, year, more)
        if last is None:
            assert decided > due
            found[f"{row.id}/note"] = "届满以后"
        elif decided > last:
            found[f"{row.id}/decide"] = "超过决定期限"
        if sent < decided:
            found[f"{row.id}/send"] = "先后颠倒"
        elif sent > after(decided, send):
            found[f"{row.id}/send"] = f"超过 {send} 个工作日"
    return found


def test_every_date_of_a_licence_register_is_a_working_day() -> None:
    """An office that decides on a Sunday would be an error that no key knows."""
    for exercise, name in of_kind("spotting", "e02"):
        if exercise == "e02-w02":
            spec = variant(exercise, name).spec
            year = count(Given(spec).fact("f2"), r"(\d{4}) 年")
            for row in spec.rows:  # type: ignore[attr-defined]
                days = [
                    day
                    for column in ("recv", "doc", "accept", "decide", "send")
                    for day in days_in(row.cells[column], year)
                ]
                assert all(map(is_workday, days)), (name, row.id)


def test_variants_are_equally_hard() -> None:
    """The four variants of each register have as many errors as each other."""
    for exercise in RULES:
        errors = {
            len(variant(exercise, name).key.errors) for one, name in of_kind("spotting", "e02") if one == exercise
        }
        assert len(errors) == 1
