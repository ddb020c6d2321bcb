"""The command that serves scenario drills."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from coursekit.console import CourseOption, app, console, progress_bar, say, steps
from coursekit.course import Course

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  compared with, not listened on


@app.command()
def drill(
    drills: Annotated[list[str] | None, typer.Argument(help="开放哪些演练，如 d04；缺省为全部")] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="端口，0 为任选")] = 8866,
    host: Annotated[str, typer.Option("--host", help="监听地址；全班使用请写 0.0.0.0")] = "127.0.0.1",
    size: Annotated[int, typer.Option("--size", min=1, max=500, help="预计同时多少人，按此预先准备")] = 10,
    seats: Annotated[int, typer.Option("--seats", min=0, max=999, help="打印这么多个座位码后退出")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="自动打开浏览器")] = True,
    course: CourseOption = Path(),
) -> None:
    """开放情景演练：学员用浏览器签到，每一步都保存，随时可以接着做。"""
    found = Course.find(course)
    if seats:
        from coursekit.drills.roster import make_seats

        for number, code in make_seats(found, seats):
            say(f"座位 {number:>3}　{code}")
        return
    from coursekit.drills.serve import Address, allow_many_files, drill_pages, make_server
    from coursekit.drills.shelf import find_drills
    from coursekit.live.door import class_door

    ready = find_drills(found, drills or [])
    allow_many_files()
    server = make_server(found, ready, drill_pages(found, ready, size), class_door(found), "coursekit.drills.rehearsal")

    def opened(chosen: int) -> None:
        urls = [f"http://{name}:{chosen}/" for name in addresses(host)]
        progress.stop()
        say(f"演练已开放：{'　'.join(urls)}")
        say(f"开放的演练：{'、'.join(one.name for one in ready)}。按 Ctrl+C 结束。")
        if browser:
            webbrowser.open(urls[0])

    with progress_bar() as progress:
        total = sum(page.size for page in server.pages)
        count = steps(progress)("准备演练页面", total)
        asyncio.run(server.serve(Address(host, port), opened, lambda: count(1)))
    console.print("演练已结束。")


def addresses(host: str) -> list[str]:
    """List the names under which others reach *host*."""
    if host not in EVERYWHERE:
        return [host]
    return list(_own_addresses()) or ["127.0.0.1"]


def _own_addresses() -> Iterator[str]:
    import socket

    import psutil  # type: ignore[import-untyped]

    for of_card in psutil.net_if_addrs().values():
        for one in of_card:
            if one.family == socket.AF_INET and not one.address.startswith("127."):
                yield one.address
