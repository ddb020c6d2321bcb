"""A page's websocket to its kernel, without asking a kernel that is ready whether it is.

Jupyter's own asks each kernel four times who it is before the first message passes: for sixty visitors at once that is a
second of both processors. Here one sign of life is enough: a kernel greets everybody who subscribes to its output.
"""

from __future__ import annotations

import asyncio

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado import web

#: A kernel that has not greeted after so long (seconds) is asked in Jupyter's way.
GREETING = 5.0


class DrillConnection(ZMQChannelsWebsocketConnection):
    """Connects as soon as the kernel's greeting shows that its output arrives here."""

    _is_new = False

    async def prepare(self) -> None:
        """Take the kernel as it is; raises HTTPError for a dead one, so that the page tries again and says so."""
        await self._register_session()  # type: ignore[no-untyped-call]
        if not await ensure_async(self.kernel_manager.is_alive()):
            raise web.HTTPError(404)
        self.session.key = self.kernel_manager.session.key

    def connect(self) -> asyncio.Future[None] | None:  # type: ignore[override]  # as Jupyter's own
        """Send each message at once: held back for the one before, an acknowledgement takes 40 ms longer."""
        if self.websocket_handler.ws_connection is not None:
            self.websocket_handler.set_nodelay(True)
        return super().connect()

    def create_stream(self) -> None:
        """Open the sockets to the kernel."""
        super().create_stream()  # type: ignore[no-untyped-call]
        self._is_new = True

    def nudge(self) -> asyncio.Future[None]:
        """Wait for the greeting that follows a new subscription; sockets that were kept are connected already."""
        return asyncio.ensure_future(self._greeted() if self._is_new else asyncio.sleep(0))

    async def _greeted(self) -> None:
        heard = asyncio.Event()
        output = self.channels["iopub"]
        output.on_recv(lambda _: heard.set())
        try:
            await asyncio.wait_for(heard.wait(), GREETING)
        except TimeoutError:
            await super().nudge()
        finally:
            if not output.closed():
                output.stop_on_recv()
