"""Where a trainee stands between 在训 and the decision, and which steps marks or people may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from coursekit.evaluation import LABELS, Evaluated


class State(StrEnum):
    """A stage of the training; the value is what people read."""

    TRAINING = "在训"
    WAITING = "待考"
    PASSED = "合格"
    RETRAINING = "强化培训"
    RESIT = "复考"
    MOVED = "调离"
    EXTENDED = "延长试用期"


#: What people may decide, always with a reason. Nobody is passed by hand: that takes marks.
BY_HAND: Mapping[State, tuple[State, ...]] = {
    State.TRAINING: (State.WAITING, State.MOVED, State.EXTENDED),
    State.WAITING: (State.TRAINING, State.RETRAINING, State.MOVED, State.EXTENDED),
    State.PASSED: (State.RETRAINING, State.MOVED),
    State.RETRAINING: (State.RESIT, State.MOVED, State.EXTENDED),
    State.RESIT: (State.RETRAINING, State.MOVED, State.EXTENDED),
    State.MOVED: (State.TRAINING,),
    State.EXTENDED: (State.RETRAINING, State.RESIT, State.MOVED),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A trainee's state and the last sitting that they had sat by then; sittings up to *void* cannot pass any more."""

    state: State = State.TRAINING
    sitting: int = 0
    void: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One transition, and why."""

    before: State
    after: State
    reason: str
    sitting: int
    total: Decimal | None = None


def is_restart(before: State, after: State) -> bool:
    """Say whether a step takes back what was passed before, so that only a new sitting counts."""
    return before is State.PASSED or (before is State.MOVED and after is State.TRAINING)


def steps(stage: Stage, results: Sequence[Evaluated], *, is_trained: bool) -> tuple[Step, ...]:
    """Return what marks bring about, one transition after the other; who has passed or was moved stays.

    *results* are those after each sitting, *is_trained* says whether all modules were handed in.
    """
    found: list[Step] = []
    state, entered = stage.state, stage.sitting
    for result in results:
        number = result.sitting
        if state is State.TRAINING and (is_trained or number > stage.void):
            why = "培训单元已全部提交" if is_trained else "已参加考核"
            found.append(Step(state, State.WAITING, why, number))
            state, entered = State.WAITING, number
        if state is State.WAITING and result.is_complete and number > stage.void:
            after = State.PASSED if result.passed else State.RETRAINING
            found.append(Step(state, after, said(result), number, result.total))
            state, entered = after, number
        if state in (State.RETRAINING, State.EXTENDED) and number > max(entered, 1):
            found.append(Step(state, State.RESIT, f"已参加第 {number} 次考核", number))
            state, entered = State.RESIT, number
        if state in (State.RETRAINING, State.EXTENDED, State.RESIT) and result.passed:
            found.append(Step(state, State.PASSED, said(result), number, result.total))
            state, entered = State.PASSED, number
    return tuple(found)


def said(result: Evaluated) -> str:
    """Say a result in words, as the record keeps it."""
    if result.total is None:
        return "还没有总评：" + "；".join(f"{LABELS[name]} {what}" for name, what in result.missing.items())
    parts = [f"总评 {result.total}"]
    parts += [f"{LABELS[name]} {result.components[name]} 低于最低线" for name in result.below]
    parts += [f"红线：{word}" for word in result.red]
    return "，".join(parts)


def notice(state: State, result: Evaluated) -> str:
    """Say what a person must decide or look into; empty when nothing."""
    if state is State.RESIT and result.is_complete and not result.passed:
        left = [LABELS[name] for name in result.below if name not in result.resat]
        if left:
            return f"还须复考{'、'.join(left)}"
        if not result.resat:
            return "等待复考成绩"
        return "复考不合格，请决定：调离、延长试用期或再次强化培训"
    if state is State.PASSED and not result.passed:
        return "已记合格，但成绩后来有变，请复核"
    return "有红线未处理" if result.red and state is not State.PASSED else ""
