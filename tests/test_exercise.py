"""An exercise in a notebook: what it shows, what it saves, and what it refuses."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from building import CHECKLIST, CHECKLIST_KEY, EXERCISES, write_assignment
from hypothesis import given, settings
from hypothesis import strategies as st

import widgets
from widgets import ChecklistReview, RecordSpotting, StepOrdering, journal
from widgets.assess import Outcome
from widgets.exercise import Exercise, current_trainee
from widgets.grading import GradeCall, assess_file
from widgets.journal import JournalError
from widgets.kind import AnswerError
from widgets.kinds import KINDS
from widgets.spec import DataError
from widgets.view import VIEW_MIME

PROPERTY = settings(max_examples=80, deadline=None, derandomize=True)
VIEWS: dict[str, type[Exercise]] = {
    "ChecklistReview": ChecklistReview,
    "RecordSpotting": RecordSpotting,
    "StepOrdering": StepOrdering,
}
ANSWERS: dict[str, Any] = {
    "x01-c1": {"rows": {"r1": {"status": "ok"}}},
    "x01-w1": {"marks": {"r3/done": {"reason": "late"}}},
    "x01-o1": {"order": ["s1", "s2"]},
}


def released(folder: Path) -> Path:
    """Make an assignment's folder as a trainee has it."""
    return write_assignment(folder / "x01")


def view(name: str, folder: Path) -> Exercise:
    """Make the exercise object of a sample."""
    return VIEWS[EXERCISES[name][0]](name, folder)


