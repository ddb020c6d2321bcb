"""One visit, played in the template process before any kernel is forked from it.

What runs for the first time writes to its code, makes caches, and so copies the memory that it shared. The rehearsal
sends the kernel the very messages that a page sends: what they touch is warm when the visitors' kernels are forked.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import zmq
from ipywidgets.widgets.widget import Widget

from widgets.visitor import DRILL, VISITORS, Visitor, sign

if TYPE_CHECKING:
    from coursekit.kernels.kernel import ForkedApp

#: After so many rounds nothing that a visit runs is new.
ROUNDS = 12
_SCENARIO = {
    "kind": "scenario", "title": "预演", "prompt": "预演", "source": ["预演"], "dimensions": ["沟通"], "start": "a",
    "vars": {"mood": 5}, "show_vars": [{"id": "mood", "text": "情绪"}],
    "nodes": {"a": {"stage": "预演", "say": "您好", "options": [
        {"id": "o1", "text": "甲", "to": "a", "consequence": "甲", "set": {"mood": 1}, "guard": "mood >= 0"},
        {"id": "o2", "text": "乙", "to": "z", "consequence": "乙"}]}},
    "ends": {"z": {"title": "结束", "text": "结束", "outcome": "good"}},
}  # fmt: skip
#: A drill's data file.
STORY = msgspec.json.encode(_SCENARIO).decode()
_CONTROL = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
_SECRET = b"rehearsal" * 8


def rehearse(app: ForkedApp) -> None:
    """Play a visit: the cells of a page, its widgets' questions, a sign-in, and decisions."""
    with tempfile.TemporaryDirectory(prefix="ck-") as folder, stage(Path(folder)) as token:
        asyncio.run(_play(app, token))
    reset(app)


def reset(app: ForkedApp) -> None:
    """Forget what a rehearsal has shown."""
    Widget.close_all()  # type: ignore[no-untyped-call]
    shell: Any = app.shell
    shell.reset(new_session=False)


async def _play(app: ForkedApp, token: str) -> None:
    await _send(app, "kernel_info_request", {})
    for _ in range(ROUNDS):
        await open_page(app, "from widgets import Scenario", "Scenario('x01-s01')")
        view = next(one for one in Widget.widgets.values() if hasattr(one, "exercise"))
        await ask_view(app, view.model_id, {"type": "hello", "token": token})
        for n in range(ROUNDS):
            path = [{"node": "a", "option": "o1", "ms": n, "timeout": False}] * (n + 1)
            await ask_view(app, view.model_id, {"type": "save", "answer": {"path": path}, "base": 0})
        Widget.close_all()  # type: ignore[no-untyped-call]


async def open_page(app: ForkedApp, *cells: str) -> None:
    """Run a page's cells and hand over its widgets, as Voila's page asks for them."""
    for code in cells:
        await _run(app, code)
    await _send(app, "comm_open", _CONTROL, {"version": "1.0.0"})
    await _send(app, "comm_msg", {"comm_id": "c", "data": {"method": "request_states"}})
    await _send(app, "comm_close", {"comm_id": "c", "data": {}})


async def _run(app: ForkedApp, code: str) -> None:
    asked = {"silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    await _send(app, "execute_request", asked | {"code": code, "stop_on_error": True})


async def ask_view(app: ForkedApp, model: str, content: Mapping[str, Any]) -> None:
    """Send a view a message as its page does."""
    said = {"method": "custom", "content": {"from": "page", "n": 1, **content}}
    await _send(app, "comm_msg", {"comm_id": model, "data": said})


async def _send(
    app: ForkedApp, kind: str, content: Mapping[str, Any], metadata: Mapping[str, Any] | None = None
) -> None:
    """Let the kernel handle a message as if a socket had brought it."""
    session = app.session
    parts = session.serialize(session.msg(kind, content=content, metadata=metadata), ident=b"page")
    await app.kernel.shell_main(None, [zmq.Frame(part) for part in parts])


@contextmanager
def stage(course: Path) -> Iterator[str]:
    """Make a course of one visitor, and its environment; yields the visitor's token."""
    secret, home = course / ".drills" / "secret", course / "homes" / "x" / "x01" / "data"
    for folder in (secret.parent, home):
        folder.mkdir(parents=True)
    secret.write_bytes(_SECRET)
    (home / "x01-s01.json").write_text(STORY, "utf-8")
    before = dict(os.environ)
    os.environ |= {VISITORS: str(secret), DRILL: "x01"}
    try:
        yield sign(Visitor("x", "预演", int(time.time()) + 60), _SECRET)
    finally:
        os.environ.clear()
        os.environ.update(before)
