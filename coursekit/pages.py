"""Pages that a Jupyter server shows as they are: released feedback to a trainee, reports to an instructor."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import md5
from pathlib import Path

from coursekit import plain
from coursekit.course import Course, CourseError

#: Where reports lie in the course folder; they name people and are never in git.
REPORTS = "reports"
_LIMIT = 20_000_000
_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif"}


def released(feedback: Path, submission: Path) -> Path | None:
    """Return the released feedback page of a submission; nbgrader names it by the submission's secret."""
    secret = plain.read_text(submission / "submission_secret.txt")
    if not secret:
        return None
    for notebook in sorted(submission.glob("*.ipynb")):
        name = md5((secret + notebook.stem).encode(), usedforsecurity=False).hexdigest()
        if (feedback / f"{name}.html").is_file():
            return feedback / f"{name}.html"
    return None


def html(page: Path, folder: Path) -> str:
    """Read a feedback page and put the pictures of its lessons, from the fetched *folder*, into it."""
    text = plain.read(page, _LIMIT).decode("utf-8", "replace")
    return re.sub(r'(?<=src=")data/([\w./-]+)(?=")', lambda match: _inline(folder / "data", match[1]), text)


def report(course: Course, assignment: str) -> str:
    """Read the report of an assignment; raises CourseError for an unknown one, and before a report was made."""
    course.require(assignment)
    try:
        return plain.read(course.root / REPORTS / f"{assignment}.html", _LIMIT).decode("utf-8", "replace")
    except OSError:
        raise CourseError(
            f"{assignment} 还没有报表。请在教学台点“报表”，或运行 coursekit report {assignment}"
        ) from None


def marks_of(page: Path) -> tuple[float | None, float | None]:
    """Read points and maximum off a feedback page of ours."""
    try:
        text = plain.read(page, _LIMIT)[:20_000].decode("utf-8", "replace")
    except OSError:
        return None, None
    match = re.search(r"总分 (-?[\d.]+) / ([\d.]+)", text)
    return (float(match[1]), float(match[2])) if match else (None, None)


def _inline(folder: Path, name: str) -> str:
    kind = _TYPES.get(Path(name).suffix)
    try:
        if kind is None or ".." in Path(name).parts:
            return ""
        return f"data:{kind};base64,{b64encode(plain.read(folder / name, 2_000_000)).decode()}"
    except OSError:
        return ""
