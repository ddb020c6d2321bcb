"""What the command line shows of results."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from coursekit.desk import row_of
from coursekit.grade import Report
from coursekit.status import Overview
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
        counts = [str(one.outcomes[outcome.value]) for outcome in Outcome]
        table.add_row(one.trainee, names.get(one.trainee, ""), score, *counts)
    return table


def outcome_table(assignment: str, graded: Sequence[Report]) -> Table:
    """Count the outcomes of a grading run, and what an instructor should look at."""
    table = Table(title=f"{assignment} 评分结果", caption=_caption(graded))
    table.add_column("项目")
    table.add_column("数量", justify="right")
    table.add_row("作业份数", str(len(graded)))
    table.add_row("　其中没有变化、跳过", str(sum(one.skipped for one in graded)), end_section=True)
    for outcome in Outcome:
        table.add_row(f"练习{outcome.value}", str(sum(one.outcomes[outcome.value] for one in graded)))
    table.add_section()
    table.add_row("笔记本受损（不影响评分）", str(sum(one.damaged for one in graded)))
    table.add_row("迟交", str(sum(one.seconds_late > 0 for one in graded)))
    table.add_row("其他异常", str(sum(bool(one.oddities) and not one.damaged for one in graded)))
    return table


def change_table(changes: Sequence[tuple[str, str, float | None, float]]) -> Table:
    """List who would gain or lose what by a regrade."""
    table = Table(title="重评预览（没有写入任何内容）", caption=f"{len({c[0] for c in changes})} 人受影响")
    for heading in ("工号", "评分单元格", "现在", "重评后", "增减"):
        table.add_column(heading, justify="left" if heading in ("工号", "评分单元格") else "right")
    for trainee, cell, old, new in changes:
        difference = new - (old or 0.0)
        style = "green" if difference > 0 else "red"
        table.add_row(
            trainee, cell, "—" if old is None else f"{old:g}", f"{new:g}", Text(f"{difference:+.2f}", style=style)
        )
    return table


def status_table(overviews: Sequence[Overview]) -> Table:
    """Count the trainees at every step of every assignment."""
    table = Table(title="对账", caption="人数；“—”表示看不到学员的文件夹")
    for heading in ("作业", "名称", "已发布", "领取", "提交", "收取", "评分", "待人工", "反馈", "截止"):
        table.add_column(heading, justify="left" if heading in ("作业", "名称", "截止") else "right")
    for one in overviews:
        row = row_of(one)
        numbers = (row.submitted, row.collected, row.graded, row.manual, row.feedback)
        fetched = "—" if row.fetched is None else str(row.fetched)
        deadline = f"{row.deadline:%m-%d %H:%M}" if row.deadline else "—"
        table.add_row(row.id, row.title, "是" if row.released else "否", fetched, *map(str, numbers), deadline)
    return table


def _caption(graded: Sequence[Report]) -> str:
    return f"{len(graded)} 人，平均 {mean(one.points for one in graded):.2f} 分" if graded else "没有作业"
