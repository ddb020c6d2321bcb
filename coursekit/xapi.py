"""Learning records as xAPI 1.0.3 statements with cmi5's verbs, words in Chinese, for a learning record store (LRS).

The statements carry cmi5's verbs but not its category: cmi5's own demand a launch and a session, which a gradebook has
not. An id depends on all that its statement says, so that sending the same again is refused or harmless, never a double.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import msgspec

LANGUAGE = "zh-CN"

Verb = Literal["completed", "passed", "failed", "satisfied"]
_VERBS: Mapping[Verb, tuple[str, str]] = {
    "completed": ("http://adlnet.gov/expapi/verbs/completed", "完成"),
    "passed": ("http://adlnet.gov/expapi/verbs/passed", "合格"),
    "failed": ("http://adlnet.gov/expapi/verbs/failed", "不合格"),
    "satisfied": ("https://w3id.org/xapi/adl/verbs/satisfied", "达到结业要求"),
}
#: What an assignment is, by the first letter of its name.
_TYPES = {"m": "module", "d": "simulation", "e": "assessment"}
_TYPE = "http://adlnet.gov/expapi/activities/"


@dataclass(frozen=True, slots=True)
class Place:
    """Where statements come from: *home* is the root of all ids, *course* and *title* the course's id and name."""

    home: str
    course: str
    title: str

    @property
    def activity(self) -> dict[str, Any]:
        """The course as an activity."""
        return _activity(f"{self.home}/courses/{_part(self.course)}", self.title, "course")


@dataclass(frozen=True, slots=True)
class Learner:
    """A trainee, known to the LRS by id at the course's home page."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Work:
    """A graded submission; *needed* is what passes it, out of a hundred; *at* an instant in UTC without zone.

    While it *waits* for a person's marks it is completed, and neither passed nor failed.
    """

    assignment: str
    title: str
    at: datetime | None
    score: float
    maximum: float
    needed: float
    waits: bool


def of_work(place: Place, learner: Learner, work: Work) -> Iterator[dict[str, Any]]:
    """Yield what a submission says: completed and, once all marks are given, passed or failed with the score."""
    kind = _TYPES.get(work.assignment[:1], "lesson")
    activity = _activity(
        f"{place.home}/courses/{_part(place.course)}/{_part(work.assignment)}", f"{work.assignment} {work.title}", kind
    )
    yield _statement(place, learner, "completed", activity, work.at, {"completion": True})
    if work.waits or work.maximum <= 0:
        return
    raw = min(max(work.score, 0.0), work.maximum)
    scaled = round(raw / work.maximum, 4)
    passed = work.score * 100 >= work.needed * work.maximum - 1e-9
    score = {"scaled": scaled, "raw": min(round(raw, 6), work.maximum), "min": 0, "max": work.maximum}
    yield _statement(
        place, learner, "passed" if passed else "failed", activity, work.at, {"success": passed, "score": score}
    )


def of_decision(
    place: Place, learner: Learner, at: datetime, total: Decimal, *, passed: bool
) -> Iterator[dict[str, Any]]:
    """Yield what the final evaluation says of the course as a whole; who passed has satisfied it."""
    score = {"scaled": float(total / 100), "raw": float(total), "min": 0, "max": 100}
    verb: Verb = "passed" if passed else "failed"
    yield _statement(place, learner, verb, place.activity, at, {"success": passed, "score": score})
    if passed:
        yield _statement(place, learner, "satisfied", place.activity, at, None)


def line(statement: Mapping[str, Any]) -> bytes:
    """Encode a statement as a line of xapi.jsonl."""
    return msgspec.json.encode(statement) + b"\n"


def _statement(
    place: Place,
    learner: Learner,
    verb: Verb,
    activity: Mapping[str, Any],
    at: datetime | None,
    result: Mapping[str, Any] | None,
) -> dict[str, Any]:
    address, words = _VERBS[verb]
    registration = uuid5(NAMESPACE_URL, f"{place.home}/courses/{_part(place.course)}/registrations/{learner.id}")
    context: dict[str, Any] = {"registration": str(registration), "language": LANGUAGE, "platform": "coursekit"}
    if activity["id"] != place.activity["id"]:
        context["contextActivities"] = {"parent": [place.activity]}
    said: dict[str, Any] = {
        "actor": {
            "objectType": "Agent",
            **({"name": learner.name} if learner.name else {}),
            "account": {"homePage": place.home, "name": learner.id},
        },
        "verb": {"id": address, "display": {LANGUAGE: words, "en-US": verb}},
        "object": activity,
        **({"result": result} if result else {}),
        "context": context,
        **({"timestamp": _instant(at)} if at else {}),
    }
    content = msgspec.json.encode(said, order="sorted").decode()
    return {"id": str(uuid5(NAMESPACE_URL, f"{place.home}/statements/{content}")), **said}


def _activity(address: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "objectType": "Activity",
        "id": address,
        "definition": {"type": _TYPE + kind, "name": {LANGUAGE: name}},
    }


def _instant(at: datetime) -> str:
    return at.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _part(text: str) -> str:
    """Return text as one step of an address."""
    return quote(text, safe="")
