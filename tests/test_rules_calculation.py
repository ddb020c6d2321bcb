"""Every calculation of modules m02 to m08 and of the practical paper is worked again from what the page gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from math import ceil, floor

import pytest
import test_rules_figures
from rulebook import (
    USCC_SIGNS,
    Given,
    after,
    count,
    day_in,
    days_in,
    half_up,
    id_sign,
    id_sum,
    later,
    number,
    of_kind,
    registry,
    said,
    share,
    uscc_sign,
    uscc_sum,
    variant,
    workdays,
)
from test_policy import CELLS, HERE, OTHERS, items, settings
from test_rules_figures import Values

from coursekit.policy import Exercise, writers
from coursekit.source import Variant

RULES: dict[str, Callable[[Given], Values]] = {}
rule = registry(RULES)

#: Terms that law sets, in working days: decision on a licence, prolonged by, certificate handed over, what is missing told.
DECIDE, LONGER, HAND_OVER, TELL = 20, 10, 10, 5


@rule("m02-j01")
def fees(given: Given) -> Values:
    """Charge copies beyond the free ones, and parcels; nothing else was published."""
    free, page = count(given.fact("f1"), r"前 (\d+) 页免费"), number(given.fact("f1"), r"每页 ([\d.]+) 元")
    parcel = number(given.fact("f2"), r"每次 ([\d.]+) 元")
    due = {
        row.id: max(0, count(row.cells["pages"]) - free) * page + count(row.cells["posts"]) * parcel
        for row in given.spec.rows
    }
    over = sum(number(row.cells["taken"]) - due[row.id] for row in given.spec.rows)
    return {**{name: due[name] for name in ("he", "wen", "lu")}, "over": Decimal(over)}


@rule("m03-j01")
def licence(given: Given) -> Values:
    """Tell what is missing, decide, hand over."""
    got, accepted, decided = (day_in(given.fact(name)) for name in ("f1", "f2", "f3"))
    last = after(accepted, DECIDE)
    return {
        "tell": after(got, TELL),
        "decide": last,
        "span": Decimal((last - accepted).days),
        "send": after(decided, HAND_OVER),
    }


@rule("m03-j02")
def inspection(given: Given) -> Values:
    """Days of an inspection do not count; a prolongation follows the term."""
    test = count(given.fact("f2"), r"共 (\d+) 个工作日")
    month, first, last = map(int, re.findall(r"\d+", given.fact("f2"))[:3])
    start = day_in(f"{month} 月 {first} 日")
    assert workdays(start, start.replace(day=last)) == test
    base = after(day_in(given.fact("f1")), count(given.fact("f1"), r"(\d+) 个工作日") + test)
    take = after(day_in(given.fact("f4")), count(given.fact("f5"), r"第 (\d+) 个工作日"))
    more = after(base, count(given.fact("f3"), r"(\d+) 个工作日"))
    assert day_in(given.fact("f4")) <= more
    return {"base": base, "more": more, "take": take, "say": given.pick("say", f"“已经批了，请您 {said(take)}起")}


@rule("m03-j03")
def promises(given: Given) -> Values:
    """Count the centre's promise in working days, the law's limit in natural days."""
    applied, complained = day_in(given.fact("f1")), day_in(given.fact("f4"))
    card = after(applied, count(given.fact("f2"), r"(\d+) 个工作日"))
    law = later(applied, count(given.fact("f3"), r"(\d+) 日内"))
    meet, back = (int(days) for days in re.findall(r"(\d+) 个工作日", given.fact("f5")))
    passed = (card.toordinal() + count(given.blank("view").text, r"过了 (\d+) 天")) > law.toordinal()
    return {
        "card": card,
        "law": law,
        "meet": after(complained, meet),
        "back": after(complained, back),
        "view": given.pick("view", "已经超过法定上限" if passed else "没有超过法定上限"),
    }


@rule("m03-j04")
def one_window(given: Given) -> Values:
    """Reductions against what it was before."""
    cut = {r["what"]: share(number(r["old"]) - number(r["new"]), number(r["old"])) for r in given.rows}
    trips = given.table["往返窗口"]
    return {
        "forms": cut["填写表格"],
        "proofs": cut["提交证明"],
        "trips": count(given.fact("f1"), r"(\d+) 人") * (number(trips["old"]) - number(trips["new"])),
        "most": given.pick("most", max(cut, key=lambda what: cut[what])),
    }


@rule("m03-j05")
def rush_hour(given: Given) -> Values:
    """Hold an hour's capacity against those who come."""
    come, each = count(given.fact("f1"), r"(\d+) 人"), count(given.fact("f2"), r"(\d+) 分钟")
    windows, faster = count(given.fact("f2"), r"开 (\d+) 个"), count(given.fact("f3"), r"降到 (\d+) 分钟")
    assert "六分之一" in given.fact("f4")
    stay, cap, quick = come - come // 6, windows * 60 // each, windows * 60 // faster
    enough = {"只用办法甲": quick >= come, "只用办法乙": cap >= stay, "甲、乙一起用": quick >= stay}
    assert [way for way, yes in enough.items() if yes] in ([], ["甲、乙一起用"])
    return {
        "cap": Decimal(cap),
        "left": Decimal(come - cap),
        "more": Decimal(ceil(come * each / 60)),
        "self": Decimal(stay),
        "best": given.pick("best", "甲、乙一起用" if enough["甲、乙一起用"] else "怎样都不够"),
    }


