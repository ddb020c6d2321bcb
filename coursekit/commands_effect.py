"""Commands around the effect of training: figures before and after, and the forms that people filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursekit.console import CourseOption, app, say
from coursekit.course import Course, CourseError

effect = typer.Typer(help="培训效果：前后数据的模板、导入和对比报告。", no_args_is_help=True)
forms = typer.Typer(help="自检表、互评表、满意度调查：收成数据，导出。", no_args_is_help=True)
app.add_typer(effect, name="effect")
app.add_typer(forms, name="forms")

#: Problems of a file that are spelt out.
SHOWN = 200
FormName = Annotated[str, typer.Argument(help="表的编号：s01 自检表、s02 同事互评、s03 满意度调查")]


@effect.command()
def template(file: Annotated[Path, typer.Argument(help="写到哪个 .xlsx")]) -> None:
    """写空白模板：效果数据、服务质量。"""
    from coursekit.effect_store import write_template

    write_template(file)
    say(f"已写入 {file}。填好后导入：coursekit effect import {file}")


@effect.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="填好的 .xlsx")],
    course: CourseOption = Path(),
) -> None:
    """导入填好的模板；有错误时一行也不写入，重复导入不会重复计算。"""
    from coursekit.effect_store import import_effect

    done = import_effect(Course.find(course), file)
    for problem in done.problems[:SHOWN]:
        say(f"{'错误' if problem.fatal else '注意'}　{problem}")
    if len(done.problems) > SHOWN:
        say(f"还有 {len(done.problems) - SHOWN} 处")
    if fatal := sum(problem.fatal for problem in done.problems):
        raise CourseError(f"{file.name} 有 {fatal} 处错误，一行也没有写入。请改正后再导入。")
    for title, count in done.counts.items():
        say(f"{title}　新增 {count.added}，更新 {count.updated}，不变 {count.same}")


@effect.command()
def report(
    out: Annotated[
        Path | None, typer.Option("--out", help="写到哪个 .html 或 .xlsx（默认 reports/培训效果.html）")
    ] = None,
    course: CourseOption = Path(),
) -> None:
    """写培训效果报告：前后对比、图和数据表、服务质量指数。"""
    from coursekit.effect_page import write_effect

    say(f"已写入 {write_effect(Course.find(course), out)}")


@forms.command()
def collect(
    name: FormName,
    replace: Annotated[bool, typer.Option("--replace", help="不记名的表：份数比以前少也整批替换")] = False,
    course: CourseOption = Path(),
) -> None:
    """把收来的表读成数据，供台账使用；不完整的不收，说明缺什么。不记名的表不存工号和时间。"""
    from coursekit.forms_store import collect as work

    done = work(Course.find(course), name, replace=replace)
    for fault in done.faults[:SHOWN]:
        say(f"没有收　{fault.trainee or '有一份'}　{fault.exercise}　{fault.what}")
    if len(done.faults) > SHOWN:
        say(f"还有 {len(done.faults) - SHOWN} 处")
    if done.silent:
        say(f"{done.silent} 人交来的是空表")
    say(
        f"{name} 收了 {len(done.sheets)} 份{'' if done.named else '（不记名）'}。导出：coursekit forms export {name} 文件.xlsx"
    )


@forms.command()
def export(
    name: FormName,
    file: Annotated[Path, typer.Argument(help="写到哪个 .xlsx")],
    course: CourseOption = Path(),
) -> None:
    """导出收来的表：汇总（每个选项几份、平均）和明细。"""
    from coursekit.forms_store import export as work

    count = work(Course.find(course), name, file)
    say(f"已写入 {file}，共 {count} 份")
