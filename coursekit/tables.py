"""What the command line shows of results."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from coursekit.grade import Graded
from widgets.assess import Outcome

if TYPE_CHECKING:
    from coursekit.demo import Demo


def result_table(demo: Demo) -> Table:
    """List the trainees of a demo with their points, best first."""
    table = Table(title="演示结果", caption=_caption(demo.graded))
    for heading in ("工号", "姓名", "得分", *(outcome.value for outcome in Outcome)):
        table.add_column(heading, justify="left" if heading in ("工号", "姓名") else "right")
    names = {person.id: person.name for person in demo.people}
    passed = demo.course.settings.evaluation.pass_mark
    for one in sorted(demo.graded, key=lambda one: -one.points):
        score = Text(f"{one.points:.2f}", style="green" if one.points >= passed else "yellow")
        counts = [str(one.count(outcome)) for outcome in Outcome]
        table.add_row(one.trainee, names.get(one.trainee, ""), score, *counts)
    return table


def outcome_table(assignment: str, graded: Sequence[Graded]) -> Table:
    """Count the outcomes of a grading run."""
    table = Table(title=f"{assignment} 评分结果", caption=_caption(graded))
    for heading in ("学员", *(outcome.value for outcome in Outcome), "记录异常"):
        table.add_column(heading, justify="right")
    counts = [str(sum(one.count(outcome) for one in graded)) for outcome in Outcome]
    table.add_row(str(len(graded)), *counts, str(sum(bool(one.oddities) for one in graded)))
    return table


def _caption(graded: Sequence[Graded]) -> str:
    return f"{len(graded)} 人，平均 {mean(one.points for one in graded):.2f} 分" if graded else "没有作业"
