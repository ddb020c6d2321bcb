"""A kernel provisioner that takes kernels from the template process, and starts them ordinarily when it is dead."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from contextlib import suppress
from importlib.metadata import EntryPoint
from typing import Any, cast

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from coursekit.kernels.forkserver import Order
from coursekit.kernels.template import TemplateError

NAME = "coursekit-fork"


class ForkedProcess:
    """A forked kernel, followed by its pidfd, so that a process id that was given away is never signalled.

    It has the part of ``subprocess.Popen`` that jupyter_client's provisioner uses.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, handle: int) -> None:
        self.pid = pid
        self._handle: int | None = handle

    def poll(self) -> int | None:
        """Return 0 once the process has ended."""
        if self._handle is None:
            return 0
        watch = select.poll()  # unlike select.select, takes descriptors beyond 1023
        watch.register(self._handle, select.POLLIN)
        return 0 if watch.poll(0) else None

    def wait(self) -> int:
        """Give the descriptor back; called once the process has ended."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        return 0

    def send_signal(self, number: int) -> None:
        """Signal the process, if it is still there."""
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkProvisioner(LocalProvisioner):
    """Forks a kernel from the template of the manager that it works for (``template``)."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork where that is possible; the group of a forked kernel is its own process alone."""
        template = getattr(getattr(self.parent, "parent", None), "template", None)
        if template is None:
            return await super().launch_kernel(cmd, **kwargs)
        assert self.parent is not None
        order = Order(self.parent.connection_file, str(kwargs.get("cwd") or "/"), kwargs["env"])
        try:
            pid, handle = await asyncio.to_thread(template.fork, order)
        except TemplateError as error:
            self.log.warning("内核改用普通方式启动（较慢）：%s", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.process = cast("Any", ForkedProcess(pid, handle))
        self.pid, self.pgid = pid, None
        self.cwd = kwargs.get("cwd")
        return self.connection_info


def register(config: Any) -> None:
    """Make this the provisioner of a Jupyter application with *config*; nothing outside of its process changes."""
    factory = KernelProvisionerFactory.instance(config=config)
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:ForkProvisioner", KernelProvisionerFactory.GROUP_NAME)
    factory.default_provisioner_name = NAME
