"""Serving a class: the drill server with two pages, the trainees' and the trainer's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from coursekit.course import Course
from coursekit.drills.roster import Person
from coursekit.drills.serve import Address, Page, allow_many_files, make_server
from coursekit.drills.signin import Desk
from coursekit.live.database import class_url
from coursekit.live.door import class_door
from coursekit.live.records import Class
from coursekit.live.room import COURSE, STORE

#: Consoles that wait for the trainer: the next one is ready when a page is opened again.
CONSOLES = 2


def class_pages(course: Course, size: int) -> list[Page]:
    """Make the pages of live classes, with kernels for *size* trainees."""
    here, env = Path(__file__).parent, {COURSE: str(course.root), STORE: class_url(course)}
    return [
        Page(r"/class/[0-9]{1,20}", here / "seat.ipynb", size, env=env),
        Page("/console", here / "console.ipynb", CONSOLES, roles=frozenset({"trainer"}), env=env),
    ]


def console_path(course: Course, one: Class, key: str) -> str:
    """Return the console's address below the server's: a sign-in as trainer, and the key that only the browser keeps."""
    token = Desk.open(course).token(Person("trainer", "主持人"), "trainer")
    return f"/enter?token={quote(token)}&next=/console#{one.code}.{key}"


def serve_class(
    course: Course, address: Address, size: int, ready: Callable[[int], None], counted: Callable[[], None]
) -> None:
    """Serve until a signal comes; *counted* is told of each kernel that waits, *ready* of the port."""
    allow_many_files()
    server = make_server(
        course, (), class_pages(course, size), class_door(course, is_here=True), "coursekit.live.rehearsal"
    )
    asyncio.run(server.serve(address, ready, counted))
