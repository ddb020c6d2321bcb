"""What the two pages are told, message by message, without a browser: nothing too early, and nothing in English."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building import make_course
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import sample
from voting import opened

from coursekit.course import Course
from coursekit.live.database import class_url
from coursekit.live.desk import Desk
from coursekit.live.play import load_drill, spec_text
from coursekit.live.seat import Seat
from coursekit.live.store import Store
from coursekit.live.view import reply

DATA, KEY = sample("scenario")


class Rig:
    """One class with its console and two seats, all talking to the same store."""

    def __init__(self, course: Course, store: Store, mode: Any = "trainer") -> None:
        exercise, spec = load_drill(course, "x01")
        self.one, self.key = store.create(
            drill="x01", exercise=exercise, spec=spec_text(spec), mode=mode, size=2, address="http://10.0.0.2:8866"
        )
        self.desk, self.seats = Desk(course, store), [Seat(store), Seat(store)]

    def console(self, **message: Any) -> dict[str, Any]:
        """Send the console's kernel a message."""
        return reply(message, self.desk.answer)

    def seat(self, number: int, **message: Any) -> dict[str, Any]:
        """Send a seat's kernel a message."""
        return reply(message, self.seats[number].answer)

    def do(self, verb: str, option: str | None = None) -> dict[str, Any]:
        """Press a button of the console."""
        page = self.console(type="poll")["page"]
        command = {"do": verb, "n": page["n"], "round": page["round"], "state": page["state"], "option": option}
        return self.console(type="do", command=command)

    def vote(self, number: int, option: str) -> dict[str, Any]:
        """Submit on a seat's page."""
        page = self.seat(number, type="poll")["page"]
        ballot = {"n": page["n"], "round": page["round"], "node": page["node"], "option": option, "ms": 5}
        return self.seat(number, type="vote", ballot=ballot)

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Open the console and seat two trainees."""
        assert self.console(type="hello", code=self.one.code, key=self.key)["type"] == "state"
        for number in range(2):
            monkeypatch.setenv("COURSEKIT_TRAINEE", f"t{number}")
            assert self.seat(number, type="hello", code=self.one.code)["type"] == "state"


@pytest.fixture(name="rig")
def _rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    course = make_course(tmp_path / "course", {"x01-s01": ("Scenario", DATA, KEY, 100)})
    with opened(class_url(course)) as store:
        rig = Rig(course, store)
        rig.enter(monkeypatch)
        yield rig


def words_of_key() -> list[str]:
    return [str(one["why"]) for one in KEY["options"].values()]


def test_nothing_is_shown_too_early(rig: Rig) -> None:
    """Options after opening, counts on the projector after the lock, on seats after the reveal, reasons at the debrief."""
    text = json.dumps(rig.seat(0, type="poll")["page"], ensure_ascii=False)
    assert rig.seat(0, type="poll")["page"]["phase"] == "draft"
    assert rig.seat(0, type="poll")["page"]["options"] == []
    rig.do("open")
    assert rig.vote(0, "a")["type"] == "cast"
    rig.vote(1, "c")
    page = rig.console(type="poll")["page"]
    assert page["answered"] == 2
    assert "counts" not in page["steps"][0]
    assert not page["flow"]["boxes"]
    rig.do("lock")
    assert rig.console(type="poll")["page"]["steps"][0]["counts"] == {"a": 1, "b": 0, "c": 1}
    assert "result" not in rig.seat(0, type="poll")["page"]
    rig.do("reveal")
    seen = rig.seat(0, type="poll")["page"]
    assert [one["count"] for one in seen["result"]] == [1, 0, 1]
    assert seen["own"]["then"] == DATA["nodes"]["n01"]["options"][0]["consequence"]
    text += json.dumps([seen, rig.console(type="poll")], ensure_ascii=False)
    assert not [why for why in words_of_key() if why in text]
    first = KEY["options"]["n01/c"]["why"]
    assert first in json.dumps(rig.console(type="debrief")["debrief"], ensure_ascii=False)
    assert rig.seat(0, type="poll")["page"]["debrief"] is None
    rig.console(type="debrief", show=True)
    assert first in json.dumps(rig.seat(0, type="poll")["page"]["debrief"], ensure_ascii=False)


def test_a_poll_without_news_carries_no_page(rig: Rig) -> None:
    """Only the stamp comes back until somebody has written."""
    stamp = rig.seat(0, type="poll")["stamp"]
    assert rig.seat(0, type="poll", stamp=stamp) == {"to": None, "n": None, "type": "same", "stamp": stamp}
    rig.do("open")
    assert rig.seat(0, type="poll", stamp=stamp)["type"] == "state"


def test_a_console_without_the_key_is_told_nothing(rig: Rig) -> None:
    """Neither a wrong key nor a skipped greeting shows or changes anything."""
    stranger = Desk(rig.desk._course, rig.desk._store)
    for message in (
        {"type": "hello", "code": rig.one.code, "key": "x"},
        {"type": "poll"},
        {"type": "close"},
        {"type": "debrief"},
    ):
        found = reply(message, stranger.answer)
        assert found["type"] == "refused"
        assert found.keys() == {"to", "n", "type", "message"}
    assert not rig.console(type="poll")["page"]["closed"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(JSON, st.sampled_from(["ballot", "command", "counts", "scores"]))
def test_nonsense_is_refused_in_plain_words(rig: Rig, nonsense: Any, field: str) -> None:
    """Whatever a page sends, the answer is a Chinese sentence, and the class stands where it stood."""
    kinds = {"ballot": "vote", "command": "do", "counts": "tally", "scores": "rate"}
    message = {"type": kinds[field], field: nonsense, "step": 1, "round": 1, "subject": "一组"}
    found = reply(message, rig.seats[0].answer if field == "ballot" else rig.desk.answer)
    if field == "counts" and nonsense == {}:
        assert found["type"] == "state"
        return
    assert found["type"] == "refused"
    assert re.search("[一-鿿]", found["message"])
