"""What people answered: a table of errors an item (option, row, step or field), and the ways they took through a drill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from coursekit.course import Course
from coursekit.release import Release
from coursekit.source import Item
from widgets import journal
from widgets.ordering import OrderingAnswer, OrderingKey, OrderingSpec
from widgets.poset import ancestors, conflicts
from widgets.scenario import ScenarioAnswer, ScenarioSpec
from widgets.score import Part, Verdict
from widgets.story import route

#: So many submissions of an assignment are read, picked by a hash of the id: enough for shares within 6 %.
SAMPLE = 300
#: Answers and rows that a table lists.
COMMON, ROWS = 2, 40
#: Letters of an answer that a table shows; what was typed may be as long as a journal's line.
LONGEST = 120
#: Steps of a drill that a chart draws.
STEPS = 12
_WRONG = (Verdict.WRONG, Verdict.PARTLY, Verdict.MISSED)


@dataclass
class ErrorRow:
    """How one option, row, step or field came out: verdicts, and the answers given where it was not right.

    *count* are those who could err here; of a drill's step those who came to it.
    """

    variant: str
    item: str
    count: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)

    @property
    def errors(self) -> int:
        """How many did not get it right."""
        return sum(self.verdicts[one] for one in _WRONG)

    @property
    def share(self) -> float:
        """Which part of them did not get it right."""
        return self.errors / self.count if self.count else 0.0

    @property
    def common(self) -> list[tuple[str, int]]:
        """The most frequent wrong answers."""
        return self.given.most_common(COMMON)


#: A decision in a drill: step, situation, what was chosen, and where it led.
Decision = tuple[int, str, str, str]


@dataclass
class ItemAnswers:
    """The answers to one exercise: errors by variant and row, swapped pairs of an order, ways through a drill."""

    name: str
    title: str
    label: str
    variants: Counter[str] = field(default_factory=Counter)
    blank: int = 0
    invalid: int = 0
    rows: dict[tuple[str, str], ErrorRow] = field(default_factory=dict)
    edges: Counter[tuple[str, str]] = field(default_factory=Counter)
    flows: Counter[tuple[tuple[int, str], tuple[int, str]]] = field(default_factory=Counter)
    decisions: Counter[Decision] = field(default_factory=Counter)
    ends: set[str] = field(default_factory=set)

    @property
    def answered(self) -> int:
        """How many answered."""
        return self.variants.total()

    @property
    def swaps(self) -> list[tuple[tuple[str, str], int]]:
        """The pairs that most often stand the wrong way round."""
        return self.edges.most_common(ROWS)

    @property
    def way(self) -> list[tuple[Decision, int]]:
        """All decisions, step by step."""
        return sorted(self.decisions.items(), key=lambda one: (one[0][0], -one[1], one[0]))

    @property
    def drawn(self) -> dict[tuple[tuple[int, str], tuple[int, str]], int]:
        """The flows of the first steps; who walks longer goes round in circles."""
        return {flow: count for flow, count in self.flows.items() if flow[0][0] < STEPS}

    @property
    def worst(self) -> list[ErrorRow]:
        """The rows with the most errors first."""
        return sorted(self.rows.values(), key=lambda row: (-row.share, row.variant, row.item))[:ROWS]

    def close(self) -> None:
        """Set how many could err in each row, once all answers are counted.

        A false alarm makes a row of its own, which nobody else has; a drill's step is judged for those only who came
        to it.
        """
        for row in self.rows.values():
            row.count = row.verdicts.total() if self.flows else self.variants[row.variant]

    def add(self, item: Item, trainee: str, entry: journal.Entry | None) -> None:
        """Count one trainee's journal entry, as the grader would judge it."""
        variant = item.of(trainee)
        if entry is None:
            self.blank += 1
            return
        if entry.variant != variant.name:  # somebody else's
            self.invalid += 1
            return
        try:
            answer = variant.kind.parse_answer(variant.spec, bytes(entry.answer))
            if variant.kind.is_blank(answer):
                self.blank += 1
                return
            parts = variant.kind.grade(variant.spec, answer, variant.key).parts
        except Exception:  # noqa: BLE001  as in widgets.assess: a fault of ours must not cost the other items
            self.invalid += 1
            return
        self.variants[variant.name] += 1
        self._count(variant.name, parts)
        if isinstance(variant.spec, OrderingSpec):
            self._swaps(variant.spec, variant.key, answer)
        if isinstance(variant.spec, ScenarioSpec):
            self._way(variant.spec, answer)

    def _count(self, variant: str, parts: Sequence[Part]) -> None:
        for part in parts:
            row = self.rows.setdefault((variant, part.item), ErrorRow(variant, part.item))
            row.verdicts[part.verdict] += 1
            if part.verdict in _WRONG:
                row.given[_cut(part.given) or "（空）"] += 1

    def _swaps(self, spec: OrderingSpec, key: OrderingKey, answer: OrderingAnswer) -> None:
        """Count the pairs that stand the wrong way round; interchangeable steps, which have no place of their own, aside."""
        alike = {step for group in key.same for step in group}
        words = {step.id: step.text for step in spec.steps}
        for early, late in conflicts(answer.order, ancestors(key.precedences())):
            if early not in alike and late not in alike:
                self.edges[words[early], words[late]] += 1

    def _way(self, spec: ScenarioSpec, answer: ScenarioAnswer) -> None:
        def name(at: str) -> str:
            return spec.ends[at].title if at in spec.ends else spec.nodes[at].stage

        self.ends |= {end.title for end in spec.ends.values() if end.outcome == "good"}
        places = [place.at for place in route(spec.story, answer.path)]
        for n, (step, here, there) in enumerate(zip(answer.path, places, places[1:], strict=False)):
            option = spec.nodes[here].option(step.option)
            chosen = option.text if option else "超过时限，没有作出决定"
            self.flows[(n, name(here)), (n + 1, name(there))] += 1
            self.decisions[n + 1, name(here), chosen, name(there)] += 1


@dataclass(frozen=True, slots=True)
class PaperAnswers:
    """An assignment's answers: how many submissions were read of how many, and what they say."""

    read: int
    submitted: int
    items: tuple[ItemAnswers, ...]


def read_answers(course: Course, release: Release, trainees: Sequence[str]) -> PaperAnswers:
    """Read the collected answers of *trainees*, of many a sample that stays the same; nothing of theirs is run."""
    items = {item.exercise: item for nb in release.notebooks for item in _in_order(nb.locked, nb.items)}
    found = {
        name: ItemAnswers(name, next(iter(item.key.pool.specs.values())).title, item.kind.label)
        for name, item in items.items()
    }
    chosen = sorted(trainees, key=lambda one: sha256(one.encode()).digest())[:SAMPLE]
    read = 0
    for trainee in chosen:
        path = course.folder("submitted", trainee, release.assignment) / journal.NAME
        try:
            entries = journal.parse(journal.read_bytes(path)).entries
        except OSError:
            continue
        read += 1
        for name, item in items.items():
            found[name].add(item, trainee, entries.get(name))
    for one in found.values():
        one.close()
    return PaperAnswers(read, len(trainees), tuple(found.values()))


def _cut(said: str) -> str:
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def _in_order(locked: Mapping[str, str], items: Mapping[str, Item]) -> Iterator[Item]:
    yield from (items[cell] for cell in locked if cell in items)
