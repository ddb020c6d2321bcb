"""Grading as data: four outcomes, nbgrader's own rows, nothing twice, nothing lost, everything logged."""

from __future__ import annotations

import copy
import getpass
import json
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from building import EXERCISES, SPOTTING, SPOTTING_KEY, make_course, notebook

from coursekit import author, grade
from coursekit.course import Course, CourseError
from coursekit.feedback import write_feedback
from coursekit.grade import Report, grade_assignment, grade_chunk, submitted_trainees
from coursekit.gradebook import open_gradebook
from coursekit.regrade import apply_regrade, preview_regrade
from coursekit.release import load_release
from coursekit.source import load_items
from coursekit.submission import Submission, read_submission
from widgets import journal

#: Points of the exercises that the grader gives; x01-essay's five are a person's to give.
MAXIMA = {"x01-c1": 6.0, "x01-w1": 4.0, "x01-o1": 5.0, "x01-p1": 4.0}
FULL = sum(MAXIMA.values())
BEIJING = ZoneInfo("Asia/Shanghai")
#: Postgres' own programs, where Debian and Ubuntu put them.
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def classroom(root: Path) -> Course:
    """Release a course with three kinds, an exercise of two variants and a task that a person grades."""
    from coursekit.nbgrader import Nbgrader

    second = {"errors": {"r6/done": {"reason": "late", "why": "第六行办结日早于受理日。"}}}
    keys = {"a": SPOTTING_KEY, "b": second}
    course = make_course(root, EXERCISES | {"x01-p1": ("RecordSpotting", SPOTTING, keys, 4)})
    folder = course.source / "x01"
    (folder / "data" / "x01-p1").mkdir()
    (folder / "data" / "x01-p1.json").rename(folder / "data" / "x01-p1" / "a.json")
    variant = copy.deepcopy(SPOTTING)
    variant["rows"][2]["cells"]["done"] = "2026-09-24"
    (folder / "data" / "x01-p1" / "b.json").write_text(json.dumps(variant, ensure_ascii=False), "utf-8")
    cells = notebook(EXERCISES | {"x01-p1": ("RecordSpotting", SPOTTING, keys, 4)})
    task = author.task_cell("x01-essay", 5, "写一段心得。", "要点齐全得满分。")
    task["metadata"]["nbgrader"]["locked"] = True  # as nbgrader makes it; unlocked, its own autograde refuses it
    cells["cells"].append(task)
    (folder / "x01.ipynb").write_text(json.dumps(cells, ensure_ascii=False), "utf-8")
    Nbgrader(course).generate_assignment("x01")
    return course


def copied(course: Course, root: Path) -> Course:
    """Copy a released course, which takes seconds to make."""
    shutil.copytree(course.root, root, symlinks=True)
    return Course.load(root)


def line(exercise: str, answer: Any, variant: str = "", **other: Any) -> bytes:
    """Write one line of a journal."""
    entry = {"v": 1, "exercise": exercise, "variant": variant, "seq": 1, "at": "2026-11-22T08:15:04.120Z"}
    return msgspec.json.encode(entry | {"answer": answer} | other) + b"\n"


def answers(course: Course, trainee: str, how: str = "right") -> dict[str, bytes]:
    """Return a journal line for each exercise, answered right, wrong or partly."""
    items = [(item, item.of(trainee)) for item in load_items(course, "x01")]
    return {item.exercise: line(item.exercise, getattr(v.samples(), how), v.name) for item, v in items}


def hand_in(course: Course, trainee: str, how: str = "right", when: str = "") -> Path:
    """Put a submission into submitted/ as nbgrader collects it; answered in no way, it has no journal."""
    folder = course.folder("submitted", trainee, "x01")
    shutil.copytree(course.folder("release", ".", "x01"), folder)
    if how:
        (folder / journal.NAME).write_bytes(b"".join(answers(course, trainee, how).values()))
    if when:
        (folder / "timestamp.txt").write_text(when)
    return folder


def scores(course: Course) -> dict[str, dict[str, float | None]]:
    """Return automatic scores by trainee and cell."""
    with open_gradebook(course) as gradebook:
        return gradebook.scores("x01")


