"""Items of the theory bank whose right option is a day or a term: worked again from the item's own text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from rulebook import after, count, day_in, days_in, later, registry, said, validity, workdays, years_old
from test_rules_figures import course_days

#: For each option that the rule can judge: whether it is right.
Judged = Mapping[str, bool]


def where(spec: Any, right: Callable[[str], bool | None]) -> Judged:
    """Judge all options by their texts; None is left to people."""
    judged = {option.id: right(option.text) for option in spec.options}
    return {name: yes for name, yes in judged.items() if yes is not None}


def only(spec: Any, pattern: str) -> Judged:
    """Call right the one option that matches *pattern*."""
    judged = where(spec, lambda words: bool(re.search(pattern, words)))
    assert sum(judged.values()) == 1, pattern
    return judged


def on(spec: Any, day: date) -> Judged:
    """Call right the one option with *day* in it."""
    return only(spec, rf"(?<!\d){said(day)}")


def dated(spec: Any, pattern: str, day: date) -> Judged:
    """Judge the options in which *pattern* finds a day."""

    def right(words: str) -> bool | None:
        found = re.search(pattern, words)
        return day_in(found[1]) == day if found else None

    return where(spec, right)


RULES: dict[str, Callable[[Any], Judged]] = {}
rule = registry(RULES)

DECIDE, LONGER, HAND_OVER, TELL = 20, 10, 10, 5


@rule("e01-q09/1")
def prolonged(spec: Any) -> Judged:
    """Add the prolongation to the term."""
    return on(spec, after(day_in(spec.prompt), DECIDE + LONGER))


@rule("e01-q09/2")
def handed_over(spec: Any) -> Judged:
    """Count ten working days from the decision."""
    return on(spec, after(day_in(spec.prompt), HAND_OVER))


@rule("e01-q09/4")
def silent(spec: Any) -> Judged:
    """Take what was not told in time as accepted when received."""
    got, told = days_in(spec.prompt)[:2]
    assert told > after(got, TELL)
    return on(spec, after(got, DECIDE))


@rule("e01-q09/5")
def reviewed(spec: Any) -> Judged:
    """Leave out the days of a review."""
    return on(spec, after(day_in(spec.prompt), DECIDE + count(spec.prompt, r"用去 (\d+) 个工作日")))


@rule("e01-q14/1")
def decided(spec: Any) -> Judged:
    """Count twenty working days."""
    return on(spec, after(day_in(spec.prompt), DECIDE))


@rule("e01-q14/2")
def prolonged_later(spec: Any) -> Judged:
    """Add a prolongation that was granted in time."""
    got, granted = days_in(spec.prompt)[:2]
    last = after(got, count(spec.prompt, r"(\d+) 个工作日内决定"))
    assert granted <= last
    return on(spec, after(last, count(spec.prompt, r"延长 (\d+) 个工作日")))


@rule("e01-q14/3")
def examined(spec: Any) -> Judged:
    """Leave out the days of an expert's examination."""
    got, first = days_in(spec.prompt)[:2]
    test = count(spec.prompt, r"占 (\d+) 个工作日")
    assert workdays(first, first.replace(day=count(spec.prompt, r"日至 (\d+) 日依法鉴定"))) == test
    return on(spec, after(got, count(spec.prompt, r"法定 (\d+) 个工作日") + test))


@rule("e01-q14/4")
def sent(spec: Any) -> Judged:
    """Count ten working days from the decision."""
    return on(spec, after(day_in(spec.prompt), HAND_OVER))


@rule("e01-q14/5")
def told(spec: Any) -> Judged:
    """Tell whether missing papers were named in time."""
    got, day = days_in(spec.prompt)[:2]
    return only(spec, "没有逾期，尚未受理" if day <= after(got, TELL) else f"已逾期告知，自 {said(got)}起即为受理")


@rule("e01-q18/1")
def half_a_year(spec: Any) -> Judged:
    """Add six months to the day of arrival."""
    came, asked = days_in(spec.prompt)[:2]
    full = came.replace(month=came.month + 6)
    return where(spec, lambda words: asked < full if "还没有住满半年" in words else None)


@rule("e01-q18/2")
def accepted_later(spec: Any) -> Judged:
    """Count from the acceptance; tell whether papers were asked for in time."""
    got, day, whole = days_in(spec.prompt)[:3]
    late = day > after(got, TELL)

    def right(words: str) -> bool | None:
        return late if "告知已经超期" in words else not late if "告知没有超期" in words else None

    return {**dated(spec, r"最后一天是 (.*)", after(whole, DECIDE)), **where(spec, right)}


@rule("e01-q18/4")
def card(spec: Any) -> Judged:
    """Give a card by the age on the day of the application."""
    born, asked = days_in(spec.prompt)[:2]
    years = validity(years_old(born, asked))
    return where(spec, lambda words: count(words) == years if "有效期" in words else None)


@rule("e01-q18/5")
def firm(spec: Any) -> Judged:
    """Count three working days, and three more."""
    got = day_in(spec.prompt)
    return {**dated(spec, r"一般最迟 (.*)登记", after(got, 3)), **dated(spec, r"批准的，最迟 (.*)登记", after(got, 6))}


@rule("e01-q30/4")
def promised(spec: Any) -> Judged:
    """Count twenty working days."""
    return dated(spec, r"最迟在 (.*)作出决定", after(day_in(spec.prompt), DECIDE))


@rule("e01-q34/1")
def appeal(spec: Any) -> Judged:
    """Count sixty natural days."""
    return dated(spec, r"在 (.*) ?以前", later(day_in(spec.prompt), 60))


@rule("e01-q38/1")
def outage_told(spec: Any) -> Judged:
    """Count five working days, the system being down or not."""
    return dated(spec, r"最迟(?:可以到|是)? (\d.*日)", after(day_in(spec.prompt), TELL))


@rule("e01-q38/2")
def outage_decided(spec: Any) -> Judged:
    """Count twenty working days, the system being down or not."""
    return dated(spec, r"最迟 (\d.*日)", after(day_in(spec.prompt), DECIDE))


@rule("e01-q43/5")
def absent(spec: Any) -> Judged:
    """Count working days for one and natural days for the other; the day of return is not one."""
    left, back, gone, returned = days_in(spec.prompt)[:4]
    working, natural = workdays(left, back - timedelta(days=1)), (returned - gone).days

    def right(words: str) -> bool | None:
        if re.match(r"甲旷工正好", words):
            return count(words) == working == 15
        return count(words) == natural > 15 if re.match(r"乙连续旷工", words) else None

    return where(spec, right)


@rule("e01-q50/3")
def course(spec: Any) -> Judged:
    """Count the days of a course from its first day."""
    days = course_days(day_in(spec.prompt), count(spec.facts[0].text, r"培训 (\d+) 天"))
    return only(spec, rf"{said(days[-1])}上完，{said(after(days[-1], 1))}再考")
