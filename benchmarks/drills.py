"""A class that opens a drill at once: stock Voila, Voila preheated over IPC, and ``coursekit drill``, in one run.

Run: uv run python benchmarks/drills.py [--visitors 60] [--runs 3] [--others 3] [--decisions 10]

Visitors are real HTTP and websocket clients on loopback, in one process on the same machine: each loads the page, asks
for its widgets as Voila's page does, and says hello to the exercise. A page is there when its HTML is complete; it is
usable when the exercise has answered. Then every visitor decides again and again (--think seconds apart); a decision
counts when the kernel says that it is on the disk. Memory is the proportional set size of the server with all its
processes after the last decision, by visitor; *more* is what kernels alone take. A failure is a visitor whose page was
not usable within --patience seconds. Every way starts afresh in every run, Voila's ways in the first --others; warm-up
is from the start of the command until its server is ready for the class.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table
from tornado.httpclient import AsyncHTTPClient

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO / "tests"))

from building import make_course  # noqa: E402
from samples import samples  # noqa: E402
from visiting import Visit, fetch, open_page  # noqa: E402

from coursekit.course import Course  # noqa: E402
from coursekit.drills.roster import Person  # noqa: E402
from coursekit.drills.signin import Desk  # noqa: E402
from coursekit.nbgrader import Nbgrader  # noqa: E402

PYTHON = sys.executable
DATA, KEY = samples("scenario")["scenario"]
#: Seconds between a server's word that it is ready and the class: what starting left over is done.
CALM = 5.0
OURS = "ours"
WAYS = ("stock", "preheated", OURS)


@dataclass
class Measured:
    """What one way took in one run; times in seconds, memory in MB."""

    warm_up: float
    pages: list[float] = field(default_factory=list)
    usable: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    failures: int = 0
    memory: float = 0.0
    more: float = 0.0


async def visit(url: str, token: str, start: float, into: Measured, patience: float = 240.0) -> Visit:
    """Open the page as a browser does; returns when the exercise has answered."""
    page = await fetch(url, token, patience)
    into.pages.append(time.perf_counter() - start)
    mine = await open_page(url, page, token, patience)
    into.usable.append(time.perf_counter() - start)
    return mine


async def decide(mine: Visit, decisions: int, think: float, into: Measured) -> None:
    """Decide again and again; every answer differs from the last, so that each is written."""
    first = DATA["nodes"][DATA["start"]]["options"][0]["id"]
    seq = 0
    await asyncio.sleep(think * (hash(mine.session) % 100) / 100)
    for number in range(decisions):
        path = [{"node": DATA["start"], "option": first, "ms": number + 1, "timeout": False}]
        begin = time.perf_counter()
        answer = await mine.ask(type="save", answer={"path": path}, base=seq)
        if answer["type"] != "saved":
            raise ConnectionError(str(answer))
        into.stored.append(time.perf_counter() - begin)
        seq = answer["seq"]
        await asyncio.sleep(think)


async def attend(
    url: str, tokens: list[str], server: psutil.Process, into: Measured, asked: argparse.Namespace
) -> None:
    """Let everybody in at once, then let everybody decide."""
    AsyncHTTPClient.configure(None, max_clients=2 * len(tokens))
    await asyncio.sleep(CALM)
    start = time.perf_counter()
    coming = (asyncio.wait_for(visit(url, token, start, into, asked.patience), asked.patience) for token in tokens)
    came = await asyncio.gather(*coming, return_exceptions=True)
    here = [one for one in came if isinstance(one, Visit)]
    into.failures = len(came) - len(here)
    print(*{f"  failed: {one!r}"[:200] for one in came if isinstance(one, BaseException)}, sep="\n", end="")
    deciding = (decide(one, asked.decisions, asked.think, into) for one in here)
    lost = [one for one in await asyncio.gather(*deciding, return_exceptions=True) if one]
    into.failures += len(lost)
    print(*{f"  failed: {one!r}"[:200] for one in lost}, sep="\n", end="")
    family = [server, *server.children(recursive=True)]
    sizes = [size for process in family if (size := _pss(process))]
    into.memory = sum(sizes) / max(1, len(here))
    into.more = statistics.median(sizes) if len(sizes) > 2 else 0.0
    for visitor in here:
        visitor.line.close()


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 1e6
    except psutil.Error:
        return 0.0


@contextmanager
def server(command: list[str], cwd: Path, ready: str) -> Iterator[tuple[psutil.Process, re.Match[str], float]]:
    """Run a server until the block ends; yields it, what *ready* matched in its log, and how long that took."""
    start = time.perf_counter()
    env = os.environ | {"JUPYTER_CONFIG_DIR": str(cwd / ".jupyter"), "JUPYTER_RUNTIME_DIR": str(cwd / ".runtime")}
    started = subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    family: list[psutil.Process] = []
    try:
        for line in started.stdout or ():
            if found := re.search(ready, line):
                break
        else:
            raise SystemExit(f"did not start: {command}")
        took = time.perf_counter() - start
        threading.Thread(target=started.stdout.read, daemon=True).start()  # type: ignore[union-attr]
        yield psutil.Process(started.pid), found, took
        family = psutil.Process(started.pid).children(recursive=True)
    finally:
        started.terminate()
        try:
            started.wait(60)
        except subprocess.TimeoutExpired:
            started.kill()
        for one in psutil.wait_procs(family, timeout=10)[1]:
            one.kill()


def run_way(way: str, course: Course, folder: Path, asked: argparse.Namespace) -> Measured:
    """Measure one way once."""
    desk = Desk.open(course)
    tokens = [desk.token(Person(f"t{n:03}", "赵晓梅")) for n in range(asked.visitors)]
    if way == OURS:
        shutil.rmtree(course.root / "homes", ignore_errors=True)
        command = [PYTHON, "-c", "from coursekit.cli import main; main()", "drill", "x01", "--port=0", "--no-browser"]
        command += [f"--size={asked.visitors}", f"--course={course.root}"]
        ready = r"已开放：(http://\S+?)/"
    else:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [PYTHON, "-m", "voila", "x01.ipynb", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
        ready = rf"(http://127\.0\.0\.1:{port})"
        if way == "preheated":
            command += ["--preheat_kernel=True", f"--pool_size={asked.visitors}", "--KernelManager.transport=ipc"]
            command += [
                "--VoilaKernelManager.fill_delay=60"
            ]  # else filling up again takes the processors from the class
            ready = r"Kernel pool of .* is filled"
    cwd = course.root if way == OURS else folder
    with server(command, cwd, ready) as (process, found, took):
        into = Measured(took)
        url = f"{found[1]}/x01" if way == OURS else f"http://127.0.0.1:{port}/"
        asyncio.run(attend(url, tokens, process, into, asked))
    return into


def p95(values: list[float]) -> str:
    """Return the 95th percentile in words."""
    return f"{sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]:.3f}" if values else "–"


def prepare(root: Path) -> tuple[Course, Path]:
    """Make a course with one drill, and a copy of the release for plain Voila."""
    course = make_course(root / "course", {"x01-s01": ("Scenario", DATA, KEY, 100)})
    nbgrader = Nbgrader(course)
    nbgrader.generate_assignment("x01")
    nbgrader.release_assignment("x01")
    with sqlite3.connect(course.root / "gradebook.db") as db:
        db.executemany("INSERT INTO student (id) VALUES (?)", [(f"t{n:03}",) for n in range(500)])
    folder = root / "plain" / "x01"
    shutil.copytree(course.root / "release" / "x01", folder)
    return course, folder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--others", type=int, default=3, help="runs in which Voila's own ways take part")
    parser.add_argument("--decisions", type=int, default=10)
    parser.add_argument("--think", type=float, default=1.0)
    parser.add_argument("--patience", type=float, default=240.0)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers end with the benchmark
    table = Table(title=f"{asked.visitors} 人同时打开演练，{os.cpu_count()} 核（秒、MB）")
    for head in (
        "做法",
        "次",
        "预热",
        "页面 p95",
        "可用 p95",
        "全部可用",
        "已存 p95",
        "MB/人",
        "内核 MB",
        "失败",
    ):
        table.add_column(head, justify="left" if head == "做法" else "right")
    with tempfile.TemporaryDirectory(prefix="ck-") as scratch:
        course, folder = prepare(Path(scratch))
        for run in range(1, asked.runs + 1):
            for way in WAYS if run <= asked.others else (OURS,):
                one = run_way(way, course, folder, asked)
                last = f"{max(one.usable):.2f}" if one.usable and not one.failures else "–"
                figures = [f"{one.warm_up:.1f}", p95(one.pages), p95(one.usable), last, p95(one.stored)]
                row = [way, str(run), *figures, f"{one.memory:.1f}", f"{one.more:.1f}", str(one.failures)]
                print("  ".join(row), flush=True)
                table.add_row(*row)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
