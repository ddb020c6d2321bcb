"""归类: put phrases, actions or cases into the classes they belong to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict, clamp
from widgets.spec import Id, Labelled, Spec, Text, repeated, same_text, texts, unknown


class ClassificationSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The items to classify and the classes, which are shown in this order; a class may stay empty."""

    kind: Literal["classification"]
    bins: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=2, max_length=6)]
    items: Annotated[tuple[Labelled, ...], msgspec.Meta(min_length=4, max_length=30)]


class ClassificationAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The class of each item that was classified."""

    bins: Annotated[dict[Id, Id], msgspec.Meta(max_length=30)] = {}


class ItemKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The class of an item, and why."""

    bin: Id
    why: Text


class ClassificationKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The classes of all items."""

    items: dict[Id, ItemKey]


class Classification(Kind[ClassificationSpec, ClassificationAnswer, ClassificationKey]):
    """Classification, scored by balanced accuracy less what one class for everything would bring."""

    name: ClassVar[str] = "classification"
    label: ClassVar[str] = "归类"
    Spec = ClassificationSpec
    Answer = ClassificationAnswer
    Key = ClassificationKey

    def faults(self, spec: ClassificationSpec) -> Iterator[str]:
        """Yield repeated items and classes, by id and by text."""
        for things, what in ((spec.bins, "类别"), (spec.items, "条目")):
            yield from repeated((thing.id for thing in things), what)
            yield from same_text(things, what)

    def key_faults(self, spec: ClassificationSpec, key: ClassificationKey) -> Iterator[str]:
        """Yield items without a class, unknown items and classes, and a key that uses one class only."""
        known = texts(spec.items)
        yield from unknown(key.items, known, "条目")
        missing = [name for name in known if name not in key.items]
        if missing:
            yield f"缺少条目 {'、'.join(missing)} 的答案"
        yield from unknown((item.bin for item in key.items.values()), texts(spec.bins), "类别")
        if len(_sizes(key)) < 2:
            yield "所有条目同属一类，全部归入一类就对了；请至少让两个类别有条目"

    def answer_faults(self, spec: ClassificationSpec, answer: ClassificationAnswer) -> Iterator[str]:
        """Yield items and classes that the exercise does not have."""
        yield from unknown(answer.bins, texts(spec.items), "条目")
        yield from unknown(answer.bins.values(), texts(spec.bins), "类别")

    def is_blank(self, answer: ClassificationAnswer) -> bool:
        """Say whether no item is classified."""
        return not answer.bins

    def grade(self, spec: ClassificationSpec, answer: ClassificationAnswer, key: ClassificationKey) -> Score:
        """Return max(0, (mean recall − 1/B)/(1 − 1/B)) over the B classes that hold items in the key.

        This is balanced accuracy adjusted for chance, Youden's J for two classes (as c.2 has it), so that one class
        for everything is worth 0 however many items the class has. It is written (Σ recall − 1)/(B − 1) to make that
        0 exact.
        """
        sizes = _sizes(key)
        hits = Counter(item.bin for name, item in key.items.items() if answer.bins.get(name) == item.bin)
        fraction = clamp((sum(hits[name] / size for name, size in sizes.items()) - 1) / (len(sizes) - 1))
        parts = tuple(_part(spec, item, answer, key) for item in spec.items)
        names = texts(spec.bins)
        measures = tuple((f"“{names[name]}”归对", f"{hits[name]}/{size}") for name, size in sizes.items())
        return Score(fraction, parts, measures)

    def lines(self, spec: ClassificationSpec, answer: ClassificationAnswer | None) -> list[Line]:
        """Name the class of each item."""
        given = answer.bins if answer else {}
        names = texts(spec.bins)
        return [Line(item.text, names.get(given.get(item.id, ""), "未归类")) for item in spec.items]

    def samples(self, spec: ClassificationSpec, key: ClassificationKey) -> Samples:
        """Derive answers from the key: the key, every item one class further, one item so, all in one class."""
        bins = [thing.id for thing in spec.bins]
        right = {name: item.bin for name, item in key.items.items()}
        wrong = {name: bins[(bins.index(given) + 1) % len(bins)] for name, given in right.items()}
        largest = _sizes(key).most_common(1)[0][0]
        one = next(name for name, given in right.items() if given == largest)
        return Samples(
            right={"bins": right},
            wrong={"bins": wrong},
            partly={"bins": right | {one: wrong[one]}},
            everything={"bins": dict.fromkeys(right, bins[0])},
            malformed=(
                [],
                bins[0],
                {"bins": [bins[0]]},
                {"bins": {"no-such-item": bins[0]}},
                {"bins": {one: "no-such-bin"}},
                {"bins": {one: None}},
                {"bins": {one: [bins[0], bins[1]]}},
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: ClassificationSpec, dice: random.Random) -> Any:
        """Put every item into any class."""
        return {"bins": {item.id: dice.choice(spec.bins).id for item in spec.items}}

    def shuffled(self, spec: ClassificationSpec, dice: random.Random) -> ClassificationSpec:
        """Shuffle the items; classes keep their order, for it may be a scale."""
        items = list(spec.items)
        dice.shuffle(items)
        return msgspec.structs.replace(spec, items=tuple(items))


def _sizes(key: ClassificationKey) -> Counter[str]:
    return Counter(item.bin for item in key.items.values())


def _part(spec: ClassificationSpec, item: Labelled, answer: ClassificationAnswer, key: ClassificationKey) -> Part:
    names, truth = texts(spec.bins), key.items[item.id]
    given = answer.bins.get(item.id)
    verdict = Verdict.MISSED if given is None else Verdict.RIGHT if given == truth.bin else Verdict.WRONG
    return Part(item.text, names.get(given or "", "未归类"), names[truth.bin], verdict, truth.why)
