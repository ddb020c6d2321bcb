"""Visits to a class, played in the template process before seats are forked from it, as drills/rehearsal.py plays drills."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ipywidgets.widgets.widget import Widget

from coursekit.course import CONFIG, Course
from coursekit.drills.rehearsal import ROUNDS, STORY, ask_view, open_page, reset, stage
from coursekit.live.play import read_spec
from coursekit.live.records import Class
from coursekit.live.room import find_store, kernel_store
from coursekit.live.rules import Command, State, Verb
from coursekit.live.store import Store

if TYPE_CHECKING:
    from coursekit.kernels.kernel import ForkedApp

_COURSE = 'id = "rehearsal"\nname = "预演"\ncentre = "预演"\n'
#: What the trainer does between the looks of a seat: each command and the state that it finds.
_STEPS: tuple[tuple[Verb, State], ...] = (
    ("open", "draft"), ("lock", "open"), ("reveal", "locked"), ("follow", "revealed")
)  # fmt: skip


def rehearse(app: ForkedApp) -> None:
    """Play seats that come one after the other, each for one step of a class."""
    with tempfile.TemporaryDirectory(prefix="ck-") as folder, stage(Path(folder)) as token:
        file = Path(folder) / CONFIG
        file.parent.mkdir()
        file.write_text(_COURSE, "utf-8")
        store = find_store(Course.load(Path(folder)))
        one, _ = store.create(drill="x01", exercise="x01-s01", spec=STORY, mode="trainer", size=1, address="")
        asyncio.run(_play(app, store, one, token))
        reset(app)
        store.database.close()
        kernel_store().database.close()  # a fork must inherit no connection


async def _play(app: ForkedApp, store: Store, one: Class, token: str) -> None:
    story = read_spec(one.spec).story
    for n in range(1, ROUNDS + 1):
        await open_page(app, "from coursekit.live.seat import SeatPage", "SeatPage()")
        view = next(key for key, each in Widget.widgets.items() if hasattr(each, "answer"))
        await ask_view(app, view, {"type": "hello", "token": token, "code": one.code})
        for verb, state in _STEPS:
            option = "o1" if verb == "follow" else None
            store.act(one, story, Command(verb, n, 1, state, option))
            await ask_view(app, view, {"type": "poll", "stamp": None})
            ballot = {"n": n, "round": 1, "node": "a", "option": "o1", "ms": 1}
            await ask_view(app, view, {"type": "vote", "ballot": ballot})
        Widget.close_all()  # type: ignore[no-untyped-call]
