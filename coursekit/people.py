"""Invented trainees of different strength, who answer exercises the way people do: mostly right, here and there not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from coursekit.source import Item, Variant
from widgets.kind import AnswerError

_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华"
_GIVEN = ("晓梅", "建国", "雨桐", "志远", "丽华", "子涵", "海燕", "文博", "秀英", "一鸣", "春兰", "思远")


@dataclass(frozen=True, slots=True)
class Person:
    """A trainee of the demo; *skill* is the chance to get one item of an exercise right."""

    id: str
    name: str
    skill: float


def people(count: int, seed: int = 2026) -> list[Person]:
    """Invent *count* trainees, the same for the same seed."""
    rng = random.Random(seed)
    return [
        Person(f"t{number:03d}", rng.choice(_FAMILY) + rng.choice(_GIVEN), min(0.99, max(0.3, rng.gauss(0.82, 0.13))))
        for number in range(1, count + 1)
    ]


def answers(person: Person, items: list[Item]) -> Iterator[tuple[Item, Any]]:
    """Yield what *person* answers, leaving out an exercise now and then; the same for the same person."""
    rng = random.Random(person.id + person.name)
    for item in items:
        if rng.random() < 0.15 * (1 - person.skill):
            continue
        variant = item.of(person.id)
        samples = variant.samples()
        mixed = _between(samples.right, samples.wrong, person.skill, rng)
        yield item, mixed if _fits(variant, mixed) else samples.right if rng.random() < person.skill else samples.wrong


def _fits(variant: Variant, answer: Any) -> bool:
    try:
        variant.kind.parse_answer(variant.spec, msgspec.json.encode(answer))
    except AnswerError:
        return False
    return True


def _between(right: Any, wrong: Any, skill: float, rng: random.Random) -> Any:
    """Mix two answers: objects entry by entry, sequences by swapping neighbours, anything else by chance."""
    if isinstance(right, dict) and isinstance(wrong, dict) and "status" not in right:
        names = [*right, *(name for name in wrong if name not in right)]
        mixed = {name: _between(right.get(name), wrong.get(name), skill, rng) for name in names}
        return {name: value for name, value in mixed.items() if value is not None}
    if isinstance(right, list) and len(right) > 2:
        order = list(right)
        while rng.random() > skill:
            place = rng.randrange(len(order) - 1)
            order[place], order[place + 1] = order[place + 1], order[place]
        return order
    if right is not None and wrong is None:
        return right if rng.random() < skill else None
    return right if rng.random() < skill else wrong
