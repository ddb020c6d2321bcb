"""Small courses for tests: built in three lines, never copied."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from samples import samples

import widgets
from coursekit import author
from coursekit.course import Course
from widgets.exercise import Exercise

REPO = Path(__file__).resolve().parents[1]

CHECKLIST: dict[str, Any] = {
    "kind": "checklist",
    "title": "个体工商户设立登记",
    "prompt": "逐件判断材料。",
    "source": ["《行政许可法》(2019)第三十二条"],
    "seed": ["4.3"],
    "columns": [{"id": "name", "text": "材料"}, {"id": "form", "text": "形式"}],
    "rows": [
        {"id": "r1", "cells": {"name": "设立登记申请书", "form": "原件，已签名"}},
        {"id": "r2", "cells": {"name": "经营者身份证", "form": "原件，2024 年到期"}},
        {"id": "r3", "cells": {"name": "验资报告", "form": "原件"}},
        {"id": "r4", "cells": {"name": "经营场所证明", "form": "复印件"}},
    ],
    "categories": [{"id": "expired", "text": "过期"}, {"id": "extra", "text": "不应收取"}],
    "reasons": [{"id": "a1", "text": "证件已过有效期"}, {"id": "a2", "text": "法定材料目录中没有"}],
    "dispositions": [
        {"id": "accept", "text": "受理"},
        {"id": "supplement", "text": "一次性告知补正"},
        {"id": "refuse", "text": "不予受理"},
    ],
}
CHECKLIST_KEY: dict[str, Any] = {
    "rows": {
        "r1": {"status": "ok", "why": "申请书齐全并已签名。"},
        "r2": {
            "status": "defect", "category": "expired", "reason": "a1", "notice": True, "core": True,
            "why": "身份证过期，须换领后再交。",
        },
        "r3": {"status": "defect", "category": "extra", "reason": "a2", "why": "认缴制下不收验资报告。"},
        "r4": {"status": "ok", "why": "复印件与原件核对一致即可。"},
    },
    "disposition": "supplement",
    "why": "有一件须补正，应当一次告知。",
}  # fmt: skip
SPOTTING: dict[str, Any] = {
    "kind": "spotting",
    "title": "受理台账找错",
    "prompt": "找出有错的记录。",
    "source": ["GB 11643-1999"],
    "columns": [{"id": "no", "text": "序号"}, {"id": "got", "text": "受理日"}, {"id": "done", "text": "办结日"}],
    "rows": [
        {
            "id": f"r{n}",
            "cells": {"no": f"{n}", "got": "2026-09-18", "done": "2026-09-17" if n in (3, 6) else "2026-09-24"},
        }
        for n in range(1, 9)
    ],
    "reasons": [{"id": "late", "text": "办结早于受理"}, {"id": "empty", "text": "漏填"}],
    "rules": ["办结日不早于受理日"],
}
SPOTTING_KEY: dict[str, Any] = {
    "errors": {
        "r3/done": {"reason": "late", "why": "第三行办结日早于受理日。"},
        "r6/done": {"reason": "late", "why": "第六行办结日早于受理日。"},
    }
}
ORDERING: dict[str, Any] = {
    "kind": "ordering",
    "title": "收件流程",
    "prompt": "排好先后。",
    "source": ["种子000"],
    "choose": True,
    "steps": [
        {"id": "s4", "text": "出具受理凭证"},
        {"id": "s3", "text": "录入系统并请申请人核对"},
        {"id": "x1", "text": "口头答应先办"},
        {"id": "s2", "text": "核对材料"},
        {"id": "s1", "text": "核对身份"},
    ],
}
ORDERING_KEY: dict[str, Any] = {
    "before": {"s1": [], "s2": ["s1"], "s3": ["s2"], "s4": ["s3"]},
    "distractors": {"x1": "不得先口头答应再补手续。"},
    "why": {"s2>s3": "材料核对清楚才录入。"},
}

#: A class of ``widgets`` by the kind that it shows.
VIEWS: dict[str, type[Exercise]] = {
    view.kind: view for view in vars(widgets).values() if isinstance(view, type) and issubclass(view, Exercise)
}
#: One graded exercise: view class, data, key and points.
Made = tuple[str, dict[str, Any], dict[str, Any], int]

#: The three kinds that the course is named for.
EXERCISES: dict[str, Made] = {
    "x01-c1": ("ChecklistReview", CHECKLIST, CHECKLIST_KEY, 6),
    "x01-w1": ("RecordSpotting", SPOTTING, SPOTTING_KEY, 4),
    "x01-o1": ("StepOrdering", ORDERING, ORDERING_KEY, 5),
}


def every_kind() -> dict[str, Made]:
    """Return exercises of every kind: the three above, and those of the gallery."""
    made = dict(EXERCISES)
    for kind, view in VIEWS.items():
        for name, (data, key) in samples(kind).items():
            if name not in ("checklist", "spotting", "ordering"):
                made[f"x01-{name}"] = (view.__name__, data, key, 3)
    return made


def notebook(exercises: dict[str, Made]) -> author.Notebook:
    """Make a notebook with a lesson and the given exercises; free text gets a task cell for a person to grade."""
    cells = [author.lesson("intro", "# 试讲\n\n一段课文。")]
    for name, (view, data, key, points) in exercises.items():
        by_hand = author.task_cell(name, points, "请教师评分。", "要点一……")
        graded = by_hand if data["kind"] == "text" else author.grade_cell(name, points, key)
        cells += [author.exercise(name, view), graded]
    return author.notebook(cells, "试讲模块", 10)


def write_assignment(folder: Path, exercises: Any = None) -> Path:
    """Write an assignment's source folder: notebook and data files."""
    exercises = EXERCISES if exercises is None else exercises
    (folder / "data").mkdir(parents=True)
    for name, (_, data, _, _) in exercises.items():
        (folder / "data" / f"{name}.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    (folder / f"{folder.name}.ipynb").write_text(json.dumps(notebook(exercises), ensure_ascii=False), "utf-8")
    return folder


def make_course(root: Path, exercises: Any = None) -> Course:
    """Make a course folder with the kit's own config and one assignment, x01."""
    shutil.copytree(REPO / "config", root / "config", ignore=shutil.ignore_patterns("__pycache__"))
    write_assignment(root / "source" / "x01", exercises)
    return Course.load(root)


def make_released(root: Path, exercises: Any = None) -> Course:
    """Make a course and release its x01 into the exchange, where trainees fetch it."""
    from coursekit.nbgrader import Nbgrader

    course = make_course(root, exercises)
    nbgrader = Nbgrader(course)
    nbgrader.generate_assignment("x01")
    nbgrader.release_assignment("x01")
    return course


def fetched(course: Course, trainee: str, assignment: str = "x01") -> Path:
    """Make a trainee's home with a released assignment in it."""
    from coursekit.nbgrader import Nbgrader

    home = course.home(trainee)
    home.mkdir(parents=True, exist_ok=True)
    Nbgrader(course).fetch_assignment(assignment, home)
    return home


def copied(course: Course, root: Path) -> Course:
    """Copy a course, which takes seconds to release."""
    shutil.copytree(course.root, root, symlinks=True)
    return Course.load(root)
