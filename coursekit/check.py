"""Lint source/ before release: what would cost a trainee a mark or give a key away is found here, in Chinese."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

import widgets
from coursekit.author import BEGIN, MARK_SCHEME, Cell, Notebook
from coursekit.course import Course
from coursekit.notebooks import marks, released_text, shown_exercise, text
from coursekit.policy import rewritten
from coursekit.proof import chance, faults, leaks, strings
from coursekit.source import Item, load_item, notebooks
from widgets.assess import parse_keys
from widgets.grading import read_call
from widgets.journal import NAME
from widgets.pool import Pool, load_pool, sitting
from widgets.spec import FORMS, DataError

#: The cell that shows an examination's time.
CLOCK = re.compile(r"from widgets import ExamClock\n\nExamClock\(\d{1,3}\)")

#: What random answering may earn of a whole assignment.
MODULE_LIMIT, EXAM_LIMIT = 0.35, 0.25


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: where it is, what is wrong and how to mend it."""

    where: str
    what: str


@dataclass(slots=True)
class _Walk:
    """One notebook while it is checked: where it lies, and the exercises found so far."""

    folder: Path
    name: str
    items: list[Item] = field(default_factory=list)
    shown: dict[str, Pool] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return f"{self.folder.name}/{self.name}.ipynb"


def check(course: Course, assignment: str) -> list[Fault]:
    """Return all faults of one assignment; an empty list means that it may be released."""
    folder = course.require(assignment)
    found = [Fault(f"{assignment}/{path.name}", cure) for path, cure in _stray_files(folder)]
    found += [
        Fault(
            str(path.relative_to(course.source)), "与 config/course.toml 里的本中心规定不一致，请运行 coursekit policy"
        )
        for path, _ in rewritten(course, assignment)
    ]
    used: Counter[str] = Counter()
    for name, notebook in notebooks(folder).items():
        walk = _Walk(folder, name)
        found += _check_notebook(walk, notebook)
        used.update({*walk.shown, *(item.exercise for item in walk.items)})
    found += [Fault(assignment, f"练习“{name}”用在了 {n} 个笔记本里，只能用一次") for name, n in used.items() if n > 1]
    unused = exercise_names(folder) - used.keys()
    found += [Fault(f"{assignment}/data/{name}", "没有被任何单元格使用，请删去或补上单元格") for name in sorted(unused)]
    return found


def check_course(course: Course, assignments: Iterable[str]) -> Iterator[tuple[str, list[Fault]]]:
    """Check several assignments one by one; an exercise's name must be unique in the whole course."""
    owner: dict[str, str] = {}
    for assignment in assignments:
        found = check(course, assignment)
        for name in sorted(exercise_names(course.source / assignment)):
            if owner.setdefault(name, sitting(assignment)[0]) != sitting(assignment)[0]:
                found.append(Fault(f"{assignment}/data/{name}", f"练习编号已在 {owner[name]} 使用，请改名"))
        yield assignment, found


def exercise_names(folder: Path) -> set[str]:
    """Name the exercises that an assignment has data for: a file each, or a folder of variants."""
    data = folder / "data"
    files = {path.stem for path in data.glob("*.json")}
    return files | {path.name for path in data.glob("*") if path.is_dir() and any(path.glob("*.json"))}


def _stray_files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.iterdir()):
        if path.name == NAME:
            yield path, "这是教师试答留下的作答记录，会随作业发给所有人，请删去"
        elif path.name.startswith("widgets"):
            yield path, "与练习程序同名，会让练习无法打开，请改名"


def _check_notebook(walk: _Walk, notebook: Notebook) -> Iterator[Fault]:
    cells = notebook["cells"]
    yield from (Fault(walk.where, what) for what in _notebook_faults(notebook))
    for cell in cells:
        place = f"{walk.where} 单元格 {marks(cell).get('grade_id') or cell.get('id', '?')}"
        yield from (Fault(place, what) for what in (*_cell_faults(cell), *_exercise_cell(walk, cell)))
    yield from (Fault(walk.where, what) for what in (*_pairing(walk, cells), *_guessing(walk.items)))
    public = _public(walk.folder, cells)
    for item in walk.items:
        place = f"{walk.where} 练习 {item.exercise}"
        yield from (Fault(place, what) for what in (*faults(item), *leaks(item, public)))
    yield from (Fault(walk.where, what) for what in _practice(walk))


def _public(folder: Path, cells: Iterable[Cell]) -> list[str]:
    files = [path.read_text("utf-8", "replace") for path in sorted((folder / "data").rglob("*")) if path.is_file()]
    return [*map(released_text, cells), *files]


def _notebook_faults(notebook: Notebook) -> Iterator[str]:
    if notebook.get("metadata", {}).get("kernelspec", {}).get("name") != "python3":
        yield "内核名不是 python3，学员打开时会被要求选内核；请改为 python3"
    if not notebook.get("metadata", {}).get("coursekit", {}).get("autorun"):
        yield "缺少课程标记 metadata.coursekit.autorun，练习不会自动出现"
    grade_ids = [marks(cell).get("grade_id") for cell in notebook["cells"] if marks(cell)]
    for kind, ids in (("单元格", [cell.get("id") for cell in notebook["cells"]]), ("评分", grade_ids)):
        for name, count in Counter(ids).items():
            if count > 1 or name is None:
                yield f"{kind}编号“{name}”出现了 {count} 次，每个编号只能用一次"