def total(course: Course, trainee: str) -> float:
    """Return a trainee's automatic points."""
    return sum(score or 0.0 for score in scores(course)[trainee].values())


def rows(course: Course) -> dict[str, list[tuple[Any, ...]]]:
    """Dump every row that grading makes, by what it stands for instead of by nbgrader's random ids."""
    parents = {
        "student": "SELECT s.* FROM student s",
        "submitted_assignment": "SELECT a.name, x.student_id, x.timestamp, x.extension FROM submitted_assignment x "
        "JOIN assignment a ON a.id = x.assignment_id",
        "submitted_notebook": "SELECT x.student_id, n.name, m.flagged, m.late_submission_penalty "
        "FROM submitted_notebook m JOIN submitted_assignment x ON x.id = m.assignment_id "
        "JOIN notebook n ON n.id = m.notebook_id",
    }
    for table, columns in (
        ("grade", "g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade"),
        ("comment", "g.auto_comment, g.manual_comment"),
    ):
        parents[table] = (
            f"SELECT x.student_id, c.name, c.type, {columns} FROM {table} g JOIN base_cell c ON c.id = g.cell_id "
            "JOIN submitted_notebook m ON m.id = g.notebook_id JOIN submitted_assignment x ON x.id = m.assignment_id"
        )
    with sqlite3.connect(course.root / "gradebook.db") as db:
        return {table: sorted(db.execute(query), key=str) for table, query in parents.items()}


def nbgrader(course: Course, *words: str, check: bool = True) -> str:
    """Run stock nbgrader with the course's configuration; returns what it said."""
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=course.root, env=course.environment, check=False, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def stock(module: str, name: str) -> Any:
    """Return something of nbgrader's, whose own type annotations are not to be relied on."""
    return getattr(import_module(f"nbgrader.{module}"), name)


@contextmanager
def changed(file: Path, old: str, new: str) -> Iterator[None]:
    """Change a file's text for a while."""
    before = file.read_text("utf-8")
    assert old in before
    file.write_text(before.replace(old, new), "utf-8")
    yield
    file.write_text(before, "utf-8")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """One released course for the module."""
    return classroom(tmp_path_factory.mktemp("released") / "c")


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """Return a released course that a test may change."""
    return copied(released, tmp_path / "c")


def only(graded: list[Report]) -> Report:
    """Return the only report."""
    (one,) = graded
    return one


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


