"""The template process: it has imported all that the kernels of exercises need, and forks one kernel an order.

Run as ``python -m coursekit.kernels.forkserver SOCKET LIFELINE`` (two inherited descriptors). It has one thread, no event
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
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from coursekit.kernels.kernel import ForkedApp

#: The longest order (bytes): an environment and a command.
MAX_ORDER = 1 << 18

#: Environment of the template: the module whose ``rehearse(app)`` plays a visit to the server's pages, if any.
REHEARSAL = "COURSEKIT_REHEARSAL"
#: Environment of the template: folders whose exercises its kernels will show.
SHELF = "COURSEKIT_SHELF"
#: What a kernel would import by itself before its first page is shown.
_USED = (
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.logger", "IPython.core.oinspect",
    "IPython.utils.wildcard", "encodings.idna", "encodings.ascii", "encodings.latin_1", "faulthandler",
    "tornado.platform.asyncio", "tornado.queues", "widgets",
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
    gc.disable()  # no holes between what is made now: a kernel would fill them, and so copy their pages
    app = _prepare()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended kernels leave nothing behind
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the server's business
    line.send(b"ready")
    while order := line.recv(MAX_ORDER):
        pid = os.fork()
        if not pid:
            line.close()
            _become_kernel(app, msgspec.json.decode(order, type=Order), lifeline)
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            line.send(b"0")
            continue
        socket.send_fds(line, [str(pid).encode()], [handle])
        os.close(handle)


def _prepare() -> ForkedApp:
    """Load what a kernel uses, and make as much of it as needs neither socket nor thread."""
    unused: Any = None  # nobody debugs a drill, and the debugger is half of a kernel
    sys.modules["debugpy"] = unused
    for name in _USED:
        import_module(name)
    import widgets.view
    from coursekit.kernels.kernel import make_app

    widgets.view.prepare()
    app = make_app()
    if rehearsal := os.environ.get(REHEARSAL):
        import_module(rehearsal).rehearse(app)
    for folder in filter(None, os.environ.get(SHELF, "").split(os.pathsep)):
        _read(Path(folder))
    if threading.active_count() > 1:  # a fork would copy their locks and not them
        raise SystemExit(f"threads before the fork: {threading.enumerate()}")
    return app


def _read(folder: Path) -> None:
    """Read a folder's exercises, so that kernels need not; what cannot be read is said to whom it is shown."""
    from widgets.pool import load_pool
    from widgets.spec import DataError

    for path in sorted((folder / "data").glob("*")):
        with suppress(DataError):
            load_pool(folder, path.stem)


def _become_kernel(app: ForkedApp, order: Order, lifeline: int) -> None:
    """Run an IPython kernel in this fresh process; never returns."""
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update({name: value for name, value in order.env.items() if name != "JPY_PARENT_PID"})
        os.chdir(order.cwd)
        random.seed()
        gc.enable()
        threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()
        app.run(order.connection)
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def _follow(lifeline: int) -> None:
    """End with the server: its end of the pipe closes however it ended."""
    os.read(lifeline, 1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
