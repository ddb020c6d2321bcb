"""A class that opens a drill at once: stock Voila, Voila preheated over IPC, and ``coursekit drill``, in one run.

Run: uv run python benchmarks/drills.py [--visitors 60] [--runs 3] [--ways stock,preheated,ours] [--decisions 10]

Visitors are real HTTP and websocket clients on loopback, in one process on the same machine: each loads the page, asks
for its widgets as Voila's page does, and says hello to the exercise. A page is there when its HTML is complete; it is
usable when the exercise has answered. Then every visitor decides again and again (--think seconds apart); a decision
counts when the kernel says that it is on the disk. Memory is the proportional set size of the server with all its
processes while everybody is there, by visitor; *more* is what kernels alone take. A failure is a visitor whose page was
not usable within --patience seconds. Every way starts afresh in every run; warm-up is from the start of the command
until its server is ready for the class.
"""

from __future__ import annotations

import argparse
import asyncio
import json
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
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO / "tests"))

from building import make_course  # noqa: E402
from samples import samples  # noqa: E402

from coursekit.course import Course  # noqa: E402
from coursekit.drills.roster import Person  # noqa: E402
from coursekit.drills.signin import Desk  # noqa: E402
from coursekit.nbgrader import Nbgrader  # noqa: E402
from widgets.visitor import COOKIE  # noqa: E402

PYTHON = sys.executable
DATA, KEY = samples("scenario")["scenario"]


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


@dataclass
class Visit:
    """One visitor: a websocket and the exercise behind it."""

    line: WebSocketClientConnection
    model: str
    session: str
    seq: int = 0
    n: int = 0

    async def say(self, kind: str, content: dict[str, Any], channel: str = "shell") -> None:
        """Send a Jupyter message."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "",
            "version": "5.3",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel}
        await self.line.write_message(json.dumps(message | {"buffers": []}))

    async def hear(self, wanted: Any) -> dict[str, Any]:
        """Read messages until one fits."""
        while (raw := await self.line.read_message()) is not None:
            message = _read(raw)
            if wanted(message):
                return message
        raise ConnectionError("the server closed the connection")

    async def ask(self, **content: Any) -> dict[str, Any]:
        """Send a message to the exercise and return its answer."""
        self.n += 1
        data = {"method": "custom", "content": content | {"from": self.session, "n": self.n}}
        await self.say("comm_msg", {"comm_id": self.model, "data": data})
        found = await self.hear(lambda m: _custom(m).get("to") == self.session and _custom(m).get("n") == self.n)
        return _custom(found)


def _read(raw: str | bytes) -> dict[str, Any]:
    """Read a message of Jupyter's websocket protocol; one with buffers begins with its offsets."""
    if isinstance(raw, bytes):
        count = int.from_bytes(raw[:4], "big")
        places = [int.from_bytes(raw[4 * n + 4 : 4 * n + 8], "big") for n in range(count)]
        raw = raw[places[0] : places[1] if count > 1 else None]
    return json.loads(raw)


def _custom(message: dict[str, Any]) -> dict[str, Any]:
    data = message.get("content", {}).get("data", {})
    return data.get("content", {}) if isinstance(data, dict) and data.get("method") == "custom" else {}


