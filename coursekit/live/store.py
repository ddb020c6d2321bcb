"""The class store: every method is one transaction, acknowledged by returning; kernels are clients and may die."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select, update

from coursekit.live.database import Database
from coursekit.live.records import CRITERIA, TOP_SCORE, Class, Rating, Snapshot, Vote
from coursekit.live.rules import (
    CLOSED,
    WRONG_CODE,
    Ballot,
    Command,
    Mode,
    Question,
    RefusedError,
    Session,
    act,
    admit,
    first,
)
from coursekit.live.tables import CLASS, MEMBER, META, PLAYER, QUESTION, RUBRIC, TALLY, VOTE
from widgets.scenario import ScenarioSpec
from widgets.story import Story

NO_COUNT = "票数应是 0 或更大的整数，请核对后再录入。"


def story_of(spec: str) -> Story:
    """Read the story that a class walks from its own copy of the data file."""
    return msgspec.json.decode(spec, type=ScenarioSpec).story


class Store:
    """Classes in a database; raises StoreError when that fails and RefusedError where the rules forbid."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(self, *, drill: str, exercise: str, spec: str, mode: Mode, size: int, address: str) -> tuple[Class, str]:
        """Start a class with a new 6-digit code; returns it with the trainer's key, which is stored nowhere."""
        key, now = secrets.token_urlsafe(18), _now()
        with self.database.writing() as db:
            META.create_all(db)
            taken = set(db.scalars(select(CLASS.c.code)))
            code = next(code for code in iter(_code, "") if code not in taken)
            row = {
                "code": code, "drill": drill, "exercise": exercise, "mode": mode, "size": size, "address": address,
                "lock": _hash(key), "spec": spec, "opened": now,
            }  # fmt: skip
            number = db.execute(insert(CLASS).values(row)).inserted_primary_key
            assert number is not None
            db.execute(insert(QUESTION).values(_question(number[0], first(story_of(spec)), now)))
        return _class(row | {"id": number[0], "closed": None}), key

    def resume(self, one: Class, address: str) -> tuple[Class, str]:
        """Let a class whose server has ended go on at *address*; returns it with a new key, the old one opens nothing."""
        key = secrets.token_urlsafe(18)
        changed = {"address": address, "lock": _hash(key)}
        with self.database.writing() as db:
            if _session(db, one, lock=True).closed:
                raise RefusedError(CLOSED)
            db.execute(_at(CLASS, one).values(changed))
        return msgspec.structs.replace(one, **changed), key

    def classes(self) -> list[Class]:
        """List all classes, newest first."""
        if self.database.is_missing:
            return []
        with self.database.reading() as db:
            if not db.dialect.has_table(db, CLASS.name):
                return []
            rows = db.execute(select(CLASS).order_by(CLASS.c.id.desc())).mappings()
            return [_class(row) for row in rows]

    def find(self, code: str) -> Class:
        """Return the class with a code as people type it; raises RefusedError when there is none."""
        typed = "".join(code.split())
        digits = "".join(str(int(one)) for one in typed if one.isdecimal())
        if self.database.is_missing or len(digits) != len(typed):
            raise RefusedError(WRONG_CODE)
        with self.database.reading() as db:
            is_there = db.dialect.has_table(db, CLASS.name)
            row = db.execute(select(CLASS).where(CLASS.c.code == digits)).mappings().first() if is_there else None
        if row is None:
            raise RefusedError(WRONG_CODE)
        return _class(row)

    def unlock(self, code: str, key: str) -> Class:
        """Return the class whose trainer holds *key*; raises RefusedError for a wrong one."""
        found = self.find(code)
        if not hmac.compare_digest(found.lock, _hash(key)):
            raise RefusedError("这不是本班主持人的控制台地址。请用“coursekit class start”打印的那个地址打开。")
        return found

    def join(self, one: Class, trainee: str) -> None:
        """Note that a trainee is there; coming again is harmless, and a closed class takes nobody in."""
        with self.database.writing() as db:
            known = select(MEMBER.c.trainee).where(MEMBER.c["class"] == one.id, MEMBER.c.trainee == trainee)
            if db.execute(known).first() is None and not _session(db, one, lock=True).closed:
                db.execute(insert(MEMBER).values({"class": one.id, "trainee": trainee, "at": _now()}))

    def vote(self, one: Class, story: Story, trainee: str, ballot: Ballot) -> None:
        """Cast a ballot; it is on the disk when this returns. Sending it again is harmless. Raises RefusedError."""
        with self.database.writing() as db:
            session = _session(db, one, lock=True)
            cast = [vote.ballot for vote in _votes(db, one, trainee)]
            if admit(session, story, ballot, cast):
                row = {"class": one.id, "trainee": trainee, "at": _now()} | msgspec.structs.asdict(ballot)
                db.execute(insert(VOTE).values(row))

    def act(self, one: Class, story: Story, command: Command) -> None:
        """Carry out a trainer's command; raises RefusedError."""
        with self.database.writing() as db:
            before = _session(db, one, lock=True)
            now = _now()
            new = act(before, story, command)
            for question in new.questions:
                row = _question(one.id, question, now)
                if question.n > len(before.questions):
                    db.execute(insert(QUESTION).values(row))
                elif question != before.questions[question.n - 1]:
                    db.execute(_at(QUESTION, one, n=question.n).values(row))

    def tally(self, one: Class, n: int, round_: int, counts: Mapping[str, int]) -> None:
        """Set the votes on paper of a round; raises RefusedError for a step that has not begun and for what cannot be."""
        if any(count < 0 for count in counts.values()):
            raise RefusedError(NO_COUNT)
        with self.database.writing() as db:
            question = next((q for q in _session(db, one, lock=True).questions if q.n == n), None)
            if question is None or not 1 <= round_ <= question.round:
                raise RefusedError("这一步还没有走到，不能录入票数。")
            names = {option.id for option in story_of(one.spec).nodes[question.node].options}
            if not counts.keys() <= names:
                raise RefusedError("票数里有这一步没有的选项，请刷新控制台后再录入。")
            key = {"class": one.id, "n": n, "round": round_}
            _require_so_many(db, one, sum(counts.values()), _match(VOTE, key))
            db.execute(delete(TALLY).where(*_match(TALLY, key)))
            rows = [key | {"option": option, "count": count} for option, count in counts.items() if count]
            if rows:
                db.execute(insert(TALLY), rows)

    def rate(self, one: Class, rating: Rating) -> None:
        """Store an observer's scores of a trainee or group in place of earlier ones; raises RefusedError."""
        if rating.scores.keys() != set(CRITERIA) or any(not 0 <= s <= TOP_SCORE for s in rating.scores.values()):
            raise RefusedError(f"请给 {'、'.join(CRITERIA)} 四项都打分，每项 0 到 {TOP_SCORE} 的整数。")
        if not 0 < len(rating.subject.strip()) <= 64:
            raise RefusedError("请写上评谁：工号或组名，最多 64 个字。")
        with self.database.writing() as db:
            key = {"class": one.id, "subject": rating.subject}
            for table in (RUBRIC, PLAYER):
                db.execute(delete(table).where(*_match(table, key)))
            row = key | {"by": rating.by, "at": _now()}
            db.execute(insert(RUBRIC), [row | {"criterion": c, "score": s} for c, s in rating.scores.items()])
            if rating.players:
                db.execute(insert(PLAYER), [key | {"trainee": name} for name in dict.fromkeys(rating.players)])

    def ratings(self, one: Class) -> list[Rating]:
        """List the observers' scores by subject."""
        with self.database.reading() as db:
            rows = list(db.execute(select(RUBRIC).where(RUBRIC.c["class"] == one.id)).mappings())
            players = list(db.execute(select(PLAYER).where(PLAYER.c["class"] == one.id)).mappings())
        return [
            Rating(
                subject,
                {row["criterion"]: row["score"] for row in rows if row["subject"] == subject},
                tuple(sorted(row["trainee"] for row in players if row["subject"] == subject)),
                next(row["by"] for row in rows if row["subject"] == subject),
            )
            for subject in sorted({row["subject"] for row in rows})
        ]

    def debrief(self, one: Class, page: str | None) -> None:
        """Show everybody the debrief, as JSON, or take it back (None)."""
        with self.database.writing() as db:
            db.execute(_at(CLASS, one).values(debrief=page))

    def close(self, one: Class) -> None:
        """End a class: nothing is taken in any more; ending it again is harmless."""
        with self.database.writing() as db:
            db.execute(_at(CLASS, one).where(CLASS.c.closed.is_(None)).values(closed=_now()))

    def snapshot(self, one: Class, trainee: str | None = None) -> Snapshot:
        """Read the class at one moment; *trainee* limits whose votes are in it, never the counts."""
        with self.database.reading() as db:
            since = select(func.max(QUESTION.c.since)).where(QUESTION.c["class"] == one.id)
            members = select(MEMBER.c.trainee).where(MEMBER.c["class"] == one.id).order_by(MEMBER.c.trainee)
            of = (VOTE.c.n, VOTE.c.round, VOTE.c.option)
            counts = select(*of, func.count()).where(VOTE.c["class"] == one.id).group_by(*of)
            paper = select(TALLY.c.n, TALLY.c.round, TALLY.c.option, TALLY.c.count).where(TALLY.c["class"] == one.id)
            return Snapshot(
                session=_session(db, one),
                since=db.execute(since).scalar_one(),
                votes=tuple(_votes(db, one, trainee)),
                counts=_counts(db.execute(counts)),
                tally=_counts(db.execute(paper)),
                members=tuple(db.scalars(members)),
                debrief=db.execute(select(CLASS.c.debrief).where(CLASS.c.id == one.id)).scalar_one(),
            )