@rule("m05-j02")
def last_digit(given: Given) -> Values:
    """GB 11643, the sum of the first fourteen places being given."""
    digits = re.sub(r"\D", "", given.fact("f1"))
    first = count(given.fact("f2"), r"加起来是 (\d+)")
    assert first == id_sum(digits[:14])
    total = id_sum(digits[:17])
    return {
        "three": Decimal(total - first),
        "all": Decimal(total),
        "rest": Decimal(total % 11),
        "last": given.pick("last", id_sign(digits)),
    }


@rule("m05-j03")
def last_sign(given: Given) -> Values:
    """GB 32100, likewise."""
    code = re.sub(r"[^0-9A-Z]", "", given.fact("f1").split("：")[1])
    first = count(given.fact("f2"), r"加起来是 (\d+)")
    weights = [int(w) for w in re.findall(r"\d+", given.fact("f3").split("依次是")[1])]
    assert (len(code), first) == (17, uscc_sum(code[:14]))
    three = sum(USCC_SIGNS.index(sign) * weight for sign, weight in zip(code[14:], weights, strict=True))
    assert first + three == uscc_sum(code)
    return {
        "three": Decimal(three),
        "rest": Decimal((first + three) % 31),
        "last": given.pick("last", uscc_sign(code)),
    }


@rule("m05-j01")
def bookings(given: Given) -> Values:
    """Numbers given out, with those in mind who will not come."""
    windows, minutes, each = (int(n) for n in re.findall(r"\d+", given.fact("f1")))
    booked, missed = (int(n) for n in re.findall(r"(\d+) 人次", given.fact("f3")))
    cap = windows * minutes // each
    quota = cap * number(given.fact("f2"), r"(\d+)%") / 100
    rate, come = share(missed, booked), count(given.fact("f5"), r"来了 (\d+) 人")
    here = int(cap - quota)
    return {
        "cap": Decimal(cap),
        "quota": quota,
        "rate": (rate, "%"),
        "give": Decimal(floor(quota / (1 - rate / 100))),
        "then": given.pick("then", f"{here} 人在本时段办，另 {come - here} 人"),
    }


@rule("m08-j01")
def complaint(given: Given) -> Values:
    """Two terms, and by how much the second was missed."""
    got, met, answered = (day_in(given.fact(name)) for name in ("f1", "f4", "f5"))
    meet, answer = (after(got, int(days)) for days in re.findall(r"(\d+) 个工作日", given.fact("f2")))
    slow = workdays(answer, answered) - 1 if answered > answer else 0
    verdict = f"联系{'按时' if met <= meet else '超期'}，答复{'按时' if answered <= answer else '超期'}"
    return {"k3": meet, "k8": answer, "k5": (Decimal(slow), "个工作日"), "k1": given.pick("k1", verdict)}


@rule("m08-j02")
def ratings(given: Given) -> Values:
    """Bad ratings, and how many of the signed ones were met in time."""
    terms = dict(zip(("met", "done"), map(int, re.findall(r"(\d+) 个工作日", given.fact("f1"))), strict=True))
    bad = [row for row in given.rows if row["level"] in ("不满意", "非常不满意")]
    signed = [row for row in bad if row["who"] == "实名"]

    def last(row: Mapping[str, str], step: str) -> date:
        return after(day_in(row["day"]), terms[step])

    def on_time(step: str) -> Decimal:
        return share(sum(day_in(row[step]) <= last(row, step) for row in signed), len(signed))

    def asked(blank: str) -> Mapping[str, str]:
        return given.table[given.blank(blank).text[:4]]

    return {
        "k6": Decimal(len(bad)),
        "k2": last(asked("k2"), "met"),
        "k9": last(asked("k9"), "done"),
        "k4": (on_time("met"), "%"),
        "k7": (on_time("done"), "%"),
    }


