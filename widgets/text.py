"""文字作答: write a case analysis in one's own words; people grade it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict
from widgets.spec import Id, Spec, Text, repeated, unknown

#: The longest answer to one question, in characters.
LONGEST = 4000


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question and how long its answer should be, in characters without spaces; the page counts, nobody refuses."""

    id: Id
    text: Text
    min_chars: Annotated[int, msgspec.Meta(ge=0, le=LONGEST)] = 0
    max_chars: Annotated[int, msgspec.Meta(ge=1, le=LONGEST)] = LONGEST


class TextSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The questions on the case that *facts* tells."""

    kind: Literal["text"]
    questions: Annotated[tuple[Question, ...], msgspec.Meta(min_length=1, max_length=6)]


class TextAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was written, by question, as it was written."""

    texts: Annotated[dict[Id, Annotated[str, msgspec.Meta(max_length=LONGEST)]], msgspec.Meta(max_length=6)] = {}


class TextKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing: what a good answer says stands in the instructor's rubric."""


class FreeText(Kind[TextSpec, TextAnswer, TextKey]):
    """Free text; the program only keeps it and shows it to whoever grades."""

    name: ClassVar[str] = "text"
    label: ClassVar[str] = "文字作答"
    #: Points come from an instructor's hand, never from grade().
    by_hand: ClassVar[bool] = True
    Spec = TextSpec
    Answer = TextAnswer
    Key = TextKey

    def faults(self, spec: TextSpec) -> Iterator[str]:
        """Yield repeated ids, impossible lengths, and practice, which would promise feedback at once."""
        yield from repeated((question.id for question in spec.questions), "问题")
        for question in spec.questions:
            if question.min_chars > question.max_chars:
                yield f"问题 {question.id} 的 min_chars {question.min_chars} 大于 max_chars {question.max_chars}"
        if spec.policy == "practice":
            yield '文字作答由教师评阅，不能当场反馈，请去掉 "policy": "practice"'

    def key_faults(self, spec: TextSpec, key: TextKey) -> Iterator[str]:
        """Yield nothing: there is no key."""
        del spec, key
        yield from ()

    def answer_faults(self, spec: TextSpec, answer: TextAnswer) -> Iterator[str]:
        """Yield questions that the exercise does not have."""
        yield from unknown(answer.texts, (question.id for question in spec.questions), "问题")

    def is_blank(self, answer: TextAnswer) -> bool:
        """Say whether nothing but spaces was written."""
        return not any(text.strip() for text in answer.texts.values())

    def grade(self, spec: TextSpec, answer: TextAnswer, key: TextKey) -> Score:
        """Return 0 with every text as it was written: the points are given by hand."""
        del key
        return Score(0.0, tuple(_part(question, answer) for question in spec.questions))

    def lines(self, spec: TextSpec, answer: TextAnswer | None) -> list[Line]:
        """Show every question with the full text."""
        answer = answer or TextAnswer()
        return [Line(question.text, _given(question, answer)) for question in spec.questions]

    def samples(self, spec: TextSpec, key: TextKey) -> Samples:
        """Make one and the same answer throughout: without a key none is better than another."""
        del key
        text = {"texts": {question.id: "示例作答。\n第二段。" for question in spec.questions}}
        first = spec.questions[0].id
        return Samples(
            right=text,
            wrong=text,
            partly=text,
            everything=text,
            malformed=(
                {"texts": {"no-such-question": "x"}},
                {"texts": {first: 1}},
                {"texts": {first: None}},
                {"texts": {first: "长" * (LONGEST + 1)}},
                {"texts": "全文"},
                [],
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: TextSpec, dice: random.Random) -> Any:
        """Write next to nothing."""
        return {"texts": {question.id: dice.choice(("略", "同上", "无")) for question in spec.questions}}


def _given(question: Question, answer: TextAnswer) -> str:
    text = answer.texts.get(question.id, "")
    return text if text.strip() else "未作答"


def _part(question: Question, answer: TextAnswer) -> Part:
    given = _given(question, answer)
    verdict = Verdict.OPEN if answer.texts.get(question.id, "").strip() else Verdict.MISSED
    return Part(question.text, given, "由教师评阅", verdict)
