"""The template process: it has imported all that a drill's kernel needs, and forks one kernel an order.

Run as ``python -m coursekit.drills.forkserver SOCKET LIFELINE`` (two inherited descriptors). It has one thread, no event
loop and no zmq context, so that a fork is safe; what it holds is frozen for the garbage collector, so that the kernels'
memory stays shared with it. Each order is answered with the kernel's process id and a pidfd.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import socket
import sys
import threading
from importlib import import_module
from typing import Any

import msgspec

#: The longest order (bytes): an environment and a command.
MAX_ORDER = 1 << 18

#: Settings of a kernel: no history database, no completion.
_LEAN = {
    "HistoryManager": {"enabled": False},
    "IPCompleter": {"use_jedi": False},
    "InteractiveShell": {"colors": "nocolor"},
}

#: What a kernel would import by itself before its first cell has run.
_USED = (
    "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.kernelapp", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.oinspect", "IPython.extensions.storemagic", "IPython.utils.wildcard",
    "encodings.idna", "encodings.ascii", "encodings.latin_1", "faulthandler", "tornado.platform.asyncio",
    "tornado.queues", "ipywidgets", "widgets",
)  # fmt: skip


class Order(msgspec.Struct, frozen=True):
    """A kernel to start: connection file, working directory, and whole environment."""

    connection: str
    cwd: str
    env: dict[str, str]


def main(descriptors: list[str]) -> None:
    """Import, freeze, and serve orders until the other end is closed."""
    line, lifeline = socket.socket(fileno=int(descriptors[0])), int(descriptors[1])
    line.set_inheritable(False)
    _import()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended kernels leave nothing behind
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the server's business
    line.send(b"ready")
    while order := line.recv(MAX_ORDER):
        pid = os.fork()
        if not pid:
            line.close()
            _become_kernel(msgspec.json.decode(order, type=Order), lifeline)
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            line.send(b"0")
            continue
        socket.send_fds(line, [str(pid).encode()], [handle])
        os.close(handle)


def _import() -> None:
    """Load what a kernel uses before its first page is shown."""
    unused: Any = None  # nobody debugs a drill, and the debugger is half of a kernel
    sys.modules["debugpy"] = unused
    for name in _USED:
        import_module(name)
    import widgets.view

    widgets.view.prepare()
    if threading.active_count() > 1:  # a fork would copy their locks and not them
        raise SystemExit(f"threads before the fork: {threading.enumerate()}")


def _become_kernel(order: Order, lifeline: int) -> None:
    """Run an IPython kernel in this fresh process; never returns."""
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update({name: value for name, value in order.env.items() if name != "JPY_PARENT_PID"})
        os.chdir(order.cwd)
        random.seed()
        threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()
        _run(order.connection)
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def _run(connection: str) -> None:
    """Run the kernel; reading a command line and files of settings would touch, and so copy, megabytes of its memory."""
    import ipywidgets
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    class KernelApp(IPKernelApp):
        def parse_command_line(self, argv: object = None) -> None:
            """Read none."""

        def load_config_file(self, *_: object, **__: object) -> None:
            """Read none."""

        def log_connection_info(self) -> None:
            """Say nothing, for nobody connects by hand."""
            self._ports: dict[str, int] = {}

    app: Any = KernelApp.instance(config=Config(_LEAN), connection_file=connection)
    app.initialize([])
    ipywidgets.register_comm_target()  # type: ignore[no-untyped-call]  # its import, before there was a kernel, could not
    app.start()


def _follow(lifeline: int) -> None:
    """End with the server: its end of the pipe closes however it ended."""
    os.read(lifeline, 1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
