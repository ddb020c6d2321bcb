"""The whole loop on invented trainees: generate, release, fetch, answer, submit, collect, grade, feedback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import widgets
from coursekit.course import Course, CourseError
from coursekit.feedback import write_feedback
from coursekit.grade import Report, grade_assignment
from coursekit.people import Person, answers, people
from coursekit.source import Item, load_items
from widgets.exercise import Exercise


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo made: the course folder, its trainees, and their graded work."""

    course: Course
    people: Sequence[Person]
    graded: Sequence[Report]
    feedback: Sequence[Path]


#: Told before each step: its name and how many units of progress it has.
Steps = Callable[[str, int], Callable[[int], None]]


def run_demo(kit: Course, into: Path, assignment: str, trainees: int, steps: Steps) -> Demo:
    """Run *assignment* of the course *kit* through a new course folder at *into*; raises CourseError if it exists."""
    from coursekit.nbgrader import Nbgrader

    course = _new_course(kit, into)
    nbgrader = Nbgrader(course)
    class_ = people(trainees)

    done = steps("生成发布版", 1)
    nbgrader.generate_assignment(assignment)
    done(1)
    done = steps("发布到收发文件夹", 1)
    nbgrader.release_assignment(assignment)
    done(1)
    items = load_items(course, assignment)
    done = steps("学员领取、作答、提交", trainees)
    for person in class_:
        home = course.root / "homes" / person.id
        home.mkdir(parents=True)
        nbgrader.fetch_assignment(assignment, home)
        answer_all(person, items, home / assignment)
        nbgrader.submit(assignment, home, person.id)
        done(1)
    done = steps("收取作业", 1)
    nbgrader.collect(assignment)
    done(1)
    done = steps("评分", trainees)
    graded = grade_assignment(course, assignment, progress=done)
    done = steps("生成反馈", trainees)
    feedback = write_feedback(course, assignment, progress=lambda _: done(1))
    done = steps("发布反馈", 1)
    nbgrader.release_feedback(assignment)
    done(1)
    return Demo(course, class_, graded, feedback)


def answer_all(person: Person, items: Sequence[Item], folder: Path) -> None:
    """Answer the fetched assignment in *folder* through the exercises that a page drives."""
    views = {
        view.kind: view for view in vars(widgets).values() if isinstance(view, type) and issubclass(view, Exercise)
    }
    for item, answer in answers(person, list(items)):
        views[item.kind.name](item.exercise, folder, person.id).save(answer)


def _new_course(kit: Course, into: Path) -> Course:
    if into.exists() and any(into.iterdir()):
        raise CourseError(f"文件夹“{into}”已存在且不是空的，演示不会覆盖它。请换一个：coursekit demo --into 新文件夹")
    into.mkdir(parents=True, exist_ok=True)
    ignore = shutil.ignore_patterns(".*", "__pycache__")
    for folder in ("source", "config", "policy"):
        if (kit.root / folder).is_dir():
            shutil.copytree(kit.root / folder, into / folder, ignore=ignore)
    return Course.load(into)
