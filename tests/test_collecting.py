"""Collecting: names in the exchange say who, what and when, the newest counts, and an odd one stops nobody's."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from exchanging import answer, tree
from hypothesis import given
from hypothesis import strategies as st

from coursekit import inbound, receipt
from coursekit.course import Course
from coursekit.nbgrader import Nbgrader
from widgets.journal import NAME


@given(
    st.from_regex(r"\w[\w.@-]{0,20}", fullmatch=True),
    st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
)
def test_names_in_the_exchange_say_who_what_when(trainee: str, assignment: str, when: datetime) -> None:
    """A name that the kit writes is read back as it was meant."""
    at = when.replace(tzinfo=UTC)
    found = inbound.parse_name(Path(f"{trainee}+{assignment}+{inbound.stamp_of(at)}+Zm9v-_1"))
    assert found is not None
    assert (found.trainee, found.assignment, found.at) == (trainee, assignment, at)


@given(st.text(max_size=60))
def test_any_other_name_is_passed_over(name: str) -> None:
    """No name makes reading the exchange fail."""
    found = inbound.parse_name(Path(name.replace("/", "").replace("\0", "") or "x"))
    assert found is None or inbound.is_trainee(found.trainee)


def test_the_glob_of_stock_nbgrader_reads_the_same_names(course: Course, home: Path) -> None:
    """Stock nbgrader's own collect would find a submission of the kit's, its trainee and its time."""
    from nbgrader.exchange.default import ExchangeCollect

    made = Nbgrader(course).submit("x01", home, "t900")
    assert made is not None
    record = ExchangeCollect._path_to_record(cast("Any", None), f"/x/{made.folder}")  # type: ignore[no-untyped-call]
    assert record["username"] == "t900"
    at = inbound.parse_stamp(made.timestamp)
    assert at is not None
    assert record["timestamp"] == at.replace(tzinfo=None)


def test_one_odd_name_stops_nobody_elses_collection(course: Course, home: Path) -> None:
    """Hostile and broken entries in the inbound folder are named; everybody else is collected."""
    nbgrader = Nbgrader(course)
    nbgrader.submit("x01", home, "t101")
    box = course.exchanged / "inbound"
    odd = ["t102+x01+nonsense+r", "t103+x01", "..+x01+2026-11-22 06:03:10.123456 UTC+r"]
    for name in odd:
        (box / name).mkdir()
    (box / "t104+x01+2026-11-22 06:03:10.123456 UTC+r").symlink_to("/etc")
    linked = box / "t105+x01+2026-11-22 06:03:10.123456 UTC+r"
    linked.mkdir()
    (linked / NAME).symlink_to("/etc/passwd")
    done = nbgrader.collect("x01")
    assert "t101" in done.new
    assert any("t102+x01+nonsense" in problem for problem in done.problems)
    assert any("t104" in problem for problem in done.problems)
    assert any("t105" in problem and NAME in problem for problem in done.problems)
    assert not (course.root / "submitted" / "t105").exists() or not tree(course.root / "submitted" / "t105")
    assert not list(course.root.glob("submitted/.*+*"))
    for name in odd[:2]:
        (box / name).rmdir()
    shutil.rmtree(linked)
    (box / "t104+x01+2026-11-22 06:03:10.123456 UTC+r").unlink()


def test_collecting_takes_the_newest_and_never_goes_back(course: Course, home: Path) -> None:
    """A later submission replaces an earlier one, an unchanged one is left alone."""
    nbgrader = Nbgrader(course)
    nbgrader.submit("x01", home, "t201")
    assert "t201" in nbgrader.collect("x01").new
    assert "t201" in nbgrader.collect("x01").unchanged
    answer(home, 6)
    made = nbgrader.submit("x01", home, "t201")
    assert "t201" in nbgrader.collect("x01").updated
    folder = course.folder("submitted", "t201", "x01")
    assert receipt.read(folder) is not None
    assert made is not None
    assert receipt.read(folder).code == made.code  # type: ignore[union-attr]
    assert (folder / NAME).read_bytes() == (home / "x01" / NAME).read_bytes()
