"""A trainee's kernels come from the template process; when it is dead they come as everywhere else, and nothing stays."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jupyter_client.asynchronous import AsyncKernelClient

from coursekit.drills.kernels import DrillKernels
from coursekit.kernels import provisioner
from coursekit.kernels.forkserver import Order
from coursekit.kernels.provisioner import ForkedProcess
from coursekit.kernels.seat import SeatKernels
from coursekit.kernels.template import Template, TemplateError

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system cannot fork kernels")


async def ask(manager: SeatKernels, kernel: str, code: str) -> str:
    """Return what *code* printed in *kernel*."""
    printed: list[str] = []
    client: AsyncKernelClient = manager.get_kernel(kernel).client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        await client.execute_interactive(
            code, timeout=60, output_hook=lambda message: printed.append(message["content"].get("text", ""))
        )
    finally:
        client.stop_channels()
    return "".join(printed)


def is_forked(manager: SeatKernels, kernel: str) -> bool:
    return isinstance(manager.get_kernel(kernel).provisioner.process, ForkedProcess)


async def a_day(folder: Path) -> None:
    """Open, restart after a kill, open with a dead template, and shut down."""
    manager = SeatKernels(connection_dir=str(folder), root_dir=str(folder))
    manager.prepare()
    try:
        first = await manager.start_kernel(kernel_name="python3", path="")
        assert is_forked(manager, first)
        assert await ask(manager, first, "import widgets; print(widgets.__name__)") == "widgets\n"
        assert await ask(manager, first, "import os; print(os.getcwd())") == f"{folder}\n"

        manager.get_kernel(first).provisioner.process.kill()
        await manager.restart_kernel(first, now=True)
        assert is_forked(manager, first)
        assert await ask(manager, first, "print('一切照旧')") == "一切照旧\n"

        assert manager.template.process is not None
        os.kill(manager.template.process.pid, signal.SIGKILL)
        manager.template.process.wait()
        second = await manager.start_kernel(kernel_name="python3")
        assert not is_forked(manager, second)
        assert await ask(manager, second, "print(1)") == "1\n"
    finally:
        await manager.shutdown_all()
    assert not manager.list_kernels()


def test_kernels_of_a_seat(tmp_path: Path) -> None:
    asyncio.run(a_day(tmp_path))


@dataclass
class Slow(Template):
    """A template that is asked, and does not answer before it may."""

    asked: threading.Event = field(default_factory=threading.Event)
    may: threading.Event = field(default_factory=threading.Event)

    def fork(self, order: Order) -> tuple[int, int]:
        """Answer late, and that there is none."""
        del order
        self.asked.set()
        self.may.wait(60)
        raise TemplateError("late")


def test_a_drill_server_that_is_stopped_while_it_starts_a_kernel_ends(tmp_path: Path) -> None:
    """Whoever asked has given up; the kernel comes all the same, and is ended."""

    async def give_up() -> list[str]:
        manager = DrillKernels(connection_dir=str(tmp_path), root_dir=str(tmp_path))
        provisioner.register(manager.config)
        manager.template = slow = Slow({})
        asked = asyncio.create_task(manager.start_kernel(kernel_name="python3", path=""))
        await asyncio.to_thread(slow.asked.wait, 60)
        asked.cancel()
        ending = asyncio.create_task(manager.end_all())
        slow.may.set()
        await asyncio.wait_for(ending, 60)
        return list(manager.list_kernel_ids())

    assert asyncio.run(give_up()) == []


def test_a_server_that_ends_takes_its_template_along(tmp_path: Path) -> None:
    async def open_and_close() -> int:
        manager = SeatKernels(connection_dir=str(tmp_path), root_dir=str(tmp_path))
        manager.prepare()
        await manager.start_kernel(kernel_name="python3")
        template = manager.template.process
        await manager.shutdown_all()
        assert template is not None
        return template.wait(20)

    assert asyncio.run(open_and_close()) == 0
