"""From journal to points and pages: four outcomes, no escape of markup, and no code run from a grade cell."""

from __future__ import annotations

import copy
import json
import os
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest
from building import CHECKLIST, CHECKLIST_KEY, EXERCISES, ORDERING, ORDERING_KEY, SPOTTING, SPOTTING_KEY
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import author
from coursekit.notebooks import text
from widgets import journal
from widgets.assess import AnswerKey, Outcome, assess, failed, parse_keys, refused
from widgets.checklist import Checklist, ChecklistAnswer, ChecklistKey, ChecklistSpec
from widgets.grading import GradeCall, assess_file, grade, read_call
from widgets.journal import Entry
from widgets.kind import Line
from widgets.kinds import AnyKind, parse_spec
from widgets.page import answer_page, message_page, score_page
from widgets.pool import Pool
from widgets.score import Part, Score, Verdict
from widgets.spec import DataError

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
PARTLY: Any = {
    "rows": {"r1": {"status": "ok"}, "r2": {"status": "defect", "notice": True}},
    "disposition": "supplement",
}


def answer_key(data: Any, key: Any, points: float = 6, kind: AnyKind | None = None) -> AnswerKey:
    """Parse a data file and its key as grading does."""
    found, spec = parse_spec(json.dumps(data).encode(), "f")
    return parse_keys(Pool("x01-c1", kind or found, {"": spec}), key, points)


def entry(raw: bytes) -> Entry:
    """Make a journal entry with a raw answer."""
    return Entry(v=1, exercise="x01-c1", variant="", seq=1, at="", answer=msgspec.Raw(raw))


def assignment(folder: Path, raw: bytes | None = None) -> Path:
    """Make a folder with the data of x01-c1 and, if given, a journal with a raw answer."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "x01-c1.json").write_text(json.dumps(CHECKLIST, ensure_ascii=False), "utf-8")
    if raw is not None:
        (folder / journal.NAME).write_bytes(msgspec.json.encode(entry(b"0")).replace(b":0}", b":" + raw + b"}") + b"\n")
    return folder


@pytest.mark.parametrize("raw", [None, b"{}", b'{"rows":{}}', b'{"rows":{"r1":{}}}', b'{"disposition":null}'])
def test_nothing_said_is_not_answered(raw: bytes | None) -> None:
    """No entry and an empty answer are 未作答 with 0 points."""
    found = assess(answer_key(CHECKLIST, CHECKLIST_KEY), entry(raw) if raw else None, "trainee")
    assert (found.outcome, found.points, found.maximum) == (Outcome.NOT_ANSWERED, 0.0, 6)
    assert "没有作答" in found.html


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"NaN",
        b"[" * 100_000,
        b'{"rows":{"r9":{}}}',
        b'{"rows":{"r1":{"status":"ok"}},"score":1}',
        b'"\xff"',
        b'{"rows":{"\xff":{}}}',
        b'{"disposition":"\xca\xdc\xc0\xed"}',
        b'{"disposition":"\\ud800"}',
    ],
)
def test_what_is_no_answer_is_invalid(raw: bytes) -> None:
    """A format error is 无效作答 with 0 points: the trainee's file, not our fault."""
    found = assess(answer_key(CHECKLIST, CHECKLIST_KEY), entry(raw), "trainee")
    assert (found.outcome, found.points) == (Outcome.INVALID, 0.0)
    assert "无效作答" in found.message


def test_a_scored_answer() -> None:
    """An answer is scored, and its feedback shows points, verdicts and reasons."""
    found = assess(answer_key(CHECKLIST, CHECKLIST_KEY), entry(msgspec.json.encode(PARTLY)), "trainee")
    assert found.outcome is Outcome.SCORED
    assert 0 < found.points < 6
    assert f"得分 {found.points:g} / 6" in found.html
    assert "身份证过期，须换领后再交。" in found.html
    assert "身份证过期，须换领后再交。" not in found.shown


class Broken(Checklist):
    """A kind whose grader has a fault."""

    def grade(self, spec: ChecklistSpec, answer: ChecklistAnswer, key: ChecklistKey) -> Score:
        """Fail."""
        raise ZeroDivisionError(f"<script>{spec.title}{answer.disposition}{key.why}")


