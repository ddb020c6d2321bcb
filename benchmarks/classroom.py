"""A live class at work: sixty seats and a console on a real ``coursekit class start``, by HTTP and websocket.

Run: uv run python benchmarks/classroom.py [--seats 60] [--rounds 10]

Seats and console are clients in one process on the same machine, and do as their pages do: a seat asks for news every
1.2 s, the console 0.6 s after the last answer. The trainer opens a question, every seat votes as soon as its page shows
the question, the trainer locks, reveals, and calls for the next round. A vote is stored and acknowledged when its
answer is here; the console is behind by the time from then until its count includes the vote; a reveal takes from the
trainer's press until a page shows it. Memory is the proportional set size of the server with all its processes after
the last round. In the end the store is asked whether it has every acknowledged vote once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from drills import PYTHON, _pss, prepare, server  # the first of these finds tests/
from rich.console import Console
from rich.table import Table
from tornado.httpclient import AsyncHTTPClient
from visiting import Visit, fetch, open_page

from coursekit.course import Course
from coursekit.drills.roster import Person
from coursekit.drills.signin import Desk
from coursekit.live.room import find_store

#: As in console.js and seat.js (seconds).
CONSOLE_POLL, SEAT_POLL = 0.6, 1.2
#: What this prints when the class is ready: the base address, the trainer's token, the code and the key.
READY = r"控制台　(http://[^/]+)/enter\?token=([^&]+)&next=/console#(\d{6})\.(\S+)"
PATIENCE = 120.0


@dataclass
class Measured:
    """What happened when; seconds of one clock, by round where it says so."""

    usable: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    acknowledged: dict[int, list[float]] = field(default_factory=dict)
    counted: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    revealed: dict[int, float] = field(default_factory=dict)
    seen: dict[int, list[float]] = field(default_factory=dict)

    @property
    def behind(self) -> list[float]:
        """How long each acknowledged vote took until the console's count included it."""
        return [
            max(0.0, next(at for at, count in self.counted[one] if count >= number) - acknowledged)
            for one, all_ in self.acknowledged.items()
            for number, acknowledged in enumerate(sorted(all_), 1)
        ]

    @property
    def shown(self) -> list[float]:
        """How long each page took to show a reveal."""
        return [at - self.revealed[one] for one, all_ in self.seen.items() for at in all_]


@dataclass
class Seat:
    """A trainee's page."""

    page: Visit
    into: Measured
    stamp: Any = None

    async def attend(self, rounds: int) -> None:
        """Vote in each round once it is open, and see its result."""
        voted = seen = 0
        await asyncio.sleep(SEAT_POLL * (hash(self.page.session) % 100) / 100)
        while seen < rounds:
            answer = await self.page.ask(type="poll", stamp=self.stamp)
            self.stamp = answer["stamp"]
            page = answer.get("page", {})
            if page.get("phase") == "open" and page["round"] > voted:
                voted = await self._vote(page)
            if page.get("phase") == "revealed" and page["round"] > seen:
                seen = page["round"]
                self.into.seen.setdefault(seen, []).append(time.perf_counter())
            await asyncio.sleep(SEAT_POLL)

    async def _vote(self, page: dict[str, Any]) -> int:
        number = int(page["round"])
        option = page["options"][hash((self.page.session, number)) % len(page["options"])]["id"]
        ballot = {"n": page["n"], "round": number, "node": page["node"], "option": option, "ms": 1}
        begin = time.perf_counter()
        answer = await self.page.ask(type="vote", ballot=ballot)
        now = time.perf_counter()
        if answer["type"] != "cast":
            raise ConnectionError(str(answer))
        self.stamp = answer["stamp"]
        self.into.stored.append(now - begin)
        self.into.acknowledged.setdefault(number, []).append(now)
        return number


async def trainer(page: Visit, seats: int, rounds: int, into: Measured) -> None:
    """Open, wait until all have answered, lock, reveal, wait until all have seen it, and once more."""
    stamp: Any = None
    shown: dict[str, Any] = {}

    async def look(**message: Any) -> None:
        nonlocal stamp, shown
        answer = await page.ask(**message)
        if answer["type"] == "refused":
            raise ConnectionError(str(answer))
        stamp, shown = answer["stamp"], answer.get("page", shown)
        into.counted.setdefault(shown["round"], []).append((time.perf_counter(), shown["answered"]))

    async def press(verb: str) -> None:
        now = {name: shown[name] for name in ("n", "round", "state")}
        await look(type="do", command={"do": verb, "option": None} | now)

    await look(type="poll", stamp=None)
    for number in range(1, rounds + 1):
        await press("open" if number == 1 else "revote")
        while shown["answered"] < seats:
            await asyncio.sleep(CONSOLE_POLL)
            await look(type="poll", stamp=stamp)
        await press("lock")
        into.revealed[number] = time.perf_counter()
        await press("reveal")
        while len(into.seen.get(number, ())) < seats:
            await asyncio.sleep(CONSOLE_POLL)
            await look(type="poll", stamp=stamp)


