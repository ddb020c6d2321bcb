"""An exercise in a notebook: its data file, its journal, and how it shows itself."""

from __future__ import annotations

import getpass
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from widgets import journal
from widgets.kind import AnswerError
from widgets.kinds import AnyKind
from widgets.page import answer_page, message_page
from widgets.pool import load_pool
from widgets.spec import DataError, Spec
from widgets.visitor import service


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a trainee gets of an exercise: the variant's data with options in the trainee's own order."""

    kind: AnyKind
    spec: Spec
    variant: str

    def answer(self, entry: journal.Entry | None) -> Any:
        """Parse a journal entry for display; what does not fit, or answers another variant, shows as unanswered."""
        if entry is None or entry.variant != self.variant:
            return None
        try:
            return self.kind.parse_answer(self.spec, bytes(entry.answer))
        except AnswerError:
            return None


class Exercise:
    """One exercise of the assignment in *folder* (the notebook's own by default); making it reads nothing."""

    kind: ClassVar[str]

    def __init__(self, name: str, folder: Path | None = None, trainee: str | None = None) -> None:
        self.name = name
        self.folder = folder
        self.trainee = trainee
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
    def owner(self) -> str:
        """Who answers: the one named, while nbgrader grades the folder's trainee, otherwise whoever works here."""
        if self.trainee is None and os.environ.get("NBGRADER_EXECUTION") == "autograde":
            return self.home.resolve().parent.name
        return self.trainee or current_trainee()

    @property
    def is_preview(self) -> bool:
        """Whether this is an instructor's source folder, where nothing may be saved: nbgrader would release it."""
        return is_source(self.home)

    @property
    def is_served(self) -> bool:
        """Whether this kernel belongs to whoever signs in from the page, not to who started it."""
        return "NBGRADER_EXECUTION" not in os.environ and service() is not None

    def load(self) -> Loaded:
        """Read the data file; raises DataError when it is missing, faulty or of another kind than this class."""
        pool = load_pool(self.home, self.name)
        if pool.kind.name != self.kind:
            raise DataError(
                f"data/{self.name}：题型是“{pool.kind.label}”，单元格里写的是 {type(self).__name__}，请改成一致。"
            )
        variant = pool.variant(self.owner)
        return Loaded(pool.kind, pool.shown(variant, self.owner), variant)

    def latest(self) -> journal.Entry | None:
        """Return what the journal says of this exercise."""
        if self.is_preview:
            return None
        return journal.read(self.home / journal.NAME).entries.get(self.name)

    def save(self, answer: object, base: int = 0) -> journal.Entry:
        """Check *answer* and put it into the journal; it is on the disk when this returns.

        Raises AnswerError for what does not fit the exercise and JournalError for what could not be written.
        """
        loaded = self.load()
        if self.is_preview:
            raise journal.JournalError("这里是教师的源文件夹，作答不保存。")
        try:
            raw = msgspec.json.encode(answer)
        except (UnicodeEncodeError, OverflowError, RecursionError, TypeError) as error:
            raise AnswerError("作答内容含有无法保存的字符或数值。") from error
        loaded.kind.parse_answer(loaded.spec, raw)
        with self._lock:  # JupyterLab may deliver a page's messages in several threads
            path = self.home / journal.NAME
            return journal.save(
                path,
                exercise=self.name,
                variant=loaded.variant,
                answer=answer,
                base=base,
                fits=lambda joined: _fits(loaded, joined),
                join=_longest if self.kind == "scenario" and loaded.spec.policy != "practice" else None,
            )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Show the live view in a front end and plain HTML while nbgrader runs the notebook."""
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        if self.is_served:
            from widgets.view import VIEW_MIME, show_closed

            return {"text/plain": "正在打开……", VIEW_MIME: show_closed(self)}
        try:
            loaded, entry = self.load(), self.latest()
            lines = loaded.kind.lines(loaded.spec, loaded.answer(entry))
            bundle["text/html"] = answer_page(loaded.spec, loaded.kind.label, lines)
            if "NBGRADER_EXECUTION" not in os.environ:
                from widgets.view import VIEW_MIME, show

                bundle[VIEW_MIME] = show(self, loaded, entry)
        except (DataError, journal.JournalError) as error:
            bundle["text/html"] = message_page("练习无法显示", str(error))
        return bundle


def is_source(folder: Path) -> bool:
    """Say whether *folder* is an assignment as its author keeps it."""
    return folder.resolve().parent.name == "source"


class ChecklistReview(Exercise):
    """审核材料清单: judge documents, name defects, decide, list what the one-time notice must say."""

    kind = "checklist"


class RecordSpotting(Exercise):
    """找错: mark the wrong fields of a table and say what is wrong."""

    kind = "spotting"


class StepOrdering(Exercise):
    """流程排序: put steps in order and leave out those that do not belong."""

    kind = "ordering"


class Choice(Exercise):
    """选择题: one, several, exactly n, or right and wrong."""

    kind = "choice"


class Classification(Exercise):
    """归类: put phrases or actions where they belong."""

    kind = "classification"


class Matching(Exercise):
    """匹配: give each stem its own option."""

    kind = "matching"


class FormEntry(Exercise):
    """录入: type what a document says into a form."""

    kind = "form"


class Calculation(Exercise):
    """计算: numbers with units, dates, and what follows from them."""

    kind = "calculation"


class CaseDecision(Exercise):
    """案例判断: a decision together with the clause that carries it."""

    kind = "case"


class Scenario(Exercise):
    """情景演练: decide step by step, and see what comes of it."""

    kind = "scenario"


class FreeText(Exercise):
    """文字作答: a case analysis in one's own words, graded by a person."""

    kind = "text"


def current_trainee() -> str:
    """Return who works here: the one whom ``coursekit lab --trainee`` names, else whom nbgrader would submit as."""
    name = os.environ.get("COURSEKIT_TRAINEE") or getpass.getuser()
    return os.environ.get("JUPYTERHUB_USER", name) if name == "jovyan" else name


def _longest(_before: object, mine: Any, theirs: Any) -> Any:
    """Join two paths through a story: a decision stands, so only what goes on from theirs is taken from mine."""
    walked, path = (answer.get("path") or [] for answer in (theirs, mine))
    return mine if path[: len(walked)] == walked else theirs


def _fits(loaded: Loaded, answer: object) -> bool:
    try:
        loaded.kind.parse_answer(loaded.spec, msgspec.json.encode(answer))
    except AnswerError:
        return False
    return True
