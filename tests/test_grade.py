"""Grading as data: four outcomes, nothing twice, nothing lost, in SQLite and in PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from building import copied
from grading import FULL, answers, hand_in, line, only, rows, scores, stock, total, with_deadline
from postgresql import POSTGRES, postgres

from coursekit.course import Course, CourseError
from coursekit.feedback import write_feedback
from coursekit.grade import grade_assignment
from coursekit.gradebook import open_gradebook
from coursekit.regrade import apply_regrade, preview_regrade
from widgets import journal


@contextmanager
def changed(file: Path, old: str, new: str) -> Iterator[None]:
    """Change a file's text for a while."""
    before = file.read_text("utf-8")
    assert old in before
    file.write_text(before.replace(old, new), "utf-8")
    yield
    file.write_text(before, "utf-8")


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """Return a released course that a test may change."""
    return copied(released, tmp_path / "c")


def test_every_exercise_ends_in_one_of_four_outcomes(course: Course) -> None:
    """Scored, not answered, invalid and grader error: each once, and only the first brings points."""
    folder = hand_in(course, "t1")
    lines = answers(course, "t1") | {"x01-w1": line("x01-w1", {"errors": 7})}
    (folder / journal.NAME).write_bytes(lines["x01-c1"] + lines["x01-w1"] + lines["x01-o1"])
    with changed(course.source / "x01" / "data" / "x01-o1.json", '"s2"', '"s9"'):
        one = only(grade_assignment(course, "x01"))
    assert one.outcomes == {"已评分": 1, "未作答": 1, "无效作答": 1, "评分故障": 1}
    assert (one.points, one.maximum) == (6.0, FULL)
    assert list(one.errors) == ["x01-o1"]
    assert scores(course)["t1"] == {"x01-c1": 6.0, "x01-w1": 0.0, "x01-o1": 0.0, "x01-p1": 0.0, "x01-essay": None}


def test_a_second_run_grades_only_what_changed(course: Course) -> None:
    """Unchanged work is skipped by its digest, changed work and a lost folder are not, --force grades all."""
    for name in ("t1", "t2", "t3"):
        hand_in(course, name, "partly")
    seen: list[int] = []
    assert not any(one.skipped for one in grade_assignment(course, "x01", progress=seen.append))
    before = rows(course)
    again = grade_assignment(course, "x01", progress=seen.append)
    assert all(one.skipped for one in again)
    assert sum(seen) == 6
    assert rows(course) == before
    with (course.folder("submitted", "t2", "x01") / journal.NAME).open("ab") as file:
        file.write(answers(course, "t2", "wrong")["x01-c1"])
    shutil.rmtree(course.folder("autograded", "t3", "x01"))
    third = {one.trainee: one for one in grade_assignment(course, "x01")}
    assert {name: one.skipped for name, one in third.items()} == {"t1": True, "t2": False, "t3": False}
    assert third["t1"] == again[0]
    assert not any(one.skipped for one in grade_assignment(course, "x01", force=True))


def test_some_trainees_only(course: Course) -> None:
    """--trainee grades whom it names, and names whom it cannot find."""
    for name in ("t1", "t2"):
        hand_in(course, name)
    assert only(grade_assignment(course, "x01", ["t2"])).trainee == "t2"
    assert list(scores(course)) == ["t2"]
    with pytest.raises(CourseError, match="t9"):
        grade_assignment(course, "x01", ["t9"])
    with pytest.raises(CourseError, match=r"\.\."):
        grade_assignment(course, "x01", [".."])


def test_the_command_shows_progress_a_closing_table_and_a_json_report(course: Course, tmp_path: Path) -> None:
    """What an instructor sees and what a program reads say the same."""
    for name in ("t1", "t2"):
        hand_in(course, name)
    report = tmp_path / "report.json"
    command = [sys.executable, "-c", "from coursekit.cli import main; main()", "grade", "x01", "--report", str(report)]
    command += ["--course", str(course.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "120"})
    assert "2/2" in done.stdout
    assert "平均 19.00 分" in done.stdout
    assert [one["points"] for one in json.loads(report.read_bytes())] == [FULL, FULL]


