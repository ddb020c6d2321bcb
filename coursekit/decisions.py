"""The record of every trainee's steps from 在训 to the decision; what people decide is checked and recorded here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, column, insert, select, table

from coursekit.conduct import needed_reason, whoami
from coursekit.course import Course, CourseError
from coursekit.marks import papers_of
from coursekit.records import lock_records, open_records
from coursekit.roster_store import require_person
from coursekit.schema import TRANSITION
from coursekit.states import BY_HAND, Stage, State, Step, is_restart
from widgets.pool import sitting

#: Who records a step that follows from marks.
MACHINE = "coursekit"


@dataclass(frozen=True, slots=True)
class Decision:
    """A recorded transition; *at* is UTC without zone."""

    at: datetime
    trainee: str
    before: State
    after: State
    reason: str
    by: str
    sitting: int
    total: Decimal | None


def move(course: Course, trainee: str, state: State, reason: str) -> State:
    """Record what people decided and return the state before; raises CourseError for a step that is not theirs."""
    said = needed_reason(reason)
    with open_records(course) as connection:
        lock_records(connection)
        require_person(connection, trainee)
        before = stages(connection, trainee).get(trainee, (Stage(), None))[0].state
        if state not in BY_HAND[before]:
            can = "、".join(one.value for one in BY_HAND[before])
            also = "合格只能由成绩评定，不能手工改；" if state is State.PASSED else ""
            raise CourseError(f"{trainee} 现在是“{before.value}”，不能改为“{state.value}”。{also}可以改为：{can}。")
        step = Step(before, state, said, _last_sitting(course, connection, trainee))
        record(connection, [(trainee, step)], datetime.now(UTC).replace(tzinfo=None), whoami())
    return before


def decisions(connection: Connection, trainee: str = "") -> list[Decision]:
    """Return every recorded transition, oldest first: of everybody or of one trainee."""
    query = select(TRANSITION).order_by(TRANSITION.c.id)
    if trainee:
        query = query.where(TRANSITION.c.student_id == trainee)
    return [_decision(row) for row in connection.execute(query).mappings()]


def stages(connection: Connection, trainee: str = "") -> dict[str, tuple[Stage, datetime | None]]:
    """Return by trainee the present stage and since when; who is missing is in training from the beginning."""
    found: dict[str, tuple[Stage, datetime | None]] = {}
    for one in decisions(connection, trainee):
        old = found.get(one.trainee, (Stage(), None))[0]
        restart = one.by != MACHINE and is_restart(one.before, one.after)
        found[one.trainee] = (Stage(one.after, one.sitting, one.sitting if restart else old.void), one.at)
    return found


def record(connection: Connection, todo: Sequence[tuple[str, Step]], now: datetime, by: str) -> None:
    """Add transitions to the record; nothing there is ever changed."""
    rows = [
        {
            "at": now, "student_id": trainee, "from_state": step.before.value, "to_state": step.after.value,
            "reason": step.reason, "by": by, "sitting": step.sitting, "total": None if step.total is None else float(step.total),
        }
        for trainee, step in todo
    ]  # fmt: skip
    if rows:
        connection.execute(insert(TRANSITION), rows)


def _decision(row: Any) -> Decision:
    total = None if row["total"] is None else Decimal(repr(row["total"]))
    before, after = State(row["from_state"]), State(row["to_state"])
    return Decision(row["at"], row["student_id"], before, after, row["reason"], row["by"], row["sitting"], total)


def _last_sitting(course: Course, connection: Connection, trainee: str) -> int:
    """Return the last sitting that a trainee handed in of any component's paper."""
    submitted, assignment = (
        table("submitted_assignment", column("assignment_id"), column("student_id")),
        table("assignment", column("id"), column("name")),
    )
    query = (
        select(assignment.c.name)
        .join(submitted, submitted.c.assignment_id == assignment.c.id)
        .where(submitted.c.student_id == trainee)
    )
    names = list(connection.execute(query).scalars())
    papers = {paper for some in papers_of(course.settings.evaluation, names).values() for paper in some}
    return max((sitting(name)[1] for name in names if sitting(name)[0] in papers), default=0)
