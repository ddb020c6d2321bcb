"""Commands around decisions: the evaluation, what people decide, and 日常表现."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from coursekit.console import CourseOption, app, console, say
from coursekit.course import Course
from coursekit.settings import Component

if TYPE_CHECKING:
    from coursekit.evaluate import Results, Standing

evaluation = typer.Typer(help="综合评定：组成、总评、状态；move 和 log 记录与查看决定。", invoke_without_command=True)
app.add_typer(evaluation, name="evaluate")
conduct = typer.Typer(help="日常表现：加扣分、红线，都要写依据，只追加、可撤销。", no_args_is_help=True)
app.add_typer(conduct, name="conduct")

#: Rows that are printed; a longer list is better read by 班级, as JSON or in the ledger.
SHOWN = 300
Trainee = Annotated[str, typer.Argument(help="工号")]
Reason = Annotated[str, typer.Argument(help="原因")]
Evidence = Annotated[str, typer.Option("--evidence", help="依据，如 投诉单号、值班记录")]


@evaluation.callback()
def evaluate(
    context: typer.Context,
    group: Annotated[str, typer.Option("--class", help="只看这个班级")] = "",
    write: Annotated[bool, typer.Option("--write", help="记录状态变化（只追加，不改旧记录）")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="把结果另存为 JSON 文件")] = None,
    course: CourseOption = Path(),
) -> None:
    """综合评定：各项成绩、总评、状态、距合格差多少、补哪一项最快。"""
    if context.invoked_subcommand is not None:
        return
    from coursekit.evaluate import as_json, evaluate_course

    found = Course.find(course)
    results = evaluate_course(found, group, write=write)
    console.print(_table(found, results))
    if len(results.standings) > SHOWN:
        say(f"只列出前 {SHOWN} 人；看全请用 --class 班级、--report 文件，或写台账：coursekit ledger")
    for problem in results.problems:
        say(f"注意　{problem}")
    if results.error is not None:
        say(f"总评的测量标准误 {results.error:.1f} 分；距及格线不超过它的标“复核”，请教师人工复核。")
    if waiting := sum(bool(one.steps) for one in results.standings):
        say(f"{waiting} 人的状态要变（表中“→”），还没有记录；确认后运行：coursekit evaluate --write")
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(as_json(results)), indent=1))
        say(f"JSON 报告　{report}")


@evaluation.command()
def move(
    trainee: Trainee,
    state: Annotated[str, typer.Argument(help="新状态：在训、待考、强化培训、复考、调离、延长试用期")],
    reason: Annotated[str, typer.Option("--reason", help="原因，记入档案")],
    course: CourseOption = Path(),
) -> None:
    """记录人的决定：调离、延长试用期等，必须写原因。"""
    from coursekit.course import CourseError
    from coursekit.decisions import move as work
    from coursekit.states import State

    if state not in list(State):
        raise CourseError(f"没有“{state}”这个状态。可以写：{'、'.join(State)}。")
    before = work(Course.find(course), trainee, State(state), reason)
    say(f"{trainee}　{before.value} → {state}，已记录")


@evaluation.command()
def log(
    trainee: Annotated[str, typer.Argument(help="工号，缺省为全部")] = "",
    course: CourseOption = Path(),
) -> None:
    """查看状态变化的记录：何时、从哪里到哪里、为什么、谁记的。"""
    from coursekit.decisions import decisions
    from coursekit.records import open_records

    found = Course.find(course)
    with open_records(found) as connection:
        rows = decisions(connection, trainee)
    table = Table(title="状态记录", caption=f"{len(rows)} 条")
    for heading in ("时间", "工号", "从", "到", "原因", "记录人"):
        table.add_column(heading)
    for one in rows:
        words = (_local(one.at, found.zone), one.trainee, one.before.value, one.after.value, one.reason, one.by)
        table.add_row(*map(escape, words))
    console.print(table)


@conduct.command(context_settings={"ignore_unknown_options": True})
def add(
    trainee: Trainee,
    points: Annotated[str, typer.Argument(help="加扣分，如 +1 或 -0.5")],
    reason: Reason,
    evidence: Evidence,
    course: CourseOption = Path(),
) -> None:
    """记一笔加扣分；合计在 course.toml 的 conduct_limit 以内计入总评。"""
    from coursekit.conduct import add_points, parse_points

    value = parse_points(points)
    number = add_points(Course.find(course), trainee, value, reason, evidence)
    say(f"已记录（编号 {number}）：{trainee}　{value:+}　{reason}")


@conduct.command()
def red(trainee: Trainee, reason: Reason, evidence: Evidence, course: CourseOption = Path()) -> None:
    """记一条红线（一票否决）：撤销以前不能合格。"""
    from coursekit.conduct import add_red

    number = add_red(Course.find(course), trainee, reason, evidence)
    say(f"已记录红线（编号 {number}）：{trainee}　{reason}")


@conduct.command()
def undo(
    number: Annotated[int, typer.Argument(help="记录编号，见 coursekit conduct list")],
    reason: Reason,
    course: CourseOption = Path(),
) -> None:
    """撤销一条记录；原记录保留，另记一条撤销。"""
    from coursekit.conduct import undo as work

    say(f"已撤销记录 {number}（{work(Course.find(course), number, reason)}）")


@conduct.command("list")
def list_(
    trainee: Annotated[str, typer.Argument(help="工号，缺省为全部")] = "",
    course: CourseOption = Path(),
) -> None:
    """列出日常表现的记录。"""
    from coursekit.conduct import records
    from coursekit.records import open_records

    found = Course.find(course)
    with open_records(found) as connection:
        rows = records(connection, trainee)
    table = Table(title="日常表现", caption=f"{len(rows)} 条")
    for heading in ("编号", "时间", "工号", "类别", "分", "原因", "依据", "记录人"):
        table.add_column(heading)
    for one in rows:
        what = f"{one.kind} {one.entry.undoes}" if one.entry.undoes else one.kind
        points = f"{one.entry.points:+}" if one.entry.points else ""
        words = (str(one.entry.id), _local(one.at, found.zone), one.trainee, what, points, one.entry.reason)
        table.add_row(*map(escape, (*words, one.evidence, one.by)))
    console.print(table)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def _table(course: Course, results: Results) -> Table:
    from coursekit.evaluation import COMPONENTS, LABELS

    rules = course.settings.evaluation
    table = Table(title="综合评定", caption=f"{len(results.standings)} 人；及格线 {rules.pass_mark}")
    for heading in ("工号", "姓名", "班级"):
        table.add_column(heading)
    for name in COMPONENTS:
        table.add_column(f"{LABELS[name]}{rules.weights[name]}%", justify="right")
    table.add_column("日常", justify="right")
    table.add_column("总评", justify="right")
    table.add_column("状态", overflow="fold", min_width=10)
    table.add_column("距合格", justify="right")
    table.add_column("补什么最快", overflow="fold", min_width=16)
    for one in results.standings[:SHOWN]:
        marks = [_mark(one, name) for name in COMPONENTS]
        behaviour = f"{one.conduct.points:+}" if one.conduct.points else ""
        total = "—" if one.total is None else f"{one.total}{' 复核' if one.review else ''}"
        gap = (
            "—" if one.total is None else f"{one.result.gap}" if one.result.gap else "单项" if one.result.below else "0"
        )
        state = one.state.value + "".join(f"→{step.after.value}" for step in one.steps)
        state += f"（至 {one.until:%m-%d}）" if one.until else ""
        words = (one.trainee, one.name, one.class_name, *marks, behaviour, total, state, gap, _advice(one))
        table.add_row(*map(escape, words))
    return table


def _mark(one: Standing, name: Component) -> str:
    mark = one.components[name]
    return "—" if mark is None else f"{mark}{'↓' if name in one.result.below else ''}"


def _advice(one: Standing) -> str:
    """Say in words what is missing, what to raise to what, and what a person must do."""
    from coursekit.evaluation import LABELS

    parts = [f"{LABELS[name]}：{what}" for name, what in one.result.missing.items()]
    if one.result.advice is None and one.total is not None:
        parts.append("只靠补考补不足，请看日常表现的扣分")
    parts += [
        f"{LABELS[step.component]}补到 {step.to:.1f}（差 {step.to - step.at:.1f}）" for step in one.result.advice or ()
    ]
    parts += [f"红线 {word}" for word in one.result.red]
    return "；".join([*parts, *([one.notice] if one.notice else [])])
