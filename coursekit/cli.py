"""The command line: ``coursekit …``; every message that a person reads is Chinese."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

import coursekit.commands_certificate
import coursekit.commands_class
import coursekit.commands_drill
import coursekit.commands_effect
import coursekit.commands_evaluate
import coursekit.commands_exchange
import coursekit.commands_office
import coursekit.commands_people
import coursekit.commands_report  # noqa: F401  these register their commands
from coursekit.console import Assignment, CourseOption, app, console, progress_bar, say, steps
from coursekit.course import Course, CourseError

if TYPE_CHECKING:
    from coursekit.grade import Report

__all__ = ["app", "main"]


@app.command()
def check(
    assignments: Annotated[list[str] | None, typer.Argument(help="要检查的作业，缺省为全部")] = None,
    course: CourseOption = Path(),
) -> None:
    """发布前检查 source/：分值、答案、数据文件、编号、泄题。"""
    from coursekit.check import check_course

    found = Course.find(course)
    names = assignments or found.assignments()
    if not names:
        raise CourseError(f"{found.source} 里还没有作业。")
    total = 0
    for name, faults in check_course(found, names):
        console.print(f"[green]✓[/] {name} 没有发现问题" if not faults else f"[red]✗[/] {name} 有 {len(faults)} 处问题")
        for fault in faults:
            console.print(f"  {fault.where}：{fault.what}", markup=False, highlight=False, soft_wrap=True)
        total += len(faults)
    if total:
        raise typer.Exit(1)


@app.command()
def policy(
    assignments: Annotated[list[str] | None, typer.Argument(help="要改写的作业，缺省为全部")] = None,
    course: CourseOption = Path(),
) -> None:
    """改了 config/course.toml 里的本中心规定以后，改写课文、题面和答案。"""
    from coursekit.policy import apply

    found = Course.find(course)
    changed = [path for name in assignments or found.assignments() for path in apply(found, name)]
    for path in changed:
        console.print(f"  {path.relative_to(found.root)}", markup=False, highlight=False, soft_wrap=True)
    say(f"改写了 {len(changed)} 个文件，请检查后重新发布：coursekit check" if changed else "都与 course.toml 一致。")


@app.command()
def coverage(course: CourseOption = Path()) -> None:
    """大纲的每一条由哪个单元讲、哪些练习考：写入 docs/coverage.zh-CN.md。"""
    from coursekit.coverage import TABLE, assessed, holes, rows, table

    found = Course.find(course)
    inventory, exercises = rows(found), assessed(found)
    (found.root / TABLE).write_text(table(inventory, exercises), encoding="utf-8")
    for row in holes(inventory, exercises):
        console.print(f"  {row.number} {row.title}（{row.module}）还没有练习", markup=False, highlight=False)
    say(f"已写入 {TABLE}")


@app.command()
def resit(assignment: Assignment, course: CourseOption = Path()) -> None:
    """安排补考：另建一份作业（如 e01-2），每个人抽到与上一次不同的题，上一次的成绩保留。"""
    from coursekit.resit import make_resit

    found = Course.find(course)
    made = make_resit(found, assignment)
    say(f"已建立 source/{made.name}，请检查后发布：coursekit check {made.name}；coursekit release {made.name}")


@app.command()
def demo(
    into: Annotated[Path | None, typer.Option("--into", help="演示课程放到哪里（默认新建 demo/时间）")] = None,
    trainees: Annotated[int, typer.Option("--trainees", min=1, max=2000, help="学员人数")] = 30,
    assignment: Annotated[str, typer.Option("--assignment", help="走哪个作业")] = "m04",
    open_: Annotated[bool, typer.Option("--open", help="最后用 JupyterLab 打开演示课程")] = False,
    course: CourseOption = Path(),
) -> None:
    """走一遍全流程：生成、发布、领取、作答、提交、收取、评分、反馈。"""
    from coursekit.demo import run_demo
    from coursekit.tables import result_table

    kit = Course.find(course)
    kit.require(assignment)
    target = into or kit.root / "demo" / datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    with progress_bar() as progress:
        result = run_demo(kit, target, assignment, trainees, steps(progress))
    console.print(result_table(result))
    console.print(f"课程文件夹　{result.course.root}", soft_wrap=True, highlight=False)
    console.print(f"第一份反馈　{result.feedback[0]}", soft_wrap=True, highlight=False)
    console.print(f"继续：coursekit check --course {target}；coursekit demo --open", soft_wrap=True, highlight=False)
    if open_:
        from coursekit.lab import run_lab

        raise typer.Exit(run_lab(result.course))


@app.command()
def grade(
    assignment: Assignment,
    trainee: Annotated[list[str] | None, typer.Option("--trainee", help="只评这些学员，可重复")] = None,
    force: Annotated[bool, typer.Option("--force", help="没有变化的也重新评")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="把结果另存为 JSON 文件")] = None,
    cluster: Annotated[str | None, typer.Option("--cluster", help="Dask 调度器，如 tcp://host:8786")] = None,
    course: CourseOption = Path(),
) -> None:
    """评分：只读作答记录，不运行学员交来的任何内容。"""
    from coursekit.grade import grade_assignment, submitted_trainees

    found = Course.find(course)
    count = len(trainee or submitted_trainees(found, assignment))
    with _cluster(cluster) as executor, progress_bar() as progress:
        done = steps(progress)(f"评分 {assignment}", count)
        graded = grade_assignment(found, assignment, trainee, force=force, executor=executor, progress=done)
    if not graded:
        raise CourseError(f"submitted/ 里没有 {assignment} 的作业。请先收取：coursekit collect {assignment}")
    _show(assignment, graded, report)


@app.command()
def regrade(
    assignment: Assignment,
    preview: Annotated[bool, typer.Option("--preview", help="只看谁的分数会变，不写入")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="把结果另存为 JSON 文件")] = None,
    course: CourseOption = Path(),
) -> None:
    """改了 source/ 里的答案或分值之后重评；先用 --preview 看影响。"""
    from coursekit.regrade import apply_regrade, preview_regrade
    from coursekit.tables import change_table

    found = Course.find(course)
    if preview:
        console.print(change_table(preview_regrade(found, assignment)))
        return
    with progress_bar() as progress:
        graded = apply_regrade(found, assignment, progress=steps(progress)(f"重评 {assignment}", 0))
    _show(assignment, graded, report)


@app.command()
def feedback(
    assignment: Assignment,
    hand_out: Annotated[bool, typer.Option("--release", help="生成后立即发布给学员")] = False,
    course: CourseOption = Path(),
) -> None:
    """生成中文反馈页（feedback/）；加 --release 发布给学员。"""
    found = Course.find(course)
    if hand_out:
        from coursekit.desk import feedback as work

        say(work(found, assignment, lambda *_: None))
        return
    from coursekit.feedback import write_feedback

    written = write_feedback(found, assignment)
    say(f"已生成 {len(written)} 份反馈，发布请运行：coursekit feedback {assignment} --release")


@app.command()
def lab(
    trainee: Annotated[str | None, typer.Option("--trainee", help="以这名学员的身份打开：工号")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="端口，0 为任选")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="自动打开浏览器")] = True,
    course: CourseOption = Path(),
) -> None:
    """用 JupyterLab 打开课程：教师，或 --trainee 学员。"""
    from coursekit.lab import run_lab

    options = [] if port is None else [f"--ServerApp.port={port}"]
    raise typer.Exit(run_lab(Course.find(course), trainee, [*options, *([] if browser else ["--no-browser"])]))


def main() -> None:
    """Run the command line; what an instructor can put right ends in one Chinese message and exit status 1."""
    try:
        app()
    except CourseError as error:
        Console(stderr=True).print(f"[red]错误[/]　{error}", highlight=False, soft_wrap=True)
        sys.exit(1)


def _show(assignment: str, graded: Sequence[Report], report: Path | None) -> None:
    from coursekit.tables import outcome_table

    console.print(outcome_table(assignment, graded))
    for one in graded:
        for text in (*one.oddities, *one.errors.values()):
            console.print(f"注意　{one.trainee}：{text}", markup=False, highlight=False, soft_wrap=True)
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(graded), indent=1))
        console.print(f"JSON 报告　{report}", highlight=False, soft_wrap=True)


@contextmanager
def _cluster(address: str | None) -> Iterator[Executor | None]:
    """Connect to a Dask scheduler; raises CourseError when it is not there or Dask is not installed."""
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("用集群评分要先安装 Dask：uv sync --extra cluster") from None
    try:
        client = Client(address, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise CourseError(f"连不上 Dask 调度器 {address}（{error}）。请检查地址和端口。") from None
    with client:
        yield client.get_executor()  # type: ignore[no-untyped-call]