def test_a_fault_of_ours_is_reported_as_such() -> None:
    """A fault in grading costs this item's points for now, calls for an instructor, and is not raised."""
    key = answer_key(CHECKLIST, CHECKLIST_KEY, kind=Broken())
    found = assess(key, entry(msgspec.json.encode(PARTLY)), "trainee")
    assert (found.outcome, found.points) == (Outcome.GRADER_ERROR, 0.0)
    assert "ZeroDivisionError" in found.message
    assert "<script" not in found.html


def test_failed_and_refused_bring_no_points() -> None:
    """Neither a fault nor an unreadable journal brings points."""
    assert (failed("x", 6, "m").outcome, failed("x", 6, "m").points) == (Outcome.GRADER_ERROR, 0.0)
    assert (refused("x", 6, "m").outcome, refused("x", 6, "m").points) == (Outcome.INVALID, 0.0)


@PROPERTY
@given(st.binary(max_size=80))
def test_assessing_never_raises(raw: bytes) -> None:
    """Whatever bytes stand where an answer should be, an outcome comes out, and points only for a scored answer."""
    found = assess(answer_key(SPOTTING, SPOTTING_KEY), entry(raw), "trainee")
    assert found.outcome is not Outcome.GRADER_ERROR, found.message
    assert found.outcome is Outcome.SCORED or found.points == 0.0


