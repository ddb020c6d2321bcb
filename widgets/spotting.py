"""找错: find the wrong records in a table, point at the field and say what is wrong with it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict, clamp, percent
from widgets.spec import Id, Labelled, Row, Spec, Text, repeated, table_faults, texts, unknown

#: Credit for an error: its row marked, its field, its reason (c.3).
ROW, FIELD, REASON = 0.5, 0.25, 0.25
#: What a false alarm costs at least, in errors: as much as a miss, for it sends a citizen home (c.3).
FALSE_ALARM = 1.0
#: What a further mark on a wrong record costs: the record is wrong anyway, but pointing everywhere must not pay.
SLIP = 0.25

#: A cell is named "row/field".
CellId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+/[A-Za-z0-9_-]+$", max_length=129)]


class SpottingSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The records and the reasons to choose from; *rules* state what the records must satisfy."""

    kind: Literal["spotting"]
    columns: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=1, max_length=20)]
    rows: Annotated[tuple[Row, ...], msgspec.Meta(min_length=3, max_length=1000)]
    reasons: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=2)]
    rules: tuple[Text, ...] = ()


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong with a marked cell; no reason yet means that only the place was marked."""

    reason: Id | None = None


class SpottingAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Marks by cell; *none* asserts that every record is right."""

    marks: Annotated[dict[CellId, Mark], msgspec.Meta(max_length=2_000)] = {}
    none: bool = False


class ErrorKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reason of an error, and why, with the rule that would have caught it."""

    reason: Id
    why: str


class SpottingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All errors by cell; none at all is a key too."""

    errors: dict[CellId, ErrorKey]


