"""The kit's own tables beside nbgrader's in the gradebook; all names start with ``coursekit_``."""

from __future__ import annotations

from sqlalchemy import DDL, Boolean, Column, DateTime, Float, Integer, MetaData, String, Table, Text, event

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

#: Who is on the roster beside nbgrader's student table; *extra* is a JSON object of the columns that the kit does not
#: know. *class_name* is the 班级; archived people keep their grades.
PERSON = Table(
    "coursekit_person",
    META,
    Column("student_id", String(128), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("unit", String(128), nullable=False),
    Column("counter", String(128), nullable=False),
    Column("class_name", String(128), nullable=False),
    Column("extra", Text, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("added", DateTime, nullable=False),
    Column("updated", DateTime, nullable=False),
)

#: Every step of a trainee from 在训 to the decision, for ever; *sitting* is the last one that they had sat by then.
TRANSITION = Table(
    "coursekit_transition",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("student_id", String(128), nullable=False, index=True),
    Column("from_state", String(32), nullable=False),
    Column("to_state", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("sitting", Integer, nullable=False),
    Column("total", Float),
)

#: 日常表现, for ever: *kind* is points (加扣分), red (红线), or undo, which takes back the entry *undoes*.
CONDUCT = Table(
    "coursekit_conduct",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("student_id", String(128), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("points", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("by", String(128), nullable=False),
    Column("undoes", Integer),
)


def append_only(table: Table) -> None:
    """Let the database refuse to change or delete rows of *table*, whoever asks.

    SQLite commits each trigger alone, so that a kill may come between table and trigger: every opening makes sure.
    INSERT stands here because SQLite's REPLACE is an insert that deletes.
    """
    name = table.name
    for action, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", f"WHEN NEW.id IN (SELECT id FROM {name}) ")):  # noqa: S608
        sqlite = DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER IF NOT EXISTS {name}_no_{action.lower()} BEFORE {action} ON {name} "
            f"{when}BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
        )
        event.listen(META, "after_create", sqlite.execute_if(dialect="sqlite"))
    refuse = (
        f"CREATE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name} is append-only'; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}_refuse()"
    )
    for statement in (refuse, trigger):
        postgres = DDL(statement)  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", postgres.execute_if(dialect="postgresql"))


for _table in (AUDIT, TRANSITION, CONDUCT):
    append_only(_table)
