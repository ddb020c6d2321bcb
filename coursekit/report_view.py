"""What a report says of a class, decided from its sheets: who is missing, at risk, in need of what; which item is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, median, stdev

from coursekit.evaluation import LABELS, rounded
from coursekit.marks import PLACES, papers_of
from coursekit.report_data import Book, Person, Sheet
from coursekit.settings import Evaluation
from coursekit.statistics import Paper, Question, analyse
from widgets.pool import sitting

#: Bins of a distribution, ten points each.
BINS = 10


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trainee who may not pass, and why in Chinese; *average* is None while nothing was graded."""

    person: Person
    average: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What a trainee should do next: papers below the pass mark, weakest first, and papers not handed in."""

    person: Person
    average: float | None
    weak: tuple[tuple[str, float], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of marks out of 100: how many in each ten points, and what is usually quoted."""

    counts: tuple[int, ...]
    count: int
    mean: float
    middle: float
    deviation: float | None
    lowest: float
    highest: float
    passed: int


@dataclass(frozen=True, slots=True)
class ComponentMark:
    """A component of the final mark as the class did at first sittings; *below* reached less than its floor."""

    name: str
    weight: int
    floor: int
    papers: tuple[str, ...]
    spread: Spread
    below: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """A paper's item analysis with what was left out of it: items without marks, and people who lack one."""

    sheet: Sheet
    paper: Paper | None
    unmarked: tuple[str, ...]
    incomplete: int

    def title(self, name: str) -> str:
        """Return an item's title."""
        return next(column.title for column in self.sheet.columns if column.name == name)


def is_first(sheet: Sheet) -> bool:
    """Say whether a sheet is a first sitting; item analysis and class figures use no other."""
    return sitting(sheet.assignment)[1] == 1


def analysis(sheet: Sheet) -> Analysis:
    """Analyse the items that most people have marks for, over the people who have all of these."""
    rows = list(sheet.marks.values())
    kept = [place for place in range(len(sheet.columns)) if 2 * sum(row[place] is not None for row in rows) > len(rows)]
    full = [found for row in rows if None not in (found := [row[place] for place in kept])]
    questions = [
        Question(one.name, one.maximum, [row[n] or 0.0 for row in full], one.chance)
        for n, one in enumerate(sheet.columns[place] for place in kept)
    ]
    unmarked = tuple(one.title for place, one in enumerate(sheet.columns) if place not in kept)
    return Analysis(sheet, analyse(questions), unmarked, len(rows) - len(full))


def spread(marks: Sequence[float], pass_mark: float) -> Spread | None:
    """Describe marks out of 100; None without any. 100 and above belong to the last bin."""
    if not marks:
        return None
    counts = [0] * BINS
    for mark in marks:
        counts[min(BINS - 1, max(0, int(mark // (100 / BINS))))] += 1
    deviation = stdev(marks) if len(marks) > 1 else None
    passed = sum(reached(mark, pass_mark) for mark in marks)
    return Spread(tuple(counts), len(marks), fmean(marks), median(marks), deviation, min(marks), max(marks), passed)


def shown(mark: float) -> Decimal:
    """Return a mark as the evaluation rounds and people read it, half up to 0.1, free of binary rounding."""
    return rounded(Decimal(repr(round(mark, PLACES))))


def reached(mark: float, line: float) -> bool:
    """Say whether a mark out of 100 reaches a line as the evaluation says it: by the mark as it is shown."""
    return shown(mark) >= line


def averages(book: Book) -> dict[str, float]:
    """Return each trainee's mean over the graded papers, all papers alike, first sittings only."""
    found: dict[str, list[float]] = {}
    for sheet in filter(is_first, book.sheets):
        for trainee, percent in sheet.percents.items():
            found.setdefault(trainee, []).append(percent)
    return {trainee: fmean(marks) for trainee, marks in found.items()}


def troubles(book: Book, means: Mapping[str, float], pass_mark: float) -> list[Trouble]:
    """List who is at risk, worst first: one of the *means* below the pass mark, or papers overdue."""
    overdue = [(sheet.assignment, set(sheet.missing)) for sheet in book.sheets if sheet.overdue and is_first(sheet)]
    found = []
    for person in book.people.values():
        late = [name for name, missing in overdue if person.id in missing]
        mean = means.get(person.id)
        reasons = []
        if mean is not None and not reached(mean, pass_mark):
            reasons.append(f"平均 {shown(mean)}，低于及格线 {pass_mark:g}")
        if late:
            reasons.append(f"逾期未交 {'、'.join(late)}")
        if reasons:
            found.append(Trouble(person, mean, tuple(reasons)))
    return sorted(
        found, key=lambda one: (-len(one.reasons), one.average if one.average is not None else -1.0, one.person.id)
    )


def needs(book: Book, means: Mapping[str, float], pass_mark: float) -> list[Need]:
    """List who needs what, the weakest first; who has everything at the pass mark is left out."""
    weak: dict[str, list[tuple[str, float]]] = {}
    missing: dict[str, list[str]] = {}
    for sheet in filter(is_first, book.sheets):
        for trainee, percent in sheet.percents.items():
            if not reached(percent, pass_mark):
                weak.setdefault(trainee, []).append((sheet.assignment, percent))
        for trainee in sheet.missing:
            missing.setdefault(trainee, []).append(sheet.assignment)
    found = [
        Need(
            book.people[trainee],
            means.get(trainee),
            tuple(sorted(weak.get(trainee, []), key=lambda one: one[1])),
            tuple(missing.get(trainee, [])),
        )
        for trainee in {*weak, *missing}
    ]
    return sorted(found, key=lambda one: (one.average if one.average is not None else 101.0, one.person.id))


def components(book: Book, rules: Evaluation) -> Iterator[ComponentMark]:
    """Yield the components that somebody was fully graded in: points over maxima of all its papers (first sittings)."""
    sheets_of = {sheet.assignment: sheet for sheet in book.sheets if is_first(sheet) and sheet.percents}
    for name, papers in papers_of(rules, sheets_of).items():
        if not papers or not sheets_of.keys() >= set(papers):
            continue
        sheets = [sheets_of[paper] for paper in papers]
        most = sum(sheet.maximum for sheet in sheets)
        people = [who for who in book.people if all(_is_complete(sheet, who) for sheet in sheets)]
        marks = [100 * sum(sheet.total(who) for sheet in sheets) / most for who in people]
        if found := spread(marks, rules.floors[name]):
            below = found.count - found.passed
            yield ComponentMark(LABELS[name], rules.weights[name], rules.floors[name], papers, found, below)


def _is_complete(sheet: Sheet, trainee: str) -> bool:
    return None not in sheet.marks.get(trainee, (None,))
