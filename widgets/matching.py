"""匹配: find the one option that belongs to each stem; more options than stems, each used at most once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict, clamp
from widgets.spec import Id, Labelled, Spec, Text, repeated, same_text, texts, unknown

#: Options that belong to no stem, so that the last pair is not given away (c.5).
EXTRA = 2
#: No pair weighs more than this: a key that says otherwise is a slip.
MAX_WEIGHT = 100


class MatchingSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The stems, in this order, and the options to choose from."""

    kind: Literal["matching"]
    stems: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=3, max_length=20)]
    options: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=5, max_length=26)]


class MatchingAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The option of each stem that was answered."""

    pairs: Annotated[dict[Id, Id], msgspec.Meta(max_length=20)] = {}


class PairKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The option of a stem, and why."""

    option: Id
    why: Text
    weight: float = 1.0


class MatchingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of all stems."""

    pairs: dict[Id, PairKey]


class Matching(Kind[MatchingSpec, MatchingAnswer, MatchingKey]):
    """Matching, scored by the weight of the stems that got their option."""

    name: ClassVar[str] = "matching"
    label: ClassVar[str] = "匹配"
    Spec = MatchingSpec
    Answer = MatchingAnswer
    Key = MatchingKey

    def faults(self, spec: MatchingSpec) -> Iterator[str]:
        """Yield repeated stems and options, by id and by text, and too few options."""
        for things, what in ((spec.stems, "题干"), (spec.options, "选项")):
            yield from repeated((thing.id for thing in things), what)
            yield from same_text(things, what)
        short = len(spec.stems) + EXTRA - len(spec.options)
        if short > 0:
            yield f"选项至少要比题干多 {EXTRA} 个，否则最后几对不想也能配上；请再加 {short} 个用不到的选项"

    def key_faults(self, spec: MatchingSpec, key: MatchingKey) -> Iterator[str]:
        """Yield stems without an option, options used twice, unknown stems and options, and odd weights."""
        known = texts(spec.stems)
        yield from unknown(key.pairs, known, "题干")
        missing = [name for name in known if name not in key.pairs]
        if missing:
            yield f"缺少题干 {'、'.join(missing)} 的答案"
        options = [pair.option for pair in key.pairs.values()]
        yield from unknown(options, texts(spec.options), "选项")
        yield from repeated(options, "选项")
        for name, pair in key.pairs.items():
            if not 0 < pair.weight <= MAX_WEIGHT:
                yield f"题干 {name} 的 weight 是 {pair.weight:g}，应大于 0，不超过 {MAX_WEIGHT}"

    def answer_faults(self, spec: MatchingSpec, answer: MatchingAnswer) -> Iterator[str]:
        """Yield unknown stems and options, and options used twice."""
        yield from unknown(answer.pairs, texts(spec.stems), "题干")
        yield from unknown(answer.pairs.values(), texts(spec.options), "选项")
        yield from repeated(answer.pairs.values(), "选项")

    def is_blank(self, answer: MatchingAnswer) -> bool:
        """Say whether no stem has an option."""
        return not answer.pairs

    def grade(self, spec: MatchingSpec, answer: MatchingAnswer, key: MatchingKey) -> Score:
        """Return Σ weight of right stems / Σ weight; a wrong pair costs no more than an empty one (c.5)."""
        total = sum(pair.weight for pair in key.pairs.values())
        right = [pair.weight for stem, pair in key.pairs.items() if answer.pairs.get(stem) == pair.option]
        parts = tuple(_part(spec, stem, answer, key) for stem in spec.stems)
        return Score(clamp(sum(right) / total), parts, (("配对", f"{len(right)}/{len(key.pairs)}"),))

    def lines(self, spec: MatchingSpec, answer: MatchingAnswer | None) -> list[Line]:
        """Name the option of each stem."""
        given = answer.pairs if answer else {}
        names = texts(spec.options)
        return [Line(stem.text, names.get(given.get(stem.id, ""), "未作答")) for stem in spec.stems]

    def samples(self, spec: MatchingSpec, key: MatchingKey) -> Samples:
        """Derive answers from the key: the key, options that belong nowhere, one stem short, one option everywhere."""
        right = {stem: pair.option for stem, pair in key.pairs.items()}
        stems = list(right)
        extra = [option.id for option in spec.options if option.id not in right.values()]
        twice = dict.fromkeys(stems, right[stems[0]])
        return Samples(
            right={"pairs": right},
            wrong={"pairs": dict(zip(stems, extra, strict=False))},
            partly={"pairs": {stem: right[stem] for stem in stems[1:]}},
            everything={"pairs": twice},
            malformed=(
                [],
                stems[0],
                {"pairs": [[stems[0], extra[0]]]},
                {"pairs": {"no-such-stem": extra[0]}},
                {"pairs": {stems[0]: "no-such-option"}},
                {"pairs": {stems[0]: None}},
                {"pairs": {stems[0]: extra[0], stems[1]: extra[0]}},
                {"pairs": twice},
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: MatchingSpec, dice: random.Random) -> Any:
        """Give every stem any option that is still free."""
        options = dice.sample([option.id for option in spec.options], len(spec.stems))
        return {"pairs": {stem.id: option for stem, option in zip(spec.stems, options, strict=True)}}

    def shuffled(self, spec: MatchingSpec, dice: random.Random) -> MatchingSpec:
        """Shuffle the options; stems keep their order, for they may tell a story."""
        options = list(spec.options)
        dice.shuffle(options)
        return msgspec.structs.replace(spec, options=tuple(options))


def _part(spec: MatchingSpec, stem: Labelled, answer: MatchingAnswer, key: MatchingKey) -> Part:
    names, truth = texts(spec.options), key.pairs[stem.id]
    given = answer.pairs.get(stem.id)
    verdict = Verdict.MISSED if given is None else Verdict.RIGHT if given == truth.option else Verdict.WRONG
    return Part(stem.text, names.get(given or "", "未作答"), names[truth.option], verdict, truth.why)
