"""The clock of an examination: when it was opened first, how long it lasts, what is left; it shows and does not stop."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from widgets.exercise import is_source
from widgets.page import message_page

#: Beside the notebook: the instant of the first opening, kept through reloads and restarts.
OPENED = "opened.txt"


def opened(folder: Path, now: datetime) -> datetime:
    """Return when the examination in *folder* was opened first, keeping *now* when there is no earlier, legible time.

    A folder that cannot be written to starts anew with every kernel.
    """
    path = folder / OPENED
    with suppress(FileExistsError, OSError), path.open("x", encoding="ascii") as file:
        file.write(now.isoformat(timespec="seconds"))
        file.flush()
        os.fsync(file.fileno())
    try:
        found = datetime.fromisoformat(path.read_bytes()[:64].decode("ascii"))
        return min(found, now) if found.tzinfo else now
    except (OSError, ValueError):
        return now


class ExamClock:
    """A countdown of *minutes* that starts when the trainee opens the notebook for the first time."""

    def __init__(self, minutes: int, folder: Path | None = None) -> None:
        self.minutes = minutes
        self.folder = folder

    def __repr__(self) -> str:
        return f"ExamClock({self.minutes})"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Show the live clock in a front end, and only the limit while nbgrader runs the notebook."""
        bundle: dict[str, Any] = {
            "text/plain": repr(self),
            "text/html": message_page("考试时限", f"{self.minutes} 分钟，从第一次打开试卷时算起。"),
        }
        if "NBGRADER_EXECUTION" not in os.environ:
            from widgets.view import VIEW_MIME, show_clock

            folder, now = self.folder or Path.cwd(), datetime.now(UTC)
            start = now if is_source(folder) else opened(folder, now)
            bundle[VIEW_MIME] = show_clock(start, now, self.minutes)
        return bundle
