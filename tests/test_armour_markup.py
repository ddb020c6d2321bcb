"""Markup in answers, journals and comments is text on every page, and a page that cannot be shown costs nobody a mark."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from attacks import EVIL
from building import copied, every_kind
from grading import hand_in, line, stock

from coursekit import submission
from coursekit.course import Course
from coursekit.feedback import write_feedback
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook
from coursekit.release import load_release
from widgets import journal
from widgets.assess import Outcome, assess, parse_keys, shown_page
from widgets.journal import Entry
from widgets.kinds import parse_spec
from widgets.pool import Pool


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """Return a released course that a test may change."""
    return copied(released, tmp_path / "c")


def spoilt(value: Any) -> Iterator[Any]:
    """Yield *value* with markup in the place of each string and each name in it, one at a time."""
    if isinstance(value, str):
        yield EVIL
    elif isinstance(value, dict):
        for name, one in value.items():
            yield {EVIL if other == name else other: found for other, found in value.items()}
            yield from (value | {name: bad} for bad in spoilt(one))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from ([*value[:place], bad, *value[place + 1 :]] for bad in spoilt(one))


@functools.cache
def made() -> dict[str, Any]:
    """Return exercises of every kind."""
    return every_kind()


@pytest.mark.parametrize("name", made())
def test_markup_in_an_answer_is_text_on_every_page(name: str) -> None:
    """In whichever field of an answer of whichever kind, no tag of a trainee's reaches a page, and no point is gained."""
    _, data, key, points = made()[name]
    kind, spec = parse_spec(json.dumps(data).encode(), name)
    exercise = parse_keys(Pool(name, kind, {"": spec}), key, points)
    samples = kind.samples(spec, exercise.keys[""])
    for right in (samples.right, samples.partly):
        for answer in spoilt(copy.deepcopy(right)):
            entry = Entry(
                v=1, exercise=name, variant="", seq=1, at=EVIL, answer=msgspec.Raw(msgspec.json.encode(answer))
            )
            found = assess(exercise, entry, EVIL)
            assert found.outcome is not Outcome.GRADER_ERROR
            pages = found.html, found.shown, shown_page(exercise.pool, journal.Journal({name: entry}), EVIL)
            assert not any("<script>alert" in page or "<img src=x" in page for page in pages)


def test_markup_in_every_text_field_is_text_in_feedback(course: Course) -> None:
    """From the journal and from a teacher's comment alike: feedback and autograded notebook show it as text."""
    folder = hand_in(course, "eve", "partly")
    content = line(EVIL, {EVIL: EVIL}, EVIL) + line("x01-c1", {"rows": {EVIL: {}}}, at=EVIL) + line("x01-o1", [EVIL])
    (folder / journal.NAME).write_bytes(content + line("x01-w1", {"errors": {}, EVIL: 1}, EVIL))
    grade_assignment(course, "x01")
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        gradebook.find_comment("x01-essay", "x01", "x01", "eve").manual_comment = EVIL
        gradebook.db.commit()
    write_feedback(course, "x01")
    page = (course.folder("feedback", "eve", "x01") / "x01.html").read_text("utf-8")
    saved = (course.folder("autograded", "eve", "x01") / "x01.ipynb").read_text("utf-8")
    for found in (page, saved):
        assert "<script>alert" not in found
        assert "<img src=x" not in found
    assert "&lt;script&gt;alert(1)" in page


def test_a_fault_in_showing_an_answer_costs_its_page_only(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where showing an ungraded answer fails, the trainee is graded all the same."""

    def fail(*_: object) -> str:
        raise ZeroDivisionError(EVIL)

    monkeypatch.setattr(submission, "shown_page", fail)
    with open_gradebook(course) as gradebook:
        release = load_release(course, gradebook.assignment("x01"))
    assert "ZeroDivisionError" in (
        page := submission._shown(release.notebooks[0].items["x01-c1"].key.pool, journal.Journal(), "eve")
    )
    assert "<script>" not in page
