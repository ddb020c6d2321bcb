"""The drills that a course serves, how far a visitor is in each, and the visitor's own copy of one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal

from sqlalchemy import TableClause, case, column, func, select, table

from coursekit.course import Course, CourseError
from coursekit.drills.roster import connect
from coursekit.inbound import require_trainee
from coursekit.notebooks import read_notebook, shown_exercise
from widgets import journal
from widgets.pool import load_pool
from widgets.scenario import ScenarioSpec
from widgets.spec import DataError
from widgets.story import StoryError, route

State = Literal["未开始", "进行中", "已完成"]
_DRILL = re.compile(r"d\d\d(-\d)?\Z")


@dataclass(frozen=True, slots=True)
class Drill:
    """A released drill; *folder* is the release, which has no keys."""

    name: str
    title: str
    minutes: int | None
    folder: Path
    exercises: tuple[str, ...]

    @property
    def notebook(self) -> Path:
        """The page."""
        return self.folder / f"{self.name}.ipynb"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a visitor is in a drill; *score* is per cent, once graded."""

    drill: Drill
    state: State
    steps: int
    score: float | None


def find_drills(course: Course, names: Sequence[str]) -> list[Drill]:
    """Load the named drills, or all that are released; raises CourseError for what is not there to be served."""
    if names:
        return [load_drill(course, name) for name in dict.fromkeys(names)]
    released = course.root / "release"
    found = sorted(path.parent.name for path in released.glob("*/*.ipynb") if path.stem == path.parent.name)
    drills = [load_drill(course, name) for name in found if _DRILL.match(name)]
    if not drills:
        raise CourseError("还没有发布任何情景演练（d01、d02……）。请先发布，例如：coursekit release d04")
    return drills


def load_drill(course: Course, name: str) -> Drill:
    """Load a released drill; raises CourseError when there is none of this name, or it is not released."""
    course.require(name)
    folder = course.folder("release", ".", name)
    notebook = folder / f"{name}.ipynb"
    if not notebook.is_file():
        raise CourseError(f"演练 {name} 还没有发布。请先发布：coursekit release {name}")
    page = read_notebook(notebook)
    said = page["metadata"].get("coursekit", {})
    shown = (shown_exercise(cell) for cell in page["cells"])
    names = tuple(one[1] for one in shown if one)
    return Drill(name, str(said.get("title") or name), said.get("minutes"), folder.resolve(), names)


def lay_out(course: Course, drill: Drill, trainee: str) -> Path:
    """Give a visitor the drill's folder at the first visit, as nbgrader's fetch does; returns it."""
    home = course.home(require_trainee(trainee))
    folder = home / drill.name
    if folder.is_dir():
        return folder
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=f".{drill.name}-", dir=home))
        try:
            shutil.copytree(drill.folder, draft / drill.name, ignore=shutil.ignore_patterns(".*", journal.NAME))
            (draft / drill.name).rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        if folder.is_dir():  # the same visitor's other page was faster
            return folder
        cure = "磁盘已满，请教师清理" if error.errno == 28 else f"{error.strerror}，请告诉教师"
        raise CourseError(f"没能为您准备演练文件夹（{cure}）。") from error
    return folder


def progress(course: Course, drills: Sequence[Drill], trainee: str) -> list[Progress]:
    """Say of each drill how far *trainee* is, from the journal, and its score, from the gradebook."""
    scores = _scores(course, trainee)
    return [
        Progress(drill, *_state(course.home(trainee) / drill.name, drill), scores.get(drill.name)) for drill in drills
    ]


def _state(folder: Path, drill: Drill) -> tuple[State, int]:
    try:
        entries = journal.read(folder / journal.NAME).entries
    except journal.JournalError:
        return "未开始", 0
    found = [_walked(folder, name, entries[name]) for name in drill.exercises if name in entries]
    steps = sum(one[0] for one in found)
    if not steps:
        return "未开始", 0
    over = len(found) == len(drill.exercises) and all(one[1] for one in found)
    return ("已完成" if over else "进行中"), steps


def _walked(folder: Path, exercise: str, entry: journal.Entry) -> tuple[int, bool]:
    """Return how many steps an answer has and whether it is at an end."""
    try:
        pool = load_pool(folder, exercise)
        spec = pool.specs[entry.variant]
        answer = pool.kind.parse_answer(spec, bytes(entry.answer))
        if not isinstance(spec, ScenarioSpec):
            done = not pool.kind.is_blank(answer)
            return int(done), done
        return len(answer.path), bool(answer.path) and route(spec.story, answer.path)[-1].at in spec.ends
    except (DataError, KeyError, StoryError, ValueError):
        return 0, False


def _scores(course: Course, trainee: str) -> dict[str, float]:
    """Return by assignment what the trainee's graded submission is worth in per cent; open grades make none."""
    work = _t("submitted_assignment", "id", "assignment_id", "student_id")
    sheet = _t("submitted_notebook", "id", "assignment_id", "late_submission_penalty")
    part = _t("grade", "notebook_id", "cell_id", "auto_score", "manual_score", "extra_credit", "needs_manual_grade")
    assignment, points = _t("assignment", "id", "name"), _t("grade_cells", "id", "max_score")
    got = func.coalesce(part.c.manual_score, part.c.auto_score, 0) + func.coalesce(part.c.extra_credit, 0)
    query = (
        select(
            assignment.c.name,
            func.sum(got),
            func.sum(points.c.max_score),
            func.sum(case((part.c.needs_manual_grade, 1), else_=0)),
        )
        .select_from(part)
        .join(sheet, sheet.c.id == part.c.notebook_id)
        .join(work, work.c.id == sheet.c.assignment_id)
        .join(assignment, assignment.c.id == work.c.assignment_id)
        .join(points, points.c.id == part.c.cell_id)
        .where(work.c.student_id == trainee)
        .group_by(assignment.c.name)
    )
    try:
        with connect(course) as db:
            rows = db.execute(query).all()
    except CourseError:
        return {}
    return {name: round(100 * score / most, 1) for name, score, most, still in rows if most and not still}


def _t(name: str, *columns: str) -> TableClause:
    return table(name, *(column(one) for one in columns))
