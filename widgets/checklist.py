"""审核材料清单: judge each document, name the defect and its ground, decide, and list what one notice must say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict, guarded, percent
from widgets.spec import Id, Labelled, Row, Spec, repeated, table_faults, texts, unknown

#: Accepting a file without a core document, or refusing a complete one, never scores higher (c.2 red lines).
RED_LINE_CAP = 0.59
#: Share of the rows and of the decision with its notice (c.2).
ROWS_SHARE, DECISION_SHARE = 0.7, 0.3
#: Credit for a defective row: noticed, its category named, its ground named (c.2).
FLAGGED, CATEGORY, REASON = 0.4, 0.3, 0.3


class ChecklistSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The documents handed in. The first column names the document; *dispositions* may be empty."""

    kind: Literal["checklist"]
    columns: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=1)]
    rows: Annotated[tuple[Row, ...], msgspec.Meta(min_length=2, max_length=60)]
    categories: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=2)]
    reasons: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=2)]
    dispositions: tuple[Labelled, ...] = ()


class RowAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was said of one document; *notice* means that the one-time notice lists it."""

    status: Literal["ok", "defect"] | None = None
    category: Id | None = None
    reason: Id | None = None
    notice: bool = False


class ChecklistAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows by id, and the decision."""

    rows: Annotated[dict[Id, RowAnswer], msgspec.Meta(max_length=60)] = {}
    disposition: Id | None = None


class RowKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The truth about one document; *core* marks one without which nothing may be accepted."""

    status: Literal["ok", "defect"]
    why: str
    category: Id | None = None
    reason: Id | None = None
    notice: bool = False
    core: bool = False


class ChecklistKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rows, and the decision with its ground; *accepting* are the decisions that take the file in."""

    rows: dict[Id, RowKey]
    disposition: Id | None = None
    accepting: tuple[Id, ...] = ("accept",)
    refusing: tuple[Id, ...] = ("refuse",)
    why: str = ""


