"""Commands for live classes: start one, list them, and bring one into the gradebook."""

from __future__ import annotations

import webbrowser
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from coursekit.commands_drill import EVERYWHERE, addresses
from coursekit.console import CourseOption, app, console, progress_bar, say, steps
from coursekit.course import Course, CourseError

if TYPE_CHECKING:
    from coursekit.live.records import Class
    from coursekit.live.store import Store

MODES = {"trainer": "主持人带", "free": "各走各的"}

classes = typer.Typer(help="课堂演练：开班、列表、下课计分。", no_args_is_help=True)
app.add_typer(classes, name="class")


@classes.command()
def start(
    drill: Annotated[str, typer.Argument(help="演练，如 d04")],
    mode: Annotated[
        Literal["trainer", "free"], typer.Option("--mode", help="trainer 由主持人逐步带，free 各走各的")
    ] = "trainer",
    size: Annotated[int, typer.Option("--size", min=1, max=500, help="班级人数，按此预先准备")] = 60,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="端口，0 为任选")] = 8866,
    host: Annotated[str, typer.Option("--host", help="监听地址")] = "0.0.0.0",  # noqa: S104  trainees' own screens
    address: Annotated[str, typer.Option("--address", help="学员打开的网址，缺省为本机在局域网里的")] = "",
    code: Annotated[str, typer.Option("--code", help="电脑重启后接着上：写原来的口令，已交的作答都在")] = "",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="自动打开控制台")] = True,
    course: CourseOption = Path(),
) -> None:
    """开班：启动服务，打印入场地址、口令和主持人控制台的地址。"""
    from coursekit.drills.serve import Address
    from coursekit.live.play import load_drill, spec_text
    from coursekit.live.room import find_store
    from coursekit.live.serving import CONSOLES, console_path, serve_class

    found = Course.find(course)
    exercise, spec = load_drill(found, drill)
    store = find_store(found)
    going = _going(store, code, drill) if code else None

    def opened(chosen: int) -> None:
        base = address.rstrip("/") or f"http://{addresses(host)[0]}:{chosen}"
        if going is None:
            one, key = store.create(
                drill=drill, exercise=exercise, spec=spec_text(spec), mode=mode, size=size, address=base
            )
        else:
            one, key = store.resume(going, base)
        progress.stop()
        path = console_path(found, one, key)
        here = f"http://127.0.0.1:{chosen}" if host in EVERYWHERE else base
        say(f"演练　{drill} {spec.title}")
        say(f"学员　{one.join}　口令 {one.code}")
        say(f"控制台　{here}{path}")
        if here != base:  # this one needs no network, but opens on this machine alone
            say(f"在别的电脑上打开控制台　{base}{path}")
        say(f"控制台地址只给主持人。按 Ctrl+C 停止服务；下课计分：coursekit class close {one.code}")
        if browser:
            webbrowser.open(here + path)

    with progress_bar() as progress:
        count = steps(progress)("准备课堂页面", size + CONSOLES)
        serve_class(found, Address(host, port), size, opened, lambda: count(1))
    console.print("课堂服务已停止。")


@classes.command(name="list")
def list_(course: CourseOption = Path()) -> None:
    """列出开过的班。"""
    from rich.table import Table

    from coursekit.live.room import find_store

    found = Course.find(course)
    there = find_store(found).classes()
    if not there:
        say("还没有开过班。开班：coursekit class start d04")
        return
    table = Table(title="课堂")
    for heading in ("口令", "演练", "方式", "人数", "开班", "结束"):
        table.add_column(heading)
    for one in there:
        times = [
            f"{at.replace(tzinfo=UTC).astimezone(found.zone):%Y-%m-%d %H:%M}" if at else ""
            for at in (one.opened, one.closed)
        ]
        table.add_row(one.code, one.drill, MODES[one.mode], str(one.size), times[0], times[1] or "进行中")
    console.print(table)


@classes.command()
def close(
    code: Annotated[str | None, typer.Argument(help="课堂口令；只有一个班没有结束时可以不写")] = None,
    course: CourseOption = Path(),
) -> None:
    """下课：作答和观察员评分成为提交的作业，并评分。"""
    from coursekit.live.close import close_class
    from coursekit.live.room import find_store

    found = Course.find(course)
    store = find_store(found)
    one = store.find(code) if code else _only_open(store.classes())
    done = close_class(found, store, one)
    for line in done.lines():
        say(line)
    if done.problems:
        raise typer.Exit(1)


def _going(store: Store, code: str, drill: str) -> Class:
    """Return the class that is to go on; raises CourseError when it is over or plays another drill."""
    one = store.find(code)
    if one.closed is not None:
        raise CourseError(f"班级 {code} 已经结束，不能接着上。请不带 --code 另开一个班。")
    if one.drill != drill:
        raise CourseError(f"班级 {code} 上的是 {one.drill}，请写：coursekit class start {one.drill} --code {code}")
    return one


def _only_open(there: list[Class]) -> Class:
    """Return the one class that is not closed; raises CourseError naming the others."""
    open_ = [one for one in there if one.closed is None]
    if len(open_) != 1:
        known = "、".join(f"{one.code}（{one.drill}）" for one in open_ or there[:5]) or "无"
        raise CourseError(f"请写明结束哪个班：coursekit class close 口令。现有：{known}。")
    return open_[0]
