"""选择题: one of several, several of many, exactly N, or true and false."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, assert_never

import msgspec

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict, guarded, percent
from widgets.spec import Id, Labelled, Spec, Text, repeated, same_text, texts, unknown

Mode = Literal["single", "multi", "select_n", "tf"]

NONE = "以上均不符合"


class ChoiceSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options to choose from; those in *last* stay last, in that order, however the others are shuffled.

    *none_option* (multi) lets a trainee assert that no option fits, *choose* (select_n) says how many do.
    """

    kind: Literal["choice"]
    mode: Mode
    options: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=2, max_length=10)]
    last: Annotated[tuple[Id, ...], msgspec.Meta(max_length=10)] = ()
    none_option: bool = False
    choose: int | None = None


class ChoiceAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options chosen, each as ``true``; *none* asserts that none fits, which is not the same as no answer."""

    chosen: Annotated[dict[Id, bool], msgspec.Meta(max_length=10)] = {}
    none: bool = False


class ChoiceKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why each option is *right* or *wrong*; *weight* gives a wrong option of a single choice part of the credit.

    *none* says why 以上均不符合 is right or wrong.
    """

    right: dict[Id, Text]
    wrong: dict[Id, Text]
    weight: dict[Id, float] = {}
    none: Text | None = None


class Choice(Kind[ChoiceSpec, ChoiceAnswer, ChoiceKey]):
    """Choice, scored by weight (single, tf), by t/N (select_n) or with wrong marks taken off (multi)."""

    name: ClassVar[str] = "choice"
    label: ClassVar[str] = "选择题"
    #: One of two is guessed half of the time; N of at most half the options are too.
    chance_limit: ClassVar[float] = 0.5
    Spec = ChoiceSpec
    Answer = ChoiceAnswer
    Key = ChoiceKey

    def faults(self, spec: ChoiceSpec) -> Iterator[str]:
        """Yield repeated options, options that shuffling would spoil, and fields that do not suit the mode."""
        ids = [option.id for option in spec.options]
        yield from repeated(ids, "选项")
        yield from unknown(spec.last, ids, "last 里的选项")
        yield from repeated(spec.last, "last 里的选项")
        yield from same_text(spec.options, "选项")
        for option in spec.options:
            if spec.mode != "tf" and option.text.startswith("以上") and option.id not in spec.last:
                yield f'选项 {option.id}“{option.text}”打乱后会指错对象，请写进 last，或改用 "none_option": true'
        yield from _mode_faults(spec)

    def key_faults(self, spec: ChoiceSpec, key: ChoiceKey) -> Iterator[str]:
        """Yield options that are not right or wrong exactly once, and keys that do not suit the mode."""
        known = texts(spec.options)
        yield from unknown([*key.right, *key.wrong, *key.weight], known, "选项")
        for name in known:
            if (name in key.right) == (name in key.wrong):
                yield f"选项 {name} 必须恰好写在 right 或 wrong 之一，并写明理由"
        yield from _right_faults(spec, key)
        yield from _weight_faults(spec, key)
        if spec.none_option != (key.none is not None):
            yield f"有“{NONE}”（none_option）时要写、也只有那时才写 none：它为什么对或不对"

    def answer_faults(self, spec: ChoiceSpec, answer: ChoiceAnswer) -> Iterator[str]:
        """Yield unknown options, more of them than may be chosen, and a choice beside 以上均不符合."""
        yield from unknown(answer.chosen, texts(spec.options), "选项")
        for name, value in answer.chosen.items():
            if not value:
                yield f"选项 {name} 记成了 false，没选的选项不应记录"
        most = {"single": 1, "tf": 1, "select_n": spec.choose, "multi": None}[spec.mode]
        if most is not None and len(answer.chosen) > most:
            yield f"最多选 {most} 项，现在选了 {len(answer.chosen)} 项"
        if answer.none and not spec.none_option:
            yield f"这道题没有“{NONE}”"
        if answer.none and answer.chosen:
            yield f"已选了选项，又选了“{NONE}”"

    def is_blank(self, answer: ChoiceAnswer) -> bool:
        """Say whether no option is chosen and nothing asserted."""
        return not answer.chosen and not answer.none

    def grade(self, spec: ChoiceSpec, answer: ChoiceAnswer, key: ChoiceKey) -> Score:
        """Return the option's weight, t/N, or max(0, (t − λf)/C), λ = max(1, C/W), as the mode has it (c.1).

        Where no option is right only 以上均不符合 scores, and it scores 1: c.1 gives 1 − f/W there, which would pay for
        choosing one wrong option rather than none.
        """
        parts = [_part(option, answer, key) for option in spec.options]
        if spec.none_option:
            parts.append(_none_part(answer, key))
        return Score(_fraction(spec, answer, key), tuple(parts), _measures(spec, answer, key))

    def lines(self, spec: ChoiceSpec, answer: ChoiceAnswer | None) -> list[Line]:
        """List all options, for a page without a front end shows them nowhere else, and which are chosen."""
        answer = answer or ChoiceAnswer()
        blank = self.is_blank(answer)
        rows = [(option.text, option.id in answer.chosen) for option in spec.options]
        rows += [(NONE, answer.none)] * spec.none_option
        return [Line(text, "未作答" if blank else _given(chosen)) for text, chosen in rows]

    def samples(self, spec: ChoiceSpec, key: ChoiceKey) -> Samples:
        """Derive answers from the key: the key, one wrong option, one right option short or a half-right one, all."""
        wrong = {"chosen": {min(key.wrong, key=lambda name: key.weight.get(name, 0.0)): True}, "none": False}
        partly = wrong
        if key.weight:
            partly = {"chosen": {next(iter(key.weight)): True}, "none": False}
        elif len(key.right) > 1:
            partly = {"chosen": dict.fromkeys([*key.right][1:], True), "none": False}
        everything = {"chosen": dict.fromkeys((option.id for option in spec.options), True), "none": False}
        first = spec.options[0].id
        beside_none = {"chosen": {first: True}, "none": True}
        return Samples(
            right={"chosen": dict.fromkeys(key.right, True), "none": not key.right},
            wrong=wrong,
            partly=partly,
            everything=everything,
            malformed=(
                [],
                first,
                {"chosen": [first]},
                {"chosen": {"no-such-option": True}},
                {"chosen": {first: 1}},
                {"chosen": {first: False}},
                {"score": 1.0},
                beside_none,
                *([] if spec.mode == "multi" else [everything]),
            ),
        )

    def random_answer(self, spec: ChoiceSpec, dice: random.Random) -> Any:
        """Choose as many options as the mode allows, or by the toss of a coin, or none of them now and then."""
        ids = [option.id for option in spec.options]
        if spec.mode != "multi":
            chosen = dice.sample(ids, spec.choose or 1)
        elif spec.none_option and dice.random() < 1 / (len(ids) + 1):
            return {"chosen": {}, "none": True}
        else:
            chosen = [name for name in ids if dice.random() < 0.5] or [dice.choice(ids)]
        return {"chosen": dict.fromkeys(chosen, True), "none": False}

    def shuffled(self, spec: ChoiceSpec, dice: random.Random) -> ChoiceSpec:
        """Shuffle all options but those in *last*; 正确 and 错误 keep their order."""
        if spec.mode == "tf":
            return spec
        by_id = {option.id: option for option in spec.options}
        free = [option for option in spec.options if option.id not in spec.last]
        dice.shuffle(free)
        return msgspec.structs.replace(spec, options=(*free, *(by_id[name] for name in spec.last)))


