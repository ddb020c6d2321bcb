"""录入: type what a document says into the fields of a form, and leave empty what it does not say."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict
from widgets.spec import Id, Labelled, Row, Spec, Text, repeated, table_faults, texts, unknown
from widgets.typed import compact, date_of, plain

#: So many different texts must be right before a form is worth anything: one text everywhere is no data entry.
DIFFERENT = 2
#: What a right entry looks like, by input; other inputs have no shape of their own.
SHAPES = {"digits": r"\d+", "id_no": r"\d{17}[\dX]", "uscc": r"[0-9A-Z]{18}"}

Entry = Annotated[str, msgspec.Meta(max_length=200)]
Weight = Annotated[float, msgspec.Meta(gt=0, le=100)]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of the form; *hint* and *max_length* are only shown, *options* belong to a select."""

    id: Id
    text: Text
    input: Literal["text", "date", "digits", "id_no", "uscc", "select"] = "text"
    required: bool = False
    hint: Annotated[str, msgspec.Meta(max_length=200)] = ""
    max_length: Annotated[int, msgspec.Meta(ge=1, le=200)] | None = None
    options: Annotated[tuple[Labelled, ...], msgspec.Meta(max_length=50)] = ()


class FormSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document, as lines "名目：内容", as a table (*columns*, *rows*) or both, and the fields to fill in."""

    kind: Literal["form"]
    fields: Annotated[tuple[Field, ...], msgspec.Meta(min_length=2, max_length=20)]
    document_title: Text = "材料"
    document: Annotated[tuple[Labelled, ...], msgspec.Meta(max_length=40)] = ()
    columns: Annotated[tuple[Labelled, ...], msgspec.Meta(max_length=10)] = ()
    rows: Annotated[tuple[Row, ...], msgspec.Meta(max_length=40)] = ()


class FormAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was typed, by field; a select's entry is the id of an option."""

    fields: Annotated[dict[Id, Entry], msgspec.Meta(max_length=20)] = {}


class FieldKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The accepted entries, the first of them the one that feedback shows, or *blank*: nothing may stand here."""

    why: Text
    accept: Annotated[tuple[Annotated[Entry, msgspec.Meta(min_length=1)], ...], msgspec.Meta(max_length=20)] = ()
    blank: bool = False
    weight: Weight = 1.0


class FormKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All fields."""

    fields: dict[Id, FieldKey]


