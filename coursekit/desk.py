"""The instructor's desk: where every assignment stands, and what the buttons and the command line do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from coursekit.course import Course, CourseError
from coursekit.status import Overview, overviews

#: Told how many of how many units are done.
Step = Callable[[int, int], None]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One assignment as the desk shows it; numbers count trainees, *manual* counts items that await a person."""

    id: str
    title: str
    released: bool
    fetched: int | None
    submitted: int
    collected: int
    graded: int
    manual: int
    feedback: int
    deadline: datetime | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """Something an instructor does with an assignment; *work* returns what it came to, in Chinese."""

    label: str
    work: Callable[[Course, str, Step], str]


def rows(course: Course) -> list[Row]:
    """Return the desk's rows in the order of the course."""
    return [row_of(one) for one in overviews(course, course.assignments())]


def check(course: Course, assignment: str, step: Step) -> str:
    """Lint source/; raises CourseError with the faults."""
    from coursekit.check import check_course

    step(0, 1)
    ((_, faults),) = check_course(course, [assignment])
    step(1, 1)
    if faults:
        lines = [f"{fault.where}：{fault.what}" for fault in faults[:20]]
        more = [f"……另有 {len(faults) - 20} 处"] if len(faults) > 20 else []
        raise CourseError("\n".join([f"{assignment} 有 {len(faults)} 处问题，请改好后再发布：", *lines, *more]))
    return f"{assignment} 没有发现问题，可以发布。"


def release(course: Course, assignment: str, step: Step) -> str:
    """Check, generate and release; trainees who fetched before are offered the update."""
    from coursekit.nbgrader import Nbgrader

    check(course, assignment, lambda *_: None)
    step(1, 3)
    nbgrader = Nbgrader(course)
    nbgrader.generate_assignment(assignment)
    step(2, 3)
    nbgrader.release_assignment(assignment)
    step(3, 3)
    return f"{assignment} 已发布，学员刷新首页就能领取；领取过的会看到“有新版”。"


def collect(course: Course, assignment: str, step: Step) -> str:
    """Collect from the exchange."""
    from coursekit.nbgrader import Nbgrader

    step(0, 1)
    done = Nbgrader(course).collect(assignment)
    step(1, 1)
    text = f"{assignment} 新收 {len(done.new)} 份，更新 {len(done.updated)} 份，没有变化 {len(done.unchanged)} 份。"
    return "\n".join([text, *(f"注意　{problem}" for problem in done.problems)])


def grade(course: Course, assignment: str, step: Step) -> str:
    """Grade what was collected."""
    from coursekit.grade import grade_assignment, submitted_trainees
    from widgets.assess import Outcome

    total = len(submitted_trainees(course, assignment))
    if not total:
        raise CourseError(f"submitted/ 里没有 {assignment} 的作业。请先收取。")
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        step(done, total)

    step(0, total)
    graded = grade_assignment(course, assignment, progress=count)
    fresh = sum(not one.skipped for one in graded)
    errors = sum(one.outcomes.get(Outcome.GRADER_ERROR.value, 0) for one in graded)
    odd = [f"注意　{one.trainee}：{text}" for one in graded for text in one.oddities][:20]
    mean = sum(one.points for one in graded) / len(graded)
    text = f"{assignment} 评分完成：{len(graded)} 份（其中 {len(graded) - fresh} 份没有变化），平均 {mean:.2f} 分。"
    trouble = [f"有 {errors} 道练习评分故障，请运行 coursekit check {assignment} 查看。"] if errors else []
    return "\n".join([text, *trouble, *odd])


def feedback(course: Course, assignment: str, step: Step) -> str:
    """Write the feedback pages and hand them out."""
    from coursekit.feedback import write_feedback
    from coursekit.nbgrader import Nbgrader

    step(0, 2)
    written = write_feedback(course, assignment)
    step(1, 2)
    Nbgrader(course).release_feedback(assignment)
    step(2, 2)
    return f"{assignment} 的 {len(written)} 份反馈已发布，学员刷新首页就能查看。"


def report(course: Course, assignment: str, step: Step) -> str:
    """Write the report that the server then shows in a new tab."""
    from coursekit.report import write_report

    write_report(course, [assignment], step=step)
    return f"{assignment} 的报表已生成，在新标签页里打开。"


ACTIONS: dict[str, Action] = {
    "check": Action("检查", check),
    "release": Action("发布", release),
    "collect": Action("收取", collect),
    "grade": Action("评分", grade),
    "feedback": Action("发布反馈", feedback),
    "report": Action("报表", report),
}


def row_of(one: Overview) -> Row:
    """Count the trainees of an assignment at every step."""
    people = one.standings.values()
    fetched = [person.fetched for person in people if person.fetched is not None]
    return Row(
        id=one.assignment,
        title=one.title,
        released=one.released,
        fetched=sum(fetched) if fetched else None,
        submitted=sum(person.submitted is not None for person in people),
        collected=sum(person.collected is not None for person in people),
        graded=sum(person.graded is not None for person in people),
        manual=sum(person.waiting for person in people),
        feedback=sum(person.feedback for person in people),
        deadline=one.deadline,
        problems=one.problems,
    )
