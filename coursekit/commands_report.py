"""The command that writes a class's report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursekit.console import CourseOption, app, progress_bar, say
from coursekit.course import Course


@app.command()
def report(
    assignments: Annotated[list[str] | None, typer.Argument(help="要统计的作业，缺省为全部")] = None,
    group: Annotated[str, typer.Option("--class", help="只统计这个班级（花名册里的班级）")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="写到哪个文件（默认 reports/ 里）")] = None,
    course: CourseOption = Path(),
) -> None:
    """统计报表：谁没交、谁有风险、哪道题有问题，成绩分布和题目分析，写成一个离线网页。"""
    from coursekit.report import write_report

    found = Course.find(course)
    with progress_bar() as progress:
        task = progress.add_task("生成报表", total=None)
        path = write_report(
            found, assignments or (), group, out, lambda done, total: progress.update(task, completed=done, total=total)
        )
    say(f"已写入 {path}")
