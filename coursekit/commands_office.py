"""Commands of the training office: sessions, ledger, and personal files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from coursekit.console import CourseOption, app, console, progress_bar, say, steps
from coursekit.course import Course, CourseError

if TYPE_CHECKING:
    from coursekit.ledger_forms import Form

session = typer.Typer(help="培训场次与签到：导入、登记、列表。", no_args_is_help=True)
ledger = typer.Typer(help="培训台账：写成 XLSX；模板和导入。", invoke_without_command=True)
app.add_typer(session, name="session")
app.add_typer(ledger, name="ledger")

#: Problems of a file that are spelt out.
SHOWN = 200
ClassOption = Annotated[str, typer.Option("--class", help="只要这个班级（花名册里的班级）")]
FileArgument = Annotated[Path, typer.Argument(help="XLSX 文件，用模板填写：coursekit ledger template 模板.xlsx")]


@session.command("import")
def import_sessions(file: FileArgument, course: CourseOption = Path()) -> None:
    """导入培训场次和签到；有错误时一行也不写入，重复导入不会重复登记。"""
    from coursekit.ledger_import import SESSION_FORMS

    _import(Course.find(course), file, SESSION_FORMS)


@session.command()
def add(
    number: Annotated[str, typer.Argument(help="场次编号，如 2026-01")],
    day: Annotated[str, typer.Option("--day", help="日期，如 2026-11-22")],
    starts: Annotated[str, typer.Option("--from", help="开始时间，如 09:00")],
    place: Annotated[str, typer.Option("--place", help="地点")],
    content: Annotated[str, typer.Option("--content", help="内容")],
    trainer: Annotated[str, typer.Option("--trainer", help="讲师")],
    ends: Annotated[str, typer.Option("--to", help="结束时间，如 11:30")] = "",
    hours: Annotated[str, typer.Option("--hours", help="学时")] = "",
    course: CourseOption = Path(),
) -> None:
    """登记一场培训。"""
    from coursekit.ledger_forms import SESSIONS
    from coursekit.ledger_rows import read_forms
    from coursekit.roster_table import Sheet
    from coursekit.sessions import Session, add_session

    texts = [number, day, starts, ends, place, content, trainer, hours]
    titles = [field.label for field in SESSIONS.columns.values()]
    rows, problems = read_forms([Sheet(SESSIONS.title, [titles, texts])], (SESSIONS,))
    if problems or not rows:
        raise CourseError("；".join(f"{one.field}：{one.what}。{one.cure}" for one in problems) + "。")
    made = Session(**rows[0].values)
    add_session(Course.find(course), made)
    say(f"已登记　{made.number}　{made.when}　{made.place}　{made.content}　{made.trainer}")


@session.command("list")
def list_sessions(course: CourseOption = Path()) -> None:
    """列出培训场次。"""
    from coursekit.sessions import load_sessions

    found = load_sessions(Course.find(course))
    table = Table(title="培训场次", caption=f"{len(found)} 场")
    for heading in ("编号", "时间", "地点", "内容", "讲师", "学时"):
        table.add_column(heading)
    for one in found:
        hours = "" if one.hours is None else f"{one.hours:.1f}"
        table.add_row(*map(escape, (one.number, one.when, one.place, one.content, one.trainer, hours)))
    console.print(table)


@ledger.callback()
def write(
    context: typer.Context,
    group: ClassOption = "",
    out: Annotated[Path | None, typer.Option("--out", help="写到哪个 .xlsx（默认 ledger/ 里）")] = None,
    persons: Annotated[Path | None, typer.Option("--persons", help="另把每人一份培训档案写进这个文件夹")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="档案另存为 PDF（要装有 Chromium）")] = False,
    archived: Annotated[bool, typer.Option("--archived", help="连同已归档的人")] = False,
    course: CourseOption = Path(),
) -> None:
    """写培训台账（XLSX）；加 --persons 写个人培训档案。"""
    if context.invoked_subcommand:
        return
    if pdf and persons is None:
        raise CourseError("--pdf 要和 --persons 文件夹 一起用。")
    from coursekit.ledger import collect
    from coursekit.ledger_xlsx import write_ledger

    found = Course.find(course)
    with progress_bar() as progress:
        step = steps(progress)
        done = step("读成绩库", 1)
        collected = collect(found, group, archived=archived)
        done(1)
        done = step("写台账", 1)
        path = write_ledger(collected, out, group)
        done(1)
        if persons is not None:
            from coursekit.person_page import write_pdfs, write_persons

            pages = write_persons(collected, persons, step("写培训档案", len(collected.people)))
            if pdf:
                write_pdfs(pages, step("打印 PDF", len(pages)))
    say(f"已写入 {path}，共 {len(collected.people)} 人")
    if persons is not None:
        say(f"培训档案 {len(collected.people)} 份　{persons}")
    if waiting := sum(bool(one.steps) for one in collected.standings.values()):
        say(f"注意　{waiting} 人的状态按成绩应当变化，还没有记录。请运行：coursekit evaluate --write")


@ledger.command()
def template(file: Annotated[Path, typer.Argument(help="写到哪个 .xlsx")]) -> None:
    """写空白模板：培训场次、签到、技能提升、问题与改进、表彰、评语。"""
    from coursekit.ledger_import import write_template

    write_template(file)
    say(f"已写入 {file}。填好后导入：coursekit ledger import {file}")


@ledger.command("import")
def import_ledger(file: FileArgument, course: CourseOption = Path()) -> None:
    """导入填好的模板；有错误时一行也不写入，重复导入不会重复登记。"""
    from coursekit.ledger_forms import FORMS

    _import(Course.find(course), file, FORMS)


def _import(course: Course, file: Path, forms: Sequence[Form]) -> None:
    from coursekit.ledger_import import import_forms

    done = import_forms(course, file, forms)
    for problem in done.problems[:SHOWN]:
        say(f"{'错误' if problem.fatal else '注意'}　{problem}")
    if len(done.problems) > SHOWN:
        say(f"还有 {len(done.problems) - SHOWN} 处问题，没有一一列出。")
    if not done.is_done:
        say("有错误，没有写入任何内容。请改正后重新导入。")
        raise typer.Exit(1)
    for title, count in done.counts.items():
        say(f"{title}　新增 {count.added}，更新 {count.updated}，不变 {count.same}")
    if not done.counts:
        say("文件里没有填写任何内容。")
