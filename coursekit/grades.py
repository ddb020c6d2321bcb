"""Every grade of whole assignments, in one pass over the gradebook.

Ten thousand trainees have millions of grades, each anywhere in the file: the table is read from end to end, and what
its ids mean is looked up here, which a join would do for every grade anew.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, column, func, select, table

#: Rows fetched at once; more of them would live until Python looks for garbage.
_ROWS = 500

_GRADE = table(
    "grade",
    *map(column, ("notebook_id", "cell_id", "auto_score", "manual_score", "extra_credit", "needs_manual_grade")),
)
_NOTEBOOK = table("submitted_notebook", *map(column, ("id", "assignment_id", "late_submission_penalty")))
_SUBMITTED = table("submitted_assignment", *map(column, ("id", "assignment_id", "student_id")))


@dataclass(slots=True)
class Grades:
    """An assignment's grades by trainee: *rows* have a mark a cell, None while nobody gave one.

    *extra* has everybody who handed in: extra credit, less what being late cost; *waiting* counts what waits for a person.
    """

    rows: dict[str, list[float | None]] = field(default_factory=dict)
    extra: dict[str, float] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)


def read_grades(
    connection: Connection, cells: Mapping[str, Sequence[str]], people: Container[str] | None = None
) -> dict[str, Grades]:
    """Read the grades of assignments, both and their cells by their ids; of *people* only if given."""
    found = {assignment: Grades() for assignment in cells}
    whose: dict[str, str] = {}
    handed_in = (
        select(_NOTEBOOK.c.id, _SUBMITTED.c.assignment_id, _SUBMITTED.c.student_id, _NOTEBOOK.c.late_submission_penalty)
        .select_from(_NOTEBOOK)
        .join(_SUBMITTED, _SUBMITTED.c.id == _NOTEBOOK.c.assignment_id)
    )
    for part in connection.execute(handed_in).partitions(_ROWS):
        for notebook, assignment, trainee, late in part:
            if assignment in found and (people is None or trainee in people):
                whose[notebook] = trainee
                extra = found[assignment].extra
                extra[trainee] = extra.get(trainee, 0.0) - (late or 0.0)
    places = {cell: (found[one], place, len(some)) for one, some in cells.items() for place, cell in enumerate(some)}
    # a person's mark replaces the automatic one, as nbgrader counts
    mark = func.coalesce(_GRADE.c.manual_score, _GRADE.c.auto_score)
    wanted = _GRADE.c.cell_id.concat("").in_(list(places))  # without concat SQLite would jump about by its index
    query = select(_GRADE.c.notebook_id, _GRADE.c.cell_id, mark, _GRADE.c.extra_credit, _GRADE.c.needs_manual_grade)
    streamed = connection.execute(query.where(wanted), execution_options={"stream_results": True})
    for some in streamed.partitions(_ROWS):
        for notebook, cell, points, bonus, waits in some:
            if (who := whose.get(notebook)) is None:
                continue
            grades, place, count = places[cell]
            if (row := grades.rows.get(who)) is None:
                row = grades.rows[who] = [None] * count
            row[place] = points
            if bonus:
                grades.extra[who] += bonus
            if waits:
                grades.waiting[who] = grades.waiting.get(who, 0) + 1
    return found
