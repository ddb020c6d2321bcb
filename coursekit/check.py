"""Lint source/ before release: what would cost a trainee a mark or give a key away is found here, in Chinese."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import widgets
from coursekit.author import BEGIN, Cell, Notebook
from coursekit.course import Course
from coursekit.notebooks import marks, released_text, shown_exercise, text
from coursekit.source import Item, load_item, notebooks
from widgets.assess import Outcome, assess
from widgets.grading import GradeCall, read_call
from widgets.journal import NAME, Entry
from widgets.spec import DataError


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: where it is, what is wrong and how to mend it."""

    where: str
    what: str


def check(course: Course, assignment: str) -> list[Fault]:
    """Return all faults of one assignment; an empty list means that it may be released."""
    folder = course.require(assignment)
    faults = [Fault(f"{assignment}/{path.name}", cure) for path, cure in _stray_files(folder)]
    exercises: Counter[str] = Counter()
    used: set[str] = set()
    for name, notebook in notebooks(folder).items():
        checker = _Checker(folder, name, f"{assignment}/{name}.ipynb")
        faults += checker.faults(notebook)
        exercises.update(item.exercise for item in checker.items)
        used |= {item.exercise for item in checker.items}
    faults += [
        Fault(assignment, f"练习“{name}”有 {n} 个评分单元格，只能有 1 个") for name, n in exercises.items() if n > 1
    ]
    unused = {path.stem for path in (folder / "data").glob("*.json")} - used
    faults += [
        Fault(f"{assignment}/data/{name}.json", "没有被任何评分单元格使用，请删去或补上单元格")
        for name in sorted(unused)
    ]
    return faults


def check_course(course: Course, assignments: Iterable[str]) -> Iterator[tuple[str, list[Fault]]]:
    """Check several assignments one by one; an exercise's name must be unique in the whole course."""
    owner: dict[str, str] = {}
    for assignment in assignments:
        faults = check(course, assignment)
        for path in sorted((course.source / assignment / "data").glob("*.json")):
            if owner.setdefault(path.stem, assignment) != assignment:
                faults.append(Fault(f"{assignment}/data/{path.name}", f"练习编号已在 {owner[path.stem]} 使用，请改名"))
        yield assignment, faults


def _stray_files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.iterdir()):
        if path.name == NAME:
            yield path, "这是教师试答留下的作答记录，会随作业发给所有人，请删去"
        elif path.name.startswith("widgets"):
            yield path, "与练习程序同名，会让练习无法打开，请改名"


class _Checker:
    """Walks one notebook; *items* are the exercises that could be loaded."""

    def __init__(self, folder: Path, name: str, where: str) -> None:
        self.folder, self.name, self.where = folder, name, where
        self.items: list[Item] = []

    def faults(self, notebook: Notebook) -> list[Fault]:
        """Return the faults of the notebook as a whole, of its cells, and of its exercises."""
        cells = notebook["cells"]
        found = [Fault(self.where, what) for what in _notebook_faults(notebook)]
        for cell in cells:
            place = f"{self.where} 单元格 {marks(cell).get('grade_id') or cell.get('id', '?')}"
            found += [Fault(place, what) for what in _cell_faults(cell)]
            if marks(cell).get("grade") and cell.get("cell_type") == "code":
                found += [Fault(place, what) for what in self._grade_cell(cell)]
        found += [Fault(self.where, what) for what in _pairing(cells, self.items)]
        shown = [self._public(cells)]
        for item in self.items:
            place = f"{self.where} 练习 {item.exercise}"
            found += [Fault(place, what) for what in _proof(item)]
            found += [Fault(place, what) for what in _leaks(item, shown)]
        return found

    def _public(self, cells: Iterable[Cell]) -> str:
        files = [
            path.read_text("utf-8", "replace") for path in sorted((self.folder / "data").glob("*")) if path.is_file()
        ]
        return "\n".join([*map(released_text, cells), *files])

    def _grade_cell(self, cell: Cell) -> Iterator[str]:
        try:
            call: GradeCall = read_call(text(cell))
            item = load_item(self.folder, self.name, marks(cell)["grade_id"], float(marks(cell)["points"]), call)
        except DataError as error:
            yield str(error)
            return
        except (KeyError, TypeError, ValueError):
            yield "评分单元格缺少编号或分值，请用 nbgrader 的“创建作业”面板补上"
            return
        self.items.append(item)
        if call.points != item.maximum:
            yield f"单元格分值是 {item.maximum:g}，grade(…) 里写的是 {call.points:g}，请改成一致"
        if "grade(" in released_text(cell):
            yield f"grade(…) 没有放在 {BEGIN} 与 END 之间，答案会随作业发出去"


