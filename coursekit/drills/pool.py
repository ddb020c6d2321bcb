"""Pages that are there before anybody asks: a kernel has run the notebook, and its HTML is compressed."""

from __future__ import annotations

import asyncio
import gzip
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

#: So many pages are made at a time: more would only take processors from each other.
AT_ONCE = 4
#: Nobody came for so long (seconds): time to fill up again; and to rest after each page.
CALM, REST = 2.0, 0.5
#: So many pages wait at least, as a part of the size and as a number, for those who come twice.
SPARE, LEAST = 0.05, 2


@dataclass(frozen=True, slots=True)
class Ready:
    """A page and the kernel behind it; *body* is gzip."""

    kernel: str
    body: bytes

    @classmethod
    def made(cls, kernel: str, html: str) -> Ready:
        """Compress a page once, when nobody is waiting for it."""
        return cls(kernel, gzip.compress(html.encode(), 5))

    @property
    def plain(self) -> bytes:
        """The page for the rare browser without gzip."""
        return gzip.decompress(self.body)


@dataclass
class Pool:
    """Ready pages of one notebook; *make* makes one, *is_alive* says whether its kernel still runs."""

    size: int
    make: Callable[[], Awaitable[Ready]]
    is_alive: Callable[[str], Awaitable[bool]]
    gate: asyncio.Semaphore
    pages: deque[Ready] = field(default_factory=deque)
    taken: set[str] = field(default_factory=set)
    _refill: asyncio.Task[None] | None = None
    _asked: float = 0.0

    async def fill(self, count: Callable[[], None] = lambda: None) -> None:
        """Make pages until there are *size*; raises what making raises."""

        async def one() -> None:
            async with self.gate:
                if len(self.pages) < self.size:
                    self.pages.append(await self.make())
            count()

        await asyncio.gather(*(one() for _ in range(self.size - len(self.pages))))

    async def take(self) -> Ready:
        """Return a page whose kernel lives, made now when none is left; the pool fills up when it is calm again."""
        self._asked = asyncio.get_running_loop().time()
        if self._refill is None or self._refill.done():
            self._refill = asyncio.create_task(self._fill_when_calm())
        page = await self._next()
        self.taken.add(page.kernel)
        return page

    def stop(self) -> None:
        """Give up filling."""
        if self._refill is not None:
            self._refill.cancel()

    async def _next(self) -> Ready:
        while self.pages:
            page = self.pages.popleft()
            if await self.is_alive(page.kernel):
                return page
        async with self.gate:
            return await self.make()

    async def _wanted(self) -> int:
        """Say how many pages should wait: the class that is here already will not come again, but for some of it."""
        self.taken = {one for one in self.taken if await self.is_alive(one)}
        spare = min(self.size, max(LEAST, round(self.size * SPARE)))
        return max(spare, self.size - len(self.taken))

    async def _fill_when_calm(self) -> None:
        """Make one page after the other whenever nobody has come for a while; those at work are not to notice."""
        while len(self.pages) < await self._wanted():
            rest = self._asked + CALM - asyncio.get_running_loop().time()
            if rest > 0:
                await asyncio.sleep(rest)
                continue
            try:
                async with self.gate:
                    self.pages.append(await self.make())
            except Exception:  # noqa: BLE001  whoever comes next makes a page and sees what is wrong
                return
            await asyncio.sleep(REST)
