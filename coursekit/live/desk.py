"""The trainer's console, as ``console.ipynb`` shows it; without the trainer's key it shows nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from coursekit.course import Course
from coursekit.live.board import board
from coursekit.live.debrief import debrief
from coursekit.live.figures import qr
from coursekit.live.play import load_key, read_spec
from coursekit.live.records import CRITERIA, Class, Rating
from coursekit.live.room import find_course, kernel_store
from coursekit.live.rules import Command, RefusedError
from coursekit.live.store import NO_COUNT, Store
from coursekit.live.view import show
from widgets.scenario import ScenarioSpec


class Desk:
    """One console's conversation with the store."""

    def __init__(self, course: Course | None = None, store: Store | None = None) -> None:
        self._course = course
        self._store = store
        self._one: Class | None = None
        self._spec: ScenarioSpec | None = None

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer ``hello`` (code and key), ``poll`` (stamp), or one of the trainer's deeds."""
        kind = message.get("type")
        if kind == "hello":
            return self._hello(message)
        if self._one is None or self._spec is None or self._store is None or self._course is None:
            raise RefusedError("控制台还没有打开班级，请用“coursekit class start”打印的地址打开。")
        match kind:
            case "do":
                self._store.act(self._one, self._spec.story, msgspec.convert(message.get("command"), Command))
            case "tally":
                counts = _counts(message)
                where = msgspec.convert((message.get("step"), message.get("round")), tuple[int, int])
                self._store.tally(self._one, *where, counts)
            case "rate":
                self._store.rate(self._one, _rating(message))
            case "debrief":
                return self._debrief(message) | {"type": "debrief"}
            case "close":
                self._store.close(self._one)
            case _:
                return self._state(message.get("stamp"))
        return self._state(None)

    def _hello(self, message: dict[str, Any]) -> dict[str, Any]:
        self._course = self._course or find_course()
        self._store = self._store or kernel_store()
        one = self._store.unlock(str(message.get("code", ""))[:20], str(message.get("key", ""))[:100])
        self._one, self._spec = one, read_spec(one.spec)
        side, squares = qr(one.join)
        head = {
            "code": one.code, "join": one.join, "address": one.address, "title": self._spec.title, "drill": one.drill, "side": side,
            "squares": squares, "criteria": list(CRITERIA), "facts": [fact.text for fact in self._spec.facts],
        }  # fmt: skip
        return self._state(None) | {"head": head}

    def _state(self, known: object) -> dict[str, Any]:
        assert self._store is not None
        assert self._one is not None
        assert self._spec is not None
        stamp = self._store.database.stamp()
        if known is not None and stamp == known:
            return {"type": "same", "stamp": stamp}
        now = datetime.now(UTC).replace(tzinfo=None)
        page = board(self._one, self._spec, self._store.snapshot(self._one), self._store.ratings(self._one), now)
        return {"type": "state", "stamp": stamp, "page": page}

    def _debrief(self, message: dict[str, Any]) -> dict[str, Any]:
        """Make the debrief from the key; *show* puts it on all seats, or takes it back from them."""
        assert self._store is not None
        assert self._one is not None
        assert self._spec is not None
        assert self._course is not None
        key = load_key(self._course, self._one.drill, self._one.exercise)
        page = debrief(self._one, self._spec, key, self._store.snapshot(self._one))
        if "show" in message:
            self._store.debrief(self._one, msgspec.json.encode(page).decode() if message["show"] else None)
        return self._state(None) | {"debrief": page}


def _counts(message: dict[str, Any]) -> dict[str, int]:
    try:
        return msgspec.convert(message.get("counts"), dict[str, int])
    except msgspec.ValidationError:
        raise RefusedError(NO_COUNT) from None


def _rating(message: dict[str, Any]) -> Rating:
    words = re.split(r"[\s,，、;；]+", str(message.get("players", ""))[:4000])
    scores = msgspec.convert(message.get("scores"), dict[str, int])
    by = str(message.get("by", "")).strip()[:64] or "主持人"
    return Rating(str(message.get("subject", "")).strip(), scores, tuple(filter(None, words)), by)


class ConsolePage:
    """What the notebook's cell ends in."""

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return show("console", Desk().answer)
