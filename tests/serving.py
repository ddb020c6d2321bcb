"""A real ``coursekit drill`` for tests: started on a free port, ended by the test that asked for it."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from building import make_released
from samples import samples

from coursekit.course import Course

DATA, KEY = samples("scenario")["scenario"]


@dataclass
class Server:
    """A running ``coursekit drill``."""

    course: Course
    url: str
    process: psutil.Process

    def templates(self) -> list[psutil.Process]:
        """Return the process that kernels are forked from, if it is alive."""
        mine = [one for one in self.process.children() if one.status() != psutil.STATUS_ZOMBIE]
        return [one for one in mine if "coursekit.kernels.forkserver" in " ".join(one.cmdline())]

    @contextmanager
    def client(self, number: str = "t001", name: str = "赵晓梅") -> Iterator[httpx.Client]:
        """Sign in without a browser."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            client.get("/signin")
            answer = client.post("/signin", data={"number": number, "name": name, "_xsrf": client.cookies["_xsrf"]})
            assert answer.status_code == 303, answer.text
            yield client


def kernel_of(server: psutil.Process, name: str) -> psutil.Process:
    """Find the process of a kernel below *server* by its sockets."""
    for one in server.children(recursive=True):
        if any(name in str(socket.laddr) for socket in one.net_connections("unix")):
            return one
    raise AssertionError(name)


def make_drill_course(
    root: Path, people: Sequence[str] = ("t001", "t002", "t003"), data: dict[str, Any] = DATA, key: dict[str, Any] = KEY
) -> Course:
    """Make a course with one released drill, x01, and *people* on the roster, all called 赵晓梅."""
    course = make_released(root, {"x01-s01": ("Scenario", data, key, 100)})
    with sqlite3.connect(root / "gradebook.db") as db:
        for number in people:
            db.execute("INSERT INTO student (id, first_name, last_name) VALUES (?, '晓梅', '赵')", (number,))
    return course


@contextmanager
def running(words: Sequence[str], ready: str, ends: int = 0) -> Iterator[tuple[str, psutil.Process]]:
    """Run a ``coursekit`` command; yields what it said until *ready* matched a line, and its process.

    It is interrupted when the block ends, ends with status *ends*, and then nothing of it is left.
    """
    command = [sys.executable, "-c", "from coursekit.cli import main; main()", *words]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert started.stdout is not None
    log: list[str] = []
    try:
        for line in started.stdout:
            log.append(line)
            if re.search(ready, line):
                break
        else:
            pytest.fail("the server did not start:\n" + "".join(log))
        said = "".join(log)
        threading.Thread(target=log.extend, args=(started.stdout,), daemon=True).start()
        yield said, psutil.Process(started.pid)
    finally:
        everybody = psutil.Process(started.pid).children(recursive=True) if started.poll() is None else []
        started.send_signal(signal.SIGINT)
        status = started.wait(60)
        _, left = psutil.wait_procs(everybody, timeout=20)
        for one in left:
            one.kill()
        print("".join(log))
    assert status == ends
    assert left == []


@contextmanager
def drill_server(course: Course, *options: str, ends: int = 0) -> Iterator[Server]:
    """Run ``coursekit drill x01``; it ends with status *ends*, and then nothing of it is left."""
    opened = r"已开放：(http://\S+?)/"
    words = ["drill", "x01", "--port", "0", "--no-browser", "--course", str(course.root), *options]
    with running(words, opened, ends) as (said, process):
        yield Server(course, re.findall(opened, said)[-1], process)
