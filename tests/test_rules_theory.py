"""Items of the theory bank whose right option is a date or a number: worked again from the item's own text.

ALL_RULES lists the items covered, by slot and variant; all others are of words, which only people can judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import rules_terms
from rulebook import (
    USCC_SIGNS,
    birthday,
    clock,
    count,
    day_in,
    half_up,
    id_sign,
    number,
    registry,
    sex,
    share,
    valid_uscc,
    variant,
    variants,
    years_old,
)
from rules_terms import Judged, only, where
from test_rules_figures import QUALITY

RULES: dict[str, Callable[[Any], Judged]] = {}
rule = registry(RULES)


def marks(words: str) -> list[int]:
    """Read three marks: 理论 74、实操 92、情景 90."""
    return [int(n) for n in re.findall(r"(?:理论|实操|情景) (\d+)", words)]


def total(given: list[int], spec: Any) -> Decimal:
    """Weigh marks by the weights in the item's first fact."""
    weights = [int(n) for n in re.findall(r"(\d+)%", spec.facts[0].text)]
    return sum((Decimal(mark * weight) / 100 for mark, weight in zip(given, weights, strict=False)), Decimal())


def lines(spec: Any) -> tuple[int, int]:
    """Return the lines for the total and for each part."""
    words = spec.facts[1].text
    return count(words, r"总评达到 (\d+) 分"), count(words, r"单项都达到 (\d+) 分")


@rule("e01-q04/2")
def survey(spec: Any) -> Judged:
    """Judge shares of the answers that came back, and points against per cent."""
    back, happy = count(spec.prompt, r"收回 (\d+) 份"), count(spec.prompt, r"(\d+) 份表示满意")
    before, now = count(spec.prompt, r"满意率是 (\d+)%"), share(happy, back)

    def right(words: str) -> bool | None:
        if "收回" in words:
            return number(words, r"占 (\d+)%") == now
        if "提高" in words:
            risen = now - before if "百分点" in words else share(now - before, before)
            return number(words, r"提高 ([\d.]+)") == risen
        return None

    return where(spec, right)


@rule("e01-q22/1")
def people(spec: Any) -> Judged:
    """Find birthdays that do not exist and sexes that contradict the number."""

    def right(words: str) -> bool:
        _, told, one = words.split("，")
        assert id_sign(one) == one[17]
        return birthday(one) is None or told != sex(one)

    return where(spec, right)


@rule("e01-q22/2")
def firms(spec: Any) -> Judged:
    """Find letters that codes do not have, and codes of another kind of firm."""
    kinds = {"有限公司": "91", "（个体工商户）": "92", "合作社": "93"}

    def right(words: str) -> bool:
        name, code = words.split("，")
        (kind,) = (kind for word, kind in kinds.items() if name.endswith(word))
        assert valid_uscc(code) or set(code) & set("IOSVZ")
        return bool(set(code) & set("IOSVZ")) or not code.startswith(kind)

    return where(spec, right)


@rule("e01-q22/3")
def last_digits(spec: Any) -> Judged:
    """Look up the remainder by 11."""
    return where(spec, lambda words: words[-1] == "10X98765432"[count(words, r"总和 (\d+)") % 11])


@rule("e01-q22/4")
def last_signs(spec: Any) -> Judged:
    """Take the remainder by 31 from 31."""
    return where(spec, lambda words: words[-1] == USCC_SIGNS[-count(words, r"总和 (\d+)") % 31])


@rule("e01-q22/5")
def children(spec: Any) -> Judged:
    """Find those who are not yet fourteen."""
    day = day_in(spec.prompt)

    def right(words: str) -> bool:
        one = words.split()[1]
        born = birthday(one)
        assert born
        assert id_sign(one) == one[17]
        return years_old(born, day) < 14

    return where(spec, right)


@rule("e01-q34/5")
def bad_ratings(spec: Any) -> Judged:
    """Count the two lowest levels as bad."""
    levels = {level: int(n) for level, n in re.findall(r"“(\w+)”(\d+) 次", spec.prompt)}
    bad, everything = levels["不满意"] + levels["非常不满意"], count(spec.prompt, r"收到 (\d+) 次")
    assert sum(levels.values()) == everything
    fixed, left = count(spec.prompt, r"已经整改 (\d+) 条"), count(spec.prompt, r"另外 (\d+) 条没有动")
    assert fixed + left == bad

    def right(words: str) -> bool | None:
        if "差评率是" in words:
            return number(words, r"是 ([\d.]+)%") == share(bad, everything)
        if "整改率是" in words:
            return number(words, r"是 ([\d.]+)%") == share(fixed, bad)
        return count(words) == bad if "差评一共" in words else None

    return where(spec, right)


@rule("e01-q46/1")
def index(spec: Any) -> Judged:
    """Weigh the four figures of the quality index."""
    four = [int(n) for n in re.findall(r"\w{4} (\d+)", spec.prompt)]
    weighed = sum((Decimal(a * b) / 100 for a, b in zip(four, QUALITY.values(), strict=True)), Decimal())
    return where(spec, lambda words: number(words) == weighed)


