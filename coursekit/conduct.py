"""日常表现 and decisions by people: recorded for ever, each with its reason, never changed but taken back by a later line."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, insert, select

from coursekit.course import Course, CourseError
from coursekit.evaluation import Entry
from coursekit.records import open_records
from coursekit.roster_store import require_person
from coursekit.schema import CONDUCT

#: More than this in one entry is a slip of the pen.
MOST = Decimal(20)
_KINDS = {"points": "加扣分", "red": "红线", "undo": "撤销"}


@dataclass(frozen=True, slots=True)
class Record:
    """A line of the record as it stands there; *at* is UTC without zone."""

    entry: Entry
    trainee: str
    at: datetime
    evidence: str
    by: str

    @property
    def kind(self) -> str:
        """What sort of line it is, in words."""
        return _KINDS.get(self.entry.kind, self.entry.kind)


def parse_points(text: str) -> Decimal:
    """Read +1, -0.5 or －2 as points; raises CourseError for anything that is not tenths up to 20."""
    try:
        points = Decimal(text.replace("＋", "+").replace("－", "-").replace("−", "-").strip())
    except InvalidOperation:
        raise CourseError(f"“{text}”不是分数。请写成 +1 或 -0.5 这样。") from None
    if not points.is_finite() or not points or abs(points) > MOST or points != points.quantize(Decimal("0.1")):
        raise CourseError(f"“{text}”不能用：加扣分一次不超过 {MOST} 分，最多一位小数，不能为 0。")
    return points


def add_points(course: Course, trainee: str, points: Decimal, reason: str, evidence: str) -> int:
    """Record a bonus or a deduction and return its number; raises CourseError without reason or evidence."""
    return _add(course, trainee, "points", points, _needed(reason, "原因"), _needed(evidence, "依据（--evidence）"))


def add_red(course: Course, trainee: str, reason: str, evidence: str) -> int:
    """Record a red line (一票否决), which keeps a trainee from passing until it is taken back."""
    return _add(course, trainee, "red", Decimal(0), _needed(reason, "原因"), _needed(evidence, "依据（--evidence）"))


def undo(course: Course, number: int, reason: str) -> str:
    """Take back a line by adding one that says so; returns whose it was. Raises CourseError when it cannot be."""
    with open_records(course) as connection:
        rows = {row.entry.id: row for row in records(connection)}
        found = rows.get(number)
        if found is None or found.entry.kind == "undo":
            raise CourseError(f"没有编号为 {number} 的记录。请看编号：coursekit conduct list")
        if any(row.entry.undoes == number for row in rows.values()):
            raise CourseError(f"记录 {number} 已经撤销过了。")
        _insert(connection, found.trainee, "undo", Decimal(0), _needed(reason, "原因"), "", number)
    return found.trainee


def records(connection: Connection, trainee: str = "") -> list[Record]:
    """Return the record, oldest first: of everybody or of one trainee."""
    query = select(CONDUCT).order_by(CONDUCT.c.id)
    if trainee:
        query = query.where(CONDUCT.c.student_id == trainee)
    return [_record(row) for row in connection.execute(query).mappings()]


def entries(connection: Connection) -> dict[str, Sequence[Entry]]:
    """Return everybody's entries by trainee."""
    found: dict[str, list[Entry]] = {}
    for row in records(connection):
        found.setdefault(row.trainee, []).append(row.entry)
    return dict(found)


def whoami() -> str:
    """Return who is at the keyboard, as the record keeps it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "?"


def needed_reason(reason: str) -> str:
    """Return a reason without blanks around it; raises CourseError when nothing is left."""
    return _needed(reason, "原因（--reason）")


def _needed(text: str, what: str) -> str:
    if not text.strip():
        raise CourseError(f"{what}不能为空，请写明。")
    return text.strip()


def _add(course: Course, trainee: str, kind: str, points: Decimal, reason: str, evidence: str) -> int:
    with open_records(course) as connection:
        require_person(connection, trainee)
        return _insert(connection, trainee, kind, points, reason, evidence, None)


def _insert(
    connection: Connection, trainee: str, kind: str, points: Decimal, reason: str, evidence: str, undoes: int | None
) -> int:
    row = {
        "at": datetime.now(UTC).replace(tzinfo=None), "student_id": trainee, "kind": kind, "points": float(points),
        "reason": reason, "evidence": evidence, "by": whoami(), "undoes": undoes,
    }  # fmt: skip
    key = connection.execute(insert(CONDUCT).values(row)).inserted_primary_key
    return int(key[0]) if key else 0


def _record(row: Mapping[str, Any] | Any) -> Record:
    entry = Entry(row["id"], row["kind"], Decimal(repr(row["points"])), row["reason"], row["undoes"])
    return Record(entry, row["student_id"], row["at"], row["evidence"], row["by"])
