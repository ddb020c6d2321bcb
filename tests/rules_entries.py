"""Registers of applications and of what is typed in, modules m03 to m05: the rows that break their written rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from rulebook import Given, after, birthday, count, day_in, days_in, is_workday, registry, sex, validity, years_old
from test_rules_practical import Found

RULES: dict[str, Callable[[Given], Found]] = {}
rule = registry(RULES)


@rule("m03-w01")
def steps(given: Given) -> Found:
    """Order, promise, notice by two ways, and handing over."""
    promise, more = (count(given.spec.rules[1], rf"{word} (\d+) 个工作日") for word in ("起", "延长"))
    send = count(given.spec.rules[3])
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        accepted, due = day_in(cells["recv"]), day_in(cells["due"])
        assert is_workday(accepted)
        if due != after(accepted, promise):
            found[f"{row.id}/due"] = "推算错误"
        if not days_in(cells["done"]):
            continue
        done = day_in(cells["done"])
        last = after(due, more) if "批准延长" in cells["note"] and days_in(cells["note"])[0] <= due else due
        if done > last:
            found[f"{row.id}/done"] = "超过承诺"
        if not is_workday(done):
            found[f"{row.id}/done"] = "不是工作日"
        if cells["review"] == "—":
            found[f"{row.id}/review"] = "没有审核"
        elif day_in(cells["review"]) > done:
            found[f"{row.id}/review"] = "次序倒了"
        told = cells["notice"]
        if told == "—":
            found[f"{row.id}/notice"] = "没有把结果通知"
        elif "、" not in told:
            found[f"{row.id}/notice"] = "不足两种"
        else:
            assert done <= day_in(told) <= after(done, 3)
        if cells["given"] and day_in(cells["given"]) > after(done, send):
            found[f"{row.id}/given"] = f"超过 {send} 个工作日"
    return found


@rule("m04-w01")
def accepted(given: Given) -> Found:
    """Terms of a register of accepted applications, and written notices."""
    term, more = (count(given.spec.rules[0], rf"{word} (\d+) 个工作日") for word in ("起", "延长"))
    tell = count(given.spec.rules[2])
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        got, papers = day_in(cells["recv"]), days_in(cells["docdate"])
        if "口头" in cells["doc"]:
            found[f"{row.id}/doc"] = "没有出具"
        if "补正告知书" in cells["doc"] and papers[0] > after(got, tell):
            found[f"{row.id}/docdate"] = f"超过 {tell} 个工作日"
        if not days_in(cells["due"]):
            continue
        due, done = day_in(cells["due"]), days_in(cells["done"])
        if due != after(papers[-1], term):
            found[f"{row.id}/due"] = "没有按工作日"
        longer = "批准延长" in cells["note"] and day_in(cells["note"]) <= due
        if done and done[0] < got:
            found[f"{row.id}/done"] = "前后颠倒"
        elif done and done[0] > (after(due, more) if longer else due):
            found[f"{row.id}/done"] = f"超过 {term} 个工作日"
    return found


@rule("m04-w03")
def insured(given: Given) -> Found:
    """Identity number, sex, validity of the card, letters of the code, two people."""
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        born = birthday(cells["idno"])
        if born is None:
            found[f"{row.id}/idno"] = "日历上不存在"
        if cells["sex"] != sex(cells["idno"]):
            found[f"{row.id}/sex"] = "性别"
        if set(cells["uscc"]) & set("IOSVZ"):
            found[f"{row.id}/uscc"] = "不允许使用的字母"
        if len(set(cells["by"].split("／"))) == 1:
            found[f"{row.id}/by"] = "双人复核"
        first, *last = days_in(cells["valid"])
        # A birthday that no calendar has (29 February) is read as the day before, which changes no age here.
        years = validity(years_old(born or date(int(cells["idno"][6:10]), 2, 28), first))
        if (last[0] if last else None) != (first.replace(year=first.year + years) if years else None):
            found[f"{row.id}/valid"] = "有效期限与签发时的年龄"
    return found


@rule("m05-w01")
def typed(given: Given) -> Found:
    """Compare what was typed with the card."""
    found: Found = {}
    for row in given.spec.rows:
        card, entry = row.cells["no1"], row.cells["no2"]
        if row.cells["name"] != row.cells["typed"]:
            found[f"{row.id}/typed"] = "姓名用字"
        if len(set(row.cells["by"].split("／"))) == 1:
            found[f"{row.id}/by"] = "同一人"
        off = [place for place, (a, b) in enumerate(zip(card, entry, strict=False)) if a != b]
        if len(entry) < len(card):
            found[f"{row.id}/no2"] = "少录了一位"
        elif len(off) == 1:
            found[f"{row.id}/no2"] = "末位" if off[0] == 17 else "一位数字录错"
        elif off:
            a, b = off
            assert (b - a, card[a], card[b]) == (1, entry[b], entry[a])
            found[f"{row.id}/no2"] = "相邻两位颠倒"
        assert birthday(card)
    return found


@rule("m05-w02")
def logic(given: Given) -> Found:
    """Whether entries can be true at all."""
    kinds = {"有限公司": "91", "（个体）": "92", "合作社": "93"}
    found: Found = {}
    for row in given.spec.rows:
        cells = row.cells
        (kind,) = (code for word, code in kinds.items() if cells["name"].endswith(word))
        assert len(cells["code"]) == len(cells["idno"]) == 18
        if set(cells["code"]) & set("IOSVZ"):
            found[f"{row.id}/code"] = "不使用的字母"
        elif not cells["code"].startswith(kind):
            found[f"{row.id}/code"] = "主体类型不符"
        if birthday(cells["idno"]) is None:
            found[f"{row.id}/idno"] = "日历上没有"
        if f"（{sex(cells['idno'])}）" not in cells["agent"]:
            found[f"{row.id}/agent"] = "性别"
        if len(cells["phone"]) != 11:
            found[f"{row.id}/phone"] = "位数不对"
        if day_in(cells["done"]) < day_in(cells["recv"]):
            found[f"{row.id}/done"] = "办结早于收件"
    return found