def _notebook_faults(notebook: Notebook) -> Iterator[str]:
    if notebook.get("metadata", {}).get("kernelspec", {}).get("name") != "python3":
        yield "内核名不是 python3，学员打开时会被要求选内核；请改为 python3"
    if not notebook.get("metadata", {}).get("coursekit", {}).get("autorun"):
        yield "缺少课程标记 metadata.coursekit.autorun，练习不会自动出现"
    for kind, ids in (("单元格", (cell.get("id") for cell in notebook["cells"])), ("评分", _grade_ids(notebook))):
        for name, count in Counter(ids).items():
            if count > 1 or name is None:
                yield f"{kind}编号“{name}”出现了 {count} 次，每个编号只能用一次"


def _grade_ids(notebook: Notebook) -> Iterator[Any]:
    for cell in notebook["cells"]:
        if marks(cell):
            yield marks(cell).get("grade_id")


def _cell_faults(cell: Cell) -> Iterator[str]:
    if cell.get("outputs") or cell.get("execution_count"):
        yield "带着运行结果，请清除输出后保存"
    if not marks(cell).get("locked") and not marks(cell).get("task") and not marks(cell).get("solution"):
        yield "没有锁定，学员可以改动；请设为只读"
    if cell.get("cell_type") != "code":
        return
    if not cell.get("metadata", {}).get("jupyter", {}).get("source_hidden"):
        yield "代码没有隐藏，学员会看到程序；请收起代码"
    if not marks(cell).get("grade"):
        shown = shown_exercise(cell)
        if shown is None or shown[0] not in widgets.__all__:
            yield f'只能是显示练习的单元格，如 ChecklistReview("编号")；可用的有：{"、".join(widgets.__all__)}'


def _pairing(cells: Iterable[Cell], items: Iterable[Item]) -> Iterator[str]:
    shown = {name: view for view, name in filter(None, map(shown_exercise, cells))}
    graded = {item.exercise: item for item in items}
    for name in shown.keys() - graded.keys():
        yield f"练习“{name}”没有评分单元格（或评分单元格有误），请补上"
    for name in graded.keys() - shown.keys():
        yield f"练习“{name}”有评分单元格却没有显示它的单元格，请补上"
    for name in shown.keys() & graded.keys():
        view = getattr(widgets, shown[name], None)
        if getattr(view, "kind", None) != graded[name].kind.name:
            yield f"练习“{name}”的题型是“{graded[name].kind.label}”，显示单元格写的是 {shown[name]}，请改成一致"


def _proof(item: Item) -> Iterator[str]:
    """Answer the exercise in known ways and compare what comes out (after PrairieLearn's test())."""
    samples = item.samples()

    def result(answer: Any) -> tuple[Outcome, float]:
        raw = msgspec.Raw(msgspec.json.encode(answer))
        entry = Entry(v=1, exercise=item.exercise, variant="", seq=1, at="", answer=raw)
        found = assess(item.exercise, item.kind, item.spec, item.key, entry, item.maximum)
        return found.outcome, found.points

    if result(samples.right) != (Outcome.SCORED, float(item.maximum)):
        yield f"按答案作答只得 {result(samples.right)[1]:g} 分，应得满分 {item.maximum:g}，请检查答案键"
    if result(samples.everything)[1] != 0:
        yield f"全部勾选（或照原样不动）得 {result(samples.everything)[1]:g} 分，应为 0；请增加干扰项或打乱初始顺序"
    if result(samples.wrong)[1] >= item.maximum:
        yield "答错也得满分，请检查答案键"
    if not 0 < result(samples.partly)[1] < item.maximum:
        yield f"部分答对得 {result(samples.partly)[1]:g} 分，应在 0 与 {item.maximum:g} 之间，请检查题目是否太小"
    if assess(item.exercise, item.kind, item.spec, item.key, None, item.maximum).points != 0:
        yield "空白得分不为 0"


def _leaks(item: Item, public: Iterable[str]) -> Iterator[str]:
    texts = {found for found in _strings(msgspec.to_builtins(item.key)) if len(found) >= 6}
    own = set(_strings(msgspec.to_builtins(item.spec)))
    for secret in sorted(texts - own):
        if any(secret in page for page in public):
            yield f"答案文字“{secret[:20]}…”出现在会发给学员的内容里，请改写其中一处"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _strings(inner)
