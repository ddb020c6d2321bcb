"""An examination: a time limit that is shown, a second sitting that is another paper."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from building import ORDERING, ORDERING_KEY, make_course

from coursekit import author
from coursekit.check import check, check_course
from coursekit.course import Course, CourseError
from coursekit.demo import run_demo
from coursekit.resit import make_resit
from coursekit.source import load_items
from widgets.assess import Outcome
from widgets.clock import OPENED, ExamClock, opened

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def examination(root: Path, variants: int = 3) -> Course:
    """Make a course with an examination x01 of one exercise in so many variants, and a clock."""
    made = make_course(root, {})
    folder = made.source / "x01"
    (folder / "data" / "x01-o1").mkdir()
    for n in range(variants):
        data = ORDERING | {"policy": "examination", "title": f"第 {n} 卷"}
        (folder / "data" / "x01-o1" / f"{n}.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    cells = [
        author.lesson("intro", "# 试卷\n\n闭卷。"),
        author.clock("x01-clock", 90),
        author.exercise("x01-o1", "StepOrdering"),
        author.grade_cell("x01-o1", 5, {f"{n}": ORDERING_KEY for n in range(variants)}),
    ]
    (folder / "x01.ipynb").write_text(json.dumps(author.notebook(cells, "试卷", 90), ensure_ascii=False), "utf-8")
    return made


def test_the_clock_starts_at_the_first_opening(tmp_path: Path) -> None:
    """A reload or a new kernel an hour later does not start it again."""
    assert opened(tmp_path, NOW) == NOW
    assert opened(tmp_path, NOW + timedelta(hours=1)) == NOW


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"yesterday", b"2026-11-23T01:00:00", b"2099-01-01T00:00:00+00:00"]
)
def test_a_spoilt_start_is_now(tmp_path: Path, content: bytes) -> None:
    """A start that is no instant, or lies in the future, gives nobody more than the whole time."""
    (tmp_path / OPENED).write_bytes(content)
    assert opened(tmp_path, NOW) == NOW


def test_the_clock_leaves_nothing_in_source_and_while_nbgrader_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instructor's preview must not start the trainees' clocks, nor grading anybody's."""
    preview = tmp_path / "source" / "e01"
    preview.mkdir(parents=True)
    ExamClock(90, preview)._repr_mimebundle_()
    assert not list(preview.iterdir())
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    shown = ExamClock(90, tmp_path)._repr_mimebundle_()
    assert "90 分钟" in shown["text/html"]
    assert not (tmp_path / OPENED).exists()


def test_a_second_sitting_is_another_paper_graded_as_such(tmp_path: Path) -> None:
    """Right answers to the second paper bring full marks, and no trainee meets a variant of the first again."""
    kit = examination(tmp_path / "kit")
    assert make_resit(kit, "x01").name == "x01-2"
    assert make_resit(kit, "x01-2").name == "x01-3"
    assert [fault for _, found in check_course(kit, kit.assignments()) for fault in found] == []
    done = run_demo(kit, tmp_path / "demo", "x01-2", 4, lambda *_: lambda _n: None)
    first, second = load_items(kit, "x01")[0], load_items(kit, "x01-2")[0]
    for person in done.people:
        assert first.of(person.id).name != second.of(person.id).name
    assert {o for report in done.graded for o, count in report.outcomes.items() if count} <= {
        Outcome.SCORED,
        Outcome.NOT_ANSWERED,
    }
    assert max(report.points for report in done.graded) == 5
    assert "第 2 次" in (done.course.source / "x01-2" / "x01.ipynb").read_text("utf-8")


def test_no_more_sittings_than_variants(tmp_path: Path) -> None:
    """With two variants the third paper would be the first again."""
    kit = examination(tmp_path / "kit", variants=2)
    make_resit(kit, "x01")
    with pytest.raises(CourseError, match="最多只够考 2 次"):
        make_resit(kit, "x01")
    assert check(kit, "x01-2") == []
