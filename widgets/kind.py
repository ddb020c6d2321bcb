"""What a kind of exercise is: seven answers to seven questions, and samples that prove them.

After PrairieLearn's elements (prepare, render, parse, grade, test): an answer is *parsed* before it is *graded*, and
every kind can make right, wrong, partly right and malformed answers of itself.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from widgets.score import Score
from widgets.spec import DataError, Spec, explain

S = TypeVar("S", bound=Spec)
A = TypeVar("A", bound=msgspec.Struct)
K = TypeVar("K", bound=msgspec.Struct)


class AnswerError(ValueError):
    """An answer that does not fit its exercise; a format error is not a wrong answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer in words, for pages without a front end: what was asked and what was given."""

    item: str
    given: str


@dataclass(frozen=True, slots=True)
class Samples:
    """Answers as JSON values whose scores are known: 1, below 1, between, 0, and not an answer at all."""

    right: Any
    wrong: Any
    partly: Any
    everything: Any
    malformed: tuple[Any, ...]


class Kind(ABC, Generic[S, A, K]):
    """A kind of exercise; every method is pure, instances hold nothing."""

    name: ClassVar[str]
    label: ClassVar[str]
    #: What random answering may earn at the most, on average; a check before release refuses more.
    chance_limit: ClassVar[float] = 0.25
    #: Fields of a key that repeat what the data file shows; a check for leaked answers passes over them.
    copied: ClassVar[frozenset[str]] = frozenset()
    #: Whether a person gives the points, in nbgrader's task cell after the exercise.
    by_hand: ClassVar[bool] = False
    Spec: type[S]
    Answer: type[A]
    Key: type[K]

    @abstractmethod
    def faults(self, spec: S) -> Iterator[str]:
        """Yield in Chinese what is wrong with a data file beyond its fields' types."""

    @abstractmethod
    def key_faults(self, spec: S, key: K) -> Iterator[str]:
        """Yield in Chinese where a key does not fit its data file."""

    @abstractmethod
    def answer_faults(self, spec: S, answer: A) -> Iterator[str]:
        """Yield in Chinese where an answer names what the exercise does not have."""

    @abstractmethod
    def is_blank(self, answer: A) -> bool:
        """Say whether nothing has been answered yet; a blank answer is worth 0 and reported as not answered."""

    @abstractmethod
    def grade(self, spec: S, answer: A, key: K) -> Score:
        """Score a parsed answer."""

    @abstractmethod
    def lines(self, spec: S, answer: A | None) -> list[Line]:
        """Put an answer, or its absence, in words."""

    @abstractmethod
    def samples(self, spec: S, key: K) -> Samples:
        """Make sample answers of an exercise from its key."""

    @abstractmethod
    def random_answer(self, spec: S, dice: random.Random) -> Any:
        """Answer without reading: every choice made, each by chance. Tells what an exercise pays for guessing."""

    def shuffled(self, spec: S, dice: random.Random) -> S:
        """Return *spec* with its options in another order, where their order means nothing; as it is by default."""
        del dice
        return spec

    def parse_answer(self, spec: S, raw: bytes) -> A:
        """Parse a JSON answer strictly; raises AnswerError when it is not one or names unknown items."""
        try:
            answer = msgspec.json.decode(raw, type=self.Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise AnswerError(f"作答内容的格式不对：{explain(error)}") from None
        for fault in self.answer_faults(spec, answer):
            raise AnswerError(f"作答内容与题目不符：{fault}")
        return answer

    def parse_key(self, spec: S, raw: object) -> K:
        """Parse a key that stands in a hidden-test region; raises DataError when it does not fit the data file."""
        try:
            key = msgspec.convert(raw, type=self.Key)
        except msgspec.ValidationError as error:
            raise DataError(f"答案键：{explain(error)}。") from None
        for fault in self.key_faults(spec, key):
            raise DataError(f"答案键：{fault}。")
        return key
