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

#: SQLite commits each of these alone, so that a kill may come between table and trigger: every opening makes sure.
#: INSERT stands here because SQLite's REPLACE is an insert that deletes.
for _action, _when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", "WHEN NEW.id IN (SELECT id FROM coursekit_audit) ")):
    _sqlite = DDL(  # type: ignore[no-untyped-call]
        f"CREATE TRIGGER IF NOT EXISTS coursekit_audit_no_{_action.lower()} BEFORE {_action} ON coursekit_audit "
        f"{_when}BEGIN SELECT RAISE(ABORT, 'coursekit_audit is append-only'); END"
    )
    event.listen(META, "after_create", _sqlite.execute_if(dialect="sqlite"))

_REFUSE = (
    "CREATE FUNCTION coursekit_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'coursekit_audit is append-only'; END $$"
)
_TRIGGER = (
    "CREATE TRIGGER coursekit_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON coursekit_audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION coursekit_audit_refuse()"
)
for _statement in (_REFUSE, _TRIGGER):
    _postgres = DDL(_statement)  # type: ignore[no-untyped-call]
    event.listen(AUDIT, "after_create", _postgres.execute_if(dialect="postgresql"))
