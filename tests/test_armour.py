"""Every attack on the grader that we know, by name: nothing gained, nobody else touched, the batch ends normally."""

from __future__ import annotations

import copy
import functools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from building import every_kind
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_grade import (
    FULL,
    MAXIMA,
    answers,
    classroom,
    copied,
    hand_in,
    line,
    new_cell,
    rewrite,
    scores,
    stock,
    tree,
)

from coursekit import submission
from coursekit.course import Course, CourseError
from coursekit.feedback import write_feedback
from coursekit.grade import Report, grade_assignment, submitted_trainees
from coursekit.gradebook import open_gradebook
from coursekit.regrade import preview_regrade
from coursekit.release import load_release
from widgets import journal
from widgets.assess import Outcome, assess, parse_keys, shown_page
from widgets.journal import Entry
from widgets.kinds import parse_spec
from widgets.pool import Pool

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
#: What an attack does to a submitted folder.
Deed = Callable[[Path], object]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Release one course in which an honest trainee has full marks."""
    course = classroom(tmp_path_factory.mktemp("released") / "c")
    hand_in(course, "honest")
    grade_assignment(course, "x01")
    return course


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """Return a course that a test may change."""
    return copied(released, tmp_path / "c")


@dataclass(frozen=True, slots=True)
class Besieged:
    """One class of attackers and one honest trainee, graded in one batch; what lay where before and after."""

    course: Course
    graded: dict[str, Report]
    scores: dict[str, dict[str, float | None]]
    before: dict[str, dict[str, str]]

    def points(self, trainee: str) -> float:
        """Return the points that the gradebook has, which are the report's."""
        found = sum(score or 0.0 for score in self.scores[trainee].values())
        assert self.graded[trainee].points == found
        return found

    def autograded(self, trainee: str) -> Path:
        """Return a trainee's autograded folder."""
        return self.course.folder("autograded", trainee, "x01")


def surroundings(course: Course) -> dict[str, dict[str, str]]:
    """Hash what no attacker may change."""
    folders = [course.root / name for name in ("source", "release", "config", "autograded/honest", "submitted/honest")]
    return {folder.name: tree(folder) for folder in folders}


@pytest.fixture(scope="module")
def besieged(released: Course, tmp_path_factory: pytest.TempPathFactory) -> Besieged:
    """Hand in every attack, each as a trainee of its own, and grade them together with the honest one."""
    course = copied(released, tmp_path_factory.mktemp("besieged") / "c")
    before = surroundings(course)
    for trainee, (how, do) in attackers(course).items():
        do(hand_in(course, trainee, how))
    for name in UNFIT:
        shutil.copytree(
            course.folder("submitted", "honest", "x01"), course.folder("submitted", os.fsdecode(name), "x01")
        )
    graded = grade_assignment(course, "x01", force=True)
    return Besieged(course, {one.trainee: one for one in graded}, scores(course), before)


def attackers(course: Course) -> dict[str, tuple[str, Deed]]:
    """List all attackers by the name of their attack: how they answered, and what they did to their folder."""
    found: dict[str, tuple[str, Deed]] = {trainee: ("right", lambda _: None) for trainee in IDS}
    for name, (do, _) in NOTEBOOK.items():
        for how in ("right", ""):
            found[f"notebook {name} {how}"] = (how, to("x01.ipynb", do))
    for name, (change, *_) in JOURNAL.items():
        content = change(answers(course, f"journal {name}"))
        found[f"journal {name}"] = ("", to(journal.NAME, writing(content)))
    for name, do in NO_JOURNAL.items():
        found[f"no journal {name}"] = ("", to(journal.NAME, do))
    for name, source in TRICKS.items():
        found[f"trick {name}"] = ("", trick(source))
    for name, do in EXTRA.items():
        found[f"extra {name}"] = ("right", do)
    copier = trainee_with(course, "b")
    found[copier] = ("", to(journal.NAME, writing(joined(answers(course, trainee_with(course, "a"))))))
    return found