def _mode_faults(spec: ChoiceSpec) -> Iterator[str]:
    count = len(spec.options)
    if spec.mode == "tf" and count != 2:
        yield f"判断题恰好要有两个选项，如“正确”和“错误”，现在有 {count} 个"
    if spec.none_option and spec.mode != "multi":
        yield '只有多选（"mode": "multi"）才有“以上均不符合”，请删去 none_option'
    if (spec.choose is not None) != (spec.mode == "select_n"):
        yield '"mode": "select_n" 要写、也只有它才写 choose（要选几项）'
    elif spec.choose is not None and not 2 <= spec.choose <= count / 2:
        yield f"choose 是 {spec.choose}，应在 2 与选项数的一半（{count // 2}）之间；选得更多，乱选也能得分"


def _right_faults(spec: ChoiceSpec, key: ChoiceKey) -> Iterator[str]:
    want = spec.choose if spec.mode == "select_n" else 1
    if spec.mode != "multi" and len(key.right) != want:
        yield f"right 里应恰好有 {want} 项，现在有 {len(key.right)} 项"
    if spec.mode == "multi" and not key.right and not spec.none_option:
        yield '没有一项是对的；这样的题，数据文件要写 "none_option": true'
    if not key.wrong:
        yield "每一项都对，全选就能得分；请至少加一个错误选项"


