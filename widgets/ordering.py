"""流程排序: put steps in an allowed order, leaving out those that do not belong."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise, permutations, product
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from widgets.kind import Kind, Line, Samples
from widgets.poset import ancestors, conflicts, find_cycle, largest_consistent
from widgets.score import Part, Score, Verdict, clamp
from widgets.spec import Id, Labelled, Spec, repeated, texts, unknown

#: Breaking a hard precedence never scores higher (c.4).
HARD_CAP = 0.5
#: Below this share of constrained pairs the longest-sequence rule can be guessed; the pair rule then limits it (a.2).
SPARSE = 0.6

#: How many steps may be interchangeable: all ways to name them are tried.
MAX_SAME = 4

Steps = Annotated[tuple[Id, ...], msgspec.Meta(max_length=200)]


class OrderingSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The steps as first shown, never in a right order; *choose* means that some of them do not belong.

    *fixed* maps a step to the place (from 1) where it stands and cannot be moved.
    """

    kind: Literal["ordering"]
    steps: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=3, max_length=200)]
    choose: bool = False
    fixed: dict[Id, Annotated[int, msgspec.Meta(ge=1)]] = {}


class OrderingAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The steps chosen, first to last; empty means that nothing was done yet."""

    order: Steps = ()


class OrderingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either one *order*, or for each step those that come *before* it; the rest of the steps are *distractors*.

    *same* groups interchangeable steps, *hard* lists precedences whose breach caps the score, *why* explains
    precedences ("a>b") and *strict* gives all or nothing.
    """

    order: tuple[Id, ...] = ()
    before: dict[Id, tuple[Id, ...]] = {}
    distractors: dict[Id, str] = {}
    same: tuple[tuple[Id, ...], ...] = ()
    hard: tuple[tuple[Id, Id], ...] = ()
    why: dict[str, str] = {}
    strict: bool = False

    def precedences(self) -> Mapping[str, Sequence[str]]:
        """Return the direct predecessors of each step that belongs."""
        if not self.order:
            return self.before
        return {self.order[0]: (), **{late: (early,) for early, late in pairwise(self.order)}}


