"""A way to a server that tests can break: loud, as a cable that is pulled, or silent, as radio that fades."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Network:
    """A way to the server at *port*; whoever comes while it is cut is turned away, while it is silent kept waiting."""

    port: int
    is_cut: bool = False
    refused: asyncio.Event = field(default_factory=asyncio.Event)
    lines: set[asyncio.StreamWriter] = field(default_factory=set)
    flows: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.flows.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to the server and back."""
        if self.is_cut:
            self.refused.set()
            writer.transport.abort()
            return
        behind, to = await asyncio.open_connection("127.0.0.1", self.port)
        both = {writer, to}
        self.lines |= both
        await asyncio.gather(self._pump(reader, to), self._pump(behind, writer))
        self.lines -= both

    def cut(self) -> None:
        """Break what is open, and let nobody through."""
        self.is_cut = True
        for line in self.lines:
            line.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self.flows.wait()
                drain.write(data)
                await drain.drain()
        except OSError:
            pass
        finally:
            drain.close()


@dataclass(frozen=True)
class Radio:
    """A network in a thread of its own; *port* is where it listens."""

    port: int
    network: Network
    loop: asyncio.AbstractEventLoop

    def fade(self) -> None:
        """Let nothing through from now on; nobody is told."""
        self.loop.call_soon_threadsafe(self.network.flows.clear)

    def come_back(self) -> None:
        """Let through what waited and what comes."""
        self.loop.call_soon_threadsafe(self.network.flows.set)


@contextmanager
def radio(port: int) -> Iterator[Radio]:
    """Carry connections to *port* until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    network = Network(port)
    gate = asyncio.run_coroutine_threadsafe(asyncio.start_server(network.carry, "127.0.0.1", 0), loop).result()
    try:
        yield Radio(gate.sockets[0].getsockname()[1], network, loop)
    finally:
        asyncio.run_coroutine_threadsafe(_end(gate, network), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(gate: asyncio.Server, network: Network) -> None:
    gate.close()
    network.flows.set()
    network.cut()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
