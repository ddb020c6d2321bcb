"""The live view of an exercise: one comm, one ES module, and an acknowledgement for every answer that is on the disk."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import msgspec
import traitlets as t

from widgets import journal
from widgets.kind import AnswerError
from widgets.spec import DataError, Spec

if TYPE_CHECKING:
    from widgets.exercise import Exercise
    from widgets.kinds import AnyKind

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
        self.on_msg(_receive)


def show(exercise: Exercise, kind: AnyKind, spec: Spec, entry: journal.Entry | None) -> dict[str, Any]:
    """Open a view of *exercise* and return what stands under its MIME type in the cell's output."""
    from widgets.exercise import trainee

    owner = f"{trainee()}|{exercise.home.resolve()}|{exercise.name}"
    view = ExerciseView(
        exercise,
        _esm=_module(kind.name),
        _css=_read("kit.css"),
        spec=msgspec.to_builtins(spec),
        answer=journal.json(entry.answer) if entry else None,
        seq=entry.seq if entry else 0,
        page={
            "label": kind.label,
            "store": f"coursekit:{sha256(owner.encode()).hexdigest()[:24]}",
            "preview": exercise.is_preview,
        },
    )
    return {"version_major": 2, "version_minor": 0, "model_id": view.model_id}


def _receive(view: ExerciseView, message: dict[str, Any], _buffers: object) -> None:
    """Answer a page: ``save`` puts its answer into the journal, ``hello`` asks what the journal has."""
    reply = {"to": message.get("from"), "n": message.get("n")}
    try:
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
    view.answer, view.seq = answer, entry.seq
    kind = "saved" if message.get("type") == "save" else "state"
    view.send(reply | {"type": kind, "seq": entry.seq, "at": entry.at, "answer": answer})


@cache
def _module(kind: str) -> str:
    """Join the shared module and the kind's own: a front end loads each from a blob, where imports find no sibling."""
    shared = re.sub(r"^export ", "", _read("kit.js"), flags=re.MULTILINE)
    own = re.sub(r'^import \{[^}]*\} from "\./kit\.js";\n', "", _read(f"{kind}.js"), flags=re.MULTILINE)
    return shared + "\n" + own


@cache
def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
