"""From a notebook to a page: Voila's renderer, without what it does again and again for every visitor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import jinja2
import nbformat
from jinja2.bccache import Bucket
from jupyter_client.asynchronous.client import AsyncKernelClient
from voila.notebook_renderer import NotebookRenderer


class Compiled(jinja2.BytecodeCache):
    """Templates compiled once a server: every page has an environment of its own."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill *bucket* with what was compiled before."""
        if found := self._known.get(bucket.key):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._known[bucket.key] = bucket.bytecode_to_string()


class DrillClient(AsyncKernelClient):
    """A client without a heartbeat: it costs a thread, and nobody answers it; the server watches the process."""

    def start_channels(self, *which: bool, **channels: bool) -> None:
        """Start all channels but that one."""
        super().start_channels(*which, **(channels | {"hb": False}))


class DrillRenderer(NotebookRenderer):  # type: ignore[misc]
    """Voila's renderer on a notebook file, without the cells that only grade."""

    def __init__(self, compiled: Compiled, **settings: Any) -> None:
        super().__init__(**settings)
        self._compiled = compiled

    async def initialize(self, **settings: Any) -> None:
        """Make the page's environment."""
        await super().initialize(**settings)
        self.exporter.environment.bytecode_cache = self._compiled

    async def load_notebook(self, path: str) -> Any:
        """Read the notebook itself: no contents manager, so nothing else can be asked for."""
        notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        notebook.cells = [one for one in notebook.cells if not one.metadata.get("nbgrader", {}).get("grade")]
        notebook.metadata.setdefault("title", notebook.metadata.get("coursekit", {}).get("title", "情景演练"))
        return await self.fix_notebook(notebook)

    async def _jinja_cell_generator(self, nb: Any, kernel_id: str) -> AsyncIterator[Any]:
        """Run every cell; unlike in Voila's own, what fails is raised, so that nobody is given half a page."""
        del kernel_id
        try:
            for index, cell in enumerate(nb.cells):
                yield await self.executor.execute_cell(cell, None, index, store_history=False)
        finally:
            await self._cleanup_resources()
