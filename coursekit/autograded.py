"""The autograded folder that formgrader opens: the released notebook with a trainee's answers and points as outputs."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from coursekit.notebooks import marks
from coursekit.release import Release, ReleasedNotebook, exercise_of
from coursekit.submission import Graded
from widgets import journal

#: What nbgrader's exchange puts beside a submission and wants to find beside its feedback.
SUBMISSION_FILES = ("timestamp.txt", "submission_secret.txt")
#: Folders under this prefix are being written; one that is left over was cut short and is removed.
ASIDE = ".coursekit-"


def notebook_bytes(nb: ReleasedNotebook, graded: Graded) -> bytes:
    """Return the released notebook with each exercise's answer and each grade cell's feedback and points as output."""
    assessments = graded.assessments[nb.name]
    pages = graded.shown | {a.exercise: a.shown for a in assessments.values()}
    cells = []
    for cell in nb.blank["cells"]:
        name = marks(cell).get("grade_id", "")
        outputs: list[dict[str, Any]] = []
        if name in assessments:
            outputs = [_html(assessments[name].html), _number(assessments[name].points)]
        elif page := pages.get(exercise_of(cell) or ""):
            outputs = [_html(page)]
        cells.append(cell | {"outputs": outputs} if outputs else cell)
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
        if is_plain(submitted / name):
            shutil.copyfile(submitted / name, aside / name, follow_symlinks=False)
    _swap(aside, folder)


def sweep(root: Path) -> None:
    """Remove what an earlier run left half written."""
    for path in root.glob(f"*/{ASIDE}*"):
        shutil.rmtree(path, ignore_errors=True)


def is_plain(path: Path) -> bool:
    """Say whether *path* is a regular file and no link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


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
        yield from sorted(
            path for path in root.iterdir() if path.is_dir() and not path.is_symlink() and path.name[0] != "."
        )