def to(file: str, do: Deed) -> Deed:
    """Aim a deed at one file of the folder."""
    return lambda folder: do(folder / file)


def writing(content: bytes) -> Deed:
    """Write a file."""
    return lambda file: file.write_bytes(content)


def test_nobody_else_is_touched(besieged: Besieged) -> None:
    """The honest trainee keeps every point and every file; nothing of the course changed, and nobody was lost."""
    course = besieged.course
    assert besieged.points("honest") == FULL
    assert surroundings(course) == besieged.before
    names = {"honest", *attackers(course)}
    assert set(besieged.scores) == set(submitted_trainees(course, "x01")) == names
    assert {path.name for path in (course.root / "autograded").iterdir()} == names
    known = {"x01.ipynb", journal.NAME, "timestamp.txt", "submission_secret.txt"}
    assert all(tree(besieged.autograded(name)).keys() <= known for name in names)
    assert all(sum(besieged.graded[name].outcomes.values()) == len(MAXIMA) for name in names)
    assert not any(besieged.graded[name].outcomes[Outcome.GRADER_ERROR.value] for name in names)
    assert not (course.root.parent / "ran").exists()


def test_every_attack_reads_the_same_again(besieged: Besieged) -> None:
    """Unchanged attacks are skipped, a preview of the same keys shows no change, and all have a page of feedback."""
    course = besieged.course
    assert all(one.skipped for one in grade_assignment(course, "x01") if one.maximum)
    assert preview_regrade(course, "x01") == []
    assert len(write_feedback(course, "x01")) == len(besieged.scores)


def sparse(file: Path, size: int) -> None:
    """Make a file that is large and takes no room."""
    file.unlink(missing_ok=True)
    with file.open("wb") as handle:
        handle.truncate(size)


def replaced(make: Callable[[Path], object]) -> Deed:
    """Put something else in a file's place."""

    def do(file: Path) -> None:
        file.unlink()
        make(file)

    return do


