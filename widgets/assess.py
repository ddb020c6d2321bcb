"""From journal to points: every exercise ends in exactly one of four outcomes, and only one of them brings points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from widgets.journal import Entry, Journal
from widgets.kind import AnswerError
from widgets.page import answer_page, message_page, score_page
from widgets.pool import Pool
from widgets.score import Score, points
from widgets.spec import DataError

BLANK = "没有作答，得 0 分。"


class Outcome(StrEnum):
    """How the grading of one exercise ended; the value is what an instructor reads."""

    SCORED = "已评分"
    NOT_ANSWERED = "未作答"
    INVALID = "无效作答"
    GRADER_ERROR = "评分故障"


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """An exercise with the parsed keys of all its variants and the points it is worth."""

    pool: Pool
    keys: Mapping[str, Any]
    maximum: float

    @property
    def exercise(self) -> str:
        """The exercise's name."""
        return self.pool.exercise


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


def parse_keys(pool: Pool, key: object, maximum: float) -> AnswerKey:
    """Parse what stands in a grade cell: one key, or one for each variant; raises DataError where it does not fit."""
    if not isinstance(key, Mapping):
        raise DataError("答案键：应为 {…} 形式的对象。")
    if list(pool.specs) == [""]:
        return AnswerKey(pool, {"": pool.kind.parse_key(pool.specs[""], key)}, maximum)
    if key.keys() != pool.specs.keys():
        have, want = "、".join(map(str, key)) or "无", "、".join(pool.specs)
        raise DataError(f"答案键：每个变式都要有自己的答案，现有 {have}，应有 {want}。")
    return AnswerKey(pool, {name: pool.kind.parse_key(spec, key[name]) for name, spec in pool.specs.items()}, maximum)


def assess(key: AnswerKey, entry: Entry | None, trainee: str) -> Assessment:
    """Grade a trainee's journal entry; whatever the answer looks like, this returns and never raises.

    An answer to a variant that is not the trainee's is invalid.
    """
    pool, maximum = key.pool, key.maximum
    variant = pool.variant(trainee)
    spec, kind = pool.specs[variant], pool.kind

    def without(outcome: Outcome, message: str) -> Assessment:
        html = answer_page(spec, kind.label, kind.lines(spec, None), message)
        return Assessment(key.exercise, outcome, 0.0, maximum, html, html, message=message)

    if entry is None:
        return without(Outcome.NOT_ANSWERED, BLANK)
    if entry.variant != variant:
        return without(Outcome.INVALID, "无效作答，得 0 分。作答的是别人的变式。")
    try:
        answer = kind.parse_answer(spec, bytes(entry.answer))
        shown = answer_page(spec, kind.label, kind.lines(spec, answer))
        if kind.is_blank(answer):
            return without(Outcome.NOT_ANSWERED, BLANK)
        score = kind.grade(spec, answer, key.keys[variant])
        earned = points(score.fraction, maximum)
        html = score_page(spec, kind.label, score, earned, maximum)
        return Assessment(key.exercise, Outcome.SCORED, earned, maximum, html, shown, score)
    except AnswerError as error:
        return without(Outcome.INVALID, f"无效作答，得 0 分。{error}")
    except Exception as error:  # noqa: BLE001  a fault of ours must cost this trainee's item and no other
        return failed(key.exercise, maximum, f"评分程序出错（{type(error).__name__}：{error}），请教师复核。")


def shown_page(pool: Pool, found: Journal, trainee: str) -> str:
    """Show a trainee's answer to an exercise that is not graded here: free text, or practice."""
    variant = pool.variant(trainee)
    spec, entry = pool.specs[variant], found.entries.get(pool.exercise)
    try:
        answer = pool.kind.parse_answer(spec, bytes(entry.answer)) if entry and entry.variant == variant else None
    except AnswerError as error:
        return answer_page(spec, pool.kind.label, pool.kind.lines(spec, None), f"无效作答。{error}")
    return answer_page(spec, pool.kind.label, pool.kind.lines(spec, answer))


def failed(exercise: str, maximum: float, message: str) -> Assessment:
    """Report a fault on our side: no points yet, and an instructor must look."""
    return Assessment(exercise, Outcome.GRADER_ERROR, 0.0, maximum, message_page(exercise, message), message=message)


def refused(exercise: str, maximum: float, message: str) -> Assessment:
    """Report a journal that cannot be read as an invalid answer."""
    return Assessment(exercise, Outcome.INVALID, 0.0, maximum, message_page(exercise, message), message=message)
