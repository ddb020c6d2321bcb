"""A trainee's process for tests of the class store: votes, notes every acknowledgement, and may be killed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coursekit.live.database import Database
from coursekit.live.play import read_spec
from coursekit.live.rules import Ballot, own_place
from coursekit.live.store import Store
from widgets.story import choices


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Open a class store and let go of it."""
    database = Database(url)
    try:
        yield Store(database)
    finally:
        database.close()


def voter(url: str, code: str, trainee: str, rounds: int, seed: int, log: str) -> None:
    """Vote in a free run, each ballot sent one to three times; note every acknowledgement on the disk."""
    dice = random.Random(seed)
    with opened(url) as store, Path(log).open("ab", buffering=0) as acknowledged:
        one = store.find(code)
        story = read_spec(one.spec).story
        cast = [vote.ballot for vote in store.snapshot(one, trainee).votes]
        while len(cast) < rounds and (open_ := choices(story, place := own_place(story, cast))):
            ballot = Ballot(len(cast) + 1, place.at, dice.choice(open_).id)
            for _ in range(dice.randint(1, 3)):
                store.vote(one, story, trainee, ballot)
            acknowledged.write(f"{ballot.n} {ballot.node} {ballot.option}\n".encode())
            cast.append(ballot)
