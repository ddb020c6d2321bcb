"""What a class's store says, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from coursekit.live.rules import Ballot, Mode, Session

#: What an observer of a role-play looks at, and the highest score of each.
CRITERIA = ("程序", "沟通", "时效", "依法")
TOP_SCORE = 4


class Class(msgspec.Struct, frozen=True, kw_only=True):
    """A class as it was started; *spec* is the drill's data file, *lock* the hash of the trainer's key; times are UTC."""

    id: int
    code: str
    drill: str
    exercise: str
    mode: Mode
    size: int
    address: str
    lock: str
    spec: str
    opened: datetime
    closed: datetime | None = None

    @property
    def join(self) -> str:
        """Where trainees' browsers go."""
        return f"{self.address}{self.path}"

    @property
    def path(self) -> str:
        """The trainees' page on any server that has it."""
        return f"/class/{self.code}"


class Vote(msgspec.Struct, frozen=True):
    """A ballot as it was acknowledged."""

    trainee: str
    ballot: Ballot
    at: datetime


#: Counts by option (None is letting the time run out), by step and round.
Counts = Mapping[tuple[int, int], Mapping[str | None, int]]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A class at one moment, read in one transaction; *votes* are everybody's or one trainee's, *counts* everybody's.

    *since* is when the last question came into its state; *tally* are votes on paper.
    """

    session: Session
    since: datetime
    votes: tuple[Vote, ...]
    counts: Counts
    tally: Counts
    members: tuple[str, ...]
    debrief: str | None

    def count(self, n: int, round_: int) -> dict[str | None, int]:
        """Return the votes of a round by option, those on paper included."""
        found = dict(self.counts.get((n, round_), {}))
        for option, count in self.tally.get((n, round_), {}).items():
            found[option] = found.get(option, 0) + count
        return found

    def answered(self, n: int, round_: int) -> int:
        """Return how many votes a round has."""
        return sum(self.count(n, round_).values())


class Rating(msgspec.Struct, frozen=True):
    """An observer's scores of a trainee or group by criterion; *players* are who gets them."""

    subject: str
    scores: dict[str, int]
    players: tuple[str, ...]
    by: str

    @property
    def share(self) -> float:
        """The scores as a share of what could be had."""
        return sum(self.scores.values()) / (len(CRITERIA) * TOP_SCORE)
