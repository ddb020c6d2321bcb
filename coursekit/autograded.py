"""The autograded folder that formgrader opens: the released notebook with a trainee's answers and points as outputs."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from coursekit.author import Cell
from coursekit.notebooks import marks
from coursekit.release import Release, ReleasedNotebook, exercise_of
from coursekit.submission import Graded, small_bytes
from widgets import journal

#: What nbgrader's exchange puts beside a submission and wants to find beside its feedback.
SUBMISSION_FILES = ("timestamp.txt", "submission_secret.txt")
#: Folders under this prefix are being written; one that is left over was cut short and is removed.
ASIDE = ".coursekit-"


def outputs_of(nb: ReleasedNotebook, graded: Graded) -> Callable[[Cell], list[dict[str, Any]]]:
    """Return what tells a cell's outputs: feedback and points of a grade cell, the answer where one is shown."""
    assessments = graded.assessments[nb.name]
    pages = graded.shown | {a.exercise: a.shown for a in assessments.values()}

    def outputs(cell: Cell) -> list[dict[str, Any]]:
        name = marks(cell).get("grade_id", "")
        if name in assessments:
            return [_html(assessments[name].html), _number(assessments[name].points)]
        page = pages.get(exercise_of(cell) or "")
        return [_html(page)] if page else []

    return outputs


def notebook_bytes(nb: ReleasedNotebook, graded: Graded) -> bytes:
    """Return the released notebook with the outputs of a graded submission."""
    outputs = outputs_of(nb, graded)
    cells = [cell | {"outputs": found} if (found := outputs(cell)) else cell for cell in nb.blank["cells"]]
    return msgspec.json.encode(nb.blank | {"cells": cells})


def write_autograded(
    release: Release, submission: bytes, notebooks: Mapping[str, bytes], submitted: Path, folder: Path
) -> None:
    """Write an autograded folder aside and rename it into place, so that nobody ever sees half of it.

    *submission* is the journal's bytes; of *submitted* only nbgrader's own small files are copied.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder.parent))
    aside.chmod(0o755)
    for name, data in notebooks.items():
        (aside / f"{name}.ipynb").write_bytes(data)
    for name, path in release.files.items():
        (aside / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, aside / name)
    if submission:
        (aside / journal.NAME).write_bytes(submission)
    for name in SUBMISSION_FILES:
        if content := small_bytes(submitted / name):
            (aside / name).write_bytes(content)
    _swap(aside, folder)


def sweep(root: Path) -> None:
    """Remove what an earlier run left half written."""
    for path in root.glob(f"*/{ASIDE}*"):
        shutil.rmtree(path, ignore_errors=True)


def _swap(aside: Path, folder: Path) -> None:
    """Put *aside* in the place of *folder*; a link or file there is removed, never followed."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        old = aside.with_name(aside.name + "-old")
        folder.rename(old)
        aside.rename(folder)
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
        return
    aside.rename(folder)


def _html(html: str) -> dict[str, Any]:
    data = {"text/html": html, "text/plain": "<IPython.core.display.HTML object>"}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _number(points: float) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "data": {"text/plain": repr(points)},
        "metadata": {},
        "execution_count": None,
    }


def trainee_folders(root: Path) -> Iterator[Path]:
    """Yield the trainees' folders below a stage, links left out, sorted by name."""
    if root.is_dir():
        yield from sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())
