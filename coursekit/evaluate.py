"""``coursekit evaluate``: where everybody stands by marks, conduct and decisions, and the steps that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from coursekit import conduct
from coursekit.course import Course, CourseError
from coursekit.decisions import MACHINE, record, stages
from coursekit.evaluation import Conduct, Evaluated, history, is_close, standing_conduct
from coursekit.marks import Marks, assignments, read_marks, total_error
from coursekit.records import lock_records, open_records
from coursekit.roster import Person
from coursekit.roster_store import everybody
from coursekit.settings import Component
from coursekit.states import Stage, State, Step, notice, steps


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a trainee stands; *state* is the recorded one, *steps* follow from the marks and are not recorded yet.

    *since* is UTC without zone, *review* says 复核, *until* is the last day of a retraining.
    """

    trainee: str
    name: str
    unit: str
    counter: str
    class_name: str
    components: Mapping[Component, Decimal | None]
    total: Decimal | None
    state: State
    review: bool
    since: datetime | None
    result: Evaluated
    conduct: Conduct
    steps: tuple[Step, ...] = ()
    notice: str = ""
    until: date | None = None

    @property
    def next_state(self) -> State:
        """The state after the steps that are not recorded yet."""
        return self.steps[-1].after if self.steps else self.state


@dataclass(frozen=True, slots=True)
class Results:
    """Everybody's standing; *error* is the standard error of a total, *problems* what in the gradebook cannot be right."""

    standings: tuple[Standing, ...]
    error: float | None
    problems: tuple[str, ...]


def standings(course: Course, group: str = "") -> list[Standing]:
    """Return where everybody stands who is not archived, by id; raises CourseError when nobody is in *group*."""
    return list(evaluate_course(course, group).standings)


def evaluate_course(course: Course, group: str = "", *, write: bool = False) -> Results:
    """Judge everybody of *group*; with *write* record the steps that follow, all in one transaction."""
    with open_records(course) as connection:
        names = assignments(connection)
    marks = read_marks(course, names)
    error = total_error(course.settings.evaluation, marks)
    with open_records(course) as connection:
        if write:
            lock_records(connection)
        people = _people(connection, group)
        known = stages(connection)
        entries = conduct.entries(connection)
        found = [
            _standing(course, one, marks, standing_conduct(entries.get(one.id, ())), known.get(one.id), error)
            for one in people
        ]
        if write:
            now = datetime.now(UTC).replace(tzinfo=None)
            record(connection, [(one.trainee, step) for one in found for step in one.steps], now, MACHINE)
            found = [_recorded(course, one, now) for one in found]
    return Results(tuple(found), error, marks.problems)


def as_json(results: Results) -> list[dict[str, Any]]:
    """Return standings as a program reads them; marks are numbers, what is missing is null."""
    return [
        {
            "id": one.trainee,
            "name": one.name,
            "unit": one.unit,
            "counter": one.counter,
            "class": one.class_name,
            "components": {name: _number(mark) for name, mark in one.components.items()},
            "conduct": float(one.conduct.points),
            "total": _number(one.total),
            "state": one.state.value,
            "next": one.next_state.value,
            "since": one.since.replace(tzinfo=UTC).isoformat() if one.since else None,
            "review": one.review,
            "gap": _number(one.result.gap),
            "red": list(one.result.red),
            "missing": dict(one.result.missing),
            "advice": None
            if one.result.advice is None
            else [
                {"component": step.component, "from": float(step.at), "to": float(step.to)}
                for step in one.result.advice
            ],
            "notice": one.notice,
        }
        for one in results.standings
    ]


def _number(mark: Decimal | None) -> float | None:
    return None if mark is None else float(mark)


def _people(connection: Connection, group: str) -> list[Person]:
    people = [one for one in everybody(connection).values() if not one.archived]
    chosen = [one for one in people if not group or one.class_name == group]
    if group and not chosen:
        groups = "、".join(sorted({one.class_name for one in people if one.class_name})) or "（还没有）"
        raise CourseError(f"没有学员属于班级“{group}”。现有班级：{groups}。请检查写法，或先导入花名册。")
    return chosen


def _standing(
    course: Course,
    person: Person,
    marks: Marks,
    behaviour: Conduct,
    known: tuple[Stage, datetime | None] | None,
    error: float | None,
) -> Standing:
    rules = course.settings.evaluation
    stage, since = known or (Stage(), None)
    results = history(rules, marks.papers, marks.sat.get(person.id, {}), behaviour, stage.void)
    result = results[-1]
    one = Standing(
        person.id, person.name, person.unit, person.counter, person.class_name,
        result.components, result.total, stage.state, is_close(result.total, rules.pass_mark, error), since,
        result, behaviour, steps(stage, results, is_trained=person.id in marks.trained),
    )  # fmt: skip
    return _dated(course, one, one.next_state)


def _dated(course: Course, one: Standing, state: State) -> Standing:
    """Add when a retraining ends, and what is to be done."""
    until = None
    if state is State.RETRAINING and one.since and one.state is state:
        began = one.since.replace(tzinfo=UTC).astimezone(course.zone).date()
        until = began + timedelta(days=course.settings.evaluation.retraining_days)
    said = notice(state, one.result)
    if until and until < datetime.now(course.zone).date():
        said = said or "强化培训已期满，请安排复考：coursekit resit e01"
    return replace(one, until=until, notice=said)


def _recorded(course: Course, one: Standing, now: datetime) -> Standing:
    if not one.steps:
        return one
    return _dated(course, replace(one, state=one.next_state, since=now, steps=()), one.next_state)
