"""From journal to points: every exercise ends in exactly one of four outcomes, and only one of them brings points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from widgets.journal import Entry
from widgets.kind import AnswerError
from widgets.kinds import AnyKind
from widgets.page import answer_page, message_page, score_page
from widgets.score import Score, points
from widgets.spec import DataError, Spec


class Outcome(StrEnum):
    """How the grading of one exercise ended; the value is what an instructor reads."""

    SCORED = "已评分"
    NOT_ANSWERED = "未作答"
    INVALID = "无效作答"
    GRADER_ERROR = "评分故障"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The result of one exercise: outcome, points out of *maximum*.

    *html* is the feedback, *shown* the answer as it stands, *message* what an instructor should know.
    """

    exercise: str
    outcome: Outcome
    points: float
    maximum: float
    html: str
    shown: str = ""
    score: Score = field(default_factory=lambda: Score(0.0))
    message: str = ""


def assess(exercise: str, kind: AnyKind, spec: Spec, key: object, entry: Entry | None, maximum: float) -> Assessment:
    """Grade one journal entry against a parsed key; whatever the answer looks like, this returns and never raises."""
    if entry is None:
        return _without(exercise, kind, spec, maximum, Outcome.NOT_ANSWERED, "没有作答，得 0 分。")
    try:
        answer = kind.parse_answer(spec, bytes(entry.answer))
        if kind.is_blank(answer):
            return _without(exercise, kind, spec, maximum, Outcome.NOT_ANSWERED, "没有作答，得 0 分。")
        score = kind.grade(spec, answer, key)
        earned = points(score.fraction, maximum)
        html = score_page(spec, kind.label, score, earned, maximum)
        shown = answer_page(spec, kind.label, kind.lines(spec, answer))
        return Assessment(exercise, Outcome.SCORED, earned, maximum, html, shown, score)
    except AnswerError as error:
        return _without(exercise, kind, spec, maximum, Outcome.INVALID, f"无效作答，得 0 分。{error}")
    except Exception as error:  # noqa: BLE001  a fault of ours must cost this trainee's item and no other
        return failed(exercise, maximum, f"评分程序出错（{type(error).__name__}：{error}），请教师复核。")


def failed(exercise: str, maximum: float, message: str) -> Assessment:
    """Report a fault on our side: no points yet, and an instructor must look."""
    return Assessment(exercise, Outcome.GRADER_ERROR, 0.0, maximum, message_page(exercise, message), message=message)


def refused(exercise: str, maximum: float, message: str) -> Assessment:
    """Report a journal that cannot be read as an invalid answer."""
    return Assessment(exercise, Outcome.INVALID, 0.0, maximum, message_page(exercise, message), message=message)


def parse_key(kind: AnyKind, spec: Spec, key: object) -> object:
    """Parse the key of a grade cell; raises DataError when it is no object or does not fit the data file."""
    if not isinstance(key, Mapping):
        raise DataError("答案键：应为 {…} 形式的对象。")
    return kind.parse_key(spec, key)


def _without(exercise: str, kind: AnyKind, spec: Spec, maximum: float, outcome: Outcome, message: str) -> Assessment:
    html = answer_page(spec, kind.label, kind.lines(spec, None), message)
    return Assessment(exercise, outcome, 0.0, maximum, html, html, message=message)
