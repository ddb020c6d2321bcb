"""The tables of live classes; all names start with ``coursekit_`` so that they may stand beside nbgrader's."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, Integer, MetaData, String, Table, Text

META = MetaData()

#: *spec* is the drill's data file as the class began, without any key; *lock* is the hash of the trainer's key.
CLASS = Table(
    "coursekit_class",
    META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("code", String(6), nullable=False, unique=True),
    Column("drill", String(128), nullable=False),
    Column("exercise", String(128), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("size", Integer, nullable=False),
    Column("address", String(256), nullable=False),
    Column("lock", String(64), nullable=False),
    Column("spec", Text, nullable=False),
    Column("opened", DateTime, nullable=False),
    Column("closed", DateTime),
    Column("debrief", Text),
)

QUESTION = Table(
    "coursekit_question",
    META,
    Column("class", ForeignKey(CLASS.c.id), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("node", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("round", Integer, nullable=False),
    Column("taken", String(64)),
    Column("since", DateTime, nullable=False),
)

#: One row a trainee, step and round: a ballot sent twice finds its own row.
VOTE = Table(
    "coursekit_vote",
    META,
    Column("class", ForeignKey(CLASS.c.id), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("trainee", String(128), primary_key=True),
    Column("node", String(64), nullable=False),
    Column("option", String(64)),
    Column("ms", Integer, nullable=False),
    Column("at", DateTime, nullable=False),
)

MEMBER = Table(
    "coursekit_member",
    META,
    Column("class", ForeignKey(CLASS.c.id), primary_key=True),
    Column("trainee", String(128), primary_key=True),
    Column("at", DateTime, nullable=False),
)

#: Votes on paper, when the network is down: numbers, nobody's in particular.
TALLY = Table(
    "coursekit_tally",
    META,
    Column("class", ForeignKey(CLASS.c.id), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("option", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
)

#: An observer's score of a role-play; *subject* is a trainee or a group.
RUBRIC = Table(
    "coursekit_rubric",
    META,
    Column("class", ForeignKey(CLASS.c.id), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("criterion", String(16), primary_key=True),
    Column("score", Integer, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", DateTime, nullable=False),
)

#: Who belongs to a subject of the rubric.
PLAYER = Table(
    "coursekit_player",
    META,
    Column("class", ForeignKey(CLASS.c.id), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("trainee", String(128), primary_key=True),
)