class Ordering(Kind[OrderingSpec, OrderingAnswer, OrderingKey]):
    """Step ordering, scored by the distance to the nearest allowed order."""

    name: ClassVar[str] = "ordering"
    label: ClassVar[str] = "流程排序"
    Spec = OrderingSpec
    Answer = OrderingAnswer
    Key = OrderingKey

    def faults(self, spec: OrderingSpec) -> Iterator[str]:
        """Yield repeated steps and fixed places that do not exist or stand twice."""
        yield from repeated((step.id for step in spec.steps), "步骤")
        yield from unknown(spec.fixed, texts(spec.steps), "固定步骤")
        yield from repeated((f"第 {place} 位" for place in spec.fixed.values()), "固定位置")
        for step, place in spec.fixed.items():
            if place > len(spec.steps) or spec.steps[place - 1].id != step:
                yield f"固定步骤 {step} 应写在 steps 的第 {place} 项"

    def key_faults(self, spec: OrderingSpec, key: OrderingKey) -> Iterator[str]:
        """Yield steps without a place in the key, circles, and reasons for pairs that the key does not order."""
        known = texts(spec.steps)
        if bool(key.order) == bool(key.before):
            yield "请写 order（唯一顺序）或 before（先后条件），二者恰好一个"
            return
        before = key.precedences()
        yield from repeated(key.order, "步骤")
        cycle = find_cycle(before)
        if cycle:
            yield f"先后条件成环：{' → '.join(cycle)}，请删去其中一条"
            return
        belong = set(before)
        yield from unknown(belong.union(*before.values()), known, "步骤")
        yield from unknown(set().union(*before.values()), belong, "先行步骤")
        yield from unknown(key.distractors, known, "干扰步骤")
        for step in known:
            if (step in belong) == (step in key.distractors):
                yield f"步骤 {step} 必须恰好属于顺序或干扰步骤之一"
        if key.distractors and not spec.choose:
            yield '有干扰步骤时，数据文件要写 "choose": true'
        must = ancestors(before)
        for early, late in [*key.hard, *(pair.split(">", 1) for pair in key.why if ">" in pair)]:
            if early not in must.get(late, ()):
                yield f"“{early}>{late}”不是答案规定的先后关系"
        yield from unknown((step for group in key.same for step in group), belong, "相同步骤")
        yield from repeated((step for group in key.same for step in group), "相同步骤")
        if any(len(group) > MAX_SAME for group in key.same):
            yield f"一组相同步骤最多 {MAX_SAME} 个"
        for step, place in spec.fixed.items():
            if step not in belong or place > len(belong):
                yield f"固定步骤 {step} 必须属于流程，位置不能超过 {len(belong)}"

    def answer_faults(self, spec: OrderingSpec, answer: OrderingAnswer) -> Iterator[str]:
        """Yield unknown or repeated steps, and fixed steps that were moved."""
        yield from unknown(answer.order, texts(spec.steps), "步骤")
        yield from repeated(answer.order, "步骤")
        for step, place in spec.fixed.items():
            if answer.order and (len(answer.order) < place or answer.order[place - 1] != step):
                yield f"步骤 {step} 固定在第 {place} 位"

    def is_blank(self, answer: OrderingAnswer) -> bool:
        """Say whether no step was placed."""
        return not answer.order

    def grade(self, spec: OrderingSpec, answer: OrderingAnswer, key: OrderingKey) -> Score:
        """Return max(0, 1 − d/n), d = distractors + steps to move + steps left out, n = steps that belong (c.4).

        Where fewer than 60 % of the pairs are ordered by the key, the pair score max(0, 1 − 2·V/M) limits it.
        """
        must = ancestors(key.precedences())
        extra = [step for step in answer.order if step in key.distractors]
        placed = _relabelled([step for step in answer.order if step in must], len(extra), key, must)
        wrong = conflicts(placed, must)
        barred = {step for pair in wrong if set(pair) & spec.fixed.keys() for step in pair if step not in spec.fixed}
        kept = largest_consistent([step for step in placed if step not in barred], must)
        moves = [step for step in placed if step not in kept]
        left_out = [step for step in must if step not in placed]
        distance = len(extra) + 2 * len(moves) + len(left_out)
        fraction = clamp(1 - distance / len(must))
        if _constrained(must) < SPARSE:
            fraction = min(fraction, _pair_score(placed, wrong, must))
        flags = [f"违反硬性先后：{_text(spec, a)} 必须先于 {_text(spec, b)}" for a, b in key.hard if (a, b) in wrong]
        if flags:
            fraction = min(fraction, HARD_CAP)
        if key.strict:
            fraction = float(fraction > 1 - 1e-9)
        parts = _parts(spec, key, placed, extra, moves, left_out, wrong)
        summary = f"{len(moves)} 步需要移动，{len(left_out)} 步遗漏，{len(extra)} 步多余"
        return Score(fraction, tuple(parts), (("调整", summary),), tuple(flags))

    def lines(self, spec: OrderingSpec, answer: OrderingAnswer | None) -> list[Line]:
        """List the chosen steps by place."""
        order = answer.order if answer else ()
        lines = [Line(f"第 {place} 步", _text(spec, step)) for place, step in enumerate(order, 1)]
        return lines or [Line("顺序", "未作答")]

    def samples(self, spec: OrderingSpec, key: OrderingKey) -> Samples:
        """Derive answers from the key: an allowed order, its reverse, two steps swapped, all steps as first shown."""
        right = list(_allowed(spec, key))
        must = ancestors(key.precedences())
        free = [place for place, step in enumerate(right) if step not in spec.fixed]
        backwards, swapped = list(right), list(right)
        for place, source in zip(free, reversed(free), strict=True):
            backwards[place] = right[source]
        early, late = next(
            ((a, b) for a, b in combinations(free, 2) if right[a] in must[right[b]]), (free[0], free[-1])
        )
        swapped[early], swapped[late] = right[late], right[early]
        return Samples(
            right={"order": right},
            wrong={"order": backwards},
            partly={"order": swapped},
            everything={"order": [step.id for step in spec.steps]},
            malformed=(
                {"order": "abc"},
                {"order": [*right, right[0]]},
                {"order": ["no-such-step"]},
                {"order": [1, 2]},
                [],
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: OrderingSpec, dice: random.Random) -> Any:
        """Put all steps, or where one may choose about two thirds of them, in any order."""
        free = [s.id for s in spec.steps if s.id not in spec.fixed and (not spec.choose or dice.random() < 2 / 3)]
        dice.shuffle(free)
        for step, place in sorted(spec.fixed.items(), key=lambda item: item[1]):
            free.insert(place - 1, step)
        return {"order": free}


def _text(spec: OrderingSpec, step: str) -> str:
    return texts(spec.steps).get(step, step)


def _allowed(spec: OrderingSpec, key: OrderingKey) -> list[str]:
    """Return one right order that respects the fixed places: the earliest possible step by place in the data file."""
    must = ancestors(key.precedences())
    at = {place: step for step, place in spec.fixed.items()}
    due = {
        step: min([place for f, place in spec.fixed.items() if step in must.get(f, ())], default=len(must) + 1)
        for step in must
    }
    order: list[str] = []
    while len(order) < len(must):
        ready = [s.id for s in spec.steps if s.id in must and s.id not in order and must[s.id] <= set(order)]
        loose = [step for step in ready if step not in spec.fixed]
        order.append(at.get(len(order) + 1) or min(loose or ready, key=due.__getitem__))
    return order


def _constrained(must: Mapping[str, frozenset[str]]) -> float:
    pairs = len(must) * (len(must) - 1) / 2
    return sum(map(len, must.values())) / pairs if pairs else 1.0


def _pair_score(placed: Sequence[str], wrong: Sequence[object], must: Mapping[str, frozenset[str]]) -> float:
    among = sum(len(must[step] & set(placed)) for step in placed)
    return clamp(1 - 2 * len(wrong) / among) if among else float(len(placed) == len(must))


def _relabelled(placed: list[str], extra: int, key: OrderingKey, must: Mapping[str, frozenset[str]]) -> list[str]:
    """Rename interchangeable steps so that the sequence scores best: by text, not by hidden id."""
    groups = [[step for step in placed if step in group] for group in key.same]
    if not any(groups):
        return placed
    best, best_worth = placed, _worth(placed, extra, key, must)
    for choice in product(*(permutations(group, len(here)) for group, here in zip(key.same, groups, strict=True))):
        names = {
            old: new
            for group, picked in zip(groups, choice, strict=True)
            for old, new in zip(group, picked, strict=True)
        }
        order = [names.get(step, step) for step in placed]
        worth = _worth(order, extra, key, must)
        if worth > best_worth:
            best, best_worth = order, worth
    return best


def _worth(order: list[str], extra: int, key: OrderingKey, must: Mapping[str, frozenset[str]]) -> tuple[float, int]:
    """Return what a naming scores, and how many steps it keeps where scores are equal."""
    wrong, kept = conflicts(order, must), len(largest_consistent(order, must))
    worth = clamp((2 * kept - len(order) - extra) / len(must))
    if _constrained(must) < SPARSE:
        worth = min(worth, _pair_score(order, wrong, must))
    return (min(worth, HARD_CAP) if set(key.hard) & set(wrong) else worth), kept


def _parts(
    spec: OrderingSpec,
    key: OrderingKey,
    placed: Sequence[str],
    extra: Sequence[str],
    moves: Sequence[str],
    left_out: Sequence[str],
    wrong: Sequence[tuple[str, str]],
) -> Iterator[Part]:
    best = _allowed(spec, key)
    for place, step in enumerate(best, 1):
        where = f"排在第 {placed.index(step) + 1} 位" if step in placed else "未放入"
        verdict = Verdict.MISSED if step in left_out else Verdict.WRONG if step in moves else Verdict.RIGHT
        reasons = [
            key.why.get(f"{a}>{b}") or f"“{_text(spec, a)}”须在“{_text(spec, b)}”之前"
            for a, b in wrong
            if step in moves and step in (a, b)
        ]
        yield Part(_text(spec, step), where, f"第 {place} 位（可行顺序之一）", verdict, "；".join(reasons))
    for step in extra:
        yield Part(_text(spec, step), "放入了顺序", "不属于本流程", Verdict.WRONG, key.distractors[step])
