"""The command line says in one Chinese message what is wrong, and leaves nothing half done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from building import make_course

from coursekit.cli import app


def run(*words: str | Path) -> tuple[int, str]:
    """Run the command as a user does; returns exit status and everything printed."""
    command = [sys.executable, "-c", "from coursekit.cli import main; main()", *map(str, words)]
    result = subprocess.run(command, env=os.environ | {"COLUMNS": "200"}, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def test_every_command_has_a_chinese_help_text() -> None:
    """Instructors read Chinese."""
    for command in app.registered_commands:
        assert command.callback is not None
        assert any("\u4e00" <= letter <= "\u9fff" for letter in command.callback.__doc__ or "")


def test_a_folder_without_course_is_named(tmp_path: Path) -> None:
    """A wrong path ends in status 1 and says what a course folder has."""
    status, text = run("check", "--course", tmp_path)
    assert status == 1
    assert "不是课程文件夹" in text
    assert "Traceback" not in text


def test_an_unknown_assignment_is_named_with_what_there_is(tmp_path: Path) -> None:
    """A mistyped assignment is answered with the ones that exist."""
    make_course(tmp_path / "c")
    status, text = run("grade", "m99", "--course", tmp_path / "c")
    assert status == 1
    assert "成绩库" in text or "m99" in text
    status, text = run("check", "m99", "--course", tmp_path / "c")
    assert status == 1
    assert "m99" in text
    assert "x01" in text


def test_check_names_place_and_cure_and_fails(tmp_path: Path) -> None:
    """A faulty data file ends in status 1 with notebook, cell and field."""
    course = make_course(tmp_path / "c")
    file = course.source / "x01" / "data" / "x01-w1.json"
    file.write_text(file.read_text("utf-8").replace('"rules"', '"rulse"'), "utf-8")
    status, text = run("check", "--course", course.root)
    assert status == 1
    assert "x01-w1" in text
    assert "rulse" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [("id = 'a'\n", "缺少字段"), ("id = ", "写法有误"), ("passs = 3\nid='a'\nname='b'\ncentre='c'\n", "passs")],
)
def test_a_faulty_course_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    """config/course.toml's mistakes are said with the file's name."""
    course = make_course(tmp_path / "c")
    (course.root / "config" / "course.toml").write_text(content, "utf-8")
    status, text = run("check", "--course", course.root)
    assert status == 1
    assert said in text
    assert "course.toml" in text


def test_a_course_file_in_gbk_is_named(tmp_path: Path) -> None:
    """A GBK settings file asks to be saved as UTF-8."""
    course = make_course(tmp_path / "c")
    (course.root / "config" / "course.toml").write_bytes("name = '云溪'".encode("gbk"))
    assert "UTF-8" in run("check", "--course", course.root)[1]


def test_demo_does_not_touch_a_folder_with_something_in_it(tmp_path: Path) -> None:
    """The demo refuses to overwrite."""
    course = make_course(tmp_path / "c")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    status, text = run("demo", "--course", course.root, "--assignment", "x01", "--into", tmp_path / "full")
    assert status == 1
    assert "不会覆盖" in text
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_demo_runs_the_whole_loop(tmp_path: Path) -> None:
    """From source to feedback in nbgrader's exchange, with a result for every trainee."""
    course = make_course(tmp_path / "c")
    into = tmp_path / "d"
    status, text = run("demo", "--course", course.root, "--assignment", "x01", "--into", into, "--trainees", "3")
    assert status == 0, text
    assert all(f"t00{n}" in text for n in (1, 2, 3))
    assert len(list(into.glob("exchange/counter/feedback/*.html"))) == 3
    assert len(list(into.glob("autograded/*/x01/x01.ipynb"))) == 3
