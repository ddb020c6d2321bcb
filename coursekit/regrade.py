"""Grade again with a changed key: first see who would gain or lose what, then apply it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coursekit.course import Course
from coursekit.grade import Report, grade_assignment, preview
from coursekit.gradebook import open_gradebook
from coursekit.release import Release, ReleasedNotebook, load_release
from coursekit.source import load_items

#: A change of one cell: trainee, cell, points now, points then.
Change = tuple[str, str, float | None, float]


def preview_regrade(course: Course, assignment: str) -> list[Change]:
    """Return what the keys in source/ would change, without writing anything."""
    with open_gradebook(course) as gradebook:
        release = load_release(course, gradebook.assignment(assignment))
    return list(preview(course, assignment, _with_source_keys(course, release)))


def apply_regrade(course: Course, assignment: str, progress: Callable[[int], None] = lambda _: None) -> list[Report]:
    """Store the keys in source/ as nbgrader does, and grade everything again; the audit log says why."""
    from coursekit.nbgrader import Nbgrader

    Nbgrader(course).generate_assignment(assignment)
    return grade_assignment(course, assignment, force=True, why="重评：答案或分值有改动", progress=progress)


def _with_source_keys(course: Course, release: Release) -> Release:
    found = load_items(course, release.assignment)

    def mended(nb: ReleasedNotebook) -> ReleasedNotebook:
        items = nb.items | {item.cell: item for item in found if item.notebook == nb.name}
        return replace(nb, items=items, broken={cell: why for cell, why in nb.broken.items() if cell not in items})

    return replace(release, notebooks=tuple(map(mended, release.notebooks)))
