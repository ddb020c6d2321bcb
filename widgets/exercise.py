"""An exercise in a notebook: its data file, its journal, and how it shows itself."""

from __future__ import annotations

import getpass
import os
import threading
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from widgets import journal
from widgets.kind import AnswerError
from widgets.kinds import AnyKind, parse_spec
from widgets.page import answer_page, message_page
from widgets.spec import DataError, Spec, read_bytes


class Exercise:
    """One exercise of the assignment in *folder* (the notebook's own by default); making it reads nothing."""

    kind: ClassVar[str]

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self.name = name
        self.folder = folder
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def home(self) -> Path:
        """The assignment's folder; raises DataError when it was removed under a running kernel."""
        try:
            return self.folder or Path.cwd()
        except FileNotFoundError:
            raise DataError("作业文件夹已被移走或重新领取，请关闭本页后重新打开。") from None

    @property
    def is_preview(self) -> bool:
        """Whether this is an instructor's source folder, where nothing may be saved: nbgrader would release it."""
        return self.home.parent.name == "source"

    def load(self) -> tuple[AnyKind, Spec]:
        """Read the data file; raises DataError when it is missing, faulty or of another kind than this class."""
        file = f"data/{self.name}.json"
        kind, spec = parse_spec(read_bytes(self.home / file, file), file)
        if kind.name != self.kind:
            raise DataError(f"{file}：题型是“{kind.label}”，单元格里写的是 {type(self).__name__}，请改成一致。")
        return kind, spec

    def latest(self) -> journal.Entry | None:
        """Return what the journal says of this exercise."""
        if self.is_preview:
            return None
        return journal.read(self.home / journal.NAME).entries.get(self.name)

    def save(self, answer: object, base: int = 0) -> journal.Entry:
        """Check *answer* and put it into the journal; it is on the disk when this returns.

        Raises AnswerError for what does not fit the exercise and JournalError for what could not be written.
        """
        kind, spec = self.load()
        kind.parse_answer(spec, msgspec.json.encode(answer))
        with self._lock:  # JupyterLab may deliver a page's messages in several threads
            return journal.save(self.home / journal.NAME, exercise=self.name, variant="", answer=answer, base=base)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Show the live view in a front end and plain HTML while nbgrader runs the notebook."""
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        try:
            kind, spec = self.load()
            entry = self.latest()
            answer = _readable(kind, spec, entry)
            bundle["text/html"] = answer_page(spec, kind.label, kind.lines(spec, answer))
            if "NBGRADER_EXECUTION" not in os.environ:
                from widgets.view import VIEW_MIME, show

                bundle[VIEW_MIME] = show(self, kind, spec, entry)
        except (DataError, journal.JournalError) as error:
            bundle["text/html"] = message_page("练习无法显示", str(error))
        return bundle


class ChecklistReview(Exercise):
    """审核材料清单: judge documents, name defects, decide, list what the one-time notice must say."""

    kind = "checklist"


class RecordSpotting(Exercise):
    """找错: mark the wrong fields of a table and say what is wrong."""

    kind = "spotting"


class StepOrdering(Exercise):
    """流程排序: put steps in order and leave out those that do not belong."""

    kind = "ordering"


def trainee() -> str:
    """Return who answers here: the hub's user, or the machine's."""
    return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()


def _readable(kind: AnyKind, spec: Spec, entry: journal.Entry | None) -> Any:
    """Parse a journal entry for display; one that does not fit shows as unanswered."""
    try:
        return kind.parse_answer(spec, bytes(entry.answer)) if entry else None
    except AnswerError:
        return None