def _class(row: Mapping[Any, Any]) -> Class:
    return Class(**{name: row[name] for name in Class.__struct_fields__})


def _code() -> str:
    return f"{secrets.randbelow(900_000) + 100_000}"


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _question(number: int, question: Question, now: datetime) -> dict[str, Any]:
    return {"class": number, "since": now} | msgspec.structs.asdict(question)


def _match(table: Table, key: Mapping[str, Any]) -> list[Any]:
    return [table.c[name] == value for name, value in key.items()]


def _at(table: Table, one: Class, **key: Any) -> Any:
    own = table.c.id if table is CLASS else table.c["class"]
    return update(table).where(own == one.id, *_match(table, key))


def _session(db: Connection, one: Class, *, lock: bool = False) -> Session:
    """Read where a class stands; *lock* keeps others from changing it until this transaction ends (PostgreSQL)."""
    query = select(CLASS.c.closed).where(CLASS.c.id == one.id)
    closed = db.execute(query.with_for_update() if lock else query).first()
    if closed is None:
        raise RefusedError(CLOSED)
    t = QUESTION.c
    rows = db.execute(
        select(t.n, t.node, t.state, t.round, t.taken).where(t["class"] == one.id).order_by(t.n)
    ).mappings()
    return Session(one.mode, tuple(Question(**row) for row in rows), closed[0] is not None)