class Spotting(Kind[SpottingSpec, SpottingAnswer, SpottingKey]):
    """Wrong-record spotting: credit for row, field and reason, false alarms taken off."""

    name: ClassVar[str] = "spotting"
    label: ClassVar[str] = "找错"
    Spec = SpottingSpec
    Answer = SpottingAnswer
    Key = SpottingKey

    def faults(self, spec: SpottingSpec) -> Iterator[str]:
        """Yield repeated ids and rows that do not fit the columns."""
        yield from table_faults(spec.columns, spec.rows)
        yield from repeated((reason.id for reason in spec.reasons), "理由")

    def key_faults(self, spec: SpottingSpec, key: SpottingKey) -> Iterator[str]:
        """Yield unknown cells and reasons, and tables without a single right record."""
        yield from unknown(key.errors, _cells(spec), "单元")
        yield from unknown((error.reason for error in key.errors.values()), texts(spec.reasons), "理由")
        if len({_row(cell) for cell in key.errors}) >= len(spec.rows):
            yield "每一行都有错，全部标记就能得分；请至少留一行正确记录"

    def answer_faults(self, spec: SpottingSpec, answer: SpottingAnswer) -> Iterator[str]:
        """Yield unknown cells and reasons, and marks beside the assertion that there is no error."""
        yield from unknown(answer.marks, _cells(spec), "单元")
        yield from unknown(filter(None, (mark.reason for mark in answer.marks.values())), texts(spec.reasons), "理由")
        if answer.none and answer.marks:
            yield "已标记错误，又声明“全部正确”"

    def is_blank(self, answer: SpottingAnswer) -> bool:
        """Say whether nothing is marked and nothing asserted."""
        return not answer.marks and not answer.none

    def grade(self, spec: SpottingSpec, answer: SpottingAnswer, key: SpottingKey) -> Score:
        """Return max(0, (Σ credit − λ·false alarms − slips/4)/E), λ = max(1, E/right rows) (c.3).

        Each error takes at most one mark of its row. A mark on a right row is a false alarm, a further mark on a wrong
        row a slip. A table without errors scores 1 for saying so and 0 for any mark (c.3 gives 1 − FP/3 there, which
        would pay for a wrong mark).
        """
        taken = _assign(answer, key)
        bad = {_row(cell) for cell in key.errors}
        loose = [cell for cell in answer.marks if cell not in taken.values()]
        alarms = [cell for cell in loose if _row(cell) not in bad]
        fraction = float(answer.none)
        if key.errors:
            credit = sum(_credit(cell, taken.get(cell), answer, key) for cell in key.errors)
            price = max(FALSE_ALARM, len(key.errors) / (len(spec.rows) - len(bad)))
            fraction = clamp((credit - price * len(alarms) - SLIP * (len(loose) - len(alarms))) / len(key.errors))
        parts = [_part(spec, cell, taken.get(cell), answer, key) for cell in key.errors]
        parts += [_stray(spec, cell, answer, cell in alarms) for cell in loose]
        return Score(fraction, tuple(parts), _measures(spec, taken, alarms, answer, key))

    def lines(self, spec: SpottingSpec, answer: SpottingAnswer | None) -> list[Line]:
        """List the marked cells with their reasons."""
        if answer is None or self.is_blank(answer):
            return [Line("标记", "未作答")]
        if answer.none:
            return [Line("标记", "全部记录正确")]
        return [Line(_where(spec, cell), _mark_words(spec, answer, cell)) for cell in answer.marks]

    def samples(self, spec: SpottingSpec, key: SpottingKey) -> Samples:
        """Derive answers from the key: all errors, one right row flagged, one error missed or half told, every row."""
        right = {cell: {"reason": error.reason} for cell, error in key.errors.items()}
        bad = {_row(cell) for cell in key.errors}
        clean = next(row.id for row in spec.rows if row.id not in bad)
        alarm: dict[str, Any] = {f"{clean}/{spec.columns[0].id}": {"reason": spec.reasons[0].id}}
        first_cells = {_row(cell): cell for cell in key.errors}
        everything = {
            first_cells.get(row.id, f"{row.id}/{spec.columns[0].id}"): {"reason": spec.reasons[0].id}
            for row in spec.rows
        }
        partly: dict[str, Any] = dict(right)
        if right:
            cell = next(iter(right))
            partly = right | {cell: {"reason": None}}
        return Samples(
            right={"marks": right, "none": not right},
            wrong={"marks": alarm},
            partly={"marks": partly, "none": False} if right else {"marks": alarm},
            everything={"marks": everything},
            malformed=(
                {"marks": {"no-such-row/x": {"reason": None}}},
                {"marks": {"r1": {}}},
                {"marks": [1, 2]},
                {"marks": {}, "none": "yes"},
                "all",
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: SpottingSpec, dice: random.Random) -> Any:
        """Mark one cell of about a third of the rows, with any reason."""
        marks = {
            f"{row.id}/{dice.choice(spec.columns).id}": {"reason": dice.choice(spec.reasons).id}
            for row in spec.rows
            if dice.random() < 1 / 3
        }
        return {"marks": marks, "none": not marks}


def _cells(spec: SpottingSpec) -> set[str]:
    return {f"{row.id}/{column.id}" for row in spec.rows for column in spec.columns}


def _row(cell: str) -> str:
    return cell.partition("/")[0]


def _credit(cell: str, mark: str | None, answer: SpottingAnswer, key: SpottingKey) -> float:
    if mark is None:
        return 0.0
    return ROW + FIELD * (mark == cell) + REASON * (answer.marks[mark].reason == key.errors[cell].reason)


def _assign(answer: SpottingAnswer, key: SpottingKey) -> dict[str, str]:
    """Give each error one mark of its row: its own cell first, then the mark with the right reason, then any."""
    taken = {cell: cell for cell in key.errors if cell in answer.marks}
    for by_reason in (True, False):
        for cell, error in key.errors.items():
            rest = [
                mark
                for mark in answer.marks
                if _row(mark) == _row(cell)
                and mark not in taken.values()
                and (not by_reason or answer.marks[mark].reason == error.reason)
            ]
            if cell not in taken and rest:
                taken[cell] = rest[0]
    return taken


def _measures(
    spec: SpottingSpec, taken: dict[str, str], alarms: list[str], answer: SpottingAnswer, key: SpottingKey
) -> tuple[tuple[str, str], ...]:
    bad = {_row(cell) for cell in key.errors}
    placed = sum(cell == mark for cell, mark in taken.items())
    told = sum(answer.marks[mark].reason == key.errors[cell].reason for cell, mark in taken.items())
    return (
        ("查出率", percent(len(taken), len(key.errors))),
        ("误判率", percent(len({_row(cell) for cell in alarms} - bad), len(spec.rows) - len(bad))),
        ("定位率", percent(placed, len(key.errors))),
        ("定性率", percent(told, len(key.errors))),
    )


def _where(spec: SpottingSpec, cell: str) -> str:
    row_id, _, column = cell.partition("/")
    row = next(row for row in spec.rows if row.id == row_id)
    return f"{row.cells[spec.columns[0].id]} · {texts(spec.columns)[column]}：{row.cells[column]}"


def _mark_words(spec: SpottingSpec, answer: SpottingAnswer, cell: str) -> str:
    return texts(spec.reasons).get(answer.marks[cell].reason or "", "已标记，未选理由")


def _part(spec: SpottingSpec, cell: str, mark: str | None, answer: SpottingAnswer, key: SpottingKey) -> Part:
    credit = _credit(cell, mark, answer, key)
    given = "未标记"
    if mark is not None:
        given = _mark_words(spec, answer, mark) + ("" if mark == cell else f"（标在 {_where(spec, mark)}）")
    verdict = Verdict.RIGHT if credit == 1 else Verdict.PARTLY if credit else Verdict.MISSED
    error = key.errors[cell]
    return Part(_where(spec, cell), given, texts(spec.reasons)[error.reason], verdict, error.why)


def _stray(spec: SpottingSpec, cell: str, answer: SpottingAnswer, alarm: bool) -> Part:
    why = "误判会让群众白跑一趟，与漏查同样扣分。" if alarm else "这条记录确有错误，但不在这一格。"
    return Part(_where(spec, cell), _mark_words(spec, answer, cell), "此处没有问题", Verdict.WRONG, why)
