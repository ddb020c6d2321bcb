"""Commands around people: the roster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from coursekit.console import CourseOption, app, console, say
from coursekit.course import Course

if TYPE_CHECKING:
    from coursekit.roster import Person, Plan

roster = typer.Typer(help="花名册：导入、导出、列表。", no_args_is_help=True)
app.add_typer(roster, name="roster")

#: Lines of a preview and problems of a file that are spelt out.
SHOWN = 200


@roster.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="XLSX 或 CSV（UTF-8、GBK 均可），表头里要有“工号”")],
    preview: Annotated[bool, typer.Option("--preview", help="只看会改什么，不写入")] = False,
    archive_missing: Annotated[bool, typer.Option("--archive-missing", help="文件里没有的人归档（成绩保留）")] = False,
    course: CourseOption = Path(),
) -> None:
    """导入花名册：先用 --preview 看新增、更新、归档和问题；有错误时一行也不写入。"""
    from coursekit.roster_store import import_roster, preview_import

    work = preview_import if preview else import_roster
    plan = work(Course.find(course), file, archive_missing=archive_missing)
    if preview:
        console.print(_plan_table(plan))
    for problem in plan.problems[:SHOWN]:
        say(f"{'错误' if problem.fatal else '注意'}　{problem}")
    if len(plan.problems) > SHOWN:
        say(f"还有 {len(plan.problems) - SHOWN} 处问题，没有一一列出。")
    say(f"{'预览' if preview else '结果' if plan.is_possible else '没有导入'}　{_counts(plan)}")
    if not plan.is_possible:
        say("有错误，没有写入任何内容。请改正后重新导入。")
        raise typer.Exit(1)


@roster.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="写到哪里：.xlsx 或 .csv")],
    course: CourseOption = Path(),
) -> None:
    """导出花名册（含已归档的人），改好后可以原样导入。"""
    from coursekit.roster_store import export_roster

    say(f"已写入 {file}，共 {export_roster(Course.find(course), file)} 人")


@roster.command("list")
def list_(
    group: Annotated[str, typer.Option("--class", help="只列这个班级")] = "",
    archived: Annotated[bool, typer.Option("--archived", help="连同已归档的人")] = False,
    course: CourseOption = Path(),
) -> None:
    """列出花名册。"""
    from coursekit.roster_store import load

    people = [one for one in load(Course.find(course)).values() if archived or not one.archived]
    console.print(_people_table([one for one in people if not group or one.class_name == group]))


def _counts(plan: Plan) -> str:
    from coursekit.roster import Action

    return "，".join([*(f"{action.value} {plan.count(action)}" for action in Action), f"有问题 {plan.bad_rows}"])


def _plan_table(plan: Plan) -> Table:
    from coursekit.roster import Action

    table = Table(title="导入预览（没有写入任何内容）")
    for heading in ("操作", "工号", "姓名", "班级", "变化"):
        table.add_column(heading)
    todo = [change for change in plan.changes if change.action is not Action.SAME]
    for one in todo[:SHOWN]:
        words = "" if one.action is Action.ADD else one.words()
        table.add_row(*map(_plain, (one.action.value, one.person.id, one.person.name, one.person.class_name, words)))
    if len(todo) > SHOWN:
        table.caption = f"还有 {len(todo) - SHOWN} 行没有列出"
    return table


def _people_table(people: Sequence[Person]) -> Table:
    table = Table(title="花名册", caption=f"{len(people)} 人")
    for heading in ("工号", "姓名", "单位", "窗口", "班级", "邮箱", "状态"):
        table.add_column(heading)
    for one in people:
        state = "归档" if one.archived else "在册"
        table.add_row(*map(_plain, (one.id, one.name, one.unit, one.counter, one.class_name, one.email, state)))
    return table


def _plain(text: str) -> str:
    """Return text that rich prints as it is."""
    from rich.markup import escape

    return escape(text)
