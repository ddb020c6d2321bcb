"""A trainee's page in a class, as ``seat.ipynb`` shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from coursekit.live.meeting import Meeting
from coursekit.live.play import read_spec
from coursekit.live.room import identify, kernel_store
from coursekit.live.rules import Ballot, RefusedError
from coursekit.live.seatpage import seat_page
from coursekit.live.store import Store
from coursekit.live.view import show


class Seat:
    """One page's conversation with the store; who and which class come with its first message."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._meeting: Meeting | None = None
        self._trainee = ""

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer ``hello`` (token, code), ``poll`` (stamp) or ``vote`` (ballot)."""
        kind = message.get("type")
        if kind == "hello":
            self._meeting = meeting = self._enter(message)
            return self._state(meeting, None)
        if self._meeting is None:
            raise RefusedError("本页还没有进入班级，请刷新页面。")
        meeting = self._meeting
        if kind == "vote":
            ballot = msgspec.convert(message.get("ballot"), Ballot)
            meeting.store.vote(meeting.one, meeting.spec.story, self._trainee, ballot)
            return self._state(meeting, None) | {"type": "cast"}
        return self._state(meeting, message.get("stamp"))

    def _enter(self, message: dict[str, Any]) -> Meeting:
        trainee = identify(message.get("token"))
        store = self._store or kernel_store()
        one = store.find(str(message.get("code", ""))[:20])
        store.join(one, trainee)
        self._trainee = trainee
        return Meeting(store, one, read_spec(one.spec))

    def _state(self, meeting: Meeting, known: object) -> dict[str, Any]:
        def page(now: datetime) -> Any:
            return seat_page(meeting.one, meeting.spec, meeting.store.snapshot(meeting.one, self._trainee), now)

        return meeting.state(known, page)


class SeatPage:
    """What the notebook's cell ends in."""

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return show("seat", Seat().answer)
