"""计算: work out numbers, dates and what follows from them, each in a blank of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec.structs import replace

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict
from widgets.spec import Id, Labelled, Row, Spec, Text, repeated, table_faults, texts, unknown
from widgets.typed import date_of, number_of, plain

#: What a wrong or missing unit leaves of a blank's credit.
UNIT_LEAVES = 0.5
#: Credit for what comes of a slip in an earlier blank: the method is there, the result is not.
FOLLOWED = 0.5

Typed = Annotated[str, msgspec.Meta(max_length=200)]
Weight = Annotated[float, msgspec.Meta(gt=0, le=100)]


class Blank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quantity asked for: a number with perhaps a choice of *units*, a date, or a conclusion among *options*."""

    id: Id
    text: Text
    answer: Literal["number", "date", "choice"]
    units: Annotated[tuple[Labelled, ...], msgspec.Meta(max_length=8)] = ()
    options: Annotated[tuple[Labelled, ...], msgspec.Meta(max_length=8)] = ()
    decimals: Annotated[int, msgspec.Meta(ge=0, le=6)] | None = None


class CalculationSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given, in *facts* or a table (*columns*, *rows*), and the blanks in the order in which they are solved."""

    kind: Literal["calculation"]
    blanks: Annotated[tuple[Blank, ...], msgspec.Meta(min_length=1, max_length=6)]
    columns: Annotated[tuple[Labelled, ...], msgspec.Meta(max_length=12)] = ()
    rows: Annotated[tuple[Row, ...], msgspec.Meta(max_length=60)] = ()


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in a blank, as it was typed; for a conclusion the id of an option."""

    value: Typed = ""
    unit: Id | None = None


class CalculationAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was given, by blank."""

    blanks: Annotated[dict[Id, Given], msgspec.Meta(max_length=6)] = {}


class BlankKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The right value, how far a number may be off, and the solution step by step.

    *follow* lists, by earlier blank, the values that a slip there leads to; they count half while it is not right.
    """

    value: Typed
    why: Text
    tolerance: Typed = "0"
    unit: Id | None = None
    weight: Weight = 1.0
    follow: dict[Id, tuple[Typed, ...]] = {}


class CalculationKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All blanks."""

    blanks: dict[Id, BlankKey]


class Calculation(Kind[CalculationSpec, CalculationAnswer, CalculationKey]):
    """Calculations, scored blank by blank with decimal arithmetic."""

    name: ClassVar[str] = "calculation"
    label: ClassVar[str] = "计算"
    Spec = CalculationSpec
    Answer = CalculationAnswer
    Key = CalculationKey

    def faults(self, spec: CalculationSpec) -> Iterator[str]:
        """Yield repeated ids, broken tables, and blanks with options or units where they mean nothing."""
        yield from table_faults(spec.columns, spec.rows)
        yield from repeated((blank.id for blank in spec.blanks), "填空")
        for blank in spec.blanks:
            yield from repeated((item.id for item in blank.units), f"填空 {blank.id} 的单位")
            yield from repeated((item.id for item in blank.options), f"填空 {blank.id} 的选项")
            if (blank.answer == "choice") != bool(blank.options) or len(blank.options) == 1:
                yield f"填空 {blank.id}：answer 是 choice 时 options 至少写 2 项，其他 answer 不写 options"
            if blank.answer != "number" and (blank.units or blank.decimals is not None):
                yield f"填空 {blank.id}：只有 number 才写 units 和 decimals"
            if len(blank.units) == 1:
                yield f"填空 {blank.id}：只有一个单位就不用选，请写进 text，或把 units 补到 2 项"
        if all(blank.answer == "choice" for blank in spec.blanks):
            yield "全部填空都是选择，不用计算也能猜中；请至少留一个 number 或 date，或改用选择题"

    def key_faults(self, spec: CalculationSpec, key: CalculationKey) -> Iterator[str]:
        """Yield blanks without a key, values of another type, and follow-ups that would make a slip pay."""
        yield from unknown(key.blanks, (blank.id for blank in spec.blanks), "填空")
        missing = [blank.id for blank in spec.blanks if blank.id not in key.blanks]
        if missing:
            yield f"缺少填空 {'、'.join(missing)} 的答案"
            return
        for place, blank in enumerate(spec.blanks):
            yield from _value_faults(blank, key.blanks[blank.id])
            yield from _follow_faults(spec.blanks[:place], blank, key)

    def answer_faults(self, spec: CalculationSpec, answer: CalculationAnswer) -> Iterator[str]:
        """Yield blanks, units and options that the exercise does not have."""
        yield from unknown(answer.blanks, (blank.id for blank in spec.blanks), "填空")
        for blank in spec.blanks:
            given = answer.blanks.get(blank.id, Given())
            yield from unknown(filter(None, [given.unit]), texts(blank.units), f"填空 {blank.id} 的单位")
            if blank.answer == "choice":
                yield from unknown(filter(None, [given.value]), texts(blank.options), f"填空 {blank.id} 的选项")

    def is_blank(self, answer: CalculationAnswer) -> bool:
        """Say whether no value is given; a unit alone is no answer."""
        return not any(plain(given.value) for given in answer.blanks.values())

    def grade(self, spec: CalculationSpec, answer: CalculationAnswer, key: CalculationKey) -> Score:
        """Return Σ weight · credit / Σ weight, or 0 while no number and no date has any credit.

        A wrong unit halves a blank. A conclusion counts only with a calculation that leads to it: alone it is a guess.
        """
        earned = {blank.id: _credit(spec, blank, answer, key) for blank in spec.blanks}
        worked = any(earned[blank.id] for blank in spec.blanks if blank.answer != "choice")
        total = sum(key.blanks[name].weight * credit for name, credit in earned.items())
        fraction = total / sum(key.blanks[name].weight for name in earned) if worked else 0.0
        parts = tuple(_part(spec, blank, answer, key) for blank in spec.blanks)
        measures = [("算对", f"{sum(credit == 1 for credit in earned.values())}/{len(earned)} 空")]
        if not worked:
            measures.append(("计分", "至少算对一个数或日期，选择的结论才计分"))
        return Score(fraction, parts, tuple(measures))

    def lines(self, spec: CalculationSpec, answer: CalculationAnswer | None) -> list[Line]:
        """Show every blank with what was typed and the unit chosen."""
        blanks = answer.blanks if answer else {}
        return [Line(blank.text, _words(blank, blanks.get(blank.id, Given()))) for blank in spec.blanks]

    def samples(self, spec: CalculationSpec, key: CalculationKey) -> Samples:
        """Derive answers from the key: all right, all wrong, one blank or one unit wrong, one number everywhere."""
        right = {name: _answer(blank.value, blank.unit) for name, blank in key.blanks.items()}
        wrong = {b.id: _answer(_slip(b, key), key.blanks[b.id].unit) for b in spec.blanks}
        spoilt = [{**right, name: one} for name, one in wrong.items()]
        spoilt += [{**right, name: _answer(blank.value, None)} for name, blank in key.blanks.items() if blank.unit]
        between = (
            blanks
            for blanks in spoilt
            if 0 < self.grade(spec, msgspec.convert({"blanks": blanks}, CalculationAnswer), key).fraction < 1
        )
        first = spec.blanks[0]
        return Samples(
            right={"blanks": right},
            wrong={"blanks": wrong},
            partly={"blanks": next(between, wrong)},
            everything=msgspec.to_builtins(_everywhere(spec, key)),
            malformed=(
                {"blanks": {"no-such-blank": {"value": "1"}}},
                {"blanks": {first.id: {"value": 1}}},
                {"blanks": {first.id: {"value": "1" * 201}}},
                {"blanks": {first.id: {"value": "1", "unit": "no-such-unit"}}},
                {"blanks": {first.id: "1"}},
                {"blanks": {first.id: {"value": "1", "points": 1}}},
                [],
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: CalculationSpec, dice: random.Random) -> Any:
        """Type a number up to 100 or a day of 2026, and choose units and conclusions by chance."""

        def value(blank: Blank) -> str:
            if blank.answer == "choice":
                return dice.choice(blank.options).id
            if blank.answer == "date":
                return (date(2026, 1, 1) + timedelta(days=dice.randrange(365))).isoformat()
            return str(dice.randint(0, 100))

        return {"blanks": {b.id: _answer(value(b), dice.choice(b.units).id if b.units else None) for b in spec.blanks}}

    def shuffled(self, spec: CalculationSpec, dice: random.Random) -> CalculationSpec:
        """Return the exercise with the conclusions to choose from in another order."""
        blanks = (
            replace(blank, options=tuple(dice.sample(blank.options, len(blank.options)))) for blank in spec.blanks
        )
        return replace(spec, blanks=tuple(blanks))


def _matches(blank: Blank, given: Given, wanted: str, tolerance: str = "0") -> bool:
    """Say whether what was typed is *wanted*; a percent sign is read over only where the unit chosen is %."""
    if blank.answer == "choice":
        return given.value == wanted
    if blank.answer == "date":
        return date_of(given.value) == date_of(wanted) is not None
    found = number_of(given.value, percent=plain(texts(blank.units).get(given.unit or "", "")) == "%")
    return found is not None and abs(found - _number(wanted)) <= _number(tolerance)


def _number(text: str) -> Decimal:
    return number_of(text) or Decimal()


def _is_right(blank: Blank, answer: CalculationAnswer, key: CalculationKey) -> bool:
    wanted = key.blanks[blank.id]
    return _matches(blank, answer.blanks.get(blank.id, Given()), wanted.value, wanted.tolerance)


def _follows(spec: CalculationSpec, blank: Blank, answer: CalculationAnswer, key: CalculationKey) -> bool:
    """Say whether the value comes of a slip in an earlier blank."""
    given, wanted = answer.blanks.get(blank.id, Given()), key.blanks[blank.id]
    slips = [name for name in wanted.follow if not _is_right(_by_id(spec)[name], answer, key)]
    return any(_matches(blank, given, then, wanted.tolerance) for name in slips for then in wanted.follow[name])


def _credit(spec: CalculationSpec, blank: Blank, answer: CalculationAnswer, key: CalculationKey) -> float:
    """Return what a blank earns, from 0 to 1."""
    credit = 1.0 if _is_right(blank, answer, key) else FOLLOWED * _follows(spec, blank, answer, key)
    unit = answer.blanks.get(blank.id, Given()).unit
    return credit if unit == key.blanks[blank.id].unit else credit * UNIT_LEAVES


def _by_id(spec: CalculationSpec) -> dict[str, Blank]:
    return {blank.id: blank for blank in spec.blanks}


def _value_faults(blank: Blank, key: BlankKey) -> Iterator[str]:
    """Yield what is wrong with the value, tolerance and unit of a key."""
    where = f"填空 {blank.id} 的"
    tolerance = number_of(key.tolerance)
    if blank.answer == "choice":
        yield from unknown([key.value], texts(blank.options), f"{where}选项")
    elif (date_of if blank.answer == "date" else number_of)(key.value) is None:
        yield f"{where} value“{key.value}”读不出来，数写成 81.9，日期写成 2026-10-22"
    if tolerance is None or tolerance < 0 or (tolerance and blank.answer != "number"):
        yield f"{where} tolerance“{key.tolerance}”应为不小于 0 的数，只有 number 才能写"
    elif tolerance and tolerance >= abs(_number(key.value)):
        yield f"{where} tolerance“{key.tolerance}”不小于答案本身，填 0 也算对，请改小"
    if bool(key.unit) != bool(blank.units):
        yield f"{where} unit 与题目不一致：题目有 units，答案就要写 unit，反之不写"
    yield from unknown(filter(None, [key.unit]), texts(blank.units), f"{where}单位")


def _follow_faults(earlier: tuple[Blank, ...], blank: Blank, key: CalculationKey) -> Iterator[str]:
    """Yield what follows a wrong kind of blank, what is right anyway, and what would be worth more than the slip costs."""
    before = {one.id for one in earlier if one.answer != "choice" and not key.blanks[one.id].follow}
    wanted = key.blanks[blank.id]
    for name, values in wanted.follow.items():
        if name not in before or blank.answer == "choice":
            yield f"填空 {blank.id} 的 follow：只能是数或日期跟随前面一个没有 follow 的数或日期，“{name}”不是"
            continue
        for value in values:
            if (date_of if blank.answer == "date" else number_of)(value) is None:
                yield f"填空 {blank.id} 的 follow：“{value}”读不出来"
            elif _matches(blank, Given(value), wanted.value, wanted.tolerance):
                yield f"填空 {blank.id} 的 follow：“{value}”本来就对，请删去"
        if key.blanks[name].weight < sum(one.weight for one in key.blanks.values() if name in one.follow):
            yield f"跟随 {name} 的填空权重之和超过 {name} 自己的权重，改对了反而会失分，请调整 weight"


def _answer(value: str, unit: str | None) -> dict[str, Any]:
    return {"value": value, "unit": unit} if unit else {"value": value}


def _slip(blank: Blank, key: CalculationKey) -> str:
    """Make a wrong value near the right one: another conclusion, a later day, a larger number."""
    wanted = key.blanks[blank.id]
    if blank.answer == "choice":
        return next(item.id for item in blank.options if item.id != wanted.value)
    taken = [value for values in wanted.follow.values() for value in values]
    day, step = date_of(wanted.value), max(Decimal(1), 2 * _number(wanted.tolerance))
    near = (str(day + timedelta(days=n)) if day else str(_number(wanted.value) + n * step) for n in count(1))
    return next(text for text in near if not any(_matches(blank, Given(text), one, wanted.tolerance) for one in taken))


def _everywhere(spec: CalculationSpec, key: CalculationKey) -> CalculationAnswer:
    """Put one number that is nowhere right into all blanks, and choose the first unit and conclusion throughout."""
    for number in ("0", *(str(10**power) for power in range(199))):
        blanks = {
            b.id: Given(b.options[0].id if b.options else number, b.units[0].id if b.units else None)
            for b in spec.blanks
        }
        answer = CalculationAnswer(blanks)
        if not any(_credit(spec, blank, answer, key) for blank in spec.blanks if blank.answer != "choice"):
            return answer
    return CalculationAnswer()


def _words(blank: Blank, given: Given) -> str:
    if not plain(given.value):
        return "未填"
    unit = texts(blank.units).get(given.unit or "", "（未选单位）" if blank.units else "")
    return f"{texts(blank.options).get(given.value, given.value)} {unit}".rstrip()


def _part(spec: CalculationSpec, blank: Blank, answer: CalculationAnswer, key: CalculationKey) -> Part:
    given, wanted = answer.blanks.get(blank.id, Given()), key.blanks[blank.id]
    credit = _credit(spec, blank, answer, key)
    verdict = Verdict.RIGHT if credit == 1 else Verdict.PARTLY if credit else Verdict.WRONG
    if not plain(given.value):
        verdict = Verdict.MISSED
    expected = _words(blank, Given(wanted.value, wanted.unit))
    if _number(wanted.tolerance):
        expected += f"（误差不超过 {wanted.tolerance}）"
    follows = not _is_right(blank, answer, key) and _follows(spec, blank, answer, key)
    note = "前面算错了，这一步的算法对，得一半。" if follows else ""
    return Part(blank.text, _words(blank, given), expected, verdict, note + wanted.why)
