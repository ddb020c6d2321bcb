"""The kit's own tables beside nbgrader's in the gradebook; all names start with ``coursekit_``."""

from __future__ import annotations

from sqlalchemy import DDL, Column, DateTime, Float, Integer, MetaData, String, Table, Text, event

META = MetaData()

#: What was graded last: *digest* covers journal, keys, data and code, so that unchanged work is skipped.
GRADING = Table(
    "coursekit_grading",
    META,
    Column("assignment", String(128), primary_key=True),
    Column("trainee", String(128), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("graded_at", DateTime, nullable=False),
    Column("report", Text, nullable=False),
)

#: Every change of a grade, for ever; times are UTC.
AUDIT = Table(
    "coursekit_audit",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("assignment", String(128), nullable=False),
    Column("trainee", String(128), nullable=False),
    Column("cell", String(128), nullable=False),
    Column("old", Float),
    Column("new", Float),
    Column("why", Text, nullable=False),
)

for _action in ("UPDATE", "DELETE"):
    _trigger = DDL(  # type: ignore[no-untyped-call]
        f"CREATE TRIGGER coursekit_audit_no_{_action.lower()} BEFORE {_action} ON coursekit_audit "
        "BEGIN SELECT RAISE(ABORT, 'coursekit_audit is append-only'); END"
    )
    event.listen(AUDIT, "after_create", _trigger.execute_if(dialect="sqlite"))
    _rule = DDL(  # type: ignore[no-untyped-call]
        f"CREATE RULE coursekit_audit_no_{_action.lower()} AS ON {_action} TO coursekit_audit DO INSTEAD NOTHING"
    )
    event.listen(AUDIT, "after_create", _rule.execute_if(dialect="postgresql"))
