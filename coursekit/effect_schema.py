"""Tables of effect tracking and of forms in the gradebook's database."""

from __future__ import annotations

from sqlalchemy import Column, Date, DateTime, Integer, Numeric, String, Table, Text

from coursekit.quality import ALL
from coursekit.schema import META

#: What a counter's figures were from *starts* to *ends*; *phase* is before or after the training.
EFFECT = Table(
    "coursekit_effect",
    META,
    Column("counter", String(128), primary_key=True),
    Column("starts", Date, primary_key=True),
    Column("ends", Date, nullable=False),
    Column("phase", String(8), nullable=False),
    *(
        Column(name, Integer)
        for name in ("handled", "errors", "rated", "satisfied", "complaints", "praises", "responses")
    ),
    Column("minutes", Numeric(8, 2)),
    Column("feedback", Numeric(3, 2)),
)

#: Second-level quality marks (0–100) that one *method* gave a counter on a day.
QUALITY = Table(
    "coursekit_quality",
    META,
    Column("counter", String(128), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("method", String(128), primary_key=True),
    Column("phase", String(8), nullable=False),
    *(Column(name, Numeric(5, 2)) for name in ALL),
)

#: Forms handed in, one row a sheet; *answer* is a JSON object of words by question. Of an anonymous form *student_id*
#: and *at* (UTC) are empty, and rows stand in no order that would tell whose they are.
FORM = Table(
    "coursekit_form",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("assignment", String(128), nullable=False, index=True),
    Column("exercise", String(64), nullable=False),
    Column("student_id", String(128), index=True),
    Column("at", DateTime),
    Column("answer", Text, nullable=False),
)