@rule("e01-q46/2")
def per_ten_thousand(spec: Any) -> Judged:
    """Compare complaints in all and for each file."""
    n1, c1, n2, c2 = (int(n) for n in re.findall(r"(\d+) [件起]", spec.prompt))
    fall, rise = half_up(share(c1 - c2, c1), 1), share(Decimal(c2) / n2 - Decimal(c1) / n1, Decimal(c1) / n1)
    return only(spec, rf"起数下降约? ?{fall}%，每万件投诉上升 {half_up(rise, 0)}%")


@rule("e01-q46/3")
def points(spec: Any) -> Judged:
    """Tell points from per cent."""
    before, now = (int(n) for n in re.findall(r"(\d+)%", spec.prompt))
    return only(spec, rf"提高 {now - before} 个百分点，相对增幅 {half_up(share(now - before, before), 0)}%")


@rule("e01-q46/4")
def waits(spec: Any) -> Judged:
    """Weigh waiting times by the number of files."""
    (n1, n2), (w1, w2, before) = re.findall(r"(\d+) 件", spec.prompt), re.findall(r"(\d+) 分钟", spec.prompt)
    mean = Decimal(int(n1) * int(w1) + int(n2) * int(w2)) / (int(n1) + int(n2))
    cut = share(int(before) - mean, int(before))
    return only(spec, rf"平均 {half_up(mean, 0)} 分钟，缩短 {half_up(cut, 0)}%")


@rule("e01-q49/5")
def claims(spec: Any) -> Judged:
    """Judge claims of before and after, given in the option itself."""

    def right(words: str) -> bool | None:
        if "至" in words.split("降", maxsplit=1)[0]:
            return None
        before, now, *_ = (Decimal(n) for n in re.findall(r"\d+", words))
        change = share(abs(now - before), before)
        if "百分点" in words:
            return now - before == number(words, r"(\d+) 个百分点")
        told = {"一半": Decimal(50), "两成": Decimal(20)}
        return change == next((n for word, n in told.items() if word in words), None) or change == (
            number(words, r"(?:增长|提升|下降) (\d+)%") if re.search(r"(?:增长|提升|下降) \d+%", words) else None
        )

    return where(spec, right)


@rule("e01-q50/1")
def verdict(spec: Any) -> Judged:
    """Weigh three marks and judge both lines."""
    given, (line, floor) = marks(spec.prompt), lines(spec)
    weighed = total(given, spec)
    assert weighed >= line
    assert [mark < floor for mark in given] == [True, False, False]
    return only(spec, rf"总评 {weighed.normalize()}，不合格：理论没有到单项线")


@rule("e01-q50/2")
def least(spec: Any) -> Judged:
    """Try all marks for what is missing."""
    given, (line, floor) = marks(spec.prompt), lines(spec)
    need = next(mark for mark in range(floor, 101) if total([*given, mark], spec) >= line)
    return where(spec, lambda words: count(words) == need)


@rule("e01-q50/4")
def drill(spec: Any) -> Judged:
    """Take time from a part of the teaching."""
    start, end = map(clock, re.findall(r"\d\d:\d\d", spec.prompt))
    assert "两次休息" in spec.prompt
    teaching = end - start - 2 * count(spec.prompt, r"各 (\d+) 分钟")
    part, cut = count(spec.prompt, r"原来 (\d+) 分钟"), count(spec.prompt, r"匀出 (\d+) 分钟")
    before, now = (half_up(share(n, teaching), 0) for n in (part, part - cut))
    return only(spec, rf"由 {before}% 变为 {now}%")


@rule("e01-q50/5")
def two(spec: Any) -> Judged:
    """Compare two people with the same sum and other weights."""
    one, other = (marks(words) for words in spec.prompt.split("；"))
    line, floor = lines(spec)
    totals = [total(given, spec) for given in (one, other)]
    assert min(totals) >= line
    assert min(*one, *other) >= floor
    more = abs(totals[0] - totals[1]).normalize()
    return only(spec, ("甲比乙" if totals[0] > totals[1] else "乙比甲") + rf"高 {more} 分，两人都合格")


ALL_RULES = RULES | rules_terms.RULES


@pytest.mark.parametrize("item", ALL_RULES)
def test_right_options_follow_from_the_item(item: str) -> None:
    """What the rule calls right or wrong, the key does too."""
    exercise, name = item.split("/")
    found = variant(exercise, name)
    judged = ALL_RULES[item](found.spec)
    assert judged
    assert {option for option, yes in judged.items() if yes} <= found.key.right.keys()
    assert {option for option, yes in judged.items() if not yes} <= found.key.wrong.keys()


def test_items_whose_options_are_all_days_or_measures_have_a_rule() -> None:
    """A single-choice item on a dated case whose options are all days is worked again here."""
    for (exercise, name), found in variants("e01").items():
        texts = [option.text for option in found.spec.options]  # type: ignore[attr-defined]
        if all(re.fullmatch(r"\d+ 月 \d+ 日|[\d.]+ 分", words) for words in texts):
            assert f"{exercise}/{name}" in ALL_RULES