@pytest.mark.parametrize("name", EXERCISES)
def test_an_answer_is_saved_and_found_again(name: str, tmp_path: Path) -> None:
    """What was saved is what the exercise shows next, in another kernel too."""
    folder = released(tmp_path)
    assert view(name, folder).latest() is None
    entry = view(name, folder).save(ANSWERS[name])
    assert (entry.exercise, entry.seq) == (name, 1)
    assert view(name, folder).latest() == entry
    assert journal.json(entry.answer) == ANSWERS[name]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("x01-c1", {"rows": {"r99": {"status": "ok"}}}),
        ("x01-c1", {"rows": {"r1": {"status": "ok", "category": "nope"}}}),
        ("x01-c1", {"disposition": "nope"}),
        ("x01-c1", ["r1"]),
        ("x01-c1", None),
        ("x01-w1", {"marks": {"r99/no": {}}}),
        ("x01-w1", {"marks": {"r1/no": {"reason": "nope"}}}),
        ("x01-w1", {"marks": {"r1/no": {}}, "none": True}),
        ("x01-o1", {"order": ["s1", "zz"]}),
        ("x01-o1", {"order": ["s1", "s1"]}),
        ("x01-o1", {"order": [2**70]}),
        ("x01-o1", {"order": ["\ud800"]}),
        ("x01-w1", {"marks": {"\udfff": {}}}),
        ("x01-c1", "\ud800"),
    ],
)
def test_what_does_not_fit_is_refused_and_not_written(name: str, answer: Any, tmp_path: Path) -> None:
    """An answer that names what the exercise does not have, or is no text, raises AnswerError; no journal is made."""
    folder = released(tmp_path)
    with pytest.raises(AnswerError):
        view(name, folder).save(answer)
    assert not (folder / journal.NAME).exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["rows", "marks", "order", "none", "r1", "status"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("name", EXERCISES)
@PROPERTY
@given(answer=JSON)
def test_whatever_a_page_sends_is_saved_or_refused(
    name: str, answer: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any value that a page's message can hold ends in an entry that can be read back, or in AnswerError."""
    folder = released(tmp_path_factory.mktemp("any"))
    try:
        entry = view(name, folder).save(answer)
    except AnswerError:
        assert not (folder / journal.NAME).exists()
    else:
        assert view(name, folder).latest() == entry


def test_saving_over_an_unreadable_journal_is_refused(tmp_path: Path) -> None:
    """A journal that is no file raises JournalError, which the page shows."""
    folder = released(tmp_path)
    (folder / journal.NAME).mkdir()
    with pytest.raises(JournalError):
        view("x01-c1", folder).save(ANSWERS["x01-c1"])


def test_saving_without_data_is_refused(tmp_path: Path) -> None:
    """Without its data file an exercise takes no answer."""
    with pytest.raises(DataError, match=r"data/x01-c1\.json"):
        ChecklistReview("x01-c1", tmp_path).save({})
    assert list(tmp_path.iterdir()) == []


def test_two_tabs_never_make_an_invalid_answer(tmp_path: Path) -> None:
    """When one page marks an error and another says 全部正确, what the journal then holds is still an answer."""
    folder = released(tmp_path)
    exercise = view("x01-w1", folder)
    exercise.save({"marks": {}, "none": False})
    exercise.save({"marks": {"r3/done": {"reason": "late"}}, "none": False}, base=1)
    exercise.save({"marks": {}, "none": True}, base=1)
    found = assess_file(folder, GradeCall("x01-w1", 4, EXERCISES["x01-w1"][2]))
    assert found.outcome is Outcome.SCORED, found.message


def test_threads_of_one_kernel_lose_nothing(tmp_path: Path) -> None:
    """Messages that JupyterLab delivers in several threads are all kept."""
    folder = released(tmp_path)
    exercise = view("x01-w1", folder)
    marks = [f"r{n}/{column}" for n in range(1, 9) for column in ("no", "got")]
    threads = [threading.Thread(target=exercise.save, args=({"marks": {cell: {}}},)) for cell in marks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latest = exercise.latest()
    assert latest is not None
    assert latest.seq == len(marks)
    assert journal.json(latest.answer) == {"marks": {cell: {} for cell in marks}}


@pytest.mark.parametrize("name", EXERCISES)
def test_an_instructors_preview_never_writes(name: str, tmp_path: Path) -> None:
    """Below source/ nothing is saved, whatever a page sends: nbgrader would release it to everybody."""
    folder = released(tmp_path / "source")
    before = sorted(folder.rglob("*"))
    exercise = view(name, folder)
    assert exercise.is_preview
    exercise._repr_mimebundle_()
    with contextlib.suppress(AnswerError, DataError, JournalError):
        exercise.save(ANSWERS[name])
    assert sorted(folder.rglob("*")) == before


def test_a_preview_shows_no_stray_answer(tmp_path: Path) -> None:
    """An answer that lies in source/ by mistake is not shown as the instructor's."""
    folder = released(tmp_path / "source")
    journal.save(folder / journal.NAME, exercise="x01-c1", variant="", answer=ANSWERS["x01-c1"], base=0)
    assert view("x01-c1", folder).latest() is None


@pytest.mark.parametrize(
    ("parent", "expected"), [("source", True), ("release", False), ("sources", False), ("x", False)]
)
def test_only_source_is_a_preview(parent: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview is what lies in source/, by the notebook's own folder, by a path and by a relative path alike."""
    folder = released(tmp_path / parent)
    monkeypatch.chdir(folder)
    assert ChecklistReview("x01-c1").is_preview is expected
    assert ChecklistReview("x01-c1", folder).is_preview is expected
    assert ChecklistReview("x01-c1", Path()).is_preview is expected


def test_making_an_exercise_reads_nothing() -> None:
    """An exercise without data is made all the same, and shown by the call that makes it."""
    assert repr(ChecklistReview("x01-c1")) == "ChecklistReview('x01-c1')"
    assert repr(StepOrdering("x01-o1", Path("/nowhere"))) == "StepOrdering('x01-o1')"


@pytest.mark.parametrize("name", EXERCISES)
def test_the_text_of_a_cell_is_stable(name: str, tmp_path: Path) -> None:
    """The plain text does not change with the answer, the folder or the kernel."""
    folder = released(tmp_path)
    exercise = view(name, folder)
    before = exercise._repr_mimebundle_()["text/plain"]
    exercise.save(ANSWERS[name])
    assert exercise._repr_mimebundle_()["text/plain"] == before == repr(view(name, tmp_path))


@pytest.mark.parametrize("name", EXERCISES)
def test_a_front_end_gets_the_live_view(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook an exercise is a widget, with plain HTML beside it."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    bundle = view(name, released(tmp_path))._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", VIEW_MIME}
    assert bundle[VIEW_MIME]["model_id"]


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("way", ["autograde", "validate"])
def test_nbgrader_gets_plain_html(name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nbgrader runs a notebook an exercise is text and HTML with the answer in words, and no widget."""
    monkeypatch.setenv("NBGRADER_EXECUTION", way)
    folder = released(tmp_path)
    exercise = view(name, folder)
    assert "未作答" in exercise._repr_mimebundle_()["text/html"]
    exercise.save(ANSWERS[name])
    bundle = exercise._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert EXERCISES[name][1]["title"] in bundle["text/html"]
    assert {"x01-c1": "合格", "x01-w1": "办结早于受理", "x01-o1": "核对身份"}[name] in bundle["text/html"]


@pytest.mark.parametrize("env", ["", "autograde"])
def test_data_of_another_kind_is_a_message(env: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that names the wrong class shows a sentence with the cure, never a traceback."""
    if env:
        monkeypatch.setenv("NBGRADER_EXECUTION", env)
    bundle = RecordSpotting("x01-c1", released(tmp_path))._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "练习无法显示" in bundle["text/html"]
    assert "审核材料清单" in bundle["text/html"]
    assert "RecordSpotting" in bundle["text/html"]


@pytest.mark.parametrize("data", [None, b"", b"{", b"\xb2\xe2", b"[" * 100_000, b'{"kind": "<script>"}'])
def test_data_that_cannot_be_used_is_a_message(data: bytes | None, tmp_path: Path) -> None:
    """A missing, broken or strange data file shows a sentence that names it, escaped."""
    folder = released(tmp_path)
    path = folder / "data" / "x01-c1.json"
    path.unlink() if data is None else path.write_bytes(data)
    html = ChecklistReview("x01-c1", folder)._repr_mimebundle_()["text/html"]
    assert "data/x01-c1.json" in html
    assert "<script" not in html


def test_a_journal_that_cannot_be_read_is_a_message(tmp_path: Path) -> None:
    """A journal that is a folder shows a sentence."""
    folder = released(tmp_path)
    (folder / journal.NAME).mkdir()
    assert "练习无法显示" in view("x01-c1", folder)._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    "answer",
    [b'{"rows":{"r99":{}}}', b"[]", b'"\xff"', b'{"rows":{"\xff":{}}}', b"1" * 5000, b"1e999", b"[" * 200 + b"]" * 200],
)
def test_an_answer_that_does_not_fit_is_shown_as_none(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal entry that is no answer of this exercise does not keep the exercise from being shown."""
    folder = released(tmp_path)
    line = b'{"v":1,"exercise":"x01-c1","variant":"","seq":1,"at":"","answer":' + answer + b"}\n"
    (folder / journal.NAME).write_bytes(line)
    for env in ("", "autograde"):
        monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
        if env:
            monkeypatch.setenv("NBGRADER_EXECUTION", env)
        assert "未作答" in view("x01-c1", folder)._repr_mimebundle_()["text/html"]


def test_a_folder_that_was_removed_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the assignment's folder is removed under a running kernel, the page says so."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    exercise = ChecklistReview("x01-c1")
    assert "重新打开" in exercise._repr_mimebundle_()["text/html"]
    with pytest.raises(DataError, match="重新打开"):
        exercise.save({})
    monkeypatch.chdir(tmp_path)


def test_nothing_of_the_key_is_shown(tmp_path: Path) -> None:
    """The live view and the plain view know nothing that is only in the key."""
    shown = json.dumps(view("x01-c1", released(tmp_path))._repr_mimebundle_(), ensure_ascii=False)
    assert CHECKLIST["title"] in shown
    for row in CHECKLIST_KEY["rows"].values():
        assert row["why"] not in shown


def test_the_public_names_cover_every_kind() -> None:
    """What a notebook may use has one class a kind, an examination's clock, and grade."""
    classes = {name: getattr(widgets, name) for name in widgets.__all__ if name not in ("ExamClock", "grade")}
    assert {cls.kind: name for name, cls in classes.items()}.keys() == KINDS.keys()
    assert len(classes) == len(KINDS)


def test_who_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom the command line names answers, else the machine's user, else, in a hub's container, the hub's user."""
    for name in ("COURSEKIT_TRAINEE", "JUPYTERHUB_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "lisi")
    assert current_trainee() == "lisi"
    monkeypatch.setenv("LOGNAME", "jovyan")
    monkeypatch.setenv("JUPYTERHUB_USER", "zhangsan")
    assert current_trainee() == "zhangsan"
    monkeypatch.setenv("COURSEKIT_TRAINEE", "wangwu")
    assert current_trainee() == "wangwu"
