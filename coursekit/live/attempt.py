"""A trainee's attempts at a drill, in class and at home: what each says in the journal, and which one counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from coursekit.live.records import Vote
from coursekit.live.rules import Ballot, Question, Session, own_path
from widgets import journal
from widgets.story import Step

Policy = Literal["best", "class", "home", "last"]


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: where, the journal's entry, and the points that it is worth."""

    where: Literal["class", "home"]
    entry: journal.Entry
    points: float

    @property
    def at(self) -> datetime:
        """When its last decision was made, in UTC."""
        return datetime.fromisoformat(self.entry.at).astimezone(UTC)


def class_path(session: Session, votes: Sequence[Vote]) -> list[Step]:
    """Return what one trainee's votes say as a path through the story.

    A free run is the path that was walked. Where the class walked together, the story goes on from what the class did
    (*led*), and points are for the trainee's own choices; a step without a vote brings none and ends nothing.
    """
    last: dict[int, Ballot] = {}
    for vote in sorted(votes, key=lambda vote: vote.ballot.round):
        last[vote.ballot.n] = vote.ballot
    if session.mode == "free":
        return own_path(list(last.values()))
    return [
        _step(question, last.get(question.n))
        for question in session.questions
        if question.state == "passed" or question.n in last
    ]


def _step(question: Question, ballot: Ballot | None) -> Step:
    own, ms = (ballot.option, ballot.ms) if ballot else (None, 0)
    if question.state != "passed" or own == question.taken:
        return Step(question.node, own, ms, timeout=own is None)
    return Step(question.node, own, ms, led=question.taken or "")


def class_entry(exercise: str, path: Sequence[Step], at: datetime) -> journal.Entry:
    """Write a path as a line of the answer journal; *at* is an instant in UTC without zone."""
    stamp = at.isoformat(timespec="milliseconds") + "Z"
    answer = msgspec.json.encode({"path": msgspec.to_builtins(list(path))})
    return journal.Entry(
        v=journal.VERSION, exercise=exercise, variant="", seq=1, at=stamp, answer=msgspec.Raw(answer)
    )  # fmt: skip


def choose(policy: Policy, attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt that counts; of equal ones the later. *attempts* has at least one."""
    last = max(attempts, key=lambda one: one.at)
    if policy == "last":
        return last
    if policy == "best":
        return max(attempts, key=lambda one: (one.points, one.at))
    there = [one for one in attempts if one.where == policy]
    return max(there, key=lambda one: one.at) if there else last


def joined_journal(home: bytes, attempts: Sequence[Attempt], chosen: Attempt) -> bytes:
    """Return a journal that holds every attempt and all else that was answered at home, the chosen attempt last.

    The last line of an exercise is its answer, so both attempts stay and one counts.
    """
    found = home + (b"\n" if home and not home.endswith(b"\n") else b"")
    rest = [one for one in attempts if one is not chosen and one.where == "class"]
    seq = journal.parse(found).entries.get(chosen.entry.exercise)
    number = seq.seq if seq else 0
    for one in (*rest, chosen):
        number += 1
        found += msgspec.json.encode(msgspec.structs.replace(one.entry, seq=number)) + b"\n"
    return found
