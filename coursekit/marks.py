"""What everybody sat of the examinations and drills, read from the gradebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from sqlalchemy import Connection, column, select, table

from coursekit.course import Course
from coursekit.evaluation import COMPONENTS, LABELS, Sitting
from coursekit.gradebook import GradedCell, StoredAssignment, open_gradebook
from coursekit.grades import Grades
from coursekit.settings import Component, Evaluation
from coursekit.statistics import Question, analyse
from widgets.pool import sitting

#: Points are kept to hundredths; sums of binary fractions are brought back to this.
PLACES = 6
#: Differences of points below this are binary rounding.
_TINY = 1e-9
#: Marks out of their bounds that are spelt out.
SHOWN = 20


class _Report(msgspec.Struct):
    """What of a grading's report names red lines, by exercise."""

    red: dict[str, tuple[str, ...]] = {}


_REPORT = msgspec.json.Decoder(_Report)


@dataclass(frozen=True)
class Marks:
    """What the gradebook says of a course: sittings by trainee, paper and number.

    *papers* are the assignments of each component; *trained* handed in every module; *errors* are standard errors of
    first sittings by paper, in points out of a hundred; *problems* say in Chinese what in the gradebook cannot be right.
    """

    papers: Mapping[Component, Sequence[str]]
    sat: Mapping[str, Mapping[str, Mapping[int, Sitting]]]
    trained: frozenset[str]
    maxima: Mapping[str, float]
    errors: Mapping[str, float]
    problems: tuple[str, ...]


def assignments(connection: Connection) -> list[str]:
    """List the assignments in the gradebook, whether their sources are still there or not."""
    return sorted(connection.execute(select(column("name")).select_from(table("assignment"))).scalars())


def papers_of(rules: Evaluation, names: Iterable[str]) -> dict[Component, tuple[str, ...]]:
    """Return each component's assignments: those in course.toml, else e01, e02, and all that are named d01, d02 …"""
    found = sorted({sitting(name)[0] for name in names})
    default: dict[Component, tuple[str, ...]] = {
        "theory": tuple(name for name in found if name == "e01"),
        "practical": tuple(name for name in found if name == "e02"),
        "scenario": tuple(name for name in found if name[:1] == "d" and name[1:].isdecimal()),
    }
    return {name: tuple(rules.components.get(name, default[name])) for name in COMPONENTS}


def read_marks(course: Course, names: Sequence[str]) -> Marks:
    """Read what everybody sat of the components' papers among *names*, the assignments in the gradebook."""
    rules = course.settings.evaluation
    papers = papers_of(rules, names)
    wanted = {paper for some in papers.values() for paper in some}
    modules = [name for name in names if name[:1] == "m" and name[1:].isdecimal()]
    sat: dict[str, dict[str, dict[int, Sitting]]] = {}
    maxima: dict[str, float] = {}
    errors: dict[str, float] = {}
    problems = [
        f"course.toml 的 components.{part}（{LABELS[part]}）写了 {paper}，成绩库里没有。请先生成它，或改正写法。"
        for part, some in papers.items() for paper in some if paper not in names
    ]  # fmt: skip
    chosen = [name for name in names if sitting(name)[0] in wanted]
    with open_gradebook(course) as gradebook:
        stored = [(gradebook.assignment(name), gradebook.reports(name)) for name in chosen]
        handed_in = [gradebook.handed_in(name).keys() for name in modules]
        grades = gradebook.grades(one for one, _ in stored)
    for one, reports in stored:
        read = _paper(one, grades.pop(one.id), reports)
        paper, number = sitting(one.name)
        for trainee, result in read.sittings.items():
            sat.setdefault(trainee, {}).setdefault(paper, {})[number] = result
        problems += read.problems
        if number == 1:
            maxima[paper] = read.maximum
            if read.error is not None:
                errors[paper] = read.error
    trained = frozenset(handed_in[0]).intersection(*handed_in[1:]) if handed_in else frozenset()
    return Marks(papers, sat, trained, maxima, errors, tuple(problems))


def total_error(rules: Evaluation, marks: Marks) -> float | None:
    """Return the standard error of a total, from those of the papers that have one; None when none has.

    Errors of different papers are independent: their squares add up, weighted as the marks are.
    """
    square = 0.0
    for name, papers in marks.papers.items():
        most = sum(marks.maxima.get(paper, 0.0) for paper in papers)
        for paper in papers:
            if most and paper in marks.errors:
                share = rules.weights[name] / 100 * marks.maxima[paper] / most
                square += (share * marks.errors[paper]) ** 2
    return square**0.5 if square else None


@dataclass(frozen=True)
class _Paper:
    sittings: Mapping[str, Sitting]
    maximum: float
    error: float | None
    problems: Sequence[str]


def _paper(stored: StoredAssignment, grades: Grades, reports: Mapping[str, str]) -> _Paper:
    cells = stored.cells
    most = sum(cell.maximum for cell in cells)
    nothing: list[float | None] = [None] * len(cells)
    rows = {trainee: grades.rows.get(trainee, nothing) for trainee in grades.extra}
    maximum = Decimal(repr(most))
    sittings = {
        trainee: Sitting(
            _points(sum(filter(None, row)) + grades.extra[trainee], most),
            maximum,
            row.count(None),
            _red(reports.get(trainee)),
        )
        for trainee, row in rows.items()
    }
    return _Paper(
        sittings, most, _error(list(rows.values()), [cell.maximum for cell in cells]), _unfit(stored.name, cells, rows)
    )


def _unfit(name: str, cells: Sequence[GradedCell], rows: Mapping[str, Sequence[float | None]]) -> list[str]:
    """Say which marks are not within what their cells give."""
    problems = []
    for place, cell in enumerate(cells):
        marks = [row[place] or 0.0 for row in rows.values()]
        if marks and min(marks) >= -_TINY and max(marks) <= cell.maximum + _TINY:
            continue
        problems += [
            f"{name}　{trainee} 的 {cell.name} 得 {mark:g} 分，应在 0 到 {cell.maximum:g} 之间。"
            f"请在 formgrader 里改正，或重评：coursekit regrade {name}"
            for trainee, mark in zip(rows, marks, strict=True)
            if not -_TINY <= mark <= cell.maximum + _TINY
        ]
    left = len(problems) - SHOWN
    return problems if left <= 0 else [*problems[:SHOWN], f"{name}　还有 {left} 处分数超出范围"]


def _points(points: float, most: float) -> Decimal:
    """Return points within what the paper gives, free of binary rounding."""
    return Decimal(repr(round(min(max(points, 0.0), most), PLACES)))


def _error(rows: Sequence[Sequence[float | None]], maxima: Sequence[float]) -> float | None:
    """Return the standard error of measurement of who has all marks, in points out of a hundred."""
    full = [row for row in rows if None not in row]
    if len(full) < 2 or len(maxima) < 2:
        return None
    columns = [[mark or 0.0 for mark in marks] for marks in zip(*full, strict=True)]
    questions = [
        Question(str(place), most, marks) for place, (most, marks) in enumerate(zip(maxima, columns, strict=True))
    ]
    paper = analyse(questions)
    if paper is None or paper.measurement_error is None:
        return None
    return 100 * paper.measurement_error / paper.maximum


def _red(report: str | None) -> tuple[str, ...]:
    found = _REPORT.decode(report).red if report else {}
    return tuple(f"{exercise} {word}" for exercise, words in found.items() for word in words)
