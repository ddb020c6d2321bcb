"""Forms that people filled in (自检表、互评、调查): from journals to rows, and what is missing in them.

A row holds questions and answers in words. Of a survey it holds nothing that says whose it is: no id, no time, and rows
stand in the order of their contents, not in that of people.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from widgets.form import FormAnswer, FormSpec
from widgets.journal import Entry
from widgets.kind import AnswerError
from widgets.pool import Pool
from widgets.typed import plain

#: What an answer in words says where there is none.
EMPTY = frozenset({"未填", "未作答"})
#: The field of a form that names a colleague by their id.
PEER = "peer"
#: Of fewer sheets a survey says nothing, as people could be guessed.
LEAST = 5
#: Two entries of so many characters that are the same are one entry copied.
_COPIED = 4

#: Question and answer, in the form's own order; an empty answer is "".
Words = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form as somebody filled it in; whose and when are None in a survey."""

    exercise: str
    trainee: str | None
    at: datetime | None
    words: Words


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a sheet was not taken; *trainee* is None in a survey."""

    exercise: str
    trainee: str | None
    what: str


def read_sheet(
    pool: Pool, entry: Entry | None, trainee: str, known: Collection[str], *, named: bool
) -> Sheet | list[Fault] | None:
    """Turn the latest journal entry of one form into a sheet, or say what is wrong; None was not answered.

    *known* are the ids on the roster.
    """
    variant = pool.variant(trainee)
    spec = pool.specs[variant]
    if entry is None or entry.variant != variant:
        return None
    whose = trainee if named else None
    try:
        answer = pool.kind.parse_answer(spec, bytes(entry.answer))
    except AnswerError as error:
        return [Fault(pool.exercise, whose, f"{error}")]
    if pool.kind.is_blank(answer):
        return None
    if (
        isinstance(answer, FormAnswer)
        and isinstance(spec, FormSpec)
        and (faults := list(_faults(spec, answer, trainee, known)))
    ):
        return [Fault(pool.exercise, whose, what) for what in faults]
    words = tuple((line.item, "" if line.given in EMPTY else line.given) for line in pool.kind.lines(spec, answer))
    return Sheet(pool.exercise, whose, _instant(entry.at) if named else None, words)


def _faults(spec: FormSpec, answer: FormAnswer, trainee: str, known: Collection[str]) -> Iterator[str]:
    """Yield required fields that are empty, one text given twice, and a colleague who is nobody or oneself."""
    seen: dict[str, str] = {}
    for field in spec.fields:
        entry = plain(answer.fields.get(field.id, ""))
        if field.required and not entry:
            yield f"没有填“{field.text}”"
        if field.input == "text" and len(entry) >= _COPIED:
            if entry in seen:
                yield f"“{seen[entry]}”和“{field.text}”写的是同一句"
            seen.setdefault(entry, field.text)
        if field.id == PEER and entry:
            if entry.lower() == trainee.lower():
                yield f"“{field.text}”填的是自己的工号"
            elif known and entry not in {plain(name) for name in known}:
                yield f"“{field.text}”填的 {entry[:40]} 不在花名册里"


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(re.sub("Z$", "+00:00", text)).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Question:
    """How one question was answered: *counts* of chosen options, or the *texts* that were written."""

    text: str
    counts: Mapping[str, int]
    texts: Sequence[str]

    @property
    def answered(self) -> int:
        """How many sheets answer it."""
        return sum(self.counts.values()) + len(self.texts)

    @property
    def mean(self) -> float | None:
        """The mean of options that begin with a mark, such as "5 很满意"; None when one does not."""
        marks = [(re.match(r"\d+(?=\D|$)", option), count) for option, count in self.counts.items()]
        if not sum(self.counts.values()) or not all(mark for mark, _ in marks):
            return None
        return sum(int(mark[0]) * count for mark, count in marks if mark) / sum(self.counts.values())


def summary(sheets: Sequence[Sheet], options: Mapping[str, Sequence[str]]) -> list[Question]:
    """Count answers question by question; *options* are those of the questions that have some, in their order."""
    given: dict[str, list[str]] = {}
    for sheet in sheets:
        for question, word in sheet.words:
            given.setdefault(question, []).extend([word] if word else [])
    return [
        Question(question, {option: words.count(option) for option in options[question]}, ())
        if question in options
        else Question(question, {}, sorted(words))
        for question, words in given.items()
    ]


def options_of(spec: object) -> dict[str, list[str]]:
    """Return the options of a form's questions that have some, by question."""
    fields = spec.fields if isinstance(spec, FormSpec) else ()
    return {field.text: [option.text for option in field.options] for field in fields if field.options}


def encode(words: Words) -> str:
    """Write questions and answers as the database keeps them."""
    return msgspec.json.encode(words).decode()


def decode(text: str) -> Words:
    """Read questions and answers back."""
    return msgspec.json.decode(text, type=Words)