STOCK = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "counter"
c.LateSubmissionPlugin.penalty_method = "zero"
"""


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_the_rows_are_those_of_stock_nbgrader(course: Course, tmp_path: Path) -> None:
    """Students, submissions, timestamps, late penalties, grades, comments: as nbgrader with kernels writes them."""
    for name, how, when in (
        ("late", "partly", "2026-11-22 11:00:00 UTC"),
        ("granted", "right", "2026-11-22 11:00:00.123456 UTC"),
    ):
        hand_in(course, name, how, when)
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        gradebook.update_or_create_assignment("x01", duedate="2026-11-22 10:00:00 UTC")
        gradebook.add_student("granted")
        gradebook.add_submission("x01", "granted", extension=timedelta(hours=2))
    other = copied(course, tmp_path / "stock")
    settings = STOCK.format(root=str(other.root))
    (other.root / "config" / "nbgrader_config.py").write_text(settings)
    with (course.root / "config" / "nbgrader_config.py").open("a") as file:
        file.write(settings.splitlines()[-1] + "\n")

    late = {one.trainee: one.seconds_late for one in grade_assignment(course, "x01")}
    nbgrader(other, "autograde", "x01")

    assert rows(course) == rows(other)
    assert late == {"late": 3600, "granted": 0}
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        found = {one.student.id: one for one in gradebook.assignment_submissions("x01")}
        assert {name: one.total_seconds_late for name, one in found.items()} == late
        assert found["late"].late_submission_penalty == found["late"].score > 0
        assert found["granted"].late_submission_penalty in (None, 0)


def test_stock_autograde_with_the_kit_s_settings_runs_nothing_of_a_submission(course: Course, tmp_path: Path) -> None:
    """``nbgrader autograde`` and formgrader's button give the same marks, on damaged notebooks too, and run no cell."""
    marker = tmp_path / "ran"
    run = f"import pathlib; pathlib.Path({str(marker)!r}).touch()"
    spoil: dict[str, Any] = {
        "fine": lambda _: None,
        "not-json": lambda file: file.write_bytes(b"{broken"),
        "added": lambda file: rewrite(file, lambda cells: [new_cell(run), *cells, *cells]),
        "no longer a course's": lambda file: file.write_text(unmarked(file, run)),
        "edited": lambda file: rewrite(file, lambda cells: [cell | {"source": run} for cell in cells]),
        "variants": lambda file: shutil.copytree(file.parent / "data" / "x01-p1", file.parent / "data" / "x01-c1"),
        "thief": lambda file: replace(file.with_name(journal.NAME), course.folder("submitted", "fine", "x01")),
        "link": lambda file: replace(file, course.folder("submitted", "added", "x01")),
    }
    for name, do in spoil.items():
        folder = hand_in(course, name, "partly", "2026-11-22 05:00:00 UTC")
        do(folder / "x01.ipynb")
    with (course.root / "config" / "nbgrader_config.py").open("a") as file:
        file.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    ours = with_deadline(course, "2026-11-22T12:00:00")  # an hour before they were handed in
    other = copied(ours, tmp_path / "stock")
    grade_assignment(ours, "x01")
    nbgrader(other, "autograde", "x01")
    assert rows(ours) == rows(other)
    assert all(points == taken for points, taken in _points_and_penalties(other).values())
    assert [name for name in spoil if not total(other, name)] == ["thief"]
    shutil.rmtree(other.root / "release")
    nbgrader(other, "autograde", "x01", "--force", check=False)
    assert not marker.exists()


def _points_and_penalties(course: Course) -> dict[str, tuple[float, float]]:
    with open_gradebook(course) as gradebook:
        taken = gradebook.penalties("x01")
    return {name: (total(course, name), taken[name, "x01"]) for name in scores(course)}


def with_deadline(course: Course, when: str) -> Course:
    """Return the course with a deadline for x01 in course.toml."""
    file = course.root / "config" / "course.toml"
    lines = [one for one in file.read_text("utf-8").splitlines() if not one.startswith("x01 = ")]
    lines.insert(lines.index(next(one for one in lines if one.startswith("[deadlines]"))) + 1, f"x01 = {when}")
    file.write_text("\n".join(lines), "utf-8")
    return Course.load(course.root)


def unmarked(file: Path, source: str) -> str:
    """Return a notebook without the course's mark and with a cell of the trainee's first."""
    found = json.loads(file.read_bytes())
    return json.dumps(found | {"cells": [new_cell(source), *found["cells"]], "metadata": {}})


def replace(file: Path, other: Path) -> None:
    """Put a link to the file of the same name in another folder in a file's place."""
    file.unlink()
    file.symlink_to(other / file.name)


def rewrite(file: Path, change: Any) -> None:
    """Write a notebook again with its list of cells changed."""
    found = json.loads(file.read_bytes())
    found["cells"] = change(found["cells"])
    file.write_text(json.dumps(found), "utf-8")


def new_cell(source: str) -> dict[str, Any]:
    """Make a cell that a trainee added."""
    return {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
        "id": "added",
    }