def _weight_faults(spec: ChoiceSpec, key: ChoiceKey) -> Iterator[str]:
    if key.weight and spec.mode != "single":
        yield '只有单选（"mode": "single"）才能给部分分，请删去 weight'
    for name, weight in key.weight.items():
        if name not in key.wrong or not 0 < weight < 1:
            yield f"weight 只写 wrong 里得部分分的选项，大于 0 小于 1；选项 {name} 写成了 {weight:g}"
    if key.wrong and key.weight.keys() >= key.wrong.keys():
        yield "每个选项都有分，随便选也能得分；请至少留一个不得分的错误选项"


def _fraction(spec: ChoiceSpec, answer: ChoiceAnswer, key: ChoiceKey) -> float:
    right = len(answer.chosen.keys() & key.right.keys())
    match spec.mode:
        case "single" | "tf":
            return float(right) or max((key.weight.get(name, 0.0) for name in answer.chosen), default=0.0)
        case "select_n":
            return right / len(key.right)
        case "multi":
            if not key.right:
                return float(answer.none)
            return guarded(right, len(answer.chosen) - right, len(key.right), len(key.wrong))
    assert_never(spec.mode)


def _measures(spec: ChoiceSpec, answer: ChoiceAnswer, key: ChoiceKey) -> tuple[tuple[str, str], ...]:
    if spec.mode in ("single", "tf"):
        return ()
    right = len(answer.chosen.keys() & key.right.keys())
    return (("应选的选出", percent(right, len(key.right))), ("错选", f"{len(answer.chosen) - right} 项"))


def _given(chosen: bool) -> str:
    return "选了" if chosen else "没选"


def _part(option: Labelled, answer: ChoiceAnswer, key: ChoiceKey) -> Part:
    """Tell four cases apart: chosen rightly, chosen wrongly, missed, rightly left (PrairieLearn #10173 asks for it)."""
    chosen, weight = option.id in answer.chosen, key.weight.get(option.id)
    if option.id in key.right:
        verdict = Verdict.RIGHT if chosen else Verdict.MISSED
        return Part(option.text, _given(chosen), "应选", verdict, key.right[option.id])
    verdict = Verdict.RIGHT if not chosen else Verdict.PARTLY if weight else Verdict.WRONG
    expected = f"不是最好，选它得 {weight:.0%}" if weight else "不应选"
    return Part(option.text, _given(chosen), expected, verdict, key.wrong[option.id])


def _none_part(answer: ChoiceAnswer, key: ChoiceKey) -> Part:
    fits = not key.right
    verdict = Verdict.RIGHT if answer.none == fits else Verdict.MISSED if fits else Verdict.WRONG
    return Part(NONE, _given(answer.none), "应选" if fits else "不应选", verdict, key.none or "")
