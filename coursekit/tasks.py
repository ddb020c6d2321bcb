"""What an instructor's buttons start: one process at a time beside the Jupyter server, telling its progress by lines of JSON.

``python -m coursekit.tasks grade m04 --course DIR`` is that process; it calls the same functions as the command line.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from coursekit.course import Course, CourseError

#: Tasks whose end can still be asked for.
KEPT = 20


class Progress(msgspec.Struct, frozen=True):
    """How a task is getting on; *message* is what an instructor reads at its end."""

    state: Literal["running", "done", "failed"] = "running"
    done: int = 0
    total: int = 0
    message: str = ""
    action: str = ""
    id: str = ""


class Tasks:
    """The tasks of one course, by name."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._states: dict[str, Progress] = {}
        self._count = 0
        self._running: asyncio.Task[None] | None = None

    async def start(self, action: str, assignment: str) -> str:
        """Start a task and return its name; raises CourseError while another runs."""
        from coursekit.desk import ACTIONS

        if action not in ACTIONS:
            raise CourseError(f"没有“{action[:40]}”这项操作，可用的有：{'、'.join(ACTIONS)}。请刷新页面后再试。")
        self.course.require(assignment)
        for now in self._states.values():
            if now.state == "running":
                raise CourseError(f"正在{ACTIONS[now.action].label} {now.id}，请等它结束后再试。")
        self._count += 1
        name = f"k{self._count}"
        self._states[name] = Progress(action=action, id=assignment)
        self._running = asyncio.create_task(self._follow(name, self._running))
        for old in list(self._states)[:-KEPT]:
            del self._states[old]
        return name

    def state(self, name: str) -> Progress:
        """Return a task's state; raises CourseError for an unknown one."""
        if name not in self._states:
            raise CourseError("找不到这项操作的进度，可能服务器重新启动过。请刷新页面查看结果。")
        return self._states[name]

    async def _follow(self, name: str, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before  # its process has told its end and is about to be gone
        started = self._states[name]
        command = [
            sys.executable,
            "-m",
            "coursekit.tasks",
            started.action,
            started.id,
            "--course",
            str(self.course.root),
        ]
        try:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=self.course.root, env=self.course.environment, stdout=PIPE, stderr=PIPE, limit=1 << 22
            )
            errors = await self._read(name, process)
        except (OSError, ValueError, msgspec.DecodeError) as error:
            errors = str(error)
        if self._states[name].state == "running":
            last = errors.strip().splitlines()[-1:] or [""]
            text = f"程序中途停止了，没有完成（{last[0][:200]}）。请再试一次；已写入的结果都是完整的。"
            self._states[name] = msgspec.structs.replace(self._states[name], state="failed", message=text)

    async def _read(self, name: str, process: Process) -> str:
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        async for line in process.stdout:
            self._states[name] = msgspec.json.decode(line, type=Progress)
        await process.wait()
        return (await errors).decode("utf-8", "replace")


def run(course: Course, action: str, assignment: str, tell: Callable[[Progress], None]) -> None:
    """Do one action in this process and *tell* its progress."""
    from coursekit.desk import ACTIONS

    now = Progress(action=action, id=assignment)

    def step(done: int, total: int) -> None:
        nonlocal now
        now = msgspec.structs.replace(now, done=done, total=total)
        tell(now)

    try:
        message = ACTIONS[action].work(course, assignment, step)
    except CourseError as error:
        tell(msgspec.structs.replace(now, state="failed", message=str(error)))
    else:
        tell(msgspec.structs.replace(now, state="done", message=message))


def main(words: list[str]) -> None:
    """Run the task that the command line names."""
    action, assignment, _, root = words
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no progress

    def tell(progress: Progress) -> None:
        out.write(msgspec.json.encode(progress) + b"\n")
        out.flush()

    run(Course.load(Path(root)), action, assignment, tell)


if __name__ == "__main__":
    main(sys.argv[1:])
