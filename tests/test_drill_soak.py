"""A class that works while kernels are killed and the network is cut: what was acknowledged is in the journal, once.

COURSEKIT_SOAK=full runs the long form: 60 visitors × 20 decisions, 40 kills, and a network that is gone for ten seconds.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psutil  # type: ignore[import-untyped]
import pytest
from network import Network
from serving import Server, drill_server, make_drill_course
from tornado.httpclient import AsyncHTTPClient, HTTPError
from visiting import Visit, fetch, open_page

from coursekit.drills.roster import Person
from coursekit.drills.signin import Desk
from widgets import journal

FULL = os.environ.get("COURSEKIT_SOAK") == "full"
VISITORS, DECISIONS, KILLS, CUT, THINK = (60, 20, 40, 10.0, 2.0) if FULL else (6, 5, 3, 0.0, 0.0)
#: After so long (seconds) a page takes a kernel for dead, a page cannot be had, and somebody tries again.
ACK, OPEN, RETRY = 2.5, 60.0, (1.0 if FULL else 0.1)

ROUND: dict[str, Any] = {
    "kind": "scenario", "title": "一问一答", "prompt": "请作出决定。", "source": ["《行政许可法》(2019)第三十二条"],
    "dimensions": ["沟通"], "start": "a",
    "nodes": {"a": {"stage": "接待", "say": "还有一件事。", "options": [
        {"id": "on", "text": "请讲。", "to": "a", "consequence": "群众接着讲。"},
        {"id": "end", "text": "请回。", "to": "z", "consequence": "群众离开。"}]}},
    "ends": {"z": {"title": "结束", "text": "办完了。", "outcome": "good"}},
}  # fmt: skip
ROUND_KEY: dict[str, Any] = {
    "weights": {"沟通": 1},
    "options": {
        "a/on": {"pts": {"沟通": 2}, "severity": "ok", "why": "让人把话讲完。", "basis": "文明用语"},
        "a/end": {"pts": {"沟通": 1}, "severity": "minor", "why": "可以再问一句。", "basis": "文明用语"},
    },
}


@dataclass
class Trainee:
    """A visitor who does as the page does: a decision is sent until it is acknowledged, in whichever kernel answers."""

    name: str
    url: str
    token: str
    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    opened: int = 0
    page: Visit | None = None

    async def work(self, decisions: int, counted: Callable[[], None]) -> None:
        """Decide *decisions* times; every decision has a mark of its own."""
        seq = 0
        for number in range(decisions):
            step = {"node": "a", "option": "on", "ms": number + 1, "timeout": False}
            seq = await self._send([*self.acknowledged, step], seq)
            self.acknowledged.append(step)
            counted()
            await asyncio.sleep(THINK * random.uniform(0.5, 1.5))
        if self.page:
            self.page.line.close()

    async def _send(self, path: list[dict[str, Any]], base: int) -> int:
        while True:
            try:
                page = self.page or await self._open()
                answer = await asyncio.wait_for(page.ask(type="save", answer={"path": path}, base=base), ACK)
            except (OSError, HTTPError, TimeoutError):  # a cut line, a page that could not be had, a dead kernel
                if self.page:
                    self.page.line.close()
                self.page = None
                await asyncio.sleep(RETRY)
                continue
            assert answer["type"] == "saved", answer
            assert answer["answer"]["path"] == path
            return int(answer["seq"])

    async def _open(self) -> Visit:
        self.opened += 1
        html = await fetch(self.url, self.token, OPEN)
        self.page = await asyncio.wait_for(open_page(self.url, html, self.token, OPEN), OPEN)
        return self.page


@dataclass
class Trouble:
    """Kills kernels as the class goes on, and cuts the network once half of the decisions are made."""

    server: Server
    network: Network
    total: int
    dice: random.Random
    done: int = 0
    killed: int = 0
    later: list[asyncio.Task[None]] = field(default_factory=list)

    def counted(self) -> None:
        """Take note of an acknowledged decision, and strike where it is time."""
        self.done += 1
        if self.done * (KILLS + 1) // self.total > self.killed:
            self.kill()
        if self.done == self.total // 2:
            self.network.cut()
            self.later.append(asyncio.create_task(self.mend()))

    def kill(self) -> None:
        """Kill a kernel, whoever works with it."""
        template = self.server.templates()[0]
        kernels = [one for one in template.children() if one.status() != psutil.STATUS_ZOMBIE]
        self.dice.choice(kernels).kill()
        self.killed += 1

    async def mend(self) -> None:
        """Let visitors through again, once somebody was turned away and the time is over."""
        await asyncio.gather(self.network.refused.wait(), asyncio.sleep(CUT))
        self.network.is_cut = False


@pytest.mark.soak
def test_what_was_acknowledged_is_in_the_journal_once(tmp_path: Path) -> None:
    """No acknowledged decision is lost and none is counted twice, whatever dies in between."""
    names = [f"t{n:03}" for n in range(VISITORS)]
    course = make_drill_course(tmp_path / "course", names, ROUND, ROUND_KEY)
    desk = Desk.open(course)
    with drill_server(course, "--size", str(VISITORS)) as server:
        trouble, trainees = asyncio.run(
            _class(server, {name: desk.token(Person(name, "赵晓梅")) for name in names}, random.Random(7))
        )
    assert trouble.killed >= KILLS
    assert trouble.network.refused.is_set()
    assert sum(one.opened for one in trainees) > VISITORS  # somebody had to come back
    for one in trainees:
        _check(course.home(one.name) / "x01" / journal.NAME, one.acknowledged)


async def _class(server: Server, tokens: dict[str, str], dice: random.Random) -> tuple[Trouble, list[Trainee]]:
    AsyncHTTPClient.configure(None, max_clients=2 * len(tokens))
    network = Network(int(server.url.rsplit(":", 1)[1]))
    gate = await asyncio.start_server(network.carry, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{gate.sockets[0].getsockname()[1]}/x01"
    trainees = [Trainee(name, url, token) for name, token in tokens.items()]
    trouble = Trouble(server, network, len(trainees) * DECISIONS, dice)
    async with gate:
        await asyncio.gather(*(one.work(DECISIONS, trouble.counted) for one in trainees))
        network.cut()
        await asyncio.gather(*trouble.later)
    return trouble, trainees


def _check(path: Path, acknowledged: list[dict[str, Any]]) -> None:
    """Each line of the journal adds one decision to the line before; the last one has them all."""
    lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert [line["answer"]["path"] for line in lines] == [acknowledged[:n] for n in range(1, len(acknowledged) + 1)]
    assert set(Counter(step["ms"] for step in lines[-1]["answer"]["path"]).values()) == {1}
