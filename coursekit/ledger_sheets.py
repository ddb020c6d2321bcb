"""The ledger as sheets of a workbook: one view each, as a personnel office files and prints them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coursekit.evaluation import COMPONENTS, LABELS
from coursekit.ledger import Ledger
from coursekit.ledger_forms import PRESENT
from coursekit.roster import Person
from coursekit.xlsx import Column, Sheet
from widgets.pool import sitting

_WHO = (Column("工号", 12), Column("姓名", 10), Column("班级", 12))
_REVIEW = "总评在及格线上下一个标准误以内，请复核"


def sheets(ledger: Ledger) -> list[Sheet]:
    """Return every view of the ledger, the list of people first."""
    return [
        _people(ledger),
        _marks(ledger),
        _sessions(ledger),
        _skills(ledger),
        _problems(ledger),
        _honours(ledger),
        _conduct(ledger),
        _decisions(ledger),
    ]


def _who(person: Person) -> tuple[str, str, str]:
    return person.id, person.name, person.class_name


def _people(ledger: Ledger) -> Sheet:
    columns = [
        *_WHO[:2], Column("单位", 20), Column("窗口", 14), _WHO[2], Column("状态", 12), Column("自", 12, "day"),
        Column("待记录", 12),
        Column("总评", 8, "number"), *(Column(LABELS[name], 8, "number") for name in COMPONENTS),
        Column("日常表现", 9, "number"), Column("复核", 7),
        Column("应到场次", 7, "count"), Column("实到场次", 7, "count"), Column("技能提升", 7, "count"),
        Column("问题", 7, "count"), Column("其中未改进", 8, "count"), Column("表彰", 7, "count"),
        Column("证书编号", 17), Column("归档", 7),
    ]  # fmt: skip
    return Sheet("人员总表", columns, (_person(ledger, one) for one in ledger.people.values()), fixed=2)


def _person(ledger: Ledger, person: Person) -> list[Any]:
    standing = ledger.standings.get(person.id)
    attended = ledger.attendance.get(person.id, ())
    problems = ledger.of_kind(person.id, "problem")
    certificate = ledger.certificates.get(person.id)
    return [
        person.id, person.name, person.unit, person.counter, person.class_name,
        standing.state.value if standing else None, ledger.local(standing.since) if standing else None,
        standing.next_state.value if standing and standing.steps else None,
        standing.total if standing else None,
        *(standing.components[name] if standing else None for name in COMPONENTS),
        standing.conduct.points if standing else None,
        "复核" if standing and standing.review else None,
        len(attended), sum(one.status in PRESENT for one in attended), len(ledger.of_kind(person.id, "skill")),
        len(problems), sum(one.done is None for one in problems), len(ledger.of_kind(person.id, "honour")),
        certificate.code if certificate else None, "是" if person.archived else None,
    ]  # fmt: skip


def _marks(ledger: Ledger) -> Sheet:
    titles = [f"{one.name}（满分 {one.maximum:g}）" for one in ledger.assignments]
    columns = [*_WHO, *(Column(title, 11, "number") for title in titles)]
    return Sheet("成绩", [*columns, Column("待人工评分", 14), Column("评语", 60)], _mark_rows(ledger), fixed=2)


def _mark_rows(ledger: Ledger) -> Iterator[list[Any]]:
    for person in ledger.people.values():
        mine = ledger.results.get(person.id, {})
        points = [mine[one.name].score if one.name in mine else None for one in ledger.assignments]
        waiting = "、".join(name for name, one in mine.items() if one.waits)
        yield [*_who(person), *points, waiting, "\n".join(_comments(ledger, person))]


def _comments(ledger: Ledger, person: Person) -> Iterator[str]:
    for comment in ledger.comments.get(person.id, ()):
        yield f"{comment.assignment}：{comment.text.strip()}"
    for one in ledger.of_kind(person.id, "comment"):
        yield f"{one.day}{f' {one.by}' if one.by else ''}：{one.content}"


def _sessions(ledger: Ledger) -> Sheet:
    columns = [
        Column("场次编号", 12), Column("日期", 12, "day"), Column("开始", 8), Column("结束", 8), Column("地点", 18),
        Column("内容", 36), Column("讲师", 12), Column("学时", 7, "number"), *_WHO, Column("签到", 8),
        Column("备注", 24),
    ]  # fmt: skip
    return Sheet("培训场次与签到", columns, _session_rows(ledger), fixed=1)


def _session_rows(ledger: Ledger) -> Iterator[list[Any]]:
    there: dict[str, list[list[Any]]] = {}
    for person in ledger.people.values():
        for one in ledger.attendance.get(person.id, ()):
            there.setdefault(one.session, []).append([*_who(person), one.status, one.note])
    for number, held in ledger.sessions.items():
        facts = [number, held.day, held.starts, held.ends, held.place, held.content, held.trainer, held.hours]
        for row in there.get(number, [[None] * 5]):
            yield [*facts, *row]


def _skills(ledger: Ledger) -> Sheet:
    columns = [*_WHO, Column("日期", 12, "day"), Column("技能提升", 60), Column("认定人", 14)]
    rows = (
        [*_who(person), one.day, one.content, one.by]
        for person in ledger.people.values()
        for one in ledger.of_kind(person.id, "skill")
    )
    return Sheet("技能提升", columns, rows, fixed=2)


def _problems(ledger: Ledger) -> Sheet:
    columns = [
        *_WHO, Column("日期", 12, "day"), Column("问题", 40), Column("改进措施", 40), Column("完成日期", 12, "day"),
        Column("责任人", 12), Column("情况", 10),
    ]  # fmt: skip
    rows = (
        [*_who(person), one.day, one.content, one.correction, one.done, one.by, "已改进" if one.done else "改进中"]
        for person in ledger.people.values()
        for one in ledger.of_kind(person.id, "problem")
    )
    return Sheet("问题与改进", columns, rows, fixed=2)


def _honours(ledger: Ledger) -> Sheet:
    columns = [*_WHO, Column("日期", 12, "day"), Column("表彰", 60), Column("授予单位", 20)]
    rows = (
        [*_who(person), one.day, one.content, one.by]
        for person in ledger.people.values()
        for one in ledger.of_kind(person.id, "honour")
    )
    return Sheet("表彰", columns, rows, fixed=2)


def _conduct(ledger: Ledger) -> Sheet:
    columns = [
        *_WHO, Column("编号", 7, "count"), Column("时间", 17, "time"), Column("类别", 9), Column("分值", 8, "number"), Column("原因", 40),
        Column("依据", 30), Column("记录人", 12), Column("已撤销", 8),
    ]  # fmt: skip
    return Sheet("日常表现", columns, _conduct_rows(ledger), fixed=2)


def _conduct_rows(ledger: Ledger) -> Iterator[list[Any]]:
    for person in ledger.people.values():
        undone = ledger.undone(person.id)
        for one in ledger.conduct.get(person.id, ()):
            entry = one.entry
            points = entry.points if entry.kind == "points" else None
            facts = [entry.id, ledger.local(one.at), one.kind, points, entry.reason, one.evidence, one.by]
            yield [*_who(person), *facts, "是" if entry.id in undone else None]


def _decisions(ledger: Ledger) -> Sheet:
    columns = [
        Column("类别", 10), *_WHO, Column("时间", 17, "time"), Column("事项", 28), Column("分数", 8, "number"),
        Column("说明", 50), Column("经办", 12),
    ]  # fmt: skip
    return Sheet("复核与补考", columns, _decision_rows(ledger), fixed=3)


def _decision_rows(ledger: Ledger) -> Iterator[list[Any]]:
    people = ledger.people.values()
    for person in people:
        standing = ledger.standings.get(person.id)
        if standing and standing.review:
            facts = [ledger.local(standing.since), standing.state.value, standing.total]
            yield ["复核", *_who(person), *facts, _REVIEW, None]
    for person in people:
        for name, one in ledger.results.get(person.id, {}).items():
            if sitting(name)[1] > 1:
                waits = "待人工评分" if one.waits else None
                yield ["补考", *_who(person), ledger.local(one.timestamp), name, one.score, waits, None]
    for person in people:
        for step in ledger.decisions.get(person.id, ()):
            words = f"{step.before.value} → {step.after.value}"
            yield ["状态变化", *_who(person), ledger.local(step.at), words, step.total, step.reason, step.by]