def _cell_faults(cell: Cell) -> Iterator[str]:
    if cell.get("outputs") or cell.get("execution_count"):
        yield "带着运行结果，请清除输出后保存"
    if not marks(cell).get("locked"):
        yield "没有锁定，学员可以改动；请设为只读"
    if marks(cell).get("task") and MARK_SCHEME not in text(cell):
        yield f"人工评分的题没有评分细则；请写在 {MARK_SCHEME} 与 END MARK SCHEME 之间"
    if cell.get("cell_type") == "code" and not cell.get("metadata", {}).get("jupyter", {}).get("source_hidden"):
        yield "代码没有隐藏，学员会看到程序；请收起代码"


def _exercise_cell(walk: _Walk, cell: Cell) -> Iterator[str]:
    """Load what a code cell shows or grades, and yield why it cannot be."""
    if cell.get("cell_type") != "code":
        return
    try:
        if marks(cell).get("grade"):
            yield from _grade_cell(walk, cell)
        else:
            yield from _show_cell(walk, cell)
    except DataError as error:
        yield str(error)
    except (KeyError, TypeError, ValueError):
        yield "评分单元格缺少编号或分值，请用 nbgrader 的“创建作业”面板补上"


def _grade_cell(walk: _Walk, cell: Cell) -> Iterator[str]:
    call = read_call(text(cell))
    item = load_item(walk.folder, walk.name, marks(cell)["grade_id"], float(marks(cell)["points"]), call)
    if any(item.exercise == other.exercise for other in walk.items):
        yield f"练习“{item.exercise}”已有评分单元格，只能有 1 个"
    walk.items.append(item)
    if call.points != item.maximum:
        yield f"单元格分值是 {item.maximum:g}，grade(…) 里写的是 {call.points:g}，请改成一致"
    if "grade(" in released_text(cell):
        yield f"grade(…) 没有放在 {BEGIN} 与 END 之间，答案会随作业发出去"


def _show_cell(walk: _Walk, cell: Cell) -> Iterator[str]:
    shown = shown_exercise(cell)
    views = [name for name in widgets.__all__ if name not in ("grade", "ExamClock")]
    if CLOCK.fullmatch(text(cell)):
        return
    if shown is None or shown[0] not in views:
        yield f'只能是显示练习的单元格，如 ChecklistReview("编号")；可用的有：{"、".join(views)}'
        return
    view, name = shown
    pool = load_pool(walk.folder, name)
    walk.shown[name] = pool
    if getattr(widgets, view).kind != pool.kind.name:
        yield f"练习“{name}”的题型是“{pool.kind.label}”，显示单元格写的是 {view}，请改成一致"


def _pairing(walk: _Walk, cells: list[Cell]) -> Iterator[str]:
    """Yield exercises whose points come from nowhere, or from the wrong place."""
    graded = {item.exercise for item in walk.items}
    tasks = {marks(cell).get("grade_id") for cell in cells if marks(cell).get("task")}
    for name, pool in walk.shown.items():
        if _is_practice(pool):
            if name in graded:
                yield f"练习“{name}”供自测，题面里带着答案，不能计分；请删去评分单元格"
        elif is_form(pool):
            if name in graded | tasks:
                yield f"“{name}”是收集意见的表，没有对错，不能计分；请删去评分单元格"
        elif pool.kind.by_hand:
            if name not in tasks:
                yield f"文字题“{name}”后面要有同编号的人工评分单元格（task）"
        elif name not in graded:
            yield f"练习“{name}”没有评分单元格（或评分单元格有误），请补上"
    for name in sorted(graded - walk.shown.keys()):
        yield f"练习“{name}”有评分单元格却没有显示它的单元格，请补上"


def _practice(walk: _Walk) -> Iterator[str]:
    """Yield practice exercises whose open keys would answer a graded one."""
    graded = {text for item in walk.items for v in item.variants() for text in _long(v.key) | _long(v.spec)}
    for name, pool in walk.shown.items():
        if _is_practice(pool):
            for spec in pool.specs.values():
                yield from _proof_of_practice(name, pool, spec.practice)
                if _long(spec.practice) & graded:
                    yield f"自测练习“{name}”的答案与计分的练习重复，会泄题；请改题"


def _proof_of_practice(name: str, pool: Pool, key: Any) -> Iterator[str]:
    item = Item("", name, parse_keys(Pool(name, pool.kind, {"": pool.specs[next(iter(pool.specs))]}), key, 1.0))
    yield from (f"自测练习“{name}”：{fault}" for fault in faults(item))


def _long(value: Any) -> set[str]:
    return {text for text in strings(msgspec.to_builtins(value)) if len(text) >= 12}


def _is_practice(pool: Pool) -> bool:
    return any(spec.policy == "practice" for spec in pool.specs.values())


def is_form(pool: Pool) -> bool:
    """Say whether an exercise is a form: collected as data, never worth points."""
    return any(spec.policy in FORMS for spec in pool.specs.values())


def _guessing(items: list[Item]) -> Iterator[str]:
    weighed = [chance(item) for item in items]
    total = sum(one.weight for one in weighed)
    exam = any(variant.spec.policy == "examination" for item in items for variant in item.variants())
    limit = EXAM_LIMIT if exam else MODULE_LIMIT
    guessed = sum(one.fraction * one.weight for one in weighed) / total if total else 0.0
    if guessed > limit:
        yield f"整份作业随便作答平均能得 {guessed:.0%}，上限是 {limit:.0%}；请换掉容易猜中的题"