class Checklist(Kind[ChecklistSpec, ChecklistAnswer, ChecklistKey]):
    """Checklist review, scored by Youden's index over rows plus the decision pair."""

    name: ClassVar[str] = "checklist"
    label: ClassVar[str] = "审核材料清单"
    Spec = ChecklistSpec
    Answer = ChecklistAnswer
    Key = ChecklistKey

    def faults(self, spec: ChecklistSpec) -> Iterator[str]:
        """Yield repeated ids and rows that do not fit the columns."""
        yield from table_faults(spec.columns, spec.rows)
        for items, what in ((spec.categories, "问题类别"), (spec.reasons, "理由"), (spec.dispositions, "处理决定")):
            yield from repeated((item.id for item in items), what)

    def key_faults(self, spec: ChecklistSpec, key: ChecklistKey) -> Iterator[str]:
        """Yield rows without a key, unknown categories, reasons or decisions."""
        rows = [row.id for row in spec.rows]
        yield from unknown(key.rows, rows, "行")
        missing = [row for row in rows if row not in key.rows]
        if missing:
            yield f"缺少行 {'、'.join(missing)} 的答案"
        for name, row in key.rows.items():
            if row.status == "ok" and (row.category or row.reason or row.notice):
                yield f"行 {name} 合格，不应再有类别、理由或告知"
            if row.status == "defect" and not (row.category and row.reason):
                yield f"行 {name} 有问题，必须写明类别 category 和理由 reason"
            yield from unknown(filter(None, [row.category]), texts(spec.categories), f"行 {name} 的类别")
            yield from unknown(filter(None, [row.reason]), texts(spec.reasons), f"行 {name} 的理由")
        if bool(spec.dispositions) != bool(key.disposition):
            yield "数据文件里的处理决定与答案键不一致：要么都有，要么都没有"
        named = {*key.accepting, *key.refusing} - {"accept", "refuse"} | {*filter(None, [key.disposition])}
        yield from unknown(sorted(named), texts(spec.dispositions), "处理决定")

    def answer_faults(self, spec: ChecklistSpec, answer: ChecklistAnswer) -> Iterator[str]:
        """Yield rows, categories, reasons and decisions that the exercise does not have."""
        yield from unknown(answer.rows, (row.id for row in spec.rows), "行")
        categories, reasons = texts(spec.categories), texts(spec.reasons)
        for row in answer.rows.values():
            yield from unknown(filter(None, [row.category]), categories, "类别")
            yield from unknown(filter(None, [row.reason]), reasons, "理由")
        yield from unknown(filter(None, [answer.disposition]), texts(spec.dispositions), "处理决定")

    def is_blank(self, answer: ChecklistAnswer) -> bool:
        """Say whether no document is judged and nothing decided."""
        return answer.disposition is None and not any(row.status or row.notice for row in answer.rows.values())

    def grade(self, spec: ChecklistSpec, answer: ChecklistAnswer, key: ChecklistKey) -> Score:
        """Return 0.7 · max(0, recall + pass rate − 1) + 0.3 · decision and notice (c.2).

        With no defect to find the rows score (passed − refused)/rows, so that refusing everything is worth 0 as well.
        """
        given = {name: answer.rows.get(name, RowAnswer()) for name in key.rows}
        rows_score = _rows(given, key)
        fraction, flags = rows_score, []
        parts = [_part(row, given[row.id], key.rows[row.id], spec) for row in spec.rows]
        if key.disposition is not None:
            decided = answer.disposition == key.disposition
            notice = _notice(given, key)
            fraction = ROWS_SHARE * rows_score + DECISION_SHARE * decided * notice
            flags = list(_red_lines(answer, key))
            parts.append(_decision_part(spec, answer, given, key, decided, notice))
        if flags:
            fraction = min(fraction, RED_LINE_CAP)
        return Score(fraction, tuple(parts), _measures(given, key), tuple(flags))

    def lines(self, spec: ChecklistSpec, answer: ChecklistAnswer | None) -> list[Line]:
        """Put each document's judgement and the decision in words."""
        answer = answer or ChecklistAnswer()
        lines = [Line(_name(row, spec), _words(answer.rows.get(row.id, RowAnswer()), spec)) for row in spec.rows]
        if spec.dispositions:
            lines.append(Line("处理决定", texts(spec.dispositions).get(answer.disposition or "", "未作答")))
        return lines

    def samples(self, spec: ChecklistSpec, key: ChecklistKey) -> Samples:
        """Derive answers from the key: the key, everything passed or failed, one row spoilt, all rows flagged."""
        right = {name: _key_answer(row) for name, row in key.rows.items()}
        flipped = {name: _key_answer(_flip(row, spec)) for name, row in key.rows.items()}
        first = next(iter(right))
        other = next((item.id for item in spec.dispositions if item.id != key.disposition), None)
        flagged = {
            name: {
                "status": "defect",
                "category": row.category or spec.categories[0].id,
                "reason": row.reason or spec.reasons[0].id,
                "notice": True,
            }
            for name, row in key.rows.items()
        }
        return Samples(
            right={"rows": right, "disposition": key.disposition},
            wrong={"rows": flipped, "disposition": other},
            partly={"rows": right | {first: flipped[first]}, "disposition": key.disposition},
            everything={"rows": flagged, "disposition": key.disposition},
            malformed=(
                [],
                "全部合格",
                {"rows": {"no-such-row": {"status": "ok"}}},
                {"rows": {first: {"status": "perfect"}}},
                {"rows": {first: {"status": 1}}},
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: ChecklistSpec, dice: random.Random) -> Any:
        """Judge every document, name a defect and decide by chance."""

        def row() -> dict[str, Any]:
            if dice.random() < 0.5:
                return {"status": "ok"}
            category, reason = dice.choice(spec.categories).id, dice.choice(spec.reasons).id
            return {"status": "defect", "category": category, "reason": reason, "notice": dice.random() < 0.5}

        decision = dice.choice(spec.dispositions).id if spec.dispositions else None
        return {"rows": {item.id: row() for item in spec.rows}, "disposition": decision}


def _rows(given: dict[str, RowAnswer], key: ChecklistKey) -> float:
    defects = {name: row for name, row in key.rows.items() if row.status == "defect"}
    fine = [name for name in key.rows if name not in defects]
    passed = sum(given[name].status == "ok" for name in fine)
    if not defects:
        refused = sum(given[name].status == "defect" for name in fine)
        return max(0.0, (passed - refused) / len(fine))
    recall = sum(_defect_credit(given[name], row) for name, row in defects.items()) / len(defects)
    return max(0.0, recall + (passed / len(fine) if fine else 1.0) - 1)


def _defect_credit(given: RowAnswer, key: RowKey) -> float:
    if given.status != "defect":
        return 0.0
    return FLAGGED + CATEGORY * (given.category == key.category) + REASON * (given.reason == key.reason)


def _notice(given: dict[str, RowAnswer], key: ChecklistKey) -> float:
    wanted = {name for name, row in key.rows.items() if row.notice}
    listed = {name for name, row in given.items() if row.notice}
    return guarded(len(listed & wanted), len(listed - wanted), len(wanted), len(key.rows) - len(wanted))


def _red_lines(answer: ChecklistAnswer, key: ChecklistKey) -> Iterator[str]:
    core = any(row.core and row.status == "defect" for row in key.rows.values())
    if core and answer.disposition in key.accepting:
        yield "缺少核心材料却予以受理"
    if key.disposition in key.accepting and answer.disposition in key.refusing:
        yield "应当受理却不予受理"


def _measures(given: dict[str, RowAnswer], key: ChecklistKey) -> tuple[tuple[str, str], ...]:
    bad = [name for name, row in key.rows.items() if row.status == "defect"]
    fine = [name for name in key.rows if name not in bad]
    found = sum(given[name].status == "defect" for name in bad)
    refused = sum(given[name].status == "defect" for name in fine)
    return (("问题查出率", percent(found, len(bad))), ("误退率", percent(refused, len(fine))))


def _name(row: Row, spec: ChecklistSpec) -> str:
    return row.cells[spec.columns[0].id] or row.id


def _words(row: RowAnswer, spec: ChecklistSpec) -> str:
    if row.status is None:
        return "未作答"
    if row.status == "ok":
        return "合格"
    words = ["有问题", texts(spec.categories).get(row.category or "", "未选类别")]
    words.append(texts(spec.reasons).get(row.reason or "", "未选理由"))
    return "；".join(words + (["列入一次性告知"] if row.notice else []))


def _key_words(row: RowKey, spec: ChecklistSpec) -> str:
    return _words(RowAnswer(row.status, row.category, row.reason, row.notice), spec)


def _part(row: Row, given: RowAnswer, key: RowKey, spec: ChecklistSpec) -> Part:
    credit = _defect_credit(given, key) if key.status == "defect" else float(given.status == "ok")
    verdict = Verdict.RIGHT if credit > 1 - 1e-9 and given.notice == key.notice else Verdict.PARTLY
    if credit == 0:
        verdict = Verdict.MISSED if given.status is None else Verdict.WRONG
    return Part(_name(row, spec), _words(given, spec), _key_words(key, spec), verdict, key.why)


def _decision_part(
    spec: ChecklistSpec,
    answer: ChecklistAnswer,
    given: dict[str, RowAnswer],
    key: ChecklistKey,
    decided: bool,
    notice: float,
) -> Part:
    names = {row.id: _name(row, spec) for row in spec.rows}
    decisions = texts(spec.dispositions)

    def words(disposition: str | None, rows: list[str]) -> str:
        listed = "、".join(names[row] for row in rows) or "无"
        return f"{decisions.get(disposition or '', '未作答')}（告知书列明：{listed}）"

    verdict = Verdict.WRONG if answer.disposition else Verdict.MISSED
    if decided:
        verdict = Verdict.RIGHT if notice > 1 - 1e-9 else Verdict.PARTLY
    return Part(
        "处理决定与一次性告知",
        words(answer.disposition, [name for name, row in given.items() if row.notice]),
        words(key.disposition, [name for name, row in key.rows.items() if row.notice]),
        verdict,
        key.why,
    )


def _key_answer(row: RowKey) -> dict[str, Any]:
    if row.status == "ok":
        return {"status": "ok"}
    return {"status": "defect", "category": row.category, "reason": row.reason, "notice": row.notice}


def _flip(row: RowKey, spec: ChecklistSpec) -> RowKey:
    if row.status == "defect":
        return RowKey("ok", "")
    return RowKey("defect", "", spec.categories[0].id, spec.reasons[0].id, True)
