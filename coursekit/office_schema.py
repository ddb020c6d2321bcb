"""Tables of the training ledger (培训台账) in the gradebook's database: sessions, attendance, records, certificates."""

from __future__ import annotations

from sqlalchemy import Column, Date, DateTime, Integer, Numeric, String, Table, Text

from coursekit.schema import META

#: Training sessions held; *number* is the office's own (场次编号). Day and times are those of the clock on the wall.
SESSION = Table(
    "coursekit_session",
    META,
    Column("number", String(64), primary_key=True),
    Column("day", Date, nullable=False),
    Column("starts", String(5), nullable=False),
    Column("ends", String(5), nullable=False),
    Column("place", String(128), nullable=False),
    Column("content", Text, nullable=False),
    Column("trainer", String(128), nullable=False),
    Column("hours", Numeric(5, 1)),
)

#: Who was there; *status* is a word of :data:`coursekit.ledger_forms.PRESENCE`.
ATTENDANCE = Table(
    "coursekit_attendance",
    META,
    Column("session", String(64), primary_key=True),
    Column("student_id", String(128), primary_key=True, index=True),
    Column("status", String(16), nullable=False),
    Column("note", Text, nullable=False),
)

#: Skills gained, problems with their correction, honours, comments: *kind* says which. *by* is who found or awarded it.
RECORD = Table(
    "coursekit_record",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("student_id", String(128), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("content", Text, nullable=False),
    Column("correction", Text, nullable=False),
    Column("done", Date),
    Column("by", String(128), nullable=False),
)

#: Certificates issued, with the words that stand on them; a revoked one stays and says why. Times are UTC.
CERTIFICATE = Table(
    "coursekit_certificate",
    META,
    Column("code", String(16), primary_key=True),
    Column("student_id", String(128), nullable=False, index=True),
    Column("name", String(128), nullable=False),
    Column("unit", String(128), nullable=False),
    Column("course", String(256), nullable=False),
    Column("centre", String(256), nullable=False),
    Column("total", Numeric(5, 1), nullable=False),
    Column("passed", Date, nullable=False),
    Column("issued", DateTime, nullable=False),
    Column("issued_by", String(128), nullable=False),
    Column("revoked", DateTime),
    Column("revoked_by", String(128), nullable=False),
    Column("reason", Text, nullable=False),
)