class FormEntry(Kind[FormSpec, FormAnswer, FormKey]):
    """Data entry, scored field by field after both sides were spelt alike."""

    name: ClassVar[str] = "form"
    label: ClassVar[str] = "录入"
    #: Fields of a key that repeat what the data file shows; a check for leaked answers passes over them.
    copied: ClassVar[frozenset[str]] = frozenset({"accept"})
    Spec = FormSpec
    Answer = FormAnswer
    Key = FormKey

    def faults(self, spec: FormSpec) -> Iterator[str]:
        """Yield repeated ids, selects without options, a form without a document and broken tables."""
        yield from repeated((field.id for field in spec.fields), "字段")
        yield from repeated((line.id for line in spec.document), "材料行")
        yield from table_faults(spec.columns, spec.rows)
        if not spec.document and not spec.rows:
            yield "没有可录入的材料，请写 document（名目：内容）或表格 columns 和 rows"
        for field in spec.fields:
            yield from repeated((option.id for option in field.options), f"字段 {field.id} 的选项")
            if (field.input == "select") != bool(field.options) or len(field.options) == 1:
                yield f"字段 {field.id}：input 是 select 时 options 至少写 2 项，其他 input 不写 options"

    def key_faults(self, spec: FormSpec, key: FormKey) -> Iterator[str]:
        """Yield fields without a key, entries that nobody could type, and forms that one text would fill."""
        fields = {field.id: field for field in spec.fields}
        yield from unknown(key.fields, fields, "字段")
        missing = [name for name in fields if name not in key.fields]
        if missing:
            yield f"缺少字段 {'、'.join(missing)} 的答案"
        typed = set()
        for name, field in fields.items():
            if name in key.fields:
                yield from _entry_faults(field, key.fields[name])
                if field.input != "select" and key.fields[name].accept:
                    typed.add(_spelt(field, key.fields[name].accept[0]))
        if len(typed) < DIFFERENT:
            yield f"内容不同的填写项（不算选择和留空）至少要有 {DIFFERENT} 个，否则到处填同一个词也能得分"

    def answer_faults(self, spec: FormSpec, answer: FormAnswer) -> Iterator[str]:
        """Yield fields and options that the form does not have."""
        fields = {field.id: field for field in spec.fields}
        yield from unknown(answer.fields, fields, "字段")
        for name, entry in answer.fields.items():
            if entry and name in fields and fields[name].input == "select":
                yield from unknown([entry], texts(fields[name].options), f"字段 {name} 的选项")

    def is_blank(self, answer: FormAnswer) -> bool:
        """Say whether no field holds more than spaces."""
        return not any(map(plain, answer.fields.values()))

    def grade(self, spec: FormSpec, answer: FormAnswer, key: FormKey) -> Score:
        """Return Σ weight of right fields / Σ weight, or 0 while fewer than two different texts are right.

        So one text in all fields, choices alone and empty fields alone are worth nothing, whatever the key says.
        """
        right = [field for field in spec.fields if _is_right(field, answer.fields.get(field.id, ""), key)]
        typed = {_spelt(f, answer.fields[f.id]) for f in right if f.input != "select" and not key.fields[f.id].blank}
        earned = sum(key.fields[field.id].weight for field in right)
        fraction = earned / sum(key.fields[field.id].weight for field in spec.fields)
        parts = tuple(_part(field, answer.fields.get(field.id, ""), key) for field in spec.fields)
        measures = [("填对", f"{len(right)}/{len(spec.fields)} 项")]
        if len(typed) < DIFFERENT:
            measures.append(("计分", f"内容不同的填写项至少填对 {DIFFERENT} 个才计分"))
        return Score(fraction if len(typed) >= DIFFERENT else 0.0, parts, tuple(measures))

    def lines(self, spec: FormSpec, answer: FormAnswer | None) -> list[Line]:
        """Show every field with what was typed."""
        entries = answer.fields if answer else {}
        return [Line(field.text, _words(field, entries.get(field.id, ""))) for field in spec.fields]

    def samples(self, spec: FormSpec, key: FormKey) -> Samples:
        """Derive answers from the key: all right, a slip in each field, a slip in one, "同上" everywhere."""
        right = {name: field.accept[0] for name, field in key.fields.items() if not field.blank}
        wrong = {field.id: _slip(field, key) for field in spec.fields}
        spoilt = ({**right, name: entry} for name, entry in wrong.items())
        partly = (fields for fields in spoilt if 0 < self.grade(spec, FormAnswer(fields), key).fraction < 1)
        first = spec.fields[0].id
        return Samples(
            right={"fields": right},
            wrong={"fields": wrong},
            partly={"fields": next(partly, wrong)},
            everything={"fields": {f.id: f.options[0].id if f.options else "同上" for f in spec.fields}},
            malformed=(
                {"fields": {"no-such-field": "x"}},
                {"fields": {first: 1}},
                {"fields": {first: "长" * 201}},
                {"fields": {first: None}},
                {"fields": [["a", "b"]]},
                *({"fields": {field.id: "no-such-option"}} for field in spec.fields if field.options),
                [],
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: FormSpec, dice: random.Random) -> Any:
        """Copy something from the document into every field, without reading what the field asks for."""
        found = [line.text.partition("：")[2] or line.text for line in spec.document]
        found += [cell for row in spec.rows for cell in row.cells.values() if cell]

        def entry(field: Field) -> str:
            return dice.choice(field.options).id if field.options else dice.choice(found or ["无"])[:200]

        return {"fields": {field.id: entry(field) for field in spec.fields}}


def _spelt(field: Field, entry: str) -> str:
    """Spell an entry the one way in which it is compared."""
    day = date_of(entry) if field.input == "date" else None
    if day:
        return day.isoformat()
    return compact(entry) if field.input in SHAPES else plain(entry)


def _is_right(field: Field, entry: str, key: FormKey) -> bool:
    spelt = _spelt(field, entry)
    if key.fields[field.id].blank:
        return not spelt
    return spelt in {_spelt(field, accepted) for accepted in key.fields[field.id].accept}


def _entry_faults(field: Field, key: FieldKey) -> Iterator[str]:
    """Yield what is wrong with the key of one field."""
    if key.blank == bool(key.accept):
        yield f'字段 {field.id}：请写 accept（可接受的内容）或 "blank": true（应留空），二者恰好一个'
    if key.blank and field.required:
        yield f"字段 {field.id} 应留空，却标了 required，请去掉一个"
    if field.input == "select":
        yield from unknown(key.accept, texts(field.options), f"字段 {field.id} 的选项")
    for entry in key.accept:
        spelt = _spelt(field, entry)
        if not spelt:
            yield f"字段 {field.id} 的 accept 里有空内容，请删去"
        elif field.input == "date" and date_of(entry) is None:
            yield f"字段 {field.id} 的“{entry}”不是日期，请写成 2026-09-18"
        elif field.input in SHAPES and not re.fullmatch(SHAPES[field.input], spelt):
            yield f"字段 {field.id} 的“{entry}”位数或字符不符合 {field.input}"
        elif field.max_length is not None and len(spelt) > field.max_length:
            yield f"字段 {field.id} 的“{entry}”比 max_length {field.max_length} 还长"


def _slip(field: Field, key: FormKey) -> str:
    """Make a wrong entry that looks like one: the last character lost, another option, something in an empty field."""
    first = next(iter(key.fields[field.id].accept), "")
    guesses = [option.id for option in field.options] or [first[:-1], first[1:], "不详", "错误", "0"]
    return next((guess for guess in guesses if plain(guess) and not _is_right(field, guess, key)), "")


def _words(field: Field, entry: str) -> str:
    return texts(field.options).get(entry, entry) if plain(entry) else "未填"


def _part(field: Field, entry: str, key: FormKey) -> Part:
    wanted = key.fields[field.id]
    verdict = Verdict.WRONG if plain(entry) else Verdict.MISSED
    if _is_right(field, entry, key):
        verdict = Verdict.RIGHT
    expected = "应留空" if wanted.blank else _words(field, wanted.accept[0])
    return Part(field.text, _words(field, entry), expected, verdict, wanted.why)
