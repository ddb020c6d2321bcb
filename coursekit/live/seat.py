"""A trainee's page in a class, as ``seat.ipynb`` shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from coursekit.live.play import read_spec
from coursekit.live.records import Class
from coursekit.live.room import identify, kernel_store
from coursekit.live.rules import Ballot, RefusedError
from coursekit.live.seatpage import seat_page
from coursekit.live.store import Store
from coursekit.live.view import show
from widgets.scenario import ScenarioSpec


class Seat:
    """One page's conversation with the store; who and which class come with its first message."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._one: Class | None = None
        self._spec: ScenarioSpec | None = None
        self._trainee = ""

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer ``hello`` (token, code), ``poll`` (stamp) or ``vote`` (ballot)."""
        kind = message.get("type")
        if kind == "hello":
            return self._hello(message)
        if self._one is None or self._spec is None or self._store is None:
            raise RefusedError("本页还没有进入班级，请刷新页面。")
        if kind == "vote":
            ballot = msgspec.convert(message.get("ballot"), Ballot)
            self._store.vote(self._one, self._spec.story, self._trainee, ballot)
            return self._state(None) | {"type": "cast"}
        return self._state(message.get("stamp"))

    def _hello(self, message: dict[str, Any]) -> dict[str, Any]:
        trainee = identify(message.get("token"))
        self._store = self._store or kernel_store()
        one = self._store.find(str(message.get("code", ""))[:20])
        self._store.join(one, trainee)
        self._one, self._spec, self._trainee = one, read_spec(one.spec), trainee
        return self._state(None)

    def _state(self, known: object) -> dict[str, Any]:
        """Return the page, or nothing but the stamp when nobody has written since *known*."""
        assert self._store is not None
        assert self._one is not None
        assert self._spec is not None
        stamp = self._store.database.stamp()
        if known is not None and stamp == known:
            return {"type": "same", "stamp": stamp}
        snapshot = self._store.snapshot(self._one, self._trainee)
        page = seat_page(self._one, self._spec, snapshot, datetime.now(UTC).replace(tzinfo=None))
        return {"type": "state", "stamp": stamp, "page": page}


class SeatPage:
    """What the notebook's cell ends in."""

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return show("seat", Seat().answer)
