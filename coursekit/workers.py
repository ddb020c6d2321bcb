"""Worker processes, one a core, that end with the process that started them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import parent_process

from coursekit.course import CourseError

#: What is said when a worker died.
DIED = "工作进程意外结束（多因内存不足）。请关闭其他程序，再运行一次。"


@contextmanager
def workers(died: str = DIED) -> Iterator[Executor]:
    """Start workers; raises CourseError with *died* when one dies. No database may be open when they get their first task."""
    try:
        with ProcessPoolExecutor(initializer=_end_with_parent) as executor:
            yield executor
    except BrokenExecutor:
        raise CourseError(died) from None


def _end_with_parent() -> None:
    """End this worker when its parent ends, however that happens; else it would wait for work for ever."""

    def watch() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