def _require_so_many(db: Connection, one: Class, paper: int, cast: list[Any]) -> None:
    """Raise RefusedError when the votes on paper and those that were cast are more than the class has people."""
    size = max(one.size, db.scalar(select(func.count()).where(MEMBER.c["class"] == one.id)) or 0)
    online = db.scalar(select(func.count()).select_from(VOTE).where(*cast)) or 0
    if paper + online > size:
        raise RefusedError(
            f"纸质票共 {paper} 张，加上网上已收到的 {online} 票，超过全班 {size} 人。请核对后再录入，原来的票数没有改动。"
        )


def _votes(db: Connection, one: Class, trainee: str | None) -> list[Vote]:
    query = select(VOTE).where(VOTE.c["class"] == one.id).order_by(VOTE.c.n, VOTE.c.round, VOTE.c.trainee)
    if trainee is not None:
        query = query.where(VOTE.c.trainee == trainee)
    return [
        Vote(row["trainee"], Ballot(row["n"], row["node"], row["option"], row["round"], row["ms"]), row["at"])
        for row in db.execute(query).mappings()
    ]


def _counts(rows: Iterable[Sequence[Any]]) -> dict[tuple[int, int], dict[str | None, int]]:
    found: dict[tuple[int, int], dict[str | None, int]] = {}
    for n, round_, option, count in rows:
        found.setdefault((n, round_), {})[option] = count
    return found
