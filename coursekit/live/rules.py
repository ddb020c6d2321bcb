"""What may happen in a class and when: questions go draft → open → locked → revealed (→ open again) → passed.

Pure decisions; every refusal is a Chinese sentence for the person who asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec

from coursekit.course import CourseError
from widgets.spec import Id
from widgets.story import Place, Step, Story, after, begin, choices, route

Mode = Literal["trainer", "free"]
State = Literal["draft", "open", "locked", "revealed", "passed"]
Verb = Literal["open", "lock", "reveal", "revote", "follow"]

#: From which state a trainer's command leads where.
_STEPS: Mapping[Verb, tuple[State, State]] = {
    "open": ("draft", "open"),
    "lock": ("open", "locked"),
    "reveal": ("locked", "revealed"),
    "revote": ("revealed", "open"),
    "follow": ("revealed", "passed"),
}
_STATES: Mapping[State, str] = {
    "draft": "未开始",
    "open": "作答中",
    "locked": "已锁定",
    "revealed": "已公布",
    "passed": "已结束",
}
_VERBS: Mapping[Verb, str] = {
    "open": "开始作答",
    "lock": "锁定",
    "reveal": "公布",
    "revote": "再次表决",
    "follow": "继续下一步",
}

WRONG_CODE = "课堂口令不对。口令是投影上的 6 位数字，请核对后再输入；仍进不去请告诉主持人。"
CLOSED = "这个班级已经结束，不再接收作答；您已提交的作答都在。"
NOT_OPEN = "这一步还没有开始，请等主持人开放作答。"
LATE = "这一步已经锁定，您来晚了，这次作答没有计入；请等下一步。"
UNKNOWN = "没有这个选项，请刷新页面后重新选择。"
TWICE = "这一步您已经提交过另一种做法，不能更改；以先收到的为准。"
AHEAD = "前面还有没走完的步骤，请刷新页面后接着作答。"
OVER = "情景已经走到结局，不用再作答。"


class RefusedError(CourseError):
    """Something that the rules forbid; the message is Chinese and nothing has changed."""


class Question(msgspec.Struct, frozen=True):
    """One step of the class's shared path; *taken* is what the class did once it is passed, None for too late."""

    n: int
    node: str
    state: State = "draft"
    round: int = 1
    taken: str | None = None


class Session(msgspec.Struct, frozen=True):
    """A class as far as the rules look at it."""

    mode: Mode
    questions: tuple[Question, ...]
    closed: bool = False


class Ballot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a trainee sends: an option, or None for letting the time run out, at step *n* in its *round*."""

    n: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    node: Id
    option: Id | None
    round: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] = 0


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a trainer asks for, and which step in which round and state was on the screen at that moment."""

    do: Verb
    n: int
    round: int
    state: State
    option: Id | None = None


def first(story: Story) -> Question:
    """Return the question with which every class begins."""
    return Question(1, story.start)


def shared_place(story: Story, questions: Sequence[Question]) -> Place:
    """Return where the class stands: after all questions that are passed."""
    place = begin(story)
    for question in questions:
        if question.state == "passed":
            place = after(story, place, story.nodes[question.node].option(question.taken))
    return place


def act(session: Session, story: Story, command: Command) -> Session:
    """Carry a trainer's command out; raises RefusedError.

    A command for a screen that is out of date (pressed twice, two consoles) changes nothing.
    """
    if session.closed:
        raise RefusedError(CLOSED)
    if session.mode != "trainer":
        raise RefusedError("自由模式下各人按自己的进度走，不用逐步开放。")
    question = session.questions[-1]
    if (command.n, command.round, command.state) != (question.n, question.round, question.state):
        return session
    needed, new = _STEPS[command.do]
    if question.state != needed:
        raise RefusedError(
            f"第 {question.n} 步现在是“{_STATES[question.state]}”，不能“{_VERBS[command.do]}”；请按控制台上亮着的按钮。"
        )
    if command.do == "follow":
        return _follow(session, story, question, command.option)
    again = question.round + (command.do == "revote")
    changed = msgspec.structs.replace(question, state=new, round=again)
    return msgspec.structs.replace(session, questions=(*session.questions[:-1], changed))


def _follow(session: Session, story: Story, question: Question, option: str | None) -> Session:
    place, node = shared_place(story, session.questions), story.nodes[question.node]
    chosen = next((one for one in choices(story, place) if one.id == option), None)
    if chosen is None and (option is not None or node.time_limit_s is None):
        raise RefusedError(f"第 {question.n} 步此时没有这种做法，请在列出的做法里选一种。")
    passed = msgspec.structs.replace(question, state="passed", taken=option)
    there = after(story, place, chosen)
    new = () if there.at in story.ends else (Question(question.n + 1, there.at),)
    return msgspec.structs.replace(session, questions=(*session.questions[:-1], passed, *new))


def admit(session: Session, story: Story, ballot: Ballot, cast: Sequence[Ballot]) -> bool:
    """Decide on a ballot, *cast* being those that the same trainee has cast before, in any order.

    Returns whether it is new; False is the same ballot sent again, which is acknowledged and not counted twice.
    Raises RefusedError.
    """
    if any(_same_place(ballot, one) for one in cast):
        if any(_same_place(ballot, one) and one.option == ballot.option for one in cast):
            return False
        raise RefusedError(TWICE)
    if session.closed:
        raise RefusedError(CLOSED)
    if session.mode == "free":
        _admit_alone(story, ballot, cast)
    else:
        _admit_together(session, story, ballot)
    return True


def _same_place(one: Ballot, other: Ballot) -> bool:
    return (one.n, one.round) == (other.n, other.round)


def _admit_together(session: Session, story: Story, ballot: Ballot) -> None:
    question = next((one for one in session.questions if one.n == ballot.n), None)
    if question is None or (ballot.round > question.round):
        raise RefusedError(NOT_OPEN)
    if question.state == "draft":
        raise RefusedError(NOT_OPEN)
    if question.state != "open" or ballot.round < question.round:
        raise RefusedError(LATE)
    place = shared_place(story, session.questions)
    if question.node != ballot.node or ballot.option not in {one.id for one in choices(story, place)}:
        raise RefusedError(UNKNOWN)


def _admit_alone(story: Story, ballot: Ballot, cast: Sequence[Ballot]) -> None:
    place = own_place(story, cast)
    if place.at in story.ends:
        raise RefusedError(OVER)
    if ballot.n != len(cast) + 1 or ballot.round != 1:
        raise RefusedError(AHEAD)
    is_late = ballot.option is None and story.nodes[place.at].time_limit_s is not None
    if ballot.node != place.at or not (is_late or ballot.option in {one.id for one in choices(story, place)}):
        raise RefusedError(UNKNOWN)


def own_path(cast: Sequence[Ballot]) -> list[Step]:
    """Return a free run's decisions as the steps of a scenario's answer."""
    ordered = sorted(cast, key=lambda one: one.n)
    return [Step(one.node, one.option, one.ms, timeout=one.option is None) for one in ordered]


def own_place(story: Story, cast: Sequence[Ballot]) -> Place:
    """Return where a free run stands."""
    return route(story, own_path(cast))[-1]


def majority(counts: Mapping[str, int]) -> str | None:
    """Return the option that most chose; None when nobody voted or two are level, and the trainer must choose."""
    top = max(counts.values(), default=0)
    leaders = [option for option, count in counts.items() if count == top]
    return leaders[0] if top and len(leaders) == 1 else None
