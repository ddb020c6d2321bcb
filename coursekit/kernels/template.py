"""The server's end of the template process: start it, order kernels from it, notice that it is dead."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from coursekit.kernels.forkserver import Order

#: A template that has not answered in this time (seconds) is as good as dead: importing, and forking.
READY, ANSWER = 60.0, 10.0
#: Kernels allocate from one arena, so that threads do not spread them over memory.
_FRUGAL = {"MALLOC_ARENA_MAX": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


class TemplateError(OSError):
    """The template process cannot fork a kernel; an ordinary start can."""


@dataclass
class Template:
    """A template process; *environ* is what it is started with."""

    environ: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    _line: socket.socket | None = None
    _lifeline: int | None = None
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start the process and wait until it is ready, as orders do; raises TemplateError when it does not come up."""
        if not hasattr(os, "fork") or not hasattr(os, "pidfd_open"):
            raise TemplateError("this system cannot fork kernels")
        with self._alone:
            self._start()

    def _start(self) -> None:
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        below, self._lifeline = os.pipe()
        command = [sys.executable, "-m", "coursekit.kernels.forkserver", str(its.fileno()), str(below)]
        try:
            self.process = subprocess.Popen(
                command, env=self.environ | _FRUGAL, pass_fds=(its.fileno(), below), stdin=subprocess.DEVNULL
            )
        finally:
            its.close()
            os.close(below)
        self._line = mine
        mine.settimeout(READY)
        if self._receive(mine, 16)[0] != b"ready":
            self.stop()
            raise TemplateError("the template process did not start")
        mine.settimeout(ANSWER)

    def fork(self, order: Order) -> tuple[int, int]:
        """Return process id and pidfd of a new kernel; raises TemplateError when the template is dead."""
        message = msgspec.json.encode(order)
        with self._alone:
            if self._line is None:
                raise TemplateError("there is no template process")
            try:
                self._line.send(message)
            except OSError as error:
                raise TemplateError(f"the template process is dead: {error}") from None
            data, handles = self._receive(self._line, 32)
        if not handles:
            raise TemplateError("the template process forked nothing")
        return int(data), handles[0]

    def stop(self) -> None:
        """End the process; kernels that it forked end with the server."""
        if self._line is not None:
            self._line.close()
        if self._lifeline is not None:
            os.close(self._lifeline)
        self._line = self._lifeline = None
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            self.process.kill()
            self.process.wait()

    @staticmethod
    def _receive(line: socket.socket, size: int) -> tuple[bytes, list[int]]:
        try:
            data, handles, _, _ = socket.recv_fds(line, size, 1)
        except OSError as error:
            raise TemplateError(f"the template process does not answer: {error}") from None
        return data, list(handles)