def test_a_resubmission_without_an_answer_loses_its_points(course: Course) -> None:
    """A regrade starts from an empty record, in the gradebook and in the autograded notebook."""
    folder = hand_in(course, "t1")
    grade_assignment(course, "x01")
    assert total(course, "t1") == FULL
    lines = answers(course, "t1")
    (folder / journal.NAME).write_bytes(lines["x01-c1"])
    grade_assignment(course, "x01")
    assert scores(course)["t1"] == {"x01-c1": 6.0, "x01-w1": 0.0, "x01-o1": 0.0, "x01-p1": 0.0, "x01-essay": None}
    assert (course.folder("autograded", "t1", "x01") / journal.NAME).read_bytes() == lines["x01-c1"]


def test_what_a_person_gave_stays_and_is_flagged(course: Course) -> None:
    """Manual scores, comments and extra credit survive a regrade, and their cell asks for another look."""
    folder = hand_in(course, "t1")
    grade_assignment(course, "x01")
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        for cell, score, extra in (("x01-essay", 4.0, None), ("x01-c1", 5.0, 0.5)):
            found = gradebook.find_grade(cell, "x01", "x01", "t1")
            found.manual_score, found.extra_credit, found.needs_manual_grade = score, extra, False
        gradebook.find_comment("x01-essay", "x01", "x01", "t1").manual_comment = "有真情实感"
        gradebook.db.commit()
    (folder / journal.NAME).write_bytes(b"")
    grade_assignment(course, "x01")
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        essay, first = (gradebook.find_grade(cell, "x01", "x01", "t1") for cell in ("x01-essay", "x01-c1"))
        assert (essay.manual_score, essay.needs_manual_grade) == (4.0, True)
        assert (first.auto_score, first.manual_score, first.extra_credit, first.needs_manual_grade) == (0, 5, 0.5, True)
        assert gradebook.find_comment("x01-essay", "x01", "x01", "t1").comment == "有真情实感"
        assert gradebook.find_submission("x01", "t1").score == 9.5


@pytest.mark.skipif(not POSTGRES, reason="no PostgreSQL programs on this machine")
def test_the_gradebook_may_be_postgresql(course: Course) -> None:
    """Generate, grade, regrade, feedback and the guarded log work with db_url in course.toml, with the same marks."""
    pytest.importorskip("psycopg2")
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import DBAPIError

    from coursekit.nbgrader import Nbgrader

    for name, how in (("t1", "right"), ("t2", "partly"), ("x" * 128, "wrong"), ("y" * 129, "right")):
        hand_in(course, name, how, "2026-11-22 05:00:00 UTC")
    settings = course.root / "config" / "course.toml"
    course = with_deadline(course, "2026-11-22T12:00:00")
    grade_assignment(course, "x01")
    expected = scores(course)
    with postgres() as url:
        text_before = settings.read_text("utf-8")
        settings.write_text(f"db_url = '{url}'\n{text_before}", "utf-8")
        (course.root / "gradebook.db").unlink()
        shutil.rmtree(course.root / "autograded")
        served = Course.load(course.root)
        Nbgrader(served).generate_assignment("x01")
        assert all(one.seconds_late == 3600 for one in grade_assignment(served, "x01") if one.maximum)
        assert scores(served) == expected
        assert _rows(served) == {who: list(marks.values()) for who, marks in expected.items()}
        _extend(served, "t1", timedelta(hours=2))
        again = {one.trainee: one for one in grade_assignment(served, "x01")}
        assert (again["t1"].skipped, again["t1"].seconds_late, again["t2"].skipped) == (False, 0, True)
        source = served.source / "x01" / "x01.ipynb"
        source.write_text(source.read_text("utf-8").replace("'r6/done'", "'r6/got'"), "utf-8")
        assert {who for who, *_ in preview_regrade(served, "x01")} >= {"t1"}
        apply_regrade(served, "x01")
        assert scores(served)["t1"]["x01-w1"] != expected["t1"]["x01-w1"]
        assert write_feedback(served, "x01")
        engine = create_engine(url)
        for statement in (
            "UPDATE coursekit_audit SET new = 9",
            "DELETE FROM coursekit_audit",
            "TRUNCATE coursekit_audit",
        ):
            with engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
                connection.execute(text(statement))
        engine.dispose()


def _rows(course: Course) -> dict[str, list[float | None]]:
    """Return everybody's marks of x01 as report and evaluation read them."""
    with open_gradebook(course) as gradebook:
        stored = gradebook.assignment("x01")
        return gradebook.grades([stored])[stored.id].rows


def _extend(course: Course, trainee: str, extension: timedelta) -> None:
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        gradebook.find_submission("x01", trainee).extension = extension
        gradebook.db.commit()
