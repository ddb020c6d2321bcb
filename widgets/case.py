"""案例判断: decide a case and name the clause that carries the decision; one without the other is not enough."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec.structs import replace

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict
from widgets.spec import Id, Labelled, Row, Spec, Text, repeated, table_faults, texts, unknown

#: Credit for the right decision on a wrong ground: in practice only (c.6, after the NGN rationale rule).
DECISION_ALONE = 0.5

Weight = Annotated[float, msgspec.Meta(gt=0, le=100)]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question with its decisions and clauses; the ids in *last* stay at the end when options are shuffled."""

    id: Id
    text: Text
    decisions: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=2, max_length=6)]
    bases: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=3, max_length=8)]
    last: tuple[Id, ...] = ()


class CaseSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The case: *facts*, a table (*columns*, *rows*) or both, and the questions that share it."""

    kind: Literal["case"]
    questions: Annotated[tuple[Question, ...], msgspec.Meta(min_length=1, max_length=5)]
    columns: Annotated[tuple[Labelled, ...], msgspec.Meta(max_length=10)] = ()
    rows: Annotated[tuple[Row, ...], msgspec.Meta(max_length=40)] = ()


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was chosen for one question so far."""

    decision: Id | None = None
    basis: Id | None = None


class CaseAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Choices by question."""

    questions: Annotated[dict[Id, Choice], msgspec.Meta(max_length=5)] = {}


class QuestionKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The right decision with the clause that carries it, and how the one follows from the other."""

    decision: Id
    basis: Id
    why: Text
    weight: Weight = 1.0


class CaseKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All questions."""

    questions: dict[Id, QuestionKey]


class CaseDecision(Kind[CaseSpec, CaseAnswer, CaseKey]):
    """Case decisions, scored in pairs: the decision because of the clause."""

    name: ClassVar[str] = "case"
    label: ClassVar[str] = "案例判断"
    Spec = CaseSpec
    Answer = CaseAnswer
    Key = CaseKey

    def faults(self, spec: CaseSpec) -> Iterator[str]:
        """Yield repeated ids, broken tables and options kept last that do not exist."""
        yield from table_faults(spec.columns, spec.rows)
        yield from repeated((question.id for question in spec.questions), "问题")
        if not spec.facts and not spec.rows:
            yield "没有案情，请写 facts（名目：内容）或表格 columns 和 rows"
        for question in spec.questions:
            yield from repeated((item.id for item in question.decisions), f"问题 {question.id} 的处理")
            yield from repeated((item.id for item in question.bases), f"问题 {question.id} 的依据")
            options = {**texts(question.decisions), **texts(question.bases)}
            yield from unknown(question.last, options, f"问题 {question.id} 的 last ")

    def key_faults(self, spec: CaseSpec, key: CaseKey) -> Iterator[str]:
        """Yield questions without a key, unknown decisions and clauses."""
        questions = {question.id: question for question in spec.questions}
        yield from unknown(key.questions, questions, "问题")
        missing = [name for name in questions if name not in key.questions]
        if missing:
            yield f"缺少问题 {'、'.join(missing)} 的答案"
        for name, question in questions.items():
            if name in key.questions:
                yield from _unknown_options(question, key.questions[name])

    def answer_faults(self, spec: CaseSpec, answer: CaseAnswer) -> Iterator[str]:
        """Yield questions, decisions and clauses that the exercise does not have."""
        questions = {question.id: question for question in spec.questions}
        yield from unknown(answer.questions, questions, "问题")
        for name, question in questions.items():
            yield from _unknown_options(question, answer.questions.get(name, Choice()))

    def is_blank(self, answer: CaseAnswer) -> bool:
        """Say whether no decision and no clause is chosen."""
        return not any(choice.decision or choice.basis for choice in answer.questions.values())

    def grade(self, spec: CaseSpec, answer: CaseAnswer, key: CaseKey) -> Score:
        """Return Σ weight · credit / Σ weight; credit is 1 for decision and clause, else 0, in practice ½ (c.6)."""
        pairs = [
            (question, answer.questions.get(question.id, Choice()), key.questions[question.id])
            for question in spec.questions
        ]
        alone = DECISION_ALONE if spec.policy == "practice" else 0.0
        earned = sum(wanted.weight * _credit(given, wanted, alone) for _, given, wanted in pairs)
        parts = tuple(_part(question, given, wanted, alone) for question, given, wanted in pairs)
        decided = sum(given.decision == wanted.decision for _, given, wanted in pairs)
        founded = sum(given.basis == wanted.basis for _, given, wanted in pairs)
        measures = (("处理判断对", f"{decided}/{len(pairs)}"), ("依据对", f"{founded}/{len(pairs)}"))
        return Score(earned / sum(wanted.weight for *_, wanted in pairs), parts, measures)

    def lines(self, spec: CaseSpec, answer: CaseAnswer | None) -> list[Line]:
        """Show every question with the decision and the clause."""
        choices = answer.questions if answer else {}
        return [Line(q.text, _words(q, choices.get(q.id, Choice()))) for q in spec.questions]

    def samples(self, spec: CaseSpec, key: CaseKey) -> Samples:
        """Derive answers from the key: all pairs, every one broken, one broken; and every option at once, refused."""
        right = {name: {"decision": pair.decision, "basis": pair.basis} for name, pair in key.questions.items()}
        wrong = {q.id: _other(q, key.questions[q.id]) for q in spec.questions}
        first = spec.questions[0]
        half = {"decision": key.questions[first.id].decision} if spec.policy == "practice" else wrong[first.id]
        every = {q.id: {"decision": [*texts(q.decisions)], "basis": [*texts(q.bases)]} for q in spec.questions}
        return Samples(
            right={"questions": right},
            wrong={"questions": wrong},
            partly={"questions": {**right, first.id: half}},
            everything={"questions": every},
            malformed=(
                {"questions": every},
                {"questions": {"no-such-question": {}}},
                {"questions": {first.id: {"decision": "no-such-decision"}}},
                {"questions": {first.id: {"basis": "no-such-basis"}}},
                {"questions": {first.id: {"decision": 1}}},
                {"questions": {first.id: first.decisions[0].id}},
                [],
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: CaseSpec, dice: random.Random) -> Any:
        """Choose a decision and a clause for every question."""
        return {
            "questions": {
                q.id: {"decision": dice.choice(q.decisions).id, "basis": dice.choice(q.bases).id}
                for q in spec.questions
            }
        }

    def shuffled(self, spec: CaseSpec, dice: random.Random) -> CaseSpec:
        """Return the case with decisions and clauses in another order, those kept last at the end."""

        def mixed(items: tuple[Labelled, ...], last: tuple[str, ...]) -> tuple[Labelled, ...]:
            order = dice.sample(items, len(items))
            return tuple(sorted(order, key=lambda item: last.index(item.id) + 1 if item.id in last else 0))

        return replace(
            spec,
            questions=tuple(
                replace(q, decisions=mixed(q.decisions, q.last), bases=mixed(q.bases, q.last)) for q in spec.questions
            ),
        )


def _unknown_options(question: Question, pair: Choice | QuestionKey) -> Iterator[str]:
    yield from unknown(filter(None, [pair.decision]), texts(question.decisions), f"问题 {question.id} 的处理")
    yield from unknown(filter(None, [pair.basis]), texts(question.bases), f"问题 {question.id} 的依据")


def _credit(given: Choice, wanted: QuestionKey, alone: float) -> float:
    if given.decision != wanted.decision:
        return 0.0
    return 1.0 if given.basis == wanted.basis else alone


def _other(question: Question, wanted: QuestionKey) -> dict[str, str]:
    """Answer wrongly but plausibly: another decision on the right ground."""
    decision = next(item.id for item in question.decisions if item.id != wanted.decision)
    return {"decision": decision, "basis": wanted.basis}


def _words(question: Question, pair: Choice | QuestionKey) -> str:
    if not pair.decision and not pair.basis:
        return "未作答"
    decision = texts(question.decisions).get(pair.decision or "", "未选处理")
    return f"{decision}\n依据：{texts(question.bases).get(pair.basis or '', '未选依据')}"


def _part(question: Question, given: Choice, wanted: QuestionKey, alone: float) -> Part:
    credit = _credit(given, wanted, alone)
    verdict = Verdict.RIGHT if credit == 1 else Verdict.PARTLY if credit else Verdict.WRONG
    if not given.decision and not given.basis:
        verdict = Verdict.MISSED
    note = ""
    if credit < 1 and (given.decision == wanted.decision or given.basis == wanted.basis):
        half = "处理判断对了，依据不对" if given.decision == wanted.decision else "依据找对了，处理判断不对"
        note = f"{half}；判断要和依据配对才算答对。"
    return Part(question.text, _words(question, given), _words(question, wanted), verdict, note + wanted.why)
