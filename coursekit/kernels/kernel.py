"""A kernel in two halves: what the template process makes once, and what each forked process adds for itself.

Memory of the template stays shared until it is written to, and Python writes to whatever it looks at. So all that can
be made before the fork is: the application, the shell, the kernel, and one run of a page. After it come the sockets and
two threads. There is no debugger, no subshell, no heartbeat (the server watches the process), and no history.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import ipywidgets
import traitlets as t
import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from jupyter_client.session import new_id
from tornado.ioloop import IOLoop
from traitlets.config import Config
from zmq.eventloop.zmqstream import ZMQStream

#: No history database, no completion by analysis, no colours.
_LEAN = {
    "HistoryManager": {"enabled": False},
    "IPCompleter": {"use_jedi": False},
    "InteractiveShell": {"colors": "nocolor"},
}


class ForkedKernel(IPythonKernel):
    """A kernel whose streams come after it."""

    shell_stream = t.Any()

    def start(self) -> None:
        """Listen, without a debugger."""
        Kernel.start(self)  # type: ignore[no-untyped-call]


class ForkedApp(IPKernelApp):
    """A kernel application that is made in the template (prepare) and run in a forked process (run)."""

    def parse_command_line(self, argv: object = None) -> None:
        """Read none."""

    def load_config_file(self, *_: object, **__: object) -> None:
        """Read none."""

    def prepare(self) -> None:
        """Make shell and kernel; what they say goes nowhere yet."""
        super(IPKernelApp, self).initialize([])  # type: ignore[no-untyped-call]
        self.capture_fd_output = False
        self.kernel = ForkedKernel.instance(
            parent=self, session=self.session, profile_dir=self.profile_dir, user_ns=self.user_ns, log=self.log
        )
        self.shell = self.kernel.shell
        ipywidgets.register_comm_target()  # type: ignore[no-untyped-call]  # its import, without a kernel, could not
        self.kernel.shell_stream = _Nowhere()
        self._connect(_Nowhere())

    def run(self, connection_file: str) -> None:
        """Bind the sockets that *connection_file* names and serve until the process is ended."""
        self.session.pid, self.session.session = os.getpid(), new_id()
        self.connection_file = connection_file
        self.load_connection_file()
        self.init_sockets()  # type: ignore[no-untyped-call]
        self.init_io()  # type: ignore[no-untyped-call]
        self._connect(self.iopub_socket)
        kernel = self.kernel
        kernel.shell_stream, kernel.control_stream = ZMQStream(self.shell_socket), ZMQStream(self.control_socket)
        kernel.iopub_thread, kernel.stdin_socket = self.iopub_thread, self.stdin_socket
        kernel._stdout, kernel._stderr = sys.stdout, sys.stderr  # noqa: SLF001  as its constructor does
        kernel.start()
        IOLoop.current().start()

    def init_control(self, context: Any) -> None:
        """Bind the control socket; the main thread reads it."""
        self.control_socket = context.socket(zmq.ROUTER)
        self.control_socket.linger = 1000
        self.control_port = self._bind_socket(self.control_socket, self.control_port)  # type: ignore[no-untyped-call]
        self.control_socket.router_handover = 1

    def init_iopub(self, context: Any) -> None:
        """Bind the output socket and start its thread; nobody forks from a kernel, so it opens no port for children."""
        socket = context.socket(zmq.XPUB)
        socket.linger = 1000
        self.iopub_port = self._bind_socket(socket, self.iopub_port)  # type: ignore[no-untyped-call]
        self.iopub_thread = IOPubThread(socket, session=self.session)  # type: ignore[no-untyped-call]
        self.iopub_thread.start()  # type: ignore[no-untyped-call]
        self.iopub_socket = self.iopub_thread.background_socket

    def _connect(self, output: Any) -> None:
        """Let kernel and shell write to *output*."""
        shell: Any = self.shell
        self.kernel.iopub_socket = output
        shell.displayhook.pub_socket = shell.display_pub.pub_socket = output


class _Nowhere:
    """A stream that nobody reads."""

    def send_multipart(self, *_: object, **__: object) -> None:
        """Forget a message."""

    def flush(self, *_: object) -> None:
        """Have nothing to wait for."""


def make_app() -> ForkedApp:
    """Make the application of this process's kernel; it has no thread and no socket yet."""
    app = ForkedApp.instance(config=Config(_LEAN))
    app.prepare()
    return app
