"""Prove an exercise before anybody answers it: the key is right, nothing else is, and guessing does not pay."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from coursekit.source import Item, Variant
from widgets.kind import AnswerError
from widgets.score import points

#: Random trainees that answer an item; their mean is its chance level.
GUESSERS = 200
#: How far a mean of so many guessers may stray from its expectation.
MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class Chance:
    """What random answering earns, as a fraction of the points (weight)."""

    fraction: float
    weight: float


def faults(item: Item) -> Iterator[str]:
    """Answer every variant in known ways and yield what does not come out as it must (after PrairieLearn's test())."""
    for variant in item.variants():
        place = f"变式 {variant.name} " if variant.name else ""
        yield from (place + fault for fault in _faults(variant, item.maximum))


def chance(item: Item) -> Chance:
    """Measure the item's chance level over all its variants."""
    means = [_chance(variant) for variant in item.variants()]
    return Chance(sum(means) / len(means), item.maximum)


def leaks(item: Item, public: Iterable[str]) -> Iterator[str]:
    """Yield where a text of a key stands in what would be released, unless the exercise shows it anyway."""
    pages = list(public)
    for variant in item.variants():
        own = set(strings(msgspec.to_builtins(variant.spec)))
        for secret in sorted(
            {text for text in strings(msgspec.to_builtins(variant.key), variant.kind.copied) if len(text) >= 6} - own
        ):
            if any(secret in page for page in pages):
                yield f"答案文字“{secret[:20]}…”出现在会发给学员的内容里，请改写其中一处"


def strings(value: Any, without: Container[str] = ()) -> Iterator[str]:
    """Yield every text inside a JSON value, object keys and the fields *without* aside."""
    if isinstance(value, str):
        yield value
    found = [one for name, one in value.items() if name not in without] if isinstance(value, dict) else value
    for one in found if isinstance(found, (list, tuple)) else ():
        yield from strings(one, without)


def fraction(variant: Variant, answer: Any) -> float:
    """Score a JSON answer; a blank one is worth 0. Raises AnswerError for one that does not fit."""
    parsed = variant.kind.parse_answer(variant.spec, msgspec.json.encode(answer))
    if variant.kind.is_blank(parsed):
        return 0.0
    return variant.kind.grade(variant.spec, parsed, variant.key).fraction


def _faults(variant: Variant, maximum: float) -> Iterator[str]:
    samples = variant.samples()
    try:
        right, wrong, partly = (
            points(fraction(variant, answer), maximum) for answer in (samples.right, samples.wrong, samples.partly)
        )
    except AnswerError as error:
        yield f"由答案键推出的作答不合格式（{error}），请检查答案键"
        return
    if right != maximum:
        yield f"按答案作答只得 {right:g} 分，应得满分 {maximum:g}，请检查答案键"
    everything = _lazily(variant, samples.everything) * maximum
    if everything > 0:
        yield f"全部勾选（或照原样不动）得 {everything:g} 分，应为 0；请增加干扰项或打乱初始顺序"
    if wrong >= maximum:
        yield "答错也得满分，请检查答案键"
    if samples.partly not in (samples.right, samples.wrong) and not 0 < partly < maximum:
        yield f"部分答对得 {partly:g} 分，应在 0 与 {maximum:g} 之间，请检查题目是否太小"
    limit = variant.kind.chance_limit
    if (guessed := _chance(variant)) > limit + MARGIN:
        yield f"随便作答平均能得 {guessed:.0%}，上限是 {limit:.0%}；请增加选项、行或步骤"


def _lazily(variant: Variant, answer: Any) -> float:
    """Score the answer that chooses everything; an exercise may refuse it as well as give nothing for it."""
    try:
        return fraction(variant, answer)
    except AnswerError:
        return 0.0


def _chance(variant: Variant) -> float:
    dice = random.Random(variant.spec.title + variant.name)
    guesses = [fraction(variant, variant.kind.random_answer(variant.spec, dice)) for _ in range(GUESSERS)]
    return sum(guesses) / len(guesses)
