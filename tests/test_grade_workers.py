"""Who grades: any executor gives the same, a worker needs no course folder, a dead one is said, and two graders do not meet."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from building import copied
from grading import BEIJING, FULL, hand_in, rows, tree

from coursekit import grade
from coursekit.course import Course, CourseError
from coursekit.grade import grade_assignment, grade_chunk, submitted_trainees
from coursekit.gradebook import open_gradebook
from coursekit.release import load_release
from coursekit.submission import Submission, read_submission


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """Return a released course that a test may change."""
    return copied(released, tmp_path / "c")


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