@rule("m08-j03")
def complaints(given: Given) -> Values:
    """Shares in per cent, differences of shares in percentage points."""
    months = {r["m"]: {c: int(n) for c, n in r.items() if c != "m"} for r in given.rows}
    total = {month: sum(counts.values()) for month, counts in months.items()}
    part = {month: share(counts["a"], total[month]) for month, counts in months.items()}
    first, last = months["7 月"], months["9 月"]
    assert last["a"] > first["a"]
    assert part["9 月"] < part["7 月"]
    assert last["a"] == max(last.values())
    return {
        "b4": (share(last["p"], total["9 月"]), "%"),
        "b7": (share(total["9 月"] - total["8 月"], total["8 月"]), "%"),
        "b2": (part["7 月"] - part["9 月"], "个百分点"),
        "b9": given.pick("b9", "件数在升、占比在降，仍是最多"),
    }


@rule("e02-j01")
def terms(given: Given) -> Values:
    """Three terms of three files, and the share done in time."""
    year = count(given.fact("f1"), r"(\d{4}) 年")
    got, told = days_in(given.fact("f1"), year)
    accepted, first, last = days_in(given.fact("f2"), year)
    test = count(given.fact("f2"), r"占 (\d+) 个工作日")
    assert workdays(first, last) == test
    assert accepted < first <= last <= after(accepted, DECIDE)
    tell = after(got, TELL)
    every, slow = (sum(int(row[column]) for row in given.rows) for column in ("all", "slow"))
    verdict = f"告知超期，自 {said(got)}起即为受理" if told > tell else "告知没有超期"
    return {
        "b1": tell,
        "b2": after(accepted, DECIDE + test),
        "b3": later(day_in(given.fact("f3"), year), count(given.fact("f3"), r"(?:起|之日起) ?(\d+) 日内")),
        "b4": share(every - slow, every),
        "b5": given.pick("b5", verdict),
    }


ALL_RULES = RULES | test_rules_figures.RULES
CALCULATIONS = list(of_kind("calculation"))


def compare(solved: Variant, worked: Values) -> None:
    """Compare a rule's results with a key: every number and date, and the conclusions that follow from them."""
    texts = {blank.id: blank for blank in solved.spec.blanks}  # type: ignore[attr-defined]
    assert {name for name, blank in texts.items() if blank.answer != "choice"} <= worked.keys() <= texts.keys()
    for name, found in worked.items():
        key, blank = solved.key.blanks[name], texts[name]
        value, unit = found if isinstance(found, tuple) else (found, None)
        assert (unit is None) == (not blank.units), name
        assert unit == {option.id: option.text for option in blank.units}.get(key.unit), name
        if isinstance(value, Decimal):
            exact = half_up(value, blank.decimals) if blank.decimals is not None else value
            assert Decimal(key.value) == exact, f"{name}: the key says {key.value}, the data {value}"
            assert not Decimal(key.tolerance) or abs(Decimal(key.value) - value) <= Decimal(key.tolerance), name
        else:
            assert key.value == str(value), f"{name}: the key says {key.value}, the data {value}"


def test_every_calculation_has_a_rule() -> None:
    """A new calculation needs its rule here or in test_rules_figures.py."""
    assert {exercise for exercise, _ in CALCULATIONS} == ALL_RULES.keys()


@pytest.mark.parametrize(("exercise", "name"), CALCULATIONS)
def test_keys_of_calculations_follow_from_their_data(exercise: str, name: str) -> None:
    """Every blank's key is what the rule makes of the facts and the table."""
    solved = variant(exercise, name)
    compare(solved, ALL_RULES[exercise](Given(solved.spec)))


POLICY = [(assignment, cell) for assignment, cell in CELLS if cell in ALL_RULES]


@pytest.mark.parametrize("centre", OTHERS)
@pytest.mark.parametrize(("assignment", "cell"), POLICY)
def test_keys_of_another_centre_follow_too(assignment: str, cell: str, centre: str) -> None:
    """What policy/ writes for other settings is worked again by the same rule."""
    written = writers(HERE, assignment)[cell](settings(centre))
    assert isinstance(written, Exercise)
    for solved in items(written, cell).variants():
        compare(solved, ALL_RULES[cell](Given(solved.spec, settings(centre))))
