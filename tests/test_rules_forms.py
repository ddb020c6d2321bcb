"""What forms and checklists take for right, where a rule determines it: terms, days, counts, masks, cards that ran out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rulebook import (
    Given,
    after,
    birthday,
    count,
    day_in,
    days_in,
    of_kind,
    registry,
    sex,
    share,
    validity,
    variant,
    workdays,
    years_old,
)
from test_policy import HERE, OTHERS, items, settings

from coursekit.policy import Exercise, writers

#: The answers that a rule gives, by field.
Filled = Mapping[str, str]
RULES: dict[str, Callable[[Any], Filled]] = {}
rule = registry(RULES)

FIGURES = dict(zip("〇一二三四五六七八九", "0123456789", strict=True))
COUNTS = {"叁": "3", "肆": "4", "伍": "5", "陆": "6"}


def line(spec: Any, heading: str) -> str:
    """Return the line of a document that begins with *heading*."""
    (found,) = (one.text for one in spec.document if one.text.startswith(heading))
    return str(found.split("：", 1)[1])


def chinese(words: str) -> date:
    """Read 二〇二六年十月二十三日."""
    found = re.search(r"([〇一二三四五六七八九]{4})年(\w+?)月(\w+?)日", words)
    assert found

    def small(number: str) -> int:
        tens, ten, ones = number.rpartition("十")
        return (int(FIGURES.get(tens, "1")) * 10 if ten else 0) + int(FIGURES.get(ones, "0"))

    return date(int("".join(FIGURES[sign] for sign in found[1])), small(found[2]), small(found[3]))


def months_on(day: date, months: int) -> date:
    """Return the same day of a later month of the same year."""
    return day.replace(month=day.month + months)


@rule("m02-f01")
def promise(spec: Any) -> Filled:
    """Count the published term from the day of receipt."""
    got = chinese(line(spec, "时间"))
    return {"got": str(got), "due": str(after(got, count(line(spec, "公布时限"))))}


@rule("m03-f01")
def refusal(spec: Any) -> Filled:
    """Take the days of acceptance, decision and service; the law's terms for remedies."""
    days = {"recv": "受理", "made": "决定", "given": "送达"}
    return {**{f: str(chinese(line(spec, w))) for f, w in days.items()}, "review": "60", "court": "6"}


@rule("m05-f01")
def receipt(spec: Any) -> Filled:
    """Take sex and birthday from the number, the day from the stamp."""
    number = re.sub(r"\D", "", line(spec, "身份证号"))
    return {
        "no": number,
        "sex": sex(number),
        "born": str(birthday(number)),
        "got": str(day_in(line(spec, "窗口收件章"))),
        "count": COUNTS[line(spec, "随附材料")[-2]],
    }


@rule("m05-f03")
def filed(spec: Any) -> Filled:
    """Count what belongs to the file, once each."""
    kept = [row.cells for row in spec.rows if "无关" not in row.cells["note"] and row.cells["note"] != "重份"]
    days = {"done": str(day_in(line(spec, "办结"))), "moved": str(day_in(line(spec, "归档")))}
    return days | {"count": str(len(kept)), "pages": str(sum(int(cells["pages"]) for cells in kept))}


@rule("m05-f04")
def masked(spec: Any) -> Filled:
    """Hide all but the first, or first and last, of a name, and the middle of a number."""

    def name(words: str) -> str:
        return words[0] + ("*" if len(words) == 2 else "*" * (len(words) - 2) + words[-1])

    filled: dict[str, str] = {}
    for place, row in enumerate(spec.rows, 1):
        number = row.cells["no"]
        filled |= {f"n{place}": name(row.cells["name"]), f"i{place}": number[:6] + "*" * 8 + number[-4:]}
    return filled


@rule("m07-f01")
def answer_card(spec: Any) -> Filled:
    """Use a card from the day after, look at it again after three months."""
    start = chinese(line(spec, "发布")) + timedelta(days=1)
    return {"start": str(start), "review": str(months_on(start, 3))}


@rule("m08-f01")
def complaint(spec: Any) -> Filled:
    """Work out last Friday."""
    got = day_in(spec.document_title)
    friday = got - timedelta(days=got.weekday() + 3)
    return {"got": str(got), "day": str(friday)}


@rule("m09-f01")
def contacts(spec: Any) -> Filled:
    """Find the second Wednesday of November, and the day after the signature."""
    assert "11 月第二个星期三" in line(spec, "演练")
    wednesdays = [date(2026, 11, n) for n in range(1, 31) if date(2026, 11, n).weekday() == 2]
    return {"drill": str(wednesdays[1]), "start": str(chinese(line(spec, "签发")) + timedelta(days=1))}


@rule("m10-f01")
def leave(spec: Any) -> Filled:
    """Count the working days of a leave, both ends included."""
    first, last = days_in(line(spec, "事由"))
    return {"d9": str(first), "h2": str(last), "k5": str(workdays(first, last))}


@rule("m11-f01")
def peer(spec: Any) -> Filled:
    """Look again a month later."""
    day = chinese(line(spec, "什么时候"))
    return {"day": str(day), "next": str(months_on(day, 1))}


