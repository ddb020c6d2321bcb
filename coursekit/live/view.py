"""What the two pages of a class share: messages answered one by one, and state sent only when it has changed.

The page asks, the kernel answers. A page that gets no answer knows that its kernel is gone and opens itself again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import msgspec
import traitlets as t

import widgets
from coursekit.course import CourseError
from coursekit.live.rules import RefusedError
from widgets.spec import DataError, explain

VIEW_MIME = "application/vnd.jupyter.widget-view+json"

#: Answers a page's message; raises RefusedError for what the rules forbid and CourseError for what failed.
Answer = Callable[[dict[str, Any]], dict[str, Any]]


class LiveView(anywidget.AnyWidget):
    """A page of a live class; nothing is synced but its script: all else travels by message."""

    _esm = t.Unicode(help="ES module").tag(sync=True)
    _css = t.Unicode(help="style sheet").tag(sync=True)

    def __init__(self, name: str, answer: Answer) -> None:
        super().__init__(_anywidget_id=f"coursekit.{name}", _esm=_module(name), _css=_style())
        self.answer = answer
        self.on_msg(_receive)


def _receive(view: LiveView, message: dict[str, Any], _buffers: object) -> None:
    view.send(reply(message, view.answer))


def reply(message: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """Answer a message; a refusal is final, a failure is worth another try."""
    head = {"to": message.get("from"), "n": message.get("n")}
    try:
        return head | answer(message)
    except RefusedError as error:
        return head | {"type": "refused", "message": str(error)}
    except msgspec.ValidationError as error:
        return head | {"type": "refused", "message": f"页面发来的内容看不懂（{explain(error)}），请刷新页面再试。"}
    except (CourseError, DataError) as error:
        return head | {"type": "failed", "message": str(error)}


def show(name: str, answer: Answer) -> dict[str, Any]:
    """Open a view and return the output of its cell."""
    view = LiveView(name, answer)
    return {VIEW_MIME: {"version_major": 2, "version_minor": 0, "model_id": view.model_id}, "text/plain": name}


@cache
def _module(name: str) -> str:
    """Join the kit's shared module, the class's and the page's own: a front end loads them as one blob."""
    shared = _kit("kit.js") + "\n" + _own("live.js")
    return re.sub(r"^export (?!default)", "", shared, flags=re.MULTILINE) + "\n" + _own(f"{name}.js")


@cache
def _style() -> str:
    return _kit("kit.css") + (Path(__file__).with_name("live.css")).read_text(encoding="utf-8")


def _kit(name: str) -> str:
    return (Path(widgets.__file__).with_name(name)).read_text(encoding="utf-8")


def _own(name: str) -> str:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return re.sub(r'^import \{[^}]*\} from "[^"]+";\n', "", text, flags=re.MULTILINE)
