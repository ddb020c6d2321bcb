"""A deadline is an instant: the same lateness wherever the server stands, whoever grades."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from building import copied
from grading import BEIJING, hand_in, nbgrader, scores, stock, total, with_deadline

from coursekit.course import Course
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook, seconds_late
from coursekit.submission import read_timestamp

ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]
#: The same deadline, 18:00 in Beijing, in every way that course.toml takes.
DEADLINES = ["2026-11-01T18:00:00", "2026-11-01T18:00:00+08:00", "2026-11-01T10:00:00Z", "2026-11-01T06:00:00-04:00"]
#: What timestamp.txt says, and by how many seconds it is late; America/New_York puts its clocks back that night.
STAMPS = {
    "exact": ("2026-11-01 10:00:00.000000 UTC", 0),
    "early": ("2026-11-01 09:59:59.999999 UTC", 0),
    "second": ("2026-11-01 10:00:01 UTC", 1),
    "beijing": ("2026-11-01 19:00:00 +0800", 3600),
    "iso": ("2026-11-01T06:30:00-04:00", 1800),
    "named": ("2026-11-01 18:30:00 CST", 1800),
    "bare": ("2026-11-01 18:00:05", 5),
    "none": ("", 0),
}


@pytest.fixture(scope="module")
def timed(released: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Release one course, with a submission for each way of writing a time."""
    course = copied(released, tmp_path_factory.mktemp("timed") / "c")
    for name, (stamp, _) in STAMPS.items():
        hand_in(course, name, "partly", stamp)
    return course


@pytest.fixture
def course(timed: Course, tmp_path: Path) -> Course:
    """Return a course that a test may change."""
    return copied(timed, tmp_path / "c")


@pytest.mark.parametrize("zone", ZONES)
def test_lateness_does_not_depend_on_the_server(course: Course, tmp_path: Path, zone: str) -> None:
    """A deadline without an offset is Beijing time, on a server in any zone."""
    with_deadline(course, DEADLINES[0])
    command = [sys.executable, "-c", "from coursekit.cli import main; main()", "grade", "x01"]
    command += ["--course", str(course.root), "--report", str(tmp_path / "r.json")]
    subprocess.run(command, env=os.environ | {"TZ": zone}, check=True, capture_output=True)
    found = json.loads((tmp_path / "r.json").read_bytes())
    assert {one["trainee"]: one["seconds_late"] for one in found} == {name: late for name, (_, late) in STAMPS.items()}


