"""Grade submissions as data: read, spread over an executor, written by one writer in batches.

Killed at any moment, the gradebook holds whole submissions only; the next run skips what is unchanged by its digest.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from multiprocessing.util import register_after_fork
from zoneinfo import ZoneInfo

import msgspec

from coursekit.autograded import notebook_bytes, sweep, trainee_folders, write_autograded
from coursekit.course import Course, CourseError
from coursekit.gradebook import HandedIn, Result, StoredAssignment, open_gradebook, seconds_late
from coursekit.late import late_penalty
from coursekit.release import Release, load_release
from coursekit.submission import Graded, Submission, grade_submission, read_submission
from coursekit.workers import workers
from widgets.assess import Outcome

#: Submissions a task and a transaction; fewer than two tasks are graded in this process.
CHUNK = 50
_DIED = "评分进程意外结束（多因内存不足）。已写入的成绩有效，请再运行一次，没有评完的会接着评。"
#: Longest trainee id that nbgrader's tables hold.
MAX_ID = 128

try:
    import fcntl
except ImportError:  # Windows: one person at one machine
    fcntl = None  # type: ignore[assignment]


class Report(msgspec.Struct, frozen=True):
    """What one submission came to, as the gradebook and the JSON report keep it."""

    trainee: str
    points: float
    maximum: float
    outcomes: dict[str, int]
    oddities: tuple[str, ...] = ()
    errors: dict[str, str] = {}
    red: dict[str, tuple[str, ...]] = {}
    seconds_late: float = 0.0
    skipped: bool = False

    @property
    def damaged(self) -> bool:
        """Whether the notebook was not as released."""
        return any(oddity.startswith("笔记本") for oddity in self.oddities)


@dataclass(frozen=True, slots=True)
class Done:
    """What a worker returns for one submission: scores for the gradebook, notebooks for autograded/."""

    submission: Submission
    scores: dict[str, dict[str, float]]
    notebooks: dict[str, bytes]
    digest: str
    report: Report


def submitted_trainees(course: Course, assignment: str) -> list[str]:
    """List who has a collected submission of *assignment*, sorted; links are nobody's submission."""
    return [name for name in _submitted(course, assignment) if _is_id(name)]


def _submitted(course: Course, assignment: str) -> list[str]:
    folders = trainee_folders(course.root / "submitted")
    return [path.name for path in folders if (path / assignment).is_dir() and not (path / assignment).is_symlink()]


def _is_id(name: str) -> bool:
    """Say whether a folder's name can be a trainee's id; what is not UTF-8 arrives as lone surrogates."""
    return len(name) <= MAX_ID and name[0] != "." and not any("\ud800" <= letter <= "\udfff" for letter in name)


def grade_assignment(
    course: Course,
    assignment: str,
    trainees: Iterable[str] | None = None,
    *,
    force: bool = False,
    why: str = "评分",
    executor: Executor | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Report]:
    """Grade all collected submissions (or those of *trainees*) into autograded/ and the gradebook.

    Unchanged submissions are skipped unless *force*. Raises CourseError when the assignment was not released, a named
    trainee has not submitted it, or somebody else is grading.
    """
    with _alone(course):
        stored, release, handed_in, digests, reports = _prepare(course, assignment)
        names = _chosen(course, assignment, trainees)
        sweep(course.root / "autograded")
        zone = ZoneInfo(course.settings.timezone)
        finished = [] if trainees else [_left_out(name) for name in _submitted(course, assignment) if not _is_id(name)]

        def late(one: Submission) -> float:
            before, extension = handed_in.get(one.trainee, (None, None))
            return seconds_late(one.timestamp or before, stored.duedate, extension)

        def pending() -> Iterator[Submission]:
            for name in names:
                one = read_submission(release, course.folder("submitted", name, assignment), name, zone)
                there = course.folder("autograded", name, assignment).is_dir()
                known = not force and there and digests.get(name) == one.digest(release)
                report = msgspec.json.decode(reports[name], type=Report) if known else None
                if report and report.seconds_late == late(one):
                    finished.append(msgspec.structs.replace(report, skipped=True))
                    progress(1)
                else:
                    yield one

        with _executor(executor, len(names)) as pool:
            for chunk in _graded(release, pending(), pool):
                for done in chunk:
                    folder = course.folder("autograded", done.report.trainee, assignment)
                    submitted = course.folder("submitted", done.report.trainee, assignment)
                    write_autograded(release, done.submission.journal, done.notebooks, submitted, folder)
                finished += _record(course, stored, chunk, late, why)
                progress(len(chunk))
    return sorted(finished, key=lambda report: report.trainee)


def preview(course: Course, assignment: str, release: Release) -> Iterator[tuple[str, str, float | None, float]]:
    """Grade by *release* without writing anything; yields (trainee, cell, points now, points then) where they differ."""
    zone = ZoneInfo(course.settings.timezone)
    with open_gradebook(course) as gradebook:
        now = gradebook.scores(assignment)
    for name in submitted_trainees(course, assignment):
        one = read_submission(release, course.folder("submitted", name, assignment), name, zone)
        for cells in grade_submission(release, one).assessments.values():
            for cell, result in cells.items():
                if now.get(name, {}).get(cell) != result.points:
                    yield name, cell, now.get(name, {}).get(cell), result.points


