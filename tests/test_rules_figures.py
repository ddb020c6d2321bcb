"""Calculations of modules m10 to m12 worked again: attendance, quality figures, final marks, retraining."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from rulebook import (
    COURSE,
    Given,
    after,
    clock,
    count,
    day_in,
    days_in,
    half_up,
    is_workday,
    number,
    registry,
    share,
    workdays,
)

from coursekit.settings import Component, Settings

#: What is computed for the blanks: a number, a number with its unit, a day, or the id of an option.
Values = Mapping[str, Decimal | tuple[Decimal, str] | date | str]

RULES: dict[str, Callable[[Given], Values]] = {}
rule = registry(RULES)

#: The service-quality index of the course, in per cent.
QUALITY = {"服务态度": 35, "专业能力": 25, "服务效率": 20, "创新改进": 20}
HALF_DAY = Decimal("0.5")
PARTS: tuple[Component, Component, Component] = ("theory", "practical", "scenario")

Span = tuple[int, int]


def shifts(settings: Settings) -> tuple[Span, Span]:
    """Return morning and afternoon in minutes after midnight."""
    hours = settings.policy.hours
    return (clock(hours.morning[0]), clock(hours.morning[1])), (clock(hours.afternoon[0]), clock(hours.afternoon[1]))


def on_duty(settings: Settings, first: int, last: int) -> int:
    """Count the minutes between two times that are working time."""
    return sum(max(0, min(last, end) - max(first, start)) for start, end in shifts(settings))


def weighted(settings: Settings, marks: tuple[int, ...]) -> Decimal:
    """Return the total to 0.1, half up, as issue 8 and module m12 state it."""
    weights = settings.evaluation.weights
    exact = sum((Decimal(mark * weights[part]) / 100 for part, mark in zip(PARTS, marks, strict=True)), Decimal())
    return half_up(exact, 1)


def short(settings: Settings, marks: tuple[int, ...]) -> list[Component]:
    """Name the parts below their floors."""
    return [part for part, mark in zip(PARTS, marks, strict=True) if mark < settings.evaluation.floors[part]]


def passes(settings: Settings, marks: tuple[int, ...]) -> bool:
    """Say whether the rounded total and every part reach their lines, which are included."""
    return weighted(settings, marks) >= settings.evaluation.pass_mark and not short(settings, marks)


def course_days(start: date, days: int) -> list[date]:
    """Return the days of a course that begins on its first day and goes on on working days."""
    assert is_workday(start)
    return [start, *(after(start, n) for n in range(1, days))]


@rule("m10-j01")
def hours(given: Given) -> Values:
    """Minutes of a day, hours of two weeks, and who must have it recorded."""
    (start, _), (_, end) = shifts(given.settings)
    daily = on_duty(given.settings, start, end)
    limit = given.settings.policy.attendance.record_minutes
    home = [end - clock(row["when"]) for row in given.rows if row["why"] == "回单位交换文件"]
    assert {limit, limit + 1} <= set(home), "the limit itself and one minute more are what is asked for"
    week = workdays(date(2026, 9, 21), date(2026, 9, 27))
    assert "9 月 21 日至 27 日" in given.blank("a8").text
    return {
        "k3": Decimal(daily),
        "p6": Decimal(daily * 5) / 60,
        "a8": Decimal(daily * week) / 60,
        "t2": Decimal(sum(early > limit for early in home)),
    }


@rule("m10-j02")
def absent(given: Given) -> Values:
    """Half a day for enough late days, half a day for each long absence, and days without leave."""
    rules = given.settings.policy.attendance

    def minutes(words: str) -> int:
        hours, rest = re.search(r"(\d+) 小时", words), re.search(r"(\d+) 分", words)
        return int(hours[1] if hours else 0) * 60 + int(rest[1] if rest else 0)

    def days(row: Mapping[str, str]) -> Decimal:
        late = count(row["late"]) + count(row["early"]) >= rules.late_times
        gone = sum(minutes(one) > rules.away_hours * 60 for one in row["gone"].split("、"))
        other = 0 if row["else"] == "无" or "手续齐全" in row["else"] else count(row["else"], r"(\d+) 天")
        return HALF_DAY * late + HALF_DAY * gone + other

    return {blank.id: days(given.table[blank.text[0]]) for blank in given.spec.blanks}


@rule("m10-j03")
def away(given: Given) -> Values:
    """Minutes away without leave, lunch left out."""
    limit = given.settings.policy.attendance.away_hours * 60

    def minutes(row: Mapping[str, str]) -> int:
        if "首席代表同意" in row["why"] or "会议通知" in row["why"]:
            return 0
        first, last = map(clock, row["time"].split("—"))
        return on_duty(given.settings, first, last)

    total, sooner = sum(map(minutes, given.rows)), count(given.blank("n5").text, r"早回来 (\d+) 分钟")

    def verdict(blank: str, gone: int) -> str:
        return given.pick(blank, "计旷工半天" if gone > limit else "不计旷工")

    return {
        "w3": Decimal(minutes(given.table["第 3 次"])),
        "g7": Decimal(total),
        "b2": verdict("b2", total),
        "n5": verdict("n5", total - sooner),
    }


@rule("m10-j04")
def lines(given: Given) -> Values:
    """Hold absences against the centre's line and the law's (公务员法 88: days; 事业单位人事管理条例 15: working days)."""
    (left, back), (gone, returned) = (days_in(given.fact(name))[:2] for name in ("f2", "f3"))
    natural = (back - left).days
    working = workdays(gone, returned - timedelta(days=1))
    total = sum(int(days) for days in re.findall(r"旷工 (\d+) 天", given.fact("f5")))
    over = {"甲": natural > 15, "乙": working > 15, "丙": total > 30}
    crossed = [name for name, yes in over.items() if yes]
    words = {1: f"只有{crossed[0]}", 2: "和".join(crossed), 3: "三个人都"}[len(crossed)]
    late, early = (int(n) for n in re.findall(r"(\d+) 次", given.fact("f6"))[:2])
    return {
        "r8": Decimal(natural),
        "v3": Decimal(working),
        "x6": given.pick("x6", words),
        "k7": Decimal(given.settings.policy.attendance.late_times - late - early),
    }


@rule("m11-j01")
def quality(given: Given) -> Values:
    """Weigh the four figures of two windows."""
    lesson = (COURSE.source / "m11" / "data" / "weights.svg").read_text("utf-8")
    shown = re.findall(r"(\w\w) (\d+)%", lesson[: lesson.index("</title>")])
    assert all(word in name for (word, _), name in zip(shown, QUALITY, strict=True))
    assert [int(weight) for _, weight in shown] == list(QUALITY.values())

    def total(column: str) -> Decimal:
        return sum((Decimal(int(row[column]) * QUALITY[row["dim"]]) / 100 for row in given.rows), Decimal())

    lost = {row["dim"]: (100 - int(row["a"])) * QUALITY[row["dim"]] for row in given.rows}
    return {
        "one": total("a"),
        "two": total("b"),
        "up": (total("a") - total("b")) * 100 / QUALITY["服务效率"],
        "lost": given.pick("lost", max(lost, key=lambda name: lost[name])),
    }


@rule("m11-j02")
def waiting(given: Given) -> Values:
    """Take a weighted mean and a rate of sums."""
    files = sum(int(row["n"]) for row in given.rows)
    once = sum(int(row["once"]) for row in given.rows)
    goal = count(given.blank("more").text, r"(\d+)%")
    longest = max(given.rows, key=lambda row: int(row["wait"]))
    worst = min(given.rows, key=lambda row: share(int(row["once"]), int(row["n"])))
    assert longest is worst
    return {
        "wait": Decimal(sum(int(row["n"]) * int(row["wait"]) for row in given.rows)) / files,
        "rate": share(once, files),
        "more": Decimal(-(-files * goal // 100) - once),
        "first": given.pick("first", worst["win"]),
    }


@rule("m11-j03")
def fewer(given: Given) -> Values:
    """Complaints in all, and for ten thousand files."""
    files = [int(n) for n in re.findall(r"(\d+) 件", given.fact("f1"))]
    before, now = (sum(int(row[column]) for row in given.rows) for column in ("a", "b"))
    rates = [Decimal(total) / n * 10000 for total, n in zip((before, now), files, strict=True)]
    skill = given.table["业务专业性"]
    assert int(skill["b"]) > int(skill["a"])
    return {
        "fall": share(before - now, before),
        "per": rates[1],
        "real": share(rates[0] - rates[1], rates[0]),
        "share": share(int(skill["b"]), now),
        "say": given.pick("say", "业务类还在增加"),
    }


@rule("m11-j04")
def trained(given: Given) -> Values:
    """Before and after: a difference of percentages is in points."""
    before, now = ({row["what"]: number(row[column]) for row in given.rows} for column in ("a", "b"))

    def cut(what: str) -> Decimal:
        return share(before[what] - now[what], before[what])

    gained = now["群众满意度"] - before["群众满意度"]
    return {
        "err": share(now["其中有差错的件数"], now["抽查件数"]),
        "up": (gained, "个百分点"),
        "rel": share(gained, before["群众满意度"]),
        "down": cut("投诉（起）"),
        "fast": cut("同一事项平均办理（分钟）"),
    }


@rule("m11-j05")
def cases(given: Given) -> Values:
    """Three cases of the sources, as they are told."""
    waited, waits = (number(n) for n in re.findall(r"(\d+) 分钟", given.fact("f1")))
    forms, left = (number(n) for n in re.findall(r"(\d+) 份", given.fact("f2")))
    claim, cut = number(given.fact("f1"), r"(\d+)%"), number(given.fact("f3"), r"(\d+)%")
    base = number(given.blank("d").text, r"(\d+)%")
    return {
        "a": share(waited - waits, waited),
        "b": share(forms - left, forms),
        "c": number(given.blank("c").text, r"(\d+) 分钟") * (100 - cut) / 100,
        "d": base * (100 + claim) / 100,
        "e": base + claim,
    }


@rule("m12-j01")
def results(given: Given) -> Values:
    """Totals and verdicts."""

    def marks(name: str) -> tuple[int, ...]:
        row = given.table[given.blank(name).text.split("的")[0]]
        return tuple(int(row[column]) for column in "abc")

    def verdict(name: str) -> str:
        reached, low = (
            weighted(given.settings, marks(name)) >= given.settings.evaluation.pass_mark,
            short(given.settings, marks(name)),
        )
        words = (
            ("总评到线，有单项没有到线" if low else "合格")
            if reached
            else "总评和单项都"
            if low
            else "只有总评没有到线"
        )
        (found,) = (
            o.id for o in given.blank(name).options if o.text == words or (len(words) > 2 and o.text.startswith(words))
        )
        return str(found)

    totals = {name: weighted(given.settings, marks(name)) for name in "abd"}
    return {**totals, **{name: verdict(name) for name in "xyz"}}


@rule("m12-j02")
def missing(given: Given) -> Values:
    """Find the least mark of the missing part that passes by trying them all."""

    def least(name: str) -> Decimal:
        row = given.table[given.blank(name).text.split("的")[0]]
        tried = (tuple(mark if "没有考" in row[c] else int(row[c]) for c in "abc") for mark in range(101))
        return Decimal(next(n for n, marks in enumerate(tried) if passes(given.settings, marks)))

    more = count(given.blank("d").text, r"多考 (\d+) 分")
    theory = count(given.fact("f3"), r"理论 (\d+) 分")
    assert short(given.settings, (theory, 100, 100)) == ["theory"]
    assert weighted(given.settings, (theory, 100, 100)) >= given.settings.evaluation.pass_mark
    return {
        **{name: least(name) for name in "abc"},
        "d": Decimal(more * given.settings.evaluation.weights["practical"]) / 100,
        "e": given.pick("e", "理论没有到线"),
    }


@rule("m12-j03")
def retraining(given: Given) -> Values:
    """Two courses, one across a holiday."""
    days = given.settings.evaluation.retraining_days
    (start, _), (_, end) = shifts(given.settings)
    one, two = (course_days(day_in(given.fact(name)), days) for name in ("f5", "f6"))
    return {
        "a": one[-1],
        "b": two[-1],
        "c": after(two[-1], 1),
        "d": Decimal((two[-1] - two[0]).days + 1),
        "e": Decimal(on_duty(given.settings, start, end) * days) / 60,
    }


@rule("m12-j04")
def half_day(given: Given) -> Values:
    """Shares of a timetable; the part that can give up time is the only one long enough."""
    spans = {row["what"] + row["time"]: tuple(map(clock, row["time"].split("–"))) for row in given.rows}
    minutes = {name: last - first for name, (first, last) in spans.items()}
    pause = sum(length for name, length in minutes.items() if name.startswith("休息"))
    teaching = sum(minutes.values()) - pause
    drill, least = count(given.fact("f1"), r"(\d+) 分钟"), count(given.fact("f2"), r"至少留 (\d+) 分钟")
    ((name, length),) = ((name, n) for name, n in minutes.items() if n - drill >= least)
    assert name.startswith("服务意识怎样养成")
    return {
        "teach": Decimal(teaching),
        "rest": share(pause, pause + teaching),
        "share": share(length, teaching),
        "from": given.pick("from", "服务意识怎样养成"),
        "after": share(length - drill, teaching),
    }


@rule("m12-j05")
def success(given: Given) -> Values:
    """Work a success story's own figures again."""
    before, now = (number(given.table["群众满意度"][column]) for column in ("a", "b"))
    first = [Decimal(n) for n in re.findall(r"\d+", given.table["每月投诉（一处写的）"]["a"])]
    (base,) = (Decimal(n) for n in re.findall(r"\d+", given.table["每月投诉（另一处写的）"]["a"]))
    least, most = (Decimal(n) for n in re.findall(r"\d+", given.table["每月投诉（另一处写的）"]["b"]))
    return {
        "up": (now - before, "个百分点"),
        "rel": share(now - before, before),
        "low": share(base - most, base),
        "high": share(base - least, base),
        "mid": share(max(first) - (least + most) / 2, max(first)),
    }


def test_rounding_is_half_up_and_lines_are_included() -> None:
    """83.65 is 83.7, 79.95 reaches 80 and 79.94 does not; a floor reached exactly is reached."""
    assert weighted(COURSE.settings, (86, 80, 85)) == Decimal("83.7")
    assert passes(COURSE.settings, (80, 70, 94))
    assert not passes(COURSE.settings, (79, 100, 100))
    assert half_up(Decimal("79.95"), 1) == 80 > half_up(Decimal("79.94"), 1)