def test_stock_nbgrader_counts_the_same_lateness(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """``nbgrader autograde`` on a server in New York knows the deadline from course.toml and agrees."""
    course = with_deadline(course, DEADLINES[0])
    monkeypatch.setenv("TZ", ZONES[2])
    for name in ("beijing", "iso", "named", "bare"):  # nbgrader misreads these; its own exchange writes UTC
        folder = course.folder("submitted", name, "x01")
        (folder / "timestamp.txt").unlink()
        (folder / "x01.ipynb").unlink()
    nbgrader(course, "autograde", "x01")
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        found = {one.student.id: one.total_seconds_late for one in gradebook.assignment_submissions("x01")}
    assert found == {name: STAMPS[name][1] for name in ("exact", "early", "second", "none")}


@pytest.mark.parametrize("deadline", DEADLINES)
def test_every_way_of_writing_a_deadline_is_the_same_instant(course: Course, deadline: str) -> None:
    """With an offset it is taken at its word; without, it is the course's own time."""
    assert with_deadline(course, deadline).deadline("x01") == datetime(2026, 11, 1, 10)  # noqa: DTZ001  UTC without zone


@pytest.mark.parametrize(("stamp", "late"), STAMPS.values(), ids=STAMPS)
def test_reading_a_timestamp(tmp_path: Path, stamp: str, late: float) -> None:
    """A time is an instant in UTC; what does not name its zone is Beijing time and is reported."""
    (tmp_path / "timestamp.txt").write_text(stamp)
    when, odd = read_timestamp(tmp_path / "timestamp.txt", BEIJING)
    assert seconds_late(when, datetime(2026, 11, 1, 10), None) == late  # noqa: DTZ001  UTC without zone
    assert bool(odd) == (not stamp or stamp.endswith(("CST", ":05")))


@pytest.mark.parametrize(
    "content",
    [
        b"yesterday",
        b"\xff\xfe",
        b"2026-13-40 00:00:00 UTC",
        b"0001-01-01 00:00:00 CST",
        b"9999-12-31 23:59:59 -0800",
        b"2026-11-01 10:00:00 UTC" * 100,
        b"\x1b[2J",
        b"+ - +",
    ],
)
def test_a_timestamp_that_is_none_is_reported(tmp_path: Path, content: bytes) -> None:
    """Nonsense, an instant outside the calendar and a huge file count as no timestamp, and are said."""
    (tmp_path / "timestamp.txt").write_bytes(content)
    when, odd = read_timestamp(tmp_path / "timestamp.txt", BEIJING)
    assert when is None
    assert len(odd) == 1
    assert odd[0].isprintable()


def test_a_moved_deadline_is_applied_without_force(course: Course) -> None:
    """Who is late by the new deadline is graded again, with the penalty; everybody else is skipped."""
    with (course.root / "config" / "nbgrader_config.py").open("a") as file:
        file.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    course = with_deadline(course, "2026-11-01T18:00:02")
    grade_assignment(course, "x01")
    assert penalties(course)["second"] == 0
    course = with_deadline(course, DEADLINES[0])
    again = {one.trainee: one for one in grade_assignment(course, "x01")}
    assert {name for name, one in again.items() if one.skipped} == {"exact", "early", "none"}
    assert again["second"].seconds_late == 1
    assert penalties(course)["second"] == total(course, "second") > 0
    assert all(one.skipped for one in grade_assignment(course, "x01"))


def test_an_extension_is_applied_without_force(course: Course) -> None:
    """A trainee who was granted an extension in nbgrader is graded again, and no longer late."""
    course = with_deadline(course, DEADLINES[0])
    grade_assignment(course, "x01")
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        gradebook.find_submission("x01", "beijing").extension = timedelta(minutes=59)
        gradebook.db.commit()
    again = {one.trainee: one for one in grade_assignment(course, "x01")}
    assert [name for name, one in again.items() if not one.skipped] == ["beijing"]
    assert again["beijing"].seconds_late == 60


def test_a_deadline_set_in_nbgrader_stays_without_one_in_course_toml(course: Course) -> None:
    """course.toml rules where it says something, and only there."""
    with open_gradebook(course) as gradebook:
        gradebook.set_duedate("x01", datetime(2026, 11, 1, 10))  # noqa: DTZ001  UTC without zone
    found: dict[str, Any] = {one.trainee: one.seconds_late for one in grade_assignment(course, "x01")}
    assert found == {name: late for name, (_, late) in STAMPS.items()}


def test_stored_times_are_utc(course: Course) -> None:
    """The log's times and the submissions' are instants in UTC without zone, as nbgrader keeps them."""
    before = datetime.now(UTC).replace(tzinfo=None)
    grade_assignment(course, "x01", ["beijing"])
    with open_gradebook(course) as gradebook:
        assert before <= gradebook.audit("x01")[0]["at"] <= datetime.now(UTC).replace(tzinfo=None)
        assert gradebook.handed_in("x01")["beijing"][0] == datetime(2026, 11, 1, 11)  # noqa: DTZ001  as stored
    assert list(scores(course)) == ["beijing"]


def penalties(course: Course) -> dict[str, float]:
    """Return by trainee what being late cost."""
    with open_gradebook(course) as gradebook:
        return {trainee: points for (trainee, _), points in gradebook.penalties("x01").items()}
