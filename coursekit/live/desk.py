"""The trainer's console, as ``console.ipynb`` shows it; without the trainer's key it shows nothing."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from coursekit.course import Course
from coursekit.live.board import board
from coursekit.live.debrief import debrief
from coursekit.live.figures import qr
from coursekit.live.meeting import Meeting
from coursekit.live.play import load_key, read_spec
from coursekit.live.records import CRITERIA, Rating
from coursekit.live.room import find_course, kernel_store
from coursekit.live.rules import Command, RefusedError
from coursekit.live.store import NO_COUNT, Store
from coursekit.live.view import show


class Desk:
    """One console's conversation with the store."""

    def __init__(self, course: Course | None = None, store: Store | None = None) -> None:
        self._course = course
        self._store = store
        self._meeting: Meeting | None = None

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer ``hello`` (code and key), ``poll`` (stamp), or one of the trainer's deeds."""
        kind = message.get("type")
        if kind == "hello":
            self._meeting = meeting = self._unlock(message)
            return _state(meeting, None) | {"head": _head(meeting)}
        if self._meeting is None:
            raise RefusedError("控制台还没有打开班级，请用“coursekit class start”打印的地址打开。")
        meeting = self._meeting
        store, one = meeting.store, meeting.one
        match kind:
            case "do":
                store.act(one, meeting.spec.story, msgspec.convert(message.get("command"), Command))
            case "tally":
                counts = _counts(message)
                where = msgspec.convert((message.get("step"), message.get("round")), tuple[int, int])
                store.tally(one, *where, counts)
            case "rate":
                store.rate(one, _rating(message))
            case "debrief":
                return self._debrief(meeting, message) | {"type": "debrief"}
            case "close":
                store.close(one)
            case _:
                return _state(meeting, message.get("stamp"))
        return _state(meeting, None)

    def _unlock(self, message: dict[str, Any]) -> Meeting:
        store = self._store or kernel_store()
        one = store.unlock(str(message.get("code", ""))[:20], str(message.get("key", ""))[:100])
        return Meeting(store, one, read_spec(one.spec))

    def _debrief(self, meeting: Meeting, message: dict[str, Any]) -> dict[str, Any]:
        """Make the debrief from the key; *show* puts it on all seats, or takes it back from them."""
        store, one = meeting.store, meeting.one
        key = load_key(self._course or find_course(), one.drill, one.exercise)
        page = debrief(one, meeting.spec, key, store.snapshot(one))
        if "show" in message:
            store.debrief(one, msgspec.json.encode(page).decode() if message["show"] else None)
        return _state(meeting, None) | {"debrief": page}


def _head(meeting: Meeting) -> dict[str, Any]:
    """Return what stays the same for the whole class: how to join, and what the drill is about."""
    one, spec = meeting.one, meeting.spec
    side, squares = qr(one.join)
    return {
        "code": one.code, "join": one.join, "address": one.address, "title": spec.title, "drill": one.drill, "side": side,
        "squares": squares, "criteria": list(CRITERIA), "facts": [fact.text for fact in spec.facts],
    }  # fmt: skip


def _state(meeting: Meeting, known: object) -> dict[str, Any]:
    def page(now: datetime) -> Any:
        store, one = meeting.store, meeting.one
        return board(one, meeting.spec, store.snapshot(one), store.ratings(one), now)

    return meeting.state(known, page)


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