async def hold(base: str, tokens: Sequence[str], console: dict[str, str], into: Measured, rounds: int) -> None:
    """Let everybody in at once, and hold the class."""
    AsyncHTTPClient.configure(None, max_clients=2 * len(tokens))
    html = await fetch(f"{base}/console", console["token"], PATIENCE)
    desk = await open_page(base, html, console["token"], PATIENCE, code=console["code"], key=console["key"])
    address, start = f"{base}/class/{console['code']}", time.perf_counter()

    async def enter(token: str) -> Seat:
        page = await open_page(address, await fetch(address, token, PATIENCE), token, PATIENCE, code=console["code"])
        into.usable.append(time.perf_counter() - start)
        return Seat(page, into)

    seats = await asyncio.gather(*(enter(token) for token in tokens))
    async with asyncio.timeout(PATIENCE + 20 * rounds):
        await asyncio.gather(trainer(desk, len(seats), rounds, into), *(seat.attend(rounds) for seat in seats))
    for visit in (desk, *(seat.page for seat in seats)):
        visit.line.close()


def run(course: Course, seats: int, rounds: int) -> tuple[Measured, float]:
    """Start a class, hold it, compare with the store; returns what was measured and the memory a seat in MB."""
    tokens = [Desk.open(course).token(Person(f"t{n:03}", "学员")) for n in range(seats)]
    command = [PYTHON, "-c", "from coursekit.cli import main; main()", "class", "start", "x01", "--port=0"]
    command += ["--host=127.0.0.1", "--no-browser", f"--size={seats}", f"--course={course.root}"]
    into = Measured()
    with server(command, course.root, READY) as (process, found, _):
        base, token, code, key = found.groups()
        console = {"token": unquote(token), "code": code, "key": key}
        asyncio.run(hold(base, tokens, console, into, rounds))
        memory = sum(_pss(one) for one in (process, *process.children(recursive=True))) / seats
    store = find_store(course)
    snapshot = store.snapshot(store.find(code))
    there = [sum(snapshot.counts[1, number].values()) for number in range(1, rounds + 1)]
    if there != [seats] * rounds or len(snapshot.votes) != len(into.stored):
        raise SystemExit(f"{len(into.stored)} votes were acknowledged, the store has {there}")
    return into, memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seats", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the server ends with the benchmark
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="ck-") as scratch:
        into, memory = run(prepare(Path(scratch))[0], asked.seats, asked.rounds)
    title = (
        f"{asked.seats} 席的课堂，{asked.rounds} 轮，{os.cpu_count()} 核，负载 {before:.1f} → {os.getloadavg()[0]:.1f}"
    )
    table = Table(title=title)
    for heading in ("指标", "中位数", "p95", "最大", "上限（p95）"):
        table.add_column(heading, justify="left" if heading == "指标" else "right")
    for label, values, unit, limit in (
        ("同时入场，页面可用（秒）", into.usable, 1, "1.5"),
        ("投票 → 已存并收到回执（毫秒）", into.stored, 1000, "150"),
        ("主持人屏幕落后（秒）", into.behind, 1, "1"),
        ("公布 → 学员页面显示（秒）", into.shown, 1, "–"),
    ):
        figures = (f"{unit * rank(values, share):.{0 if unit == 1000 else 2}f}" for share in (50, 95, 100))
        table.add_row(label, *figures, limit)
    table.add_row("内存（MB/席）", f"{memory:.1f}", "", "", "15")
    Console(width=110).print(table)
    print(f"已收到回执 {len(into.stored)} 票，课堂库中 {len(into.stored)} 票，没有丢失，没有重复。")


def rank(values: list[float], share: int) -> float:
    """Return the smallest value that *share* per cent do not exceed."""
    return sorted(values)[max(0, -(-share * len(values) // 100) - 1)]


if __name__ == "__main__":
    main()