async def visit(url: str, token: str, start: float, into: Measured) -> Visit:
    """Open the page as a browser does; returns when the exercise has answered."""
    cookie = {"Cookie": f"{COOKIE}={token}"}
    request = HTTPRequest(url, headers=cookie, connect_timeout=240, request_timeout=240)
    page = (await AsyncHTTPClient().fetch(request)).body.decode()
    into.pages.append(time.perf_counter() - start)
    kernel, model = re.search(r'"kernelId": ?"([\w-]+)"', page), re.search(r'"model_id": ?"(\w+)"', page)
    if kernel is None or model is None:
        raise ConnectionError("a page without kernel or exercise")
    session = uuid.uuid4().hex
    address = re.sub(r"^http(://[^/]+).*", r"ws\1", url) + f"/api/kernels/{kernel[1]}/channels?session_id={session}"
    line = await websocket_connect(HTTPRequest(address, headers=cookie, connect_timeout=240, request_timeout=240))
    mine = Visit(line, model[1], session)
    await mine.say("kernel_info_request", {})
    control = uuid.uuid4().hex
    await mine.say("comm_open", {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}})
    await mine.say("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
    await mine.hear(lambda m: m.get("content", {}).get("comm_id") == control)
    answer = await mine.ask(type="hello", token=token)
    if answer["type"] not in ("state", "admitted"):
        raise ConnectionError(str(answer))
    into.usable.append(time.perf_counter() - start)
    mine.seq = int(answer.get("seq", 0))
    return mine


async def decide(mine: Visit, decisions: int, think: float, into: Measured) -> None:
    """Decide again and again; every answer differs from the last, so that each is written."""
    first = DATA["nodes"][DATA["start"]]["options"][0]["id"]
    await asyncio.sleep(think * (hash(mine.session) % 100) / 100)
    for number in range(decisions):
        path = [{"node": DATA["start"], "option": first, "ms": number + 1, "timeout": False}]
        begin = time.perf_counter()
        answer = await mine.ask(type="save", answer={"path": path}, base=mine.seq)
        if answer["type"] != "saved":
            raise ConnectionError(str(answer))
        into.stored.append(time.perf_counter() - begin)
        mine.seq = answer["seq"]
        await asyncio.sleep(think)


async def attend(
    url: str, tokens: list[str], server: psutil.Process, into: Measured, asked: argparse.Namespace
) -> None:
    """Let everybody in at once, then let everybody decide."""
    AsyncHTTPClient.configure(None, max_clients=2 * len(tokens))
    start = time.perf_counter()
    coming = (asyncio.wait_for(visit(url, token, start, into), asked.patience) for token in tokens)
    came = await asyncio.gather(*coming, return_exceptions=True)
    here = [one for one in came if isinstance(one, Visit)]
    into.failures = len(came) - len(here)
    for one in {repr(one) for one in came if isinstance(one, BaseException)}:
        print("  failed:", one[:200])
    family = [server, *server.children(recursive=True)]
    sizes = [size for one in family if (size := _pss(one))]
    into.memory = sum(sizes) / max(1, len(here))
    into.more = statistics.median(sizes) if len(sizes) > 2 else 0.0
    if asked.decisions:
        await asyncio.gather(*(decide(one, asked.decisions, asked.think, into) for one in here), return_exceptions=True)
    for one in here:
        one.line.close()


def _pss(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().pss / 1e6
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
    if way == "ours":
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
            ready = r"Kernel pool of .* is filled"
    cwd = course.root if way == "ours" else folder
    with server(command, cwd, ready) as (process, found, took):
        into = Measured(took)
        url = f"{found[1]}/x01" if way == "ours" else f"http://127.0.0.1:{port}/"
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
    parser.add_argument("--ways", default="stock,preheated,ours")
    parser.add_argument("--decisions", type=int, default=10)
    parser.add_argument("--think", type=float, default=1.0)
    parser.add_argument("--patience", type=float, default=240.0)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers end with the benchmark
    table = Table(title=f"{asked.visitors} visitors at once, {os.cpu_count()} cores (s, MB)")
    for head in (
        "way",
        "run",
        "warm-up",
        "page p95",
        "usable p95",
        "all usable",
        "stored p95",
        "MB a visitor",
        "kernel MB",
        "failures",
    ):
        table.add_column(head, justify="left" if head == "way" else "right")
    with tempfile.TemporaryDirectory(prefix="ck-") as scratch:
        course, folder = prepare(Path(scratch))
        for run in range(1, asked.runs + 1):
            for way in asked.ways.split(","):
                one = run_way(way, course, folder, asked)
                last = f"{max(one.usable):.2f}" if one.usable and not one.failures else "–"
                figures = [f"{one.warm_up:.1f}", p95(one.pages), p95(one.usable), last, p95(one.stored)]
                row = [way, str(run), *figures, f"{one.memory:.1f}", f"{one.more:.1f}", str(one.failures)]
                print("  ".join(row), flush=True)
                table.add_row(*row)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