def test_formgrader_shows_an_autograded_notebook(course: Course) -> None:
    """Formgrader's own exporter renders answers and the fields of the manually graded task; its API lists the rows."""
    hand_in(course, "t1", "partly")
    grade_assignment(course, "x01")
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        submission = gradebook.find_submission_notebook("x01", "x01", "t1").id
    resources = {
        "assignment_id": "x01", "notebook_id": "x01", "submission_id": submission, "index": 0, "total": 1,
        "base_url": "", "student": "t1", "last_name": None, "first_name": None, "notebook_path": "",
    }  # fmt: skip
    formgrader = import_module("nbgrader.server_extensions.formgrader.formgrader")
    exporter = formgrader.HTMLExporter(config=formgrader.FormgradeExtension().build_extra_config())
    page, _ = exporter.from_filename(str(course.folder("autograded", "t1", "x01") / "x01.ipynb"), resources=resources)
    assert "设立登记申请书" in page
    assert "得分" in page
    assert 'id="x01-essay"' in page or "x01-essay" in page
    assert "要点齐全得满分。" in page
    directory = stock("coursedir", "CourseDirectory")(root=str(course.root), db_url=course.db_url, course_id="counter")
    api = stock("apps.api", "NbGraderAPI")(directory)
    assert [one["student"] for one in api.get_notebook_submissions("x01", "x01")] == ["t1"]
    assert api.get_submission("x01", "t1")["needs_manual_grade"]


@pytest.mark.parametrize("kind", ["none", "processes", "dask"])
def test_every_executor_gives_the_same(course: Course, tmp_path: Path, kind: str) -> None:
    """In this process, over processes, over a Dask cluster: the same rows, reports and autograded notebooks."""
    for number, how in enumerate(["right", "wrong", "partly", ""] * 30):
        hand_in(course, f"t{number:03d}", how)
    other = copied(course, tmp_path / "other")
    with _executor(kind) as executor:
        found = grade_assignment(course, "x01", executor=executor)
    expected = []
    for start in range(0, 120, 60):  # too few for a pool
        names = submitted_trainees(other, "x01")[start : start + 60]
        expected += grade_assignment(other, "x01", names)
    assert found == expected
    assert rows(course) == rows(other)
    assert tree(course.root / "autograded") == tree(other.root / "autograded")


