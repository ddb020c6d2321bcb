"""The live view of an exercise: one comm, one ES module, and an acknowledgement for every answer that is on the disk."""

from __future__ import annotations

import re
import time
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import msgspec
import traitlets as t

from widgets import journal
from widgets.kind import AnswerError
from widgets.practice import comment
from widgets.spec import DataError
from widgets.visitor import VisitorError, service

if TYPE_CHECKING:
    from datetime import datetime

    from widgets.exercise import Exercise, Loaded

VIEW_MIME = "application/vnd.jupyter.widget-view+json"


class ExerciseView(anywidget.AnyWidget):
    """What a page shows of an exercise; the answer travels by message and comes back acknowledged."""

    _esm = t.Unicode(help="ES module of the kind").tag(sync=True)
    _css = t.Unicode(help="style sheet shared by all kinds").tag(sync=True)
    spec = t.Dict(help="the data file").tag(sync=True)
    answer = t.Any(None, allow_none=True, help="the answer as the journal has it").tag(sync=True)
    seq = t.Int(0, help="number of the journal entry that holds the answer").tag(sync=True)
    page = t.Dict(help="kind's label, storage key, and whether this is a preview that saves nothing").tag(sync=True)

    def __init__(self, exercise: Exercise, **state: Any) -> None:
        super().__init__(**state)
        self.exercise = exercise
        self.visitor: str | None = None
        self.tries = 0
        self.on_msg(_receive)


class ClockView(anywidget.AnyWidget):
    """What a page shows of an examination's time; instants are ISO 8601 with offset."""

    _esm = t.Unicode(help="ES module").tag(sync=True)
    _css = t.Unicode(help="style sheet").tag(sync=True)
    start = t.Unicode(help="when the examination was opened first").tag(sync=True)
    now = t.Unicode(help="the server's clock as the view was made").tag(sync=True)
    minutes = t.Int(help="time limit").tag(sync=True)


def show_clock(start: datetime, now: datetime, minutes: int) -> dict[str, Any]:
    """Open a clock and return what stands under its MIME type in the cell's output."""
    state = {"start": start.isoformat(), "now": now.isoformat(), "minutes": minutes}
    view = ClockView(_anywidget_id="coursekit.clock", _esm=_module("clock"), _css=_style("clock"), **state)
    return {"version_major": 2, "version_minor": 0, "model_id": view.model_id}


def show(exercise: Exercise, loaded: Loaded, entry: journal.Entry | None) -> dict[str, Any]:
    """Open a view of *exercise* and return what stands under its MIME type in the cell's output."""
    return _output(_view(exercise, loaded.kind.name, **_state(exercise, loaded, entry)))


def show_closed(exercise: Exercise) -> dict[str, Any]:
    """Open a view that shows nothing until its page has sent a visitor's token (``hello``)."""
    return _output(_view(exercise, exercise.kind, page={"served": True}))


def _view(exercise: Exercise, kind: str, **state: Any) -> ExerciseView:
    # a page keeps one style sheet an id
    return ExerciseView(exercise, _anywidget_id=f"coursekit.{kind}", _esm=_module(kind), _css=_style(kind), **state)


def _output(view: ExerciseView) -> dict[str, Any]:
    return {"version_major": 2, "version_minor": 0, "model_id": view.model_id}


def _state(exercise: Exercise, loaded: Loaded, entry: journal.Entry | None) -> dict[str, Any]:
    owner = f"{exercise.owner}|{exercise.home.resolve()}|{exercise.name}|{loaded.variant}"
    fits = loaded.answer(entry) is not None
    spec = msgspec.to_builtins(loaded.spec)
    return {
        "spec": {name: value for name, value in spec.items() if name not in ("practice", "hints")},
        "answer": journal.json(entry.answer) if entry and fits else None,
        "seq": entry.seq if entry and fits else 0,
        "page": {
            "label": loaded.kind.label,
            "store": f"coursekit:{sha256(owner.encode()).hexdigest()[:24]}",
            "preview": exercise.is_preview,
        },
    }


def _admit(view: ExerciseView, token: object) -> dict[str, Any]:
    """Bind a served view to whose token this is and show the exercise as this visitor left it."""
    exercise, here = view.exercise, service()
    if here is None:
        return {"type": "refused", "message": "这里不是演练服务。"}
    try:
        visitor, folder = here.admit(token, time.time(), view.visitor)
        exercise.folder, exercise.trainee = folder, visitor.id
        state = _state(exercise, exercise.load(), exercise.latest())
    except (VisitorError, DataError, journal.JournalError) as error:
        return {"type": "refused", "message": str(error), "signin": isinstance(error, VisitorError)}
    view.visitor = visitor.id
    with view.hold_sync():
        for name, value in state.items():
            setattr(view, name, value)
        view.page = state["page"] | {"served": True}
    return {"type": "admitted"}


def _receive(view: ExerciseView, message: dict[str, Any], _buffers: object) -> None:
    """Answer a page: ``save`` journals its answer, ``hello`` asks what the journal has, ``check`` how practice goes."""
    reply = {"to": message.get("from"), "n": message.get("n")}
    if view.exercise.is_served and (view.visitor is None or "token" in message):
        view.send(reply | _admit(view, message.get("token")))
        return
    try:
        if message.get("type") == "check":
            view.send(reply | {"type": "comment"} | _practise(view, message.get("answer")))
            return
        if message.get("type") == "save":
            entry = view.exercise.save(message.get("answer"), int(message.get("base", 0)))
        else:
            found = view.exercise.latest()
            if found is None:
                view.send(reply | {"type": "state", "seq": 0, "answer": None})
                return
            entry = found
    except (AnswerError, DataError, journal.JournalError) as error:
        view.send(reply | {"type": "failed", "message": str(error)})
        return
    answer = journal.json(entry.answer)
    if view.visitor is None:  # a served page has a kernel of its own: there is no other view to tell
        with view.hold_sync():
            view.answer, view.seq = answer, entry.seq
    kind = "saved" if message.get("type") == "save" else "state"
    view.send(reply | {"type": kind, "seq": entry.seq, "at": entry.at, "answer": answer})


def _practise(view: ExerciseView, answer: object) -> dict[str, Any]:
    """Grade an answer by the key that a practice exercise carries; raises AnswerError for other exercises."""
    loaded = view.exercise.load()
    if loaded.spec.practice is None:
        raise AnswerError("这道练习提交后才有反馈。")
    parsed = loaded.kind.parse_answer(loaded.spec, msgspec.json.encode(answer))
    view.tries += 1
    score = loaded.kind.grade(loaded.spec, parsed, loaded.kind.parse_key(loaded.spec, loaded.spec.practice))
    return comment(loaded.spec, score, view.tries)


def prepare() -> None:
    """Read every module and style sheet, so that kernels forked from this process have them."""
    for path in sorted(Path(__file__).parent.glob("*.js")):
        if path.stem != "kit":
            _module(path.stem)
            _style(path.stem)


@cache
def _module(kind: str) -> str:
    """Join the shared module and the kind's own: a front end loads each from a blob, where imports find no sibling."""
    shared = re.sub(r"^export ", "", _read("kit.js"), flags=re.MULTILINE)
    own = re.sub(r'^import \{[^}]*\} from "\./kit\.js";\n', "", _read(f"{kind}.js"), flags=re.MULTILINE)
    return shared + "\n" + own


@cache
def _style(kind: str) -> str:
    """Join the shared style sheet and the kind's own, if it has one."""
    return _read("kit.css") + (_read(f"{kind}.css") if Path(__file__).with_name(f"{kind}.css").exists() else "")


@cache
def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