@pytest.mark.parametrize("name", EXERCISES)
def test_grading_says_nothing_on_stderr(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Warnings stay inside, for nbgrader gives 0 for any text on stderr; the result is a built-in float."""
    _, data, key, maximum = EXERCISES[name]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f"{name}.json").write_text(json.dumps(data), "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        earned = grade(name, points=maximum, key=key, folder=tmp_path)
    assert type(earned) is float
    assert earned == 0.0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("key", [{}, {"rows": {}}, {"rows": 1}, {1: 2}, [], None, "key", {"x": object()}])
def test_a_bad_key_is_a_fault_of_ours(tmp_path: Path, key: Any) -> None:
    """A key that does not fit is 评分故障 with 0 points, and nothing is raised."""
    folder = assignment(tmp_path / "a", b'{"disposition":"accept"}')
    assert grade("x01-c1", points=6, key=key, folder=folder) == 0.0
    assert assess_file(folder, GradeCall("x01-c1", 6, key)).outcome is Outcome.GRADER_ERROR


def test_missing_or_broken_data_is_a_fault_of_ours(tmp_path: Path) -> None:
    """Without a usable data file nothing can be graded: 评分故障, naming the file."""
    found = assess_file(tmp_path, GradeCall("x01-c1", 6, CHECKLIST_KEY))
    assert found.outcome is Outcome.GRADER_ERROR
    assert "data/x01-c1.json" in found.message
    folder = assignment(tmp_path / "a")
    (folder / "data" / "x01-c1.json").write_bytes(b"{")
    assert assess_file(folder, GradeCall("x01-c1", 6, CHECKLIST_KEY)).outcome is Outcome.GRADER_ERROR


@pytest.mark.parametrize("what", ["fifo", "folder", "symlink"])
def test_a_journal_that_is_no_file_is_an_invalid_answer(tmp_path: Path, what: str) -> None:
    """A submission with a pipe, folder or link for a journal costs its trainee the points and nobody a night."""
    folder = assignment(tmp_path / "a")
    if what == "fifo":
        os.mkfifo(folder / journal.NAME)
    elif what == "folder":
        (folder / journal.NAME).mkdir()
    else:
        (folder / journal.NAME).symlink_to("/etc/passwd")
    found = assess_file(folder, GradeCall("x01-c1", 6, CHECKLIST_KEY))
    assert (found.outcome, found.points) == (Outcome.INVALID, 0.0)
    assert grade("x01-c1", points=6, key=CHECKLIST_KEY, folder=folder) == 0.0


@pytest.mark.parametrize("raw", [b'"\xff"', b'{"rows":{"\xff":{}}}', b"[" * 300 + b"]" * 300, b"1" * 5000])
def test_a_journal_with_a_strange_answer_is_not_our_fault(tmp_path: Path, raw: bytes) -> None:
    """An answer that cannot be decoded brings 0 points without calling an instructor to mend the grader."""
    folder = assignment(tmp_path / "a", raw)
    found = assess_file(folder, GradeCall("x01-c1", 6, CHECKLIST_KEY))
    assert found.outcome in (Outcome.INVALID, Outcome.NOT_ANSWERED)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_call_in_a_grade_cell_is_read(name: str) -> None:
    """What the author's tool writes is read back as it was."""
    _, _, key, points = EXERCISES[name]
    assert read_call(text(author.grade_cell(name, points, key))) == GradeCall(name, float(points), key)


@pytest.mark.parametrize(
    "source",
    [
        'open({0!r}, "w")',
        'grade("x", points=1, key=open({0!r}, "w"))',
        'grade("x", points=1, key={{"a": open({0!r}, "w")}})',
        'grade("x", points=open({0!r}, "w"), key={{}})',
        'open({0!r}, "w")\ngrade("x", points=1, key={{}})',
        'from widgets import grade\nopen({0!r}, "w")\ngrade("x", points=1, key={{}})',
        'grade("x", points=1, key={{}})\nopen({0!r}, "w")',
        'open({0!r}, "w").grade("x", points=1, key={{}})',
        'grade("x", points=1, key={{}}, folder=open({0!r}, "w"))',
        'grade("x", *[open({0!r}, "w")], points=1, key={{}})',
        'grade("x", points=1, **{{"key": open({0!r}, "w")}})',
        'if True:\n    open({0!r}, "w")',
        'def f(a=open({0!r}, "w")): pass\ngrade("x", points=1, key={{}})',
    ],
)
def test_a_grade_cell_is_never_run(source: str, tmp_path: Path) -> None:
    """A cell that does anything beside one literal call is refused, and what it would do is not done."""
    target = tmp_path / "done"
    with pytest.raises(DataError, match="字面值"):
        read_call(source.format(str(target)))
    assert not target.exists()


@pytest.mark.parametrize(
    "source",
    [
        "",
        "\n\n",
        "# nothing",
        "grade(",
        "grade()",
        'grade("x")',
        'grade("x", points=1)',
        'grade("x", key={})',
        'grade("x", 1, {})',
        "grade(1, points=1, key={})",
        'grade(exercise="x", points=1, key={})',
        'grade("x", points=None, key={})',
        'grade("x", points="many", key={})',
        'grade("x", points=[1], key={})',
        'grade("x", points=1, key=KEY)',
        'grade("x", points=1, key={"a": KEY})',
        'grade("x", points=1, key=dict(a=1))',
        'grade("x", points=1, key={"a": f"{1}"})',
        'grade("x", points=2 * 3, key={})',
        'grade("x", points=1, key={}, **more)',
        'other("x", points=1, key={})',
        'widgets.grade("x", points=1, key={})',
        'score = grade("x", points=1, key={})',
        '(grade("x", points=1, key={}),)',
        "x = 1\x00",
        "(" * 5000,
        "-" * 100_000 + "1",
        'grade("x", points=1, key=' + "[" * 5000 + "]" * 5000 + ")",
        'grade("x", points=1, key={[]: 1})',
    ],
)
def test_a_cell_without_one_literal_call_is_refused(source: str) -> None:
    """Anything but grade("编号", points=…, key=…) with literals raises DataError with the cure."""
    with pytest.raises(DataError, match="字面值"):
        read_call(source)


def test_the_points_of_a_call_are_a_float() -> None:
    """Points are read as a number, whole or not."""
    assert read_call('grade("x", points=2.5, key={"a": (1, "二")})') == GradeCall("x", 2.5, {"a": (1, "二")})
    assert type(read_call('from widgets import grade\n\ngrade("x", points=6, key={})').points) is float


@PROPERTY
@given(st.text(max_size=80))
def test_any_text_is_a_call_or_a_data_error(source: str) -> None:
    """No text makes read_call raise anything but DataError."""
    with pytest.raises(DataError):
        read_call(source)


BAD = "<script>alert('x')</script>&\""


def assert_escaped(html: str) -> None:
    """Prove that the bad text is there and no tag of it is."""
    assert "<script" not in html
    assert "alert('x')" not in html
    assert "&lt;script&gt;alert(" in html
    assert "&amp;&quot;" in html


def test_pages_escape_every_text() -> None:
    """Titles, questions, answers, verdicts' reasons, measures, flags and messages are shown as text."""
    spec = parse_spec(json.dumps(CHECKLIST | {"title": "t", "prompt": "p"}).encode(), "f")[1]
    bad_title = msgspec.structs.replace(spec, title=BAD)
    bad_prompt = msgspec.structs.replace(spec, prompt=BAD)
    for html in (
        answer_page(bad_title, "l", []),
        answer_page(bad_prompt, "l", []),
        answer_page(spec, BAD, []),
        answer_page(spec, "l", [Line(BAD, "g")]),
        answer_page(spec, "l", [Line("i", BAD)]),
        answer_page(spec, "l", [], BAD),
        message_page(BAD, "m"),
        message_page("t", BAD),
        score_page(bad_title, "l", Score(0.0), 0, 1),
        score_page(spec, BAD, Score(0.0), 0, 1),
        score_page(spec, "l", Score(0.0, measures=((BAD, "v"),)), 0, 1),
        score_page(spec, "l", Score(0.0, measures=(("n", BAD),)), 0, 1),
        score_page(spec, "l", Score(0.0, flags=(BAD,)), 0, 1),
        score_page(spec, "l", Score(0.0, (Part(BAD, "g", "e", Verdict.RIGHT, "w"),)), 0, 1),
        score_page(spec, "l", Score(0.0, (Part("i", BAD, "e", Verdict.RIGHT, "w"),)), 0, 1),
        score_page(spec, "l", Score(0.0, (Part("i", "g", BAD, Verdict.RIGHT, "w"),)), 0, 1),
        score_page(spec, "l", Score(0.0, (Part("i", "g", "e", Verdict.RIGHT, BAD),)), 0, 1),
    ):
        assert_escaped(html)


def poisoned(value: Any, name: str = "") -> Any:
    """Put markup into every text of a data file or key that is not an id."""
    if isinstance(value, dict):
        return {key: poisoned(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, name) for inner in value]
    free = ("text", "title", "prompt", "why", "name", "form", "no", "got", "done", "x1", "s2>s3", "rules")
    return f"{value}{BAD}" if name in free and isinstance(value, str) else value


@pytest.mark.parametrize(
    ("data", "key"), [(CHECKLIST, CHECKLIST_KEY), (SPOTTING, SPOTTING_KEY), (ORDERING, ORDERING_KEY)]
)
@pytest.mark.parametrize("way", ["right", "wrong", "partly", "everything", "malformed", "none"])
def test_no_markup_of_a_data_file_or_key_reaches_a_page(data: dict[str, Any], key: dict[str, Any], way: str) -> None:
    """Whatever an exercise says and however it is answered, its feedback and its plain view hold no foreign tag."""
    parsed = answer_key(poisoned(copy.deepcopy(data)), poisoned(copy.deepcopy(key)))
    samples: Any = parsed.pool.kind.samples(parsed.pool.specs[""], parsed.keys[""])
    answer = samples.malformed[2] if way == "malformed" else None if way == "none" else getattr(samples, way)
    given_entry = None if way == "none" else entry(msgspec.json.encode(answer))
    found = assess(parsed, given_entry, "trainee")
    assert found.outcome is not Outcome.GRADER_ERROR
    for html in (found.html, found.shown):
        assert_escaped(html)


@pytest.mark.parametrize(
    "answer",
    [
        {"rows": {BAD: {}}},
        {"rows": {"r1": {"status": BAD}}},
        {"rows": {"r1": {"category": BAD}}},
        {"disposition": BAD},
        {BAD: 1},
        {"marks": {BAD: {}}},
        {"marks": {"r1/no": {"reason": BAD}}},
        {"order": [BAD]},
        BAD,
    ],
)
def test_no_markup_of_an_answer_reaches_a_page(answer: Any) -> None:
    """A trainee cannot put a tag into the page that an instructor opens."""
    for _, data, key, _ in EXERCISES.values():
        found = assess(answer_key(data, key), entry(msgspec.json.encode(answer)), "trainee")
        assert found.outcome is Outcome.INVALID
        assert "<script" not in found.html + found.shown
        assert "alert('x')" not in found.html + found.shown
