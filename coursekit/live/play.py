"""The drill that a class plays: its scenario in source/, and the key that only the trainer's side reads."""

from __future__ import annotations

import msgspec

from coursekit.course import Course, CourseError
from coursekit.notebooks import shown_exercise
from coursekit.source import Item, load_items, notebooks
from widgets.drill import ScenarioKey
from widgets.pool import load_pool
from widgets.scenario import ScenarioSpec
from widgets.spec import DataError


def load_drill(course: Course, drill: str) -> tuple[str, ScenarioSpec]:
    """Return a drill's exercise and its data; raises CourseError when it is no drill or its file is faulty."""
    folder = course.require(drill)
    shown = [shown_exercise(cell) for one in notebooks(folder).values() for cell in one["cells"]]
    names = [found[1] for found in shown if found and found[0] == "Scenario"]
    if not names:
        raise CourseError(f"{drill} 里没有情景演练（Scenario），不能开班。请换一个演练，如 d04。")
    try:
        specs = load_pool(folder, names[0]).specs
    except DataError as error:
        raise CourseError(f"{drill} 不能开班：{error}") from None
    if len(specs) > 1:
        raise CourseError(f"{drill} 的 {names[0]} 有 {len(specs)} 个变式，全班走不了同一条路；开班请用没有变式的演练。")
    (spec,) = specs.values()
    if not isinstance(spec, ScenarioSpec):
        raise CourseError(f"{drill} 的 {names[0]} 不是情景演练，不能开班。请运行 coursekit check {drill}。")
    return names[0], spec


def load_graded(course: Course, drill: str, exercise: str) -> Item:
    """Return a drill's scenario with its key; raises CourseError when there is none or it does not fit."""
    for item in load_items(course, drill):
        if item.exercise == exercise:
            return item
    raise CourseError(f"{drill} 没有 {exercise} 的答案和评分单元格。请运行 coursekit check {drill}。")


def load_key(course: Course, drill: str, exercise: str) -> ScenarioKey:
    """Return the key of a drill's scenario; raises CourseError as :func:`load_graded` does."""
    key: ScenarioKey = next(load_graded(course, drill, exercise).variants()).key
    return key


def spec_text(spec: ScenarioSpec) -> str:
    """Return a scenario's data as the class keeps it, without hints or a practice key."""
    return msgspec.json.encode(msgspec.structs.replace(spec, practice=None, hints=())).decode()


def read_spec(text: str) -> ScenarioSpec:
    """Read what :func:`spec_text` wrote."""
    return msgspec.json.decode(text, type=ScenarioSpec)