def cells(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Deed:
    """Change the cells of the submitted notebook."""
    return lambda file: rewrite(file, change)


def split(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Split every code cell in two as JupyterLab does: both halves carry the metadata."""
    halves = [
        (cell | {"source": cell["source"][:9]}, cell | {"source": cell["source"][9:]})
        if cell["cell_type"] == "code"
        else (cell,)
        for cell in found
    ]
    return [half for pair in halves for half in pair]


def worth(points: float) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Make every grade cell worth *points*."""

    def change(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for cell in found:
            if "points" in cell["metadata"]["nbgrader"]:
                cell["metadata"]["nbgrader"]["points"] = points
        return found

    return change


def answered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write results into the outputs of every cell, as if it had been graded."""
    result = {"output_type": "execute_result", "data": {"text/plain": "6.0"}, "metadata": {}, "execution_count": 1}
    return [cell | {"outputs": [result]} if cell["cell_type"] == "code" else cell for cell in found]


#: What is done to the notebook, and what the report says of it. Marks come from the journal alone.
NOTEBOOK: dict[str, tuple[Deed, str]] = {
    "as released": (lambda _: None, ""),
    "cell deleted": (cells(lambda c: [one for one in c if one["id"] != "x01-c1"]), "x01-c1 缺失"),
    "all cells deleted": (cells(lambda _: []), "x01-c1 缺失"),
    "cell copied": (cells(lambda c: [*c, c[2]]), "x01-c1 重复"),
    "cells split": (cells(split), "x01-c1 重复"),
    "cells moved": (cells(lambda c: c[::-1]), "次序被改动"),
    "cell edited": (cells(lambda c: [c[0], c[1] | {"source": "1"}, *c[2:]]), "x01-c1-show 被改动"),
    "cell added": (cells(lambda c: [*c, new_cell("1")]), "多出 1 个单元格"),
    "empty cell added": (cells(lambda c: [*c, new_cell(" \n")]), ""),
    "other points": (cells(worth(1000)), "x01-c1 分值被改动"),
    "points that are no number": (cells(worth(float("nan"))), "已损坏"),
    "outputs written": (cells(answered), ""),
    "metadata of another shape": (cells(lambda c: [one | {"metadata": {"nbgrader": [1]}} for one in c]), "缺失"),
    "cell name that is no name": (
        cells(lambda c: [one | {"metadata": {"nbgrader": {"grade_id": {}}}} for one in c]),
        "缺失",
    ),
    "a thousand copies": (cells(lambda c: c * 1000), "重复"),
    "not JSON": (lambda file: file.write_text("{broken"), "已损坏"),
    "not a notebook": (lambda file: file.write_text('{"cells": 7}'), "已损坏"),
    "GBK": (lambda file: file.write_bytes('{"cells":[{"source":"云"}]}'.encode("gbk")), "已损坏"),
    "deeply nested": (lambda file: file.write_text('{"cells":' + "[" * 500_000), "已损坏"),
    "empty": (lambda file: file.write_bytes(b""), "已损坏"),
    "50 MB": (lambda file: sparse(file, 50_000_000), "过大"),
    "missing": (lambda file: file.unlink(), "没有交上来"),
    "renamed": (lambda file: file.rename(file.with_name("副本.ipynb")), "没有交上来"),
    "a folder": (replaced(lambda file: file.mkdir()), "不是普通文件"),
    "a FIFO": (replaced(os.mkfifo), "不是普通文件"),
    "a link to the gradebook": (replaced(lambda file: file.symlink_to(file.parents[3] / "gradebook.db")), "是链接"),
    "a link to itself": (replaced(lambda file: file.symlink_to(file)), "是链接"),
    "a link to a device": (replaced(lambda file: file.symlink_to("/dev/zero")), "是链接"),
}


@pytest.mark.parametrize(("how", "points"), [("right", FULL), ("", 0.0)], ids=["answered", "blank"])
@pytest.mark.parametrize("attack", NOTEBOOK)
def test_a_notebook_decides_nothing(besieged: Besieged, attack: str, how: str, points: float) -> None:
    """Whatever became of the notebook, who answered keeps every point, who did not gains none, and it is reported."""
    trainee, said = f"notebook {attack} {how}", NOTEBOOK[attack][1]
    oddities = besieged.graded[trainee].oddities
    assert besieged.points(trainee) == points
    assert said in "；".join(oddities)
    assert bool(oddities) == bool(said)
    assert len(oddities) <= submission.MAX_ODDITIES + 1


#: nbgrader-pitfalls.md §3: what a cell can do to a grader that runs it. Each also leaves a mark.
TRICKS = {
    "prints a result": "from IPython.display import display\n6.0",
    "equals everything": "class A:\n    def __eq__(self, other): return True\nx = A()",
    "replaces the grader": "import widgets; widgets.grade = lambda *a, **k: k['points']",
    "reads the keys": "open('../../../source/x01/x01.ipynb').read()",
    "writes the gradebook": "import sqlite3; sqlite3.connect('../../../gradebook.db').execute('UPDATE grade SET auto_score=9')",
    "knows that it is graded": "import os; os.environ['NBGRADER_EXECUTION'] == 'autograde' and os._exit(0)",
    "never ends": "while True: pass",
    "kills the grader": "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
}


def trick(source: str) -> Deed:
    """Put code wherever a grader might run it: in locked cells, in a new one, in modules beside the notebook."""

    def do(folder: Path) -> None:
        code = f"import pathlib; pathlib.Path({str(folder.parents[3] / 'ran')!r}).touch()\n{source}"
        rewrite(folder / "x01.ipynb", lambda c: [new_cell(code), *(one | {"source": code} for one in c)])
        for name in ("widgets.py", "sitecustomize.py", "msgspec.py", "nbgrader_config.py", "usercustomize.py"):
            (folder / name).write_text(code)
        (folder / "data" / "x01-c1.json").write_text("{}")

    return do


@pytest.mark.parametrize("name", TRICKS)
def test_a_submitted_cell_is_never_run(besieged: Besieged, name: str) -> None:
    """In the place of a locked cell or as a new one, in the notebook or as a module beside it: no mark, no points."""
    assert besieged.points(f"trick {name}") == 0
    assert "被改动" in "；".join(besieged.graded[f"trick {name}"].oddities)
    assert not (besieged.course.root.parent / "ran").exists()


Lines = dict[str, bytes]


def without(*exercises: str) -> float:
    """Return what is left of full marks without some exercises."""
    return FULL - sum(MAXIMA[name] for name in exercises)


def joined(lines: Lines) -> bytes:
    """Join the lines of a journal."""
    return b"".join(lines.values())


def instead(lines: Lines, exercise: str, other: bytes) -> bytes:
    """Put another line in the place of an exercise's."""
    return joined(lines | {exercise: other})


def raw(answer: bytes, head: bytes = b'"v":1,"exercise":"x01-c1","variant":"","seq":1,"at":""') -> bytes:
    """Write a line of the checklist by hand."""
    return b"{" + head + b',"answer":' + answer + b"}\n"


#: What becomes of right answers, the points left, how many are then invalid, and what the report says.
JOURNAL: dict[str, tuple[Callable[[Lines], bytes], float, int, str]] = {
    "torn": (lambda a: joined(a)[:-9], without("x01-p1"), 0, "没有写完"),
    "torn at the start": (lambda a: joined(a)[9:], without("x01-c1"), 0, "第 1 行"),
    "without line ends": (lambda a: joined(a).replace(b"\n", b""), 0, 0, "没有写完"),
    "with Windows line ends": (lambda a: joined(a).replace(b"\n", b"\r\n"), FULL, 0, ""),
    "with a BOM": (lambda a: b"\xef\xbb\xbf" + joined(a), without("x01-c1"), 0, "第 1 行"),
    "UTF-16": (lambda a: joined(a).decode().encode("utf-16"), 0, 0, "不是完整的作答记录"),
    "binary": (lambda _: bytes(range(256)) * 999, 0, 0, "不是完整的作答记录"),
    "zeros": (lambda a: b"\0" * 9999 + b"\n" + joined(a), FULL, 0, "第 1 行"),
    "100001 lines": (lambda a: b"x\n" * 100_001 + joined(a), 0, 4, "行的上限"),
    "100000 lines": (lambda a: b"x\n" * 99_996 + joined(a), FULL, 0, "没有一一列出"),
    "one endless line": (lambda a: instead(a, "x01-c1", raw(b'"' + b"x" * 300_000 + b'"')), without("x01-c1"), 0, "超过上限"),
    "deeply nested": (lambda a: instead(a, "x01-c1", raw(b"[" * 99_999 + b"]" * 99_999)), without("x01-c1"), 0, "第 1 行"),
    "nested within bounds": (lambda a: instead(a, "x01-c1", raw(b"[" * 500 + b"]" * 500)), without("x01-c1"), 1, ""),
    "NaN": (lambda a: instead(a, "x01-c1", raw(b"NaN")), without("x01-c1"), 0, "第 1 行"),
    "Infinity": (lambda a: instead(a, "x01-c1", raw(b'{"rows":Infinity}')), without("x01-c1"), 0, "第 1 行"),
    "a number beyond all": (lambda a: instead(a, "x01-c1", raw(b"1e999")), without("x01-c1"), 0, "第 1 行"),
    "a number of 99999 digits": (lambda a: instead(a, "x01-c1", raw(b"9" * 99_999)), without("x01-c1"), 0, "第 1 行"),
    "half a letter": (lambda a: instead(a, "x01-c1", raw(b'"\\ud800"')), without("x01-c1"), 0, "第 1 行"),
    "null": (lambda a: instead(a, "x01-c1", raw(b"null")), without("x01-c1"), 1, ""),
    "duplicate keys: the last counts": (
        lambda a: instead(a, "x01-c1", a["x01-c1"].replace(b'"answer":', b'"answer":{"rows":{}},"answer":')), FULL, 0, "",
    ),
    "numbers as strings": (
        lambda a: instead(a, "x01-c1", a["x01-c1"].replace(b'"seq":1', b'"seq":"1"')), without("x01-c1"), 0, "第 1 行",
    ),
    "an answer as a string": (lambda a: instead(a, "x01-o1", line("x01-o1", '["s1"]')), without("x01-o1"), 1, ""),
    "another version": (lambda a: instead(a, "x01-c1", line("x01-c1", {}, v=2)), without("x01-c1"), 0, "版本"),
    "points in the line": (lambda a: instead(a, "x01-c1", line("x01-c1", {}, points=6, score=1)), without("x01-c1"), 0, ""),
    "points in the answer": (lambda a: instead(a, "x01-c1", line("x01-c1", {"points": 6})), without("x01-c1"), 1, ""),
    "an unknown exercise": (lambda a: joined(a) + line("x99-c1", {}), FULL, 0, "'x99-c1'"),
    "an exercise with markup for a name": (lambda a: joined(a) + line(f"{EVIL}\x1b[2J\u202e", {}), FULL, 0, "\\x1b"),
    "a thousand unknown exercises": (
        lambda a: joined(a) + b"".join(line(f"x{n}", {}) for n in range(1000)), FULL, 0, "还有 980 处异常",
    ),
    "a grade cell for an exercise": (lambda _: line("x01-essay", {"text": "x"}), 0, 0, "'x01-essay'"),
    "a variant that there is not": (lambda a: instead(a, "x01-c1", line("x01-c1", {}, "z")), without("x01-c1"), 1, ""),
    "lines out of order: the last counts": (
        lambda a: joined(a) + line("x01-c1", {}, seq=-9), without("x01-c1"), 0, "",
    ),
    "a clock in the future": (lambda a: joined(a).replace(b"2026-", b"9999-"), FULL, 0, ""),
    "a clock in the past": (lambda a: joined(a).replace(b"2026-", b"0001-"), FULL, 0, ""),
    "a clock that is none": (lambda a: joined(a).replace(b"2026-11-22T08:15:04.120Z", EVIL.encode().replace(b'"', b"")), FULL, 0, ""),
    "empty": (lambda _: b"", 0, 0, ""),
}  # fmt: skip


@pytest.mark.parametrize("attack", JOURNAL)
def test_a_journal_is_read_with_suspicion(besieged: Besieged, attack: str) -> None:
    """What is not an answer brings nothing, costs its own exercise only, and is said."""
    _, points, invalid, said = JOURNAL[attack]
    one = besieged.graded[f"journal {attack}"]
    assert besieged.points(one.trainee) == points
    assert one.outcomes[Outcome.INVALID.value] == invalid
    assert said in "；".join(one.oddities)
    assert bool(one.oddities) == bool(said)
    assert all(odd.isprintable() for odd in one.oddities)
    assert len(one.oddities) <= submission.MAX_ODDITIES + 1


#: What stands in the journal's place; every exercise is then an invalid answer.
NO_JOURNAL: dict[str, Deed] = {
    "100 MB": lambda file: sparse(file, 100_000_000),
    "a folder": lambda file: file.mkdir(),
    "a FIFO": os.mkfifo,
    "a link to the gradebook": lambda file: file.symlink_to(file.parents[3] / "gradebook.db"),
    "a link to the honest trainee's": lambda file: file.symlink_to(file.parents[2] / "honest" / "x01" / journal.NAME),
    "a link to itself": lambda file: file.symlink_to(file),
    "a link to a device": lambda file: file.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("attack", NO_JOURNAL)
def test_what_is_no_plain_journal_is_refused(besieged: Besieged, attack: str) -> None:
    """Links are not followed, pipes not waited for, giants not read; nothing of them reaches autograded/."""
    one = besieged.graded[f"no journal {attack}"]
    assert besieged.points(one.trainee) == 0
    assert one.outcomes[Outcome.INVALID.value] == len(MAXIMA)
    assert "作答记录" in "；".join(one.oddities)
    assert not (besieged.autograded(one.trainee) / journal.NAME).exists()


def trainee_with(course: Course, variant: str) -> str:
    """Return a trainee who gets a variant of x01-p1."""
    found = {f"t{n}": json.loads(answers(course, f"t{n}")["x01-p1"])["variant"] for n in range(20)}
    return next(name for name, one in found.items() if one == variant)


def test_a_copied_journal_brings_what_it_says_but_no_other_s_variant(besieged: Besieged) -> None:
    """A copied answer is an answer, which the grader cannot tell; where variants differ it is invalid."""
    copier = trainee_with(besieged.course, "b")
    assert besieged.points(copier) == without("x01-p1")
    assert besieged.graded[copier].outcomes[Outcome.INVALID.value] == 1


#: Files that a submission may bring along, or have in the place of nbgrader's own.
EXTRA: dict[str, Deed] = {
    "a gradebook": lambda folder: (folder / "gradebook.db").write_bytes(b"SQLite format 3\0"),
    "easier data": lambda folder: (folder / "data" / "x01-c1.json").write_text("{}"),
    "variants of its own": lambda folder: shutil.copytree(folder / "data" / "x01-p1", folder / "data" / "x01-c1"),
    "a link to the course": lambda folder: (folder / "course").symlink_to(folder.parents[2]),
    "a link out of the data": lambda folder: (folder / "data" / "x").symlink_to("/etc/passwd"),
    "a timestamp that is a link": lambda folder: (folder / "timestamp.txt").symlink_to("/etc/passwd"),
    "a timestamp that is a FIFO": lambda folder: os.mkfifo(folder / "timestamp.txt"),
    "a timestamp of 100 GB": lambda folder: sparse(folder / "timestamp.txt", 10**11),
    "a timestamp outside the calendar": lambda folder: (folder / "timestamp.txt").write_text("0001-01-01 00:00:00 X"),
    "a secret of 100 GB": lambda folder: sparse(folder / "submission_secret.txt", 10**11),
    "a secret that is a link": lambda folder: (folder / "submission_secret.txt").symlink_to("/etc/passwd"),
    "a secret that is a folder": lambda folder: (folder / "submission_secret.txt").mkdir(),
    "a file that cannot be named": lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe")).touch(),
}


@pytest.mark.parametrize("attack", EXTRA)
def test_other_files_of_a_submission_are_not_looked_at(besieged: Besieged, attack: str) -> None:
    """Neither points nor autograded/ depend on what else was handed in."""
    assert besieged.points(f"extra {attack}") == FULL
    kept = list(besieged.autograded(f"extra {attack}").iterdir())
    assert sum(path.stat().st_size for path in kept) < 1_000_000
    assert b"root:" not in b"".join(path.read_bytes() for path in kept)


IDS = [
    "o'brien", 'say "hi"', "a,b", "a;b", "new\nline", "tab\there", "eve..", "-rf", "~", "$HOME",
    "%s", "{0}", "\u202eeve\u202c", "\u200e", " ", "a+b", "'; DROP TABLE grade; --", "<script>alert(1)<∕script>",
    "[red]", "学员", "é", "e\u0301", "x" * 128, "eve\x1b[2J", "*", "?", "[a-z]", "\\", "HONEST", "honest ",
]  # fmt: skip


@pytest.mark.parametrize("trainee", IDS)
def test_a_strange_trainee_id_is_one_trainee(besieged: Besieged, trainee: str) -> None:
    """Quotes, line ends, commas, marks of direction: a row and a folder of its own, and nobody else's."""
    assert besieged.points(trainee) == FULL
    assert len(besieged.scores[trainee]) == len(MAXIMA) + 1
    assert besieged.graded[trainee].oddities == ()


#: Folders that can be no trainee's: nbgrader would not see them, or the gradebook could not hold the name.
UNFIT = [b"..eve", b"...", b".x", b"x" * 129, "云溪".encode("gbk")]


@pytest.mark.parametrize("name", UNFIT, ids=repr)
def test_a_folder_that_can_be_no_trainee_s_is_left_out_and_said(besieged: Besieged, name: bytes) -> None:
    """It is reported, brings no row, and stops nobody."""
    trainee = os.fsdecode(name)
    readable = trainee.encode("utf-8", "backslashreplace").decode()
    found = [one for one in besieged.graded.values() if "文件夹名不能作工号" in "".join(one.oddities)]
    assert len(found) == len(UNFIT)
    assert trainee not in besieged.scores
    assert readable in {one.trainee for one in found}
    assert msgspec.json.encode(found)
    with pytest.raises(CourseError):
        grade_assignment(besieged.course, "x01", [trainee])


def test_a_linked_submission_is_nobody_s(course: Course) -> None:
    """A trainee's folder, or the assignment in it, that is a link to another's brings nothing."""
    submitted = course.root / "submitted"
    (submitted / "eve").symlink_to(submitted / "honest")
    (submitted / "mallory").mkdir()
    (submitted / "mallory" / "x01").symlink_to(submitted / "honest" / "x01")
    (submitted / "trudy").write_text("a file")
    assert [one.trainee for one in grade_assignment(course, "x01")] == ["honest"]


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


NAMES = ["x01.ipynb", journal.NAME, "timestamp.txt", "data/x01-c1.json", "data/x01-p1/a.json", "x.py", "答案.docx"]
DAMAGE = st.one_of(
    st.tuples(st.sampled_from(["flip", "cut", "insert", "repeat"]), st.sampled_from(NAMES[:2]), st.floats(0, 1), st.binary(min_size=1, max_size=9)),
    st.tuples(st.just("remove"), st.sampled_from(NAMES[:5]), st.just(0.0), st.just(b"")),
    st.tuples(st.just("add"), st.sampled_from(NAMES), st.just(0.0), st.binary(max_size=60)),
)  # fmt: skip


def damaged(file: Path, action: str, where: float, extra: bytes) -> None:
    """Do one piece of damage to a file that may be gone already."""
    if action == "add":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(extra)
    elif action == "remove":
        file.unlink(missing_ok=True)
    elif file.exists():
        data = file.read_bytes()
        place = int(where * len(data))
        middle = {
            "flip": bytes(old ^ new for old, new in zip(data[place:], extra, strict=False)),
            "cut": b"",
            "insert": extra + data[place : place + len(extra)],
            "repeat": data[place : place + 99] * 2,
        }[action]
        skip = 99 if action == "repeat" else len(extra)
        file.write_bytes(data[:place] + middle + data[place + skip :])


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DAMAGE, min_size=1, max_size=5))
def test_random_damage_never_pays(course: Course, deeds: list[tuple[str, str, float, bytes]]) -> None:
    """Damage never stops the batch, never reaches another trainee, and never brings more than the sound submission."""
    folder = course.folder("submitted", "victim", "x01")
    shutil.rmtree(folder, ignore_errors=True)
    lines = answers(course, "victim")
    hand_in(course, "victim", "")
    (folder / journal.NAME).write_bytes(lines["x01-c1"] + lines["x01-o1"])
    for action, name, where, extra in deeds:
        damaged(folder / name, action, where, extra)
    graded = {one.trainee: one for one in grade_assignment(course, "x01")}
    assert graded["honest"].skipped
    found = scores(course)
    assert sum(score or 0 for score in found["honest"].values()) == FULL
    assert all(
        (score or 0) <= (MAXIMA[cell] if cell in ("x01-c1", "x01-o1") else 0) for cell, score in found["victim"].items()
    )
    assert sum(graded["victim"].outcomes.values()) == len(MAXIMA)
