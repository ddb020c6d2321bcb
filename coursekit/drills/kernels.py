"""Kernels of a drill server: started from the template process, owned by one visitor, culled when left alone."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from coursekit.kernels.template import Template, TemplateError

#: A kernel whose page has been gone for so long (seconds) is ended; its visitor goes on in another one.
LEFT_ALONE = 600
#: So often (seconds) kernels are looked at.
ROUND = 30
#: So many template processes may die before kernels are started ordinarily for good.
TEMPLATES = 3


class DrillKernels(AsyncMappingKernelManager):
    """Jupyter's kernel manager with a template process and an owner for each kernel.

    A kernel that died is not started again: the widgets of its page would not know it. The page is opened again.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        self.template: Template | None = None
        self.owners: dict[str, str] = {}
        self.cull_idle_timeout, self.cull_interval, self.cull_connected = LEFT_ALONE, ROUND, False
        self._templates, self._renewing = 0, asyncio.Lock()
        self._starts: set[asyncio.Task[str]] = set()

    async def renew_template(self, environ: dict[str, str]) -> str | None:
        """Start a template process where none is alive, a few times at most; returns why there is none."""
        async with self._renewing:
            process = self.template.process if self.template else None
            if process is not None and process.poll() is None:
                return None
            if self.template is not None:
                self.template.stop()
                self.template = None
            if self._templates >= TEMPLATES:
                return "the template process died too often"
            self._templates += 1
            template = Template(environ)
            try:
                await asyncio.to_thread(template.start)
            except TemplateError as error:
                template.stop()
                return str(error)
            self.template = template
            return None

    async def start_kernel(self, **how: Any) -> str:  # type: ignore[override]  # as its own supertype does
        """Start a kernel, to the end even for who gives up waiting: one whose start was broken off could not be ended."""
        start = asyncio.create_task(super().start_kernel(**how))
        self._starts.add(start)
        start.add_done_callback(self._starts.discard)
        started: str = await asyncio.shield(start)
        return started

    def give(self, kernel_id: str, visitor: str) -> None:
        """Make a kernel that waited *visitor*'s."""
        self.owners[kernel_id] = visitor
        self._rest(kernel_id)

    def start_watching_activity(self, kernel_id: str) -> None:
        """Read no messages for it: a kernel is busy as long as a page is connected."""
        kernel: Any = self.get_kernel(kernel_id)
        kernel.reason, kernel.execution_state = "", "idle"
        self._rest(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """Notice that a page is gone: from now on its kernel is idle."""
        super().notify_disconnect(kernel_id)  # type: ignore[no-untyped-call]
        if kernel_id in self:
            self._rest(kernel_id)

    def _rest(self, kernel_id: str) -> None:
        """Note the time from which on a kernel is left alone."""
        kernel: Any = self.get_kernel(kernel_id)
        kernel.last_activity = utcnow()

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Cull a kernel whose page is gone, or that died; a kernel without an owner waits in the pool."""
        if kernel_id not in self.owners:
            return
        if not await ensure_async(self.get_kernel(kernel_id).is_alive()):
            await self.end(kernel_id)
            return
        await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]

    async def end(self, kernel_id: str) -> None:
        """End a kernel at once: all that it knew is in the journal."""
        self.owners.pop(kernel_id, None)
        if kernel_id in self:
            await ensure_async(self.shutdown_kernel(kernel_id, now=True))  # type: ignore[no-untyped-call]

    async def end_all(self) -> None:
        """End all kernels, those too that are still starting, and the template process.

        Jupyter's own way stops at the first kernel that is not there yet. What cannot be ended ends with the server.
        """
        while self._starts:
            await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*(self.end(one) for one in self.list_kernel_ids()), return_exceptions=True)
        if self.template is not None:
            self.template.stop()
            self.template = None
