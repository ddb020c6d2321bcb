"""情景演练: decide step by step at the counter; every decision has a consequence, and no way back."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from widgets.drill import ALIKE, Best, ScenarioKey, best, key_faults
from widgets.kind import Kind, Line, Samples
from widgets.score import Part, Score, Verdict, clamp, percent
from widgets.spec import Id, Labelled, Spec, Text, repeated, unknown
from widgets.story import (
    MAX_STEPS,
    End,
    Level,
    Move,
    Node,
    Step,
    Story,
    StoryError,
    Var,
    choices,
    route,
    story_faults,
    stroll,
)

#: Crossing a red line never scores higher (c.7).
CRITICAL_CAP = 0.59

_VERDICTS = {"ok": Verdict.RIGHT, "minor": Verdict.PARTLY, "major": Verdict.WRONG, "critical": Verdict.WRONG}
_OUTCOMES = {"good": Verdict.RIGHT, "fair": Verdict.PARTLY, "bad": Verdict.WRONG}


class ScenarioSpec(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Situations, what can be done in them, and how it ends; *show_vars* are the variables that the page shows.

    *back* lets a trainee take a decision back, in practice only.
    """

    kind: Literal["scenario"]
    start: Id
    nodes: Annotated[dict[Id, Node], msgspec.Meta(min_length=1, max_length=60)]
    ends: Annotated[dict[Id, End], msgspec.Meta(min_length=1, max_length=20)]
    dimensions: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, max_length=8)]
    vars: Annotated[dict[Var, Level], msgspec.Meta(max_length=8)] = {}
    show_vars: tuple[Labelled, ...] = ()
    back: bool = False

    @property
    def story(self) -> Story:
        """What walking needs."""
        return Story(self.start, self.vars, self.nodes, self.ends)


class ScenarioAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All decisions, first to last."""

    path: Annotated[tuple[Step, ...], msgspec.Meta(max_length=MAX_STEPS)] = ()


class Scenario(Kind[ScenarioSpec, ScenarioAnswer, ScenarioKey]):
    """Branching drill, scored against the best way that there is: S = earned / V* (c.7)."""

    name: ClassVar[str] = "scenario"
    label: ClassVar[str] = "情景演练"
    chance_limit: ClassVar[float] = 0.45
    Spec = ScenarioSpec
    Answer = ScenarioAnswer
    Key = ScenarioKey

    def faults(self, spec: ScenarioSpec) -> Iterator[str]:
        """Yield names that do not exist, and, where all do, nodes that cannot be reached or left."""
        yield from story_faults(spec.story)
        yield from repeated(spec.dimensions, "维度")
        yield from repeated((item.id for item in spec.show_vars), "显示的变量")
        yield from unknown((item.id for item in spec.show_vars), spec.vars, "显示的变量")
        if spec.back and spec.policy != "practice":
            yield '只有练习（"policy": "practice"）才能退回，请删去 back'

    def key_faults(self, spec: ScenarioSpec, key: ScenarioKey) -> Iterator[str]:
        """Yield options without points, and where guessing, waiting or reading lengths would pay."""
        yield from key_faults(spec.story, spec.dimensions, key)

    def answer_faults(self, spec: ScenarioSpec, answer: ScenarioAnswer) -> Iterator[str]:
        """Yield the first step that the story does not allow."""
        try:
            route(spec.story, answer.path)
        except StoryError as error:
            yield str(error)

    def is_blank(self, answer: ScenarioAnswer) -> bool:
        """Say whether no decision was made."""
        return not answer.path

    def grade(self, spec: ScenarioSpec, answer: ScenarioAnswer, key: ScenarioKey) -> Score:
        """Return earned / V*, V* being what the best way without a red line earns (c.7).

        A node's first decision counts in full, a later one max(0, new − best so far) · decay: a loop repairs half of a
        mistake and earns nothing twice. What was not visited earns nothing, so a short-cut does not pay. A way to V*
        across a red line is capped at .59, which is why V* may leave such ways out.
        """
        found = best(spec.story, key)
        way = [(step.node, step.option) for step in answer.path]
        finish = route(spec.story, answer.path)[-1].at
        got = key.earned(way)
        fraction = clamp(key.weighted(got) / found.total)
        red = tuple(f"第 {n} 步：{_said(spec, move)}" for n, move in enumerate(way, 1) if key.is_red(move))
        parts = [*_step_parts(spec, key, found, answer.path), _end_part(spec, found, finish)]
        if fraction < ALIKE and (spec.policy == "module" or (spec.policy == "practice" and finish in spec.ends)):
            parts += _missed_parts(spec, key, found, way)
        measures = [(name, percent(min(got[name], found.earned[name]), found.earned[name])) for name in spec.dimensions]
        measures += [("离开最佳路径", _left(spec, found, way, fraction)), ("最佳路径", _titles(spec, found))]
        return Score(min(fraction, CRITICAL_CAP) if red else fraction, tuple(parts), tuple(measures), red)

    def lines(self, spec: ScenarioSpec, answer: ScenarioAnswer | None) -> list[Line]:
        """Tell the decisions one by one, and how it ended."""
        if answer is None or not answer.path:
            return [Line("经过", "未作答")]
        lines = [
            Line(f"第 {n} 步 · {spec.nodes[step.node].stage}", _chosen(spec, step))
            for n, step in enumerate(answer.path, 1)
        ]
        finish = spec.ends.get(route(spec.story, answer.path)[-1].at)
        return [*lines, Line("结局", finish.title if finish else "没有走到结局")]

    def samples(self, spec: ScenarioSpec, key: ScenarioKey) -> Samples:
        """Derive paths from the key: the best way, the worst option each time, half of the way, all options at once."""
        right = _json(best(spec.story, key).way)
        worst = _json(
            stroll(spec.story, lambda node, open_: min(open_, key=lambda option: key.worth((node, option.id))))
        )
        partly = _json(_half(spec, key)) or worst
        first = right[0]
        return Samples(
            right={"path": right},
            wrong={"path": worst},
            partly={"path": partly},
            everything={"path": [first | {"option": [option.id for option in spec.nodes[spec.start].options]}]},
            malformed=(
                [],
                {"path": "n0"},
                {"path": [{"node": spec.start}]},
                {"path": [first | {"option": "no-such-option"}]},
                {"path": [first | {"node": "no-such-node"}]},
                {"path": [first | {"option": None}]},
                {"path": [first | {"timeout": True}]},
                {"path": [first | {"ms": -1}]},
                {"path": [*right, right[-1]]},
                {"score": 1.0},
            ),
        )

    def random_answer(self, spec: ScenarioSpec, dice: random.Random) -> Any:
        """Take any open option until the end, or until the path is as long as a path may be."""
        return {"path": _json(stroll(spec.story, lambda _, open_: dice.choice(open_)))}

    def shuffled(self, spec: ScenarioSpec, dice: random.Random) -> ScenarioSpec:
        """Return *spec* with the options of each node in another order."""
        nodes = {
            name: msgspec.structs.replace(node, options=tuple(dice.sample(node.options, len(node.options))))
            for name, node in spec.nodes.items()
        }
        return msgspec.structs.replace(spec, nodes=nodes)


def _json(way: Iterable[Move]) -> list[dict[str, Any]]:
    return [{"node": node, "option": option} for node, option in way]


def _half(spec: ScenarioSpec, key: ScenarioKey) -> Sequence[Move]:
    """Return about half of the best way, worth more than nothing and less than all."""
    found = best(spec.story, key)
    lengths = sorted(range(1, len(found.way)), key=lambda n: abs(n - len(found.way) / 2))
    halves = (found.way[:n] for n in lengths)
    return next((way for way in halves if 0 < key.weighted(key.earned(way)) < found.total), ())


def _said(spec: ScenarioSpec, move: Move) -> str:
    option = spec.nodes[move[0]].option(move[1])
    return option.text if option else "超过时限，没有作出决定"


def _chosen(spec: ScenarioSpec, step: Step) -> str:
    """Tell a decision, and what the class did instead."""
    if step.led is None:
        return _said(spec, (step.node, step.option))
    own = _said(spec, (step.node, step.option)) if step.option else "没有作答"
    return f"{own}\n（全班采用：{_said(spec, (step.node, step.led or None))}）"


def _titles(spec: ScenarioSpec, found: Best) -> str:
    return " → ".join([*(spec.nodes[node].stage for node, _ in found.way), spec.ends[found.end].title])


def _left(spec: ScenarioSpec, found: Best, way: Sequence[Move], fraction: float) -> str:
    for n, move in enumerate(way, 1):
        if n > len(found.way) or move != found.way[n - 1]:
            like = "，走了另一条同样好的路" if fraction >= ALIKE else ""
            return f"第 {n} 步 · {spec.nodes[move[0]].stage}{like}"
    return "没有离开" if len(way) == len(found.way) else "没有离开，但没有走完"


def _step_parts(spec: ScenarioSpec, key: ScenarioKey, found: Best, path: Sequence[Step]) -> Iterator[Part]:
    """Set each decision beside the best one that was open there, with the reasons of both."""
    times: Counter[str] = Counter()
    for n, (place, step) in enumerate(zip(route(spec.story, path), path, strict=False), 1):
        open_: list[Move] = [(place.at, option.id) for option in choices(spec.story, place)]
        on_way = [move for move in found.way if move[0] == place.at][times[place.at] :][:1]
        top = max(open_, key=lambda move: (move in on_way, not key.is_red(move), key.worth(move)))
        times[place.at] += 1
        again = f"（第 {times[place.at]} 次到这里）" if times[place.at] > 1 else ""
        item = f"第 {n} 步 · {spec.nodes[place.at].stage}{again}"
        move = (step.node, step.option)
        if step.option is None:
            late = "没有在时限内作出决定" if step.led is None else "这一步没有作答"
            why, verdict = f"{late}，这一步不得分。", Verdict.MISSED
        else:
            why, verdict = _why(key, move), _VERDICTS[key.options[f"{step.node}/{step.option}"].severity]
        better = "" if move == top or verdict is Verdict.RIGHT else f"\n更好的做法：{_why(key, top)}"
        yield Part(item, _chosen(spec, step), _said(spec, top), verdict, why + better)


def _why(key: ScenarioKey, move: Move) -> str:
    option = key.options[f"{move[0]}/{move[1]}"]
    return option.why + (f"（依据：{option.basis}）" if option.basis else "")


def _end_part(spec: ScenarioSpec, found: Best, finish: str) -> Part:
    aim = spec.ends[found.end].title
    if finish not in spec.ends:
        return Part("结局", "没有走到结局", aim, Verdict.MISSED, "情景没有走完，没走到的步骤不得分。")
    end = spec.ends[finish]
    return Part("结局", end.title, end.title if end.outcome == "good" else aim, _OUTCOMES[end.outcome], end.text)


def _missed_parts(spec: ScenarioSpec, key: ScenarioKey, found: Best, way: Iterable[Move]) -> Iterator[Part]:
    visited = {node for node, _ in way}
    for move in found.way:
        if move[0] not in visited:
            item = f"没有走到 · {spec.nodes[move[0]].stage}"
            yield Part(item, "没有走到", _said(spec, move), Verdict.MISSED, _why(key, move))
