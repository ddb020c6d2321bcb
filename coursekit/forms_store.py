"""Collected forms in the gradebook's database, for the ledger and for export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select

from coursekit.check import exercise_names, is_form
from coursekit.course import Course, CourseError
from coursekit.effect_schema import FORM
from coursekit.forms import LEAST, Fault, Question, Sheet, decode, encode, options_of, read_sheet, summary
from coursekit.grade import submitted_trainees
from coursekit.records import make_gradebook, open_records
from coursekit.roster_store import everybody
from coursekit.xlsx import Column, write_book
from coursekit.xlsx import Sheet as Table
from widgets import journal
from widgets.pool import Pool, load_pool
from widgets.spec import DataError


@dataclass(frozen=True, slots=True)
class Collected:
    """What collecting one assignment's forms brought; *silent* handed in but answered nothing."""

    sheets: Sequence[Sheet]
    faults: Sequence[Fault]
    silent: int
    named: bool


def collect(course: Course, assignment: str, *, replace: bool = False) -> Collected:
    """Read all collected submissions and store their forms in one transaction; doing it again changes nothing.

    A survey's rows cannot be told apart, so all are replaced; CourseError keeps more rows from giving way to fewer
    unless *replace*.
    """
    pools = form_pools(course, assignment)
    named = is_named(pools)
    trainees = submitted_trainees(course, assignment)
    if not trainees:
        raise CourseError(f"submitted/ 里没有 {assignment}。请先收取：coursekit collect {assignment}")
    make_gradebook(course)
    with open_records(course) as connection:
        found = _read(course, assignment, pools, trainees, set(everybody(connection)), named=named)
        stored = select(func.count()).select_from(FORM).where(FORM.c.assignment == assignment)
        before = connection.execute(stored).scalar_one()
        if not named and len(found.sheets) < before and not replace:
            raise CourseError(
                f"{assignment} 以前收过 {before} 份，这次只有 {len(found.sheets)} 份。不记名的表只能整批替换；"
                "确定要替换，请加 --replace。什么都没有改。"
            )
        _store(connection, assignment, found, trainees)
    return found


def stored(connection: Connection, assignment: str = "") -> list[tuple[str, Sheet]]:
    """Return stored sheets with their assignment, of one or of all; the ledger reads them here."""
    query = select(FORM).order_by(FORM.c.assignment, FORM.c.exercise, FORM.c.student_id, FORM.c.id)
    rows = connection.execute(query if not assignment else query.where(FORM.c.assignment == assignment))
    return [(row.assignment, Sheet(row.exercise, row.student_id, row.at, decode(row.answer))) for row in rows]


def export(course: Course, assignment: str, path: Path) -> int:
    """Write a summary and all sheets as XLSX and return how many there are; a survey of fewer than LEAST is kept back."""
    pools = form_pools(course, assignment)
    with open_records(course) as connection:
        sheets = [sheet for _, sheet in stored(connection, assignment)]
        names = {key: person.name for key, person in everybody(connection).items()}
    if not sheets:
        raise CourseError(f"还没有收过 {assignment} 的表。请先运行：coursekit forms collect {assignment}")
    if not is_named(pools) and len(sheets) < LEAST:
        raise CourseError(
            f"{assignment} 只有 {len(sheets)} 份，不足 {LEAST} 份不导出，以免猜出是谁写的。请多收几份再试。"
        )
    tables = [_summary_table(pools, sheets)]
    for pool in pools:
        tables += _sheet_table(pool.exercise, [one for one in sheets if one.exercise == pool.exercise], names)
    write_book(path, tables, f"{course.settings.centre}　{assignment}")
    return len(sheets)