@contextmanager
def _executor(kind: str) -> Iterator[Executor | None]:
    if kind == "dask":
        distributed = pytest.importorskip("distributed")
        with (
            distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client.get_executor()
    elif kind == "processes":
        with ProcessPoolExecutor(2) as pool:
            yield pool
    else:
        yield None  # 120 submissions: the grader makes a pool of its own


def tree(root: Path) -> dict[str, str]:
    """Hash every file below *root* by its path."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_worker_needs_no_course_folder(course: Course) -> None:
    """Release and submissions travel as bytes and records; the worker sees neither disk nor gradebook."""
    folder = hand_in(course, "t1")
    with open_gradebook(course) as gradebook:
        release = load_release(course, gradebook.assignment("x01"))
    one = read_submission(release, folder, "t1", BEIJING)
    task = pickle.dumps(release), msgspec.msgpack.encode(one)
    shutil.rmtree(course.root)
    (done,) = grade_chunk(task[0], [msgspec.msgpack.decode(task[1], type=Submission)])
    assert done.report.points == FULL


def test_a_dead_worker_is_said_and_leaves_what_was_written(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that the system kills ends the run with a message; the next run grades the rest."""
    for number in range(100):
        hand_in(course, f"t{number:03d}", "")
    with monkeypatch.context() as patch:
        patch.setattr(grade, "grade_submission", lambda *_: os._exit(9))
        with pytest.raises(CourseError, match="再运行一次"):
            grade_assignment(course, "x01")
    assert len(grade_assignment(course, "x01")) == 100


def test_two_graders_do_not_meet(course: Course) -> None:
    """A second grader is refused while the first is at work, and welcome afterwards."""
    hand_in(course, "t1")
    with grade._alone(course), pytest.raises(CourseError, match="另一个评分"):
        grade_assignment(course, "x01")
    assert grade_assignment(course, "x01")


def test_a_preview_writes_nothing_and_a_regrade_says_why(course: Course) -> None:
    """Who gains and who loses is known before; afterwards the log has one line a changed score."""
    for name, how in (("gains", "wrong"), ("loses", "right"), ("blank", "")):
        hand_in(course, name, how)
    grade_assignment(course, "x01")
    source = course.source / "x01" / "x01.ipynb"
    source.write_text(source.read_text("utf-8").replace("'r6/done'", "'r6/got'"))
    before, old = tree(course.root), scores(course)
    seen = preview_regrade(course, "x01")
    assert tree(course.root) == before
    assert {(who, cell) for who, cell, now, then in seen if then < (now or 0)} >= {("loses", "x01-w1")}
    assert not [change for change in seen if change[0] == "blank"]

    apply_regrade(course, "x01")
    new = scores(course)
    changes = {(who, cell): (now, then) for who, cell, now, then in seen}
    assert changes == {
        (who, cell): (old[who][cell], score)
        for who, cells in new.items()
        for cell, score in cells.items()
        if score != old[who][cell]
    }
    with open_gradebook(course) as gradebook:
        log = [entry for entry in gradebook.audit("x01") if "重评" in entry["why"]]
    assert {(entry["trainee"], entry["cell"]): (entry["old"], entry["new"]) for entry in log} == changes
    assert len(log) == len(changes)
    assert all(isinstance(entry["at"], datetime) for entry in log)
    assert preview_regrade(course, "x01") == []


def test_a_preview_shows_what_mending_a_faulty_key_gives(course: Course) -> None:
    """A cell that could not be graded is part of the preview once its key is right."""
    hand_in(course, "t1")
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.execute("UPDATE source_cell SET source = replace(source, '''s4'': [''s3'']', '''s9'': []')")
    assert only(grade_assignment(course, "x01")).outcomes["评分故障"] == 1
    assert preview_regrade(course, "x01") == [("t1", "x01-o1", 0.0, 5.0)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE coursekit_audit SET new = 99",
        "DELETE FROM coursekit_audit",
        "REPLACE INTO coursekit_audit SELECT id, at, assignment, trainee, cell, old, 99, why FROM coursekit_audit",
    ],
)
def test_the_log_is_append_only(course: Course, statement: str) -> None:
    """What was logged cannot be changed, not even where a kill came between the table and its guard."""
    hand_in(course, "t1")
    grade_assignment(course, "x01")
    with sqlite3.connect(course.root / "gradebook.db") as db:
        for action in ("update", "delete", "insert"):
            db.execute(f"DROP TRIGGER coursekit_audit_no_{action}")
    assert scores(course)  # any opening puts the guard back
    with (
        sqlite3.connect(course.root / "gradebook.db") as db,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        db.execute(statement)


def test_the_log_has_one_line_a_changed_score(course: Course) -> None:
    """First grading logs every machine-graded cell, an unchanged regrade nothing, a change one line."""
    folder = hand_in(course, "t1")
    grade_assignment(course, "x01")
    grade_assignment(course, "x01", force=True)
    (folder / journal.NAME).write_bytes(b"")
    grade_assignment(course, "x01", why="学员重交")
    with open_gradebook(course) as gradebook:
        log = gradebook.audit("x01")
    first, second = log[: len(log) - len(MAXIMA)], log[-len(MAXIMA) :]
    assert {one["cell"]: (one["old"], one["new"]) for one in second} == {
        cell: (full, 0) for cell, full in MAXIMA.items()
    }
    assert {one["why"] for one in second} == {"学员重交"}
    assert {one["cell"]: one["new"] for one in first} == MAXIMA | {"x01-essay": None}


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL server of its own on a socket, no port; yields its SQLAlchemy URL."""
    owner = "postgres" if os.getuid() == 0 else getpass.getuser()
    with tempfile.TemporaryDirectory(prefix="pg-") as name:  # pytest's own folders are closed to other users
        folder = Path(name)
        shutil.chown(folder, owner)

        def run(program: str, *words: str) -> None:
            command = [str(POSTGRES[-1] / program), "-D", str(folder / "data"), *words]
            with (folder / "said").open("ab") as said:
                done = subprocess.run(command, user=owner, cwd="/", check=False, stdout=said, stderr=said)
            assert done.returncode == 0, (folder / "said").read_text()

        run("initdb", "-U", "kit", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "-o", options, "-w", "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+psycopg2://kit@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


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


def _extend(course: Course, trainee: str, extension: timedelta) -> None:
    with stock("api", "Gradebook")(course.db_url) as gradebook:
        gradebook.find_submission("x01", trainee).extension = extension
        gradebook.db.commit()
