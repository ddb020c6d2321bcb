"""A centre's own rules: whoever changes a value in course.toml changes the text and the key, and both stay right."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from building import REPO

from coursekit.author import exercise, grade_cell, lesson, notebook
from coursekit.course import Course, CourseError
from coursekit.policy import Exercise, Task, apply, rewritten, writers
from coursekit.proof import faults
from coursekit.settings import Evaluation, Settings
from coursekit.source import Item
from widgets.assess import parse_keys
from widgets.kinds import parse_spec
from widgets.pool import Pool

HERE = Course.load(REPO)

#: Two other centres, strict and lenient; every value differs from ours.
OTHERS = {
    "strict": {
        "evaluation": {
            "pass_mark": 85,
            "weights": {"theory": 30, "practical": 45, "scenario": 25},
            "floors": {"theory": 85, "practical": 75, "scenario": 75},
            "retraining_days": 10,
        },
        "policy": {
            "tolerance_days": 3,
            "id_card_days": 5,
            "hours": {"morning": ["08:30", "11:30"], "afternoon": ["13:00", "17:30"]},
            "attendance": {"record_minutes": 20, "late_times": 3, "away_hours": 1},
            "complaints": {"accept_days": 2, "answer_days": 5},
            "ratings": {"contact_days": 2, "improve_days": 3},
            "fees": {"copy": 0.3, "copy_free": 5, "post": 15},
        },
    },
    "lenient": {
        "evaluation": {
            "pass_mark": 75,
            "weights": {"theory": 50, "practical": 30, "scenario": 20},
            "floors": {"theory": 70, "practical": 65, "scenario": 60},
            "retraining_days": 7,
        },
        "policy": {
            "tolerance_days": 10,
            "id_card_days": 15,
            "hours": {"morning": ["09:30", "12:00"], "afternoon": ["14:00", "18:00"]},
            "attendance": {"record_minutes": 45, "late_times": 5, "away_hours": 3},
            "complaints": {"accept_days": 3, "answer_days": 15},
            "ratings": {"contact_days": 3, "improve_days": 10},
            "fees": {"copy": 0.2, "copy_free": 20, "post": 10},
        },
    },
}

RULED = sorted({path.stem.split("_")[0] for path in (REPO / "policy").glob("*.py")})
CELLS = [(name, cell) for name in RULED for cell in writers(HERE, name)]


def settings(which: str) -> Settings:
    """Return our settings with another centre's rules."""
    return msgspec.convert(msgspec.to_builtins(HERE.settings) | OTHERS[which], Settings)


def items(written: Exercise, name: str) -> Item:
    """Parse what a writer made, as the grader would."""
    data = {"": written.data} if "kind" in written.data else written.data
    parsed = {v: parse_spec(json.dumps(one, ensure_ascii=False).encode(), name) for v, one in data.items()}
    pool = Pool(name, next(iter(parsed.values()))[0], {v: spec for v, (_, spec) in parsed.items()})
    return Item("", name, parse_keys(pool, written.key, 10.0))


@pytest.mark.parametrize("assignment", RULED)
def test_source_says_what_our_settings_say(assignment: str) -> None:
    """What is committed in source/ is what config/course.toml makes of it."""
    assert not [path.name for path, _ in rewritten(HERE, assignment)]


@pytest.mark.parametrize(("assignment", "cell"), CELLS)
@pytest.mark.parametrize("centre", OTHERS)
def test_another_centre_gets_another_text_and_a_right_key(assignment: str, cell: str, centre: str) -> None:
    """Every cell in policy/ depends on a value; its key solves its own exercise whatever the values."""
    write = writers(HERE, assignment)[cell]
    ours, theirs = write(HERE.settings), write(settings(centre))
    assert ours != theirs
    if isinstance(theirs, Exercise):
        assert not list(faults(items(theirs, cell)))
    if not isinstance(theirs, Task):
        assert "本中心" in str(theirs), "what is local must be called so"


def course(home: Path, writer: str) -> Course:
    """Make a course with one assignment and a writer for it."""
    (home / "config").mkdir(parents=True)
    (home / "config" / "course.toml").write_text('id = "c"\nname = "n"\ncentre = "甲中心"\n', "utf-8")
    (home / "policy").mkdir()
    (home / "policy" / "x1.py").write_text(writer, "utf-8")
    (home / "source" / "x1" / "data").mkdir(parents=True)
    cells = [lesson("x1-start", "旧"), exercise("x1-j01", "Calculation"), grade_cell("x1-j01", 4, {})]
    (home / "source" / "x1" / "x1.ipynb").write_text(json.dumps(notebook(cells, "题", 5)), "utf-8")
    return Course.load(home)


WRITER = """
from coursekit.policy import Exercise, Lesson
CELLS = {
    "x1-start": lambda s: Lesson(f"本中心规定 {s.policy.complaints.answer_days} 个工作日答复"),
    "x1-j01": lambda s: Exercise({"kind": "calculation"}, {"blanks": {"a": s.policy.complaints.answer_days}}),
}
"""


def test_apply_writes_lesson_data_and_key_once(tmp_path: Path) -> None:
    """The first run writes what the settings say, the second finds nothing to do, and points stay."""
    made = course(tmp_path / "c", WRITER)
    assert {path.name for path in apply(made, "x1")} == {"x1.ipynb", "x1-j01.json"}
    found = json.loads((made.source / "x1" / "x1.ipynb").read_text("utf-8"))["cells"]
    assert found[0]["source"] == "本中心规定 7 个工作日答复"
    assert "'a': 7" in found[2]["source"]
    assert "points=4" in found[2]["source"]
    assert not apply(made, "x1")


def test_a_writer_of_a_cell_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A renamed cell must not leave its old rule standing unnoticed."""
    made = course(tmp_path / "c", WRITER.replace("x1-start", "x1-begin"))
    with pytest.raises(CourseError, match="x1-begin"):
        apply(made, "x1")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"weights": {"theory": 40, "practical": 35, "scenario": 20}}, "合计应为 100"),
        ({"floors": {"theory": 80}}, "三项"),
        ({"pass_mark": 180}, "不能大于 100"),
    ],
)
def test_faulty_rules_are_refused_in_chinese(tmp_path: Path, table: dict[str, object], said: str) -> None:
    """Weights that do not add up, a missing floor, an impossible mark."""
    made = course(tmp_path / "c", WRITER)
    values = ", ".join(
        f"{k} = {v}" if isinstance(v, int) else f"{k} = {{{', '.join(f'{a} = {b}' for a, b in v.items())}}}"  # type: ignore[attr-defined]
        for k, v in table.items()
    )
    with (made.root / "config" / "course.toml").open("a", encoding="utf-8") as file:
        file.write(f"[evaluation]\n{values}\n")
    with pytest.raises(CourseError, match=said):
        Course.load(made.root)
    assert Evaluation().pass_mark == 80