def grade_chunk(release: bytes, submissions: Sequence[Submission]) -> list[Done]:
    """Grade some submissions; runs in a worker, which needs neither the course folder nor the gradebook."""
    loaded = _unpickled(release)
    return [_done(loaded, submission) for submission in submissions]


@lru_cache(maxsize=2)
def _unpickled(release: bytes) -> Release:
    """Load our own release once a worker; submissions never travel this way but as plain records."""
    loaded: Release = pickle.loads(release)  # noqa: S301  made by this program a moment ago
    return loaded


def _done(release: Release, submission: Submission) -> Done:
    graded = grade_submission(release, submission)
    scores = {nb: {cell: a.points for cell, a in cells.items()} for nb, cells in graded.assessments.items()}
    notebooks = {nb.name: notebook_bytes(nb, graded) for nb in release.notebooks}
    return Done(submission, scores, notebooks, graded.digest, _report(graded))


def _left_out(name: str) -> Report:
    """Report a folder that no trainee can have: the gradebook could not hold its name."""
    readable = name.encode("utf-8", "backslashreplace").decode()
    odd = f"文件夹名不能作工号（应为 UTF-8，不超过 {MAX_ID} 个字，不以点开头），没有评分；请改名后再评"
    return Report(readable, 0.0, 0.0, {outcome.value: 0 for outcome in Outcome}, (odd,))


def _report(graded: Graded) -> Report:
    results = [a for cells in graded.assessments.values() for a in cells.values()]
    return Report(
        trainee=graded.trainee,
        points=round(graded.points, 2),
        maximum=sum(a.maximum for a in results),
        outcomes={outcome.value: graded.count(outcome) for outcome in Outcome},
        oddities=graded.oddities,
        errors={a.exercise: a.message for a in results if a.outcome is Outcome.GRADER_ERROR},
        red={a.exercise: a.score.flags for a in results if a.score.flags},
    )


def _graded(release: Release, submissions: Iterator[Submission], pool: Executor | None) -> Iterator[list[Done]]:
    """Grade chunk by chunk, a few chunks ahead of the writer, so that memory does not grow with the class."""
    if pool is None:
        for chunk in _chunks(submissions):
            yield [_done(release, submission) for submission in chunk]
        return
    packed = pickle.dumps(release)
    running: set[Future[list[Done]]] = set()
    for chunk in _chunks(submissions):
        running.add(pool.submit(grade_chunk, packed, chunk))
        if len(running) > 2 * (os.cpu_count() or 2):
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
    while running:
        finished, running = wait(running, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in finished)


def _chunks(submissions: Iterator[Submission]) -> Iterator[list[Submission]]:
    chunk: list[Submission] = []
    for submission in submissions:
        chunk.append(submission)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _record(
    course: Course, stored: StoredAssignment, chunk: Sequence[Done], late: Callable[[Submission], float], why: str
) -> list[Report]:
    reports = [msgspec.structs.replace(done.report, seconds_late=late(done.submission)) for done in chunk]
    results = [
        Result(
            report.trainee, done.submission.timestamp, done.scores, done.digest, msgspec.json.encode(report).decode()
        )
        for done, report in zip(chunk, reports, strict=True)
    ]
    with open_gradebook(course) as gradebook:
        gradebook.record(stored, results, why, late_penalty(course))
    return reports


def _prepare(
    course: Course, assignment: str
) -> tuple[StoredAssignment, Release, dict[str, HandedIn], dict[str, str], dict[str, str]]:
    with open_gradebook(course) as gradebook:
        gradebook.set_duedate(assignment, course.deadline(assignment))
        stored, handed_in = gradebook.assignment(assignment), gradebook.handed_in(assignment)
        digests, reports = gradebook.digests(assignment), gradebook.reports(assignment)
    return stored, load_release(course, stored), handed_in, digests, reports


def _chosen(course: Course, assignment: str, trainees: Iterable[str] | None) -> list[str]:
    found = submitted_trainees(course, assignment)
    for trainee in trainees or ():
        if trainee not in found:
            raise CourseError(
                f"学员“{trainee}”没有已收取的 {assignment} 作业。已收取的有：{'、'.join(found[:20]) or '无'}。"
            )
    return sorted(set(trainees)) if trainees else found


@contextmanager
def _executor(given: Executor | None, submissions: int) -> Iterator[Executor | None]:
    """Use the executor given, none for a handful of submissions, otherwise a process for each core."""
    if given is not None or submissions < 2 * CHUNK:
        with nullcontext(given) as executor:
            yield executor
    else:
        with workers(_DIED) as executor:
            yield executor


@contextmanager
def _alone(course: Course) -> Iterator[None]:
    """Keep a second grader out of the course; the lock goes with its process, however that ends.

    Workers let go of it at birth: a lock is held until the last process that inherited it has closed the file.
    """
    with (course.root / ".grading.lock").open("w", encoding="utf-8") as file:
        register_after_fork(file, type(file).close)
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CourseError("另一个评分正在这门课程里进行，请等它结束后再试。") from None
        file.write(f"{os.getpid()} {datetime.now(UTC).isoformat()}\n")
        file.flush()
        yield
