"""What all commands share: the command line's application, its console, and progress bars."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

app = typer.Typer(
    help="政务服务窗口培训课程包：检查、发布、收取、评分、反馈。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console()

CourseOption = Annotated[Path, typer.Option("--course", help="课程文件夹（默认从当前文件夹向上找）")]
Assignment = Annotated[str, typer.Argument(help="作业，如 m04")]


def progress_bar() -> Progress:
    """Make the progress bar that all commands show."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TaskProgressColumn(show_speed=True), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    return Progress(*columns, console=console)


def steps(progress: Progress) -> Callable[[str, int], Callable[[int], None]]:
    """Return what adds a step with its number of units to *progress*, and in turn what counts these."""

    def step(name: str, total: int) -> Callable[[int], None]:
        task = progress.add_task(name, total=total or None)
        return lambda count: progress.advance(task, count)

    return step


def say(text: str) -> None:
    """Print text of any origin as it is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
