"""Kernels of a trainee's JupyterLab: forked from one process that has imported the exercises while the page was loading."""

from __future__ import annotations

import os
from threading import Thread
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from coursekit.kernels import provisioner
from coursekit.kernels.template import Template, TemplateError


class SeatKernels(AsyncMappingKernelManager):
    """Jupyter's kernel manager with a template process; where there can be none, kernels start as everywhere."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        self.template = Template(dict(os.environ))

    def prepare(self) -> None:
        """Start the template process beside the server; kernels that are ordered before it is ready wait for it."""
        provisioner.register(self.config)
        Thread(target=self._start, daemon=True).start()

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]  # as its own supertype does
        """End all kernels, and the process that they came from."""
        await super().shutdown_all(now)
        self.template.stop()

    def _start(self) -> None:
        try:
            self.template.start()
        except TemplateError as error:
            self.log.warning("练习内核改用普通方式启动（较慢）：%s", error)
