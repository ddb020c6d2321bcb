"""The same safe grading inside stock ``nbgrader autograde`` and formgrader's button (config/nbgrader_config.py).

nbgrader reads each submitted notebook, restores locked cells and executes the result in a kernel. Here the released
notebook stands in for the submitted one from the first read on, and the outputs of its cells come from the same grader
that ``coursekit grade`` uses. Assignments whose released notebook is not one of this course are left to nbgrader's own
way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.preprocessors import Execute

from coursekit.autograded import outputs_of
from coursekit.course import Course, CourseError
from coursekit.gradebook import open_gradebook
from coursekit.release import load_release
from coursekit.submission import grade_submission, read_submission


class ReleasedNotebookExporter(NotebookExporter):
    """Reads the released notebook wherever nbgrader asks for a submitted one of this course."""

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[Any, Any]:
        """Convert the released notebook of the same assignment and name; others as they are."""
        path = Path(filename).absolute()  # a link is not followed
        stage = path.parents[2]
        released = stage.parent / "release" / path.parent.name / path.name
        if stage.name == "submitted" and _is_course(released):
            with released.open(encoding="utf-8") as file:
                notebook = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
            found: tuple[Any, Any] = self.from_notebook_node(notebook, resources, **kwargs)  # type: ignore[no-untyped-call]
        else:
            found = super().from_filename(filename, resources, **kwargs)
        return found


class ExecuteAsData(Execute):
    """Takes the place of nbgrader's Execute: a course notebook's cells get their outputs without a kernel."""

    def preprocess(self, nb: Any, resources: Any = None, km: Any = None) -> tuple[Any, Any]:
        """Fill the outputs of a course notebook as ``coursekit grade`` does; run other notebooks as nbgrader does."""
        if not nb.metadata.get("coursekit", {}).get("autorun"):
            return super().preprocess(nb, resources, km)
        about = resources["nbgrader"]
        course, assignment, trainee = (
            Course.find(Path(resources["metadata"]["path"])),
            about["assignment"],
            about["student"],
        )
        with open_gradebook(course) as gradebook:
            gradebook.set_duedate(assignment, course.deadline(assignment))
            release = load_release(course, gradebook.assignment(assignment))
        folder, zone = course.folder("submitted", trainee, assignment), ZoneInfo(course.settings.timezone)
        graded = grade_submission(release, read_submission(release, folder, trainee, zone))
        for odd in graded.oddities:
            self.log.warning("%s: %s", trainee, odd)
        outputs = next(outputs_of(one, graded) for one in release.notebooks if one.name == about["notebook"])
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [nbformat.from_dict(output) for output in outputs(cell)]  # type: ignore[no-untyped-call]
        return nb, resources


def _is_course(released: Path) -> bool:
    """Say whether a released notebook carries the course's mark; raises CourseError when there is none to say so."""
    if not released.is_file():
        raise CourseError(f"找不到发布版 {released}。没有它就不知道交来的笔记本是不是本课程的，因此不运行。")
    with released.open(encoding="utf-8") as file:
        return bool(nbformat.read(file, as_version=4).metadata.get("coursekit", {}).get("autorun"))  # type: ignore[no-untyped-call]