@rule("m12-f01")
def plan(spec: Any) -> Filled:
    """Work out two error rates, and the end of two months."""
    (checked, wrong), (of, goal) = (map(int, re.findall(r"\d+", line(spec, w))) for w in ("现在怎样", "想做到"))
    start = chinese(line(spec, "几时"))
    rates = {"now": share(wrong, checked), "goal": share(goal, of)}
    return {
        **{f: str(Decimal(rate).normalize()) for f, rate in rates.items()},
        "from": str(start),
        "to": str(months_on(start, 2)),
    }


@rule("e02-f01")
def application(spec: Any) -> Filled:
    """Take sex and birthday from the number, the day from the stamp, the term from the rule."""
    number = re.sub(r"\D", "", line(spec, "公民身份号码"))
    got = day_in(line(spec, "窗口收件章"))
    due = after(got, count(Given(spec).fact("f3"), r"(\d+) 个工作日"))
    copies = line(spec, "附交材料")
    listed = copies.split("，共")[0].split("、")
    assert len(listed) == int(COUNTS[copies[-2]])
    return {
        "k2": number,
        "k3": sex(number),
        "k4": str(birthday(number)),
        "k5": re.sub(r" ", "", line(spec, "统一社会信用代码")),
        "k8": str(len(listed)),
        "k10": str(got),
        "k11": str(due),
    }


#: Forms in which every answer is copied from the papers.
COPIED = {"m05-f02"}
FORMS = list(of_kind("form"))


def test_every_form_has_a_rule_or_is_copied() -> None:
    """A new form needs its rule here."""
    assert {exercise for exercise, _ in FORMS} == RULES.keys() | COPIED


@pytest.mark.parametrize(("exercise", "name"), [key for key in FORMS if key[0] in RULES])
def test_answers_that_a_rule_determines(exercise: str, name: str) -> None:
    """The first answer that a key accepts is what the rule makes of the papers; a choice is compared by its text."""
    found = variant(exercise, name)
    fields = {field.id: field for field in found.spec.fields}  # type: ignore[attr-defined]
    for field, value in RULES[exercise](found.spec).items():
        accepted = found.key.fields[field].accept
        options = {option.id: option.text for option in fields[field].options}
        assert options.get(accepted[0], accepted[0]) == value, field
    days = {name for name, field in fields.items() if field.input == "date" and not found.key.fields[name].blank}
    assert days <= RULES[exercise](found.spec).keys()


CHECKLISTS = list(of_kind("checklist"))


@pytest.mark.parametrize(("exercise", "name"), CHECKLISTS)
def test_cards_that_ran_out_are_defects(exercise: str, name: str) -> None:
    """An identity card that is not valid on the day of receipt is a defect, except the one that is to be renewed."""
    found = variant(exercise, name)
    reasons = {reason.id: reason.text for reason in found.spec.reasons}  # type: ignore[attr-defined]
    got = day_in(next(fact.text for fact in found.spec.facts if fact.text.startswith("收件日期")))
    for row in found.spec.rows:  # type: ignore[attr-defined]
        days = days_in(row.cells["issued"])
        if "身份证" in row.cells["name"] and len(days) == 2 and not row.cells["name"].startswith("原"):
            key = found.key.rows[row.id]
            over = "有效期" in reasons.get(key.reason or "", "")
            assert over == (days[1] < got), row.id
        assert not days or "至" in row.cells["issued"] or days[0] <= got, f"{row.id} is of a later day"


def test_terms_of_checklists() -> None:
    """The terms that decide whether an application is in time."""
    change = Given(variant("m04-c02").spec)
    got, decided = days_in(change.fact("f3"))[:2]
    assert decided <= got <= decided + timedelta(days=count(change.fact("f3"), r"起 (\d+) 日内"))
    simple = Given(variant("e02-c01", "4").spec)
    begun, ended = day_in(simple.fact("f3")), days_in(simple.fact("f3"))[1]
    assert ended == begun + timedelta(days=20)
    assert ended < day_in(simple.fact("f4")) <= ended + timedelta(days=20)
    resident = Given(variant("m04-c04").spec)
    assert months_on(day_in(resident.table["居住登记信息"]["issued"]), 6) <= day_in(resident.fact("f3"))
    child = Given(variant("m04-c03").spec)
    born, was, until = day_in(child.fact("f2")), *days_in(child.table["原居民身份证"]["issued"])
    assert until == was.replace(year=was.year + (validity(years_old(born, was)) or 0))
    assert until < day_in(child.fact("f3"))


@pytest.mark.parametrize("centre", ["ours", *OTHERS])
def test_the_day_for_tolerated_papers_follows_the_rule(centre: str) -> None:
    """The promise of m04-c06 names the last of the centre's working days, in ours and in other centres."""
    chosen = HERE.settings if centre == "ours" else settings(centre)
    written = writers(HERE, "m04")["m04-c06"](chosen)
    assert isinstance(written, Exercise)
    for found in items(written, "m04-c06").variants():
        given = Given(found.spec)
        told = days_in(given.table["容缺受理承诺书"]["content"])[0]
        assert told == after(day_in(given.fact("f3")), chosen.policy.tolerance_days)