def form_pools(course: Course, assignment: str) -> list[Pool]:
    """Return the forms of an assignment; raises CourseError when it has none."""
    folder = course.require(assignment)
    try:
        found = [load_pool(folder, name) for name in sorted(exercise_names(folder))]
    except DataError as error:
        raise CourseError(f"{assignment}/{error}") from None
    pools = [pool for pool in found if is_form(pool)]
    if not pools:
        raise CourseError(
            f'{assignment} 里没有表（数据文件里 "policy" 为 "record" 或 "survey"）。它是计分的作业，请用 coursekit grade。'
        )
    return pools


def is_named(pools: Sequence[Pool]) -> bool:
    """Say whether sheets keep their names; one survey among the forms makes all of them anonymous."""
    return all(spec.policy == "record" for pool in pools for spec in pool.specs.values())


def _read(
    course: Course, assignment: str, pools: Sequence[Pool], trainees: Sequence[str], known: set[str], *, named: bool
) -> Collected:
    sheets: list[Sheet] = []
    faults: list[Fault] = []
    silent = 0
    for trainee in trainees:
        try:
            found = journal.read(course.folder("submitted", trainee, assignment) / journal.NAME)
        except journal.JournalError as error:
            faults.append(Fault("", trainee if named else None, f"{error}"))
            continue
        given = [read_sheet(pool, found.entries.get(pool.exercise), trainee, known, named=named) for pool in pools]
        silent += not any(given)
        sheets += [one for one in given if isinstance(one, Sheet)]
        faults += [fault for one in given if isinstance(one, list) for fault in one]
    if not named:
        sheets.sort(key=lambda one: (one.exercise, one.words))
        faults.sort(key=lambda one: (one.exercise, one.what))
    return Collected(sheets, faults, silent, named)


def _store(connection: Connection, assignment: str, found: Collected, trainees: Sequence[str]) -> None:
    own = FORM.c.assignment == assignment
    if found.named:
        for start in range(0, len(trainees), 500):
            connection.execute(delete(FORM).where(own, FORM.c.student_id.in_(trainees[start : start + 500])))
    else:
        connection.execute(delete(FORM).where(own))
    rows = [
        {
            "assignment": assignment, "exercise": one.exercise, "student_id": one.trainee, "at": one.at,
            "answer": encode(one.words),
        }
        for one in found.sheets
    ]  # fmt: skip
    if rows:
        connection.execute(insert(FORM), rows)


def _summary_table(pools: Sequence[Pool], sheets: Sequence[Sheet]) -> Table:
    rows = [
        row
        for pool in pools
        for question in summary(
            [one for one in sheets if one.exercise == pool.exercise],
            {text: words for spec in pool.specs.values() for text, words in options_of(spec).items()},
        )
        for row in _summary_rows(question)
    ]
    columns = [
        Column("问题", 40), Column("回答", 40), Column("份数", 8, "count"), Column("占回答者 %", 12, "number"),
        Column("平均", 8, "number"),
    ]  # fmt: skip
    return Table("汇总", columns, rows, 1)


def _summary_rows(question: Question) -> Iterator[list[object]]:
    answered = question.answered
    for place, (option, count) in enumerate(question.counts.items()):
        yield [
            question.text,
            option,
            count,
            100 * count / answered if answered else None,
            None if place else question.mean,
        ]
    for text in question.texts:
        yield [question.text, text, None, None, None]
    if not question.counts and not question.texts:
        yield [question.text, "（没有人写）", 0, None, None]


def _sheet_table(exercise: str, sheets: Sequence[Sheet], names: dict[str, str]) -> list[Table]:
    if not sheets:
        return []
    questions = list(dict.fromkeys(question for one in sheets for question, _ in one.words))
    named = any(one.trainee for one in sheets)
    heads = [Column("工号", 12), Column("姓名", 12)] if named else []
    rows = [
        [
            *([one.trainee, names.get(one.trainee or "", "")] if named else []),
            *(dict(one.words).get(q, "") for q in questions),
        ]
        for one in sheets
    ]
    return [
        Table(f"明细 {exercise}"[:31], [*heads, *(Column(question, 24) for question in questions)], rows, len(heads))
    ]
