"""The answer journal: nothing that was acknowledged is lost, and no file makes it hang or crash."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import textwrap
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets import journal
from widgets.journal import MAX_FILE, MAX_LINE, JournalError, merge, parse, read, save

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=8,
)


def line(exercise: str = "x", answer: str = "{}", seq: int = 1, v: object = 1) -> bytes:
    """Write one line of a journal."""
    head = f'"v":{json.dumps(v)},"exercise":{json.dumps(exercise)},"variant":"","seq":{seq}'
    return f'{{{head},"at":"2026-11-22T08:15:04.120Z","answer":{answer}}}\n'.encode()


def put(path: Path, answer: object, base: int = 0, exercise: str = "x") -> journal.Entry:
    """Save an answer."""
    return save(path, exercise=exercise, variant="", answer=answer, base=base)


def stored(path: Path, exercise: str = "x") -> Any:
    """Return the answer that the journal holds."""
    return journal.json(read(path).entries[exercise].answer)


def test_what_was_saved_is_restored(tmp_path: Path) -> None:
    """The last entry of each exercise is its answer."""
    path = tmp_path / journal.NAME
    assert put(path, {"a": 1}).seq == 1
    assert put(path, {"b": 1}, exercise="y").seq == 1
    assert put(path, {"a": 2, "名": "中文"}, base=1).seq == 2
    found = read(path)
    assert found.problems == ()
    assert {name: journal.json(entry.answer) for name, entry in found.entries.items()} == {
        "x": {"a": 2, "名": "中文"},
        "y": {"b": 1},
    }


def test_a_missing_journal_is_empty(tmp_path: Path) -> None:
    """Nobody has answered where no journal is, and reading makes none."""
    assert read(tmp_path / journal.NAME).entries == {}
    assert list(tmp_path.iterdir()) == []


def test_saving_only_appends(tmp_path: Path) -> None:
    """What stands in a journal stays as it is; a save adds one line."""
    path = tmp_path / journal.NAME
    sizes = [b""]
    for n in range(1, 6):
        put(path, {"n": n}, base=n - 1)
        data = path.read_bytes()
        assert data.startswith(sizes[-1])
        assert data.endswith(b"\n")
        assert data.count(b"\n") == n
        sizes.append(data)


def test_an_entry_has_the_documented_form(tmp_path: Path) -> None:
    """A line is a JSON object with the fields of the module's docstring, in that order."""
    put(tmp_path / journal.NAME, {"a": [1]})
    written = json.loads((tmp_path / journal.NAME).read_bytes())
    assert list(written) == ["v", "exercise", "variant", "seq", "at", "answer"]
    assert written | {"at": ""} == {"v": 1, "exercise": "x", "variant": "", "seq": 1, "at": "", "answer": {"a": [1]}}


def test_the_instant_is_utc(tmp_path: Path) -> None:
    """Wherever the clock stands, an entry's instant is UTC with milliseconds and a Z."""
    beijing = datetime(2026, 11, 22, 16, 15, 4, 120_999, timezone(timedelta(hours=8)))
    entry = save(tmp_path / "j", exercise="x", variant="", answer={}, base=0, now=lambda: beijing)
    assert entry.at == "2026-11-22T08:15:04.120Z"
    before = datetime.now(UTC) - timedelta(seconds=1)
    at = put(tmp_path / "k", {}).at
    assert at.endswith("Z")
    assert before <= datetime.fromisoformat(at) <= datetime.now(UTC)


def test_sending_the_same_answer_twice_writes_once(tmp_path: Path) -> None:
    """A page that did not hear the acknowledgement may send again, with the old base or the new."""
    path = tmp_path / journal.NAME
    first = put(path, {"a": 1})
    data = path.read_bytes()
    assert put(path, {"a": 1}) == first
    assert put(path, {"a": 1}, base=1) == first
    assert path.read_bytes() == data


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_last_line_is_ignored_and_sealed(tmp_path: Path, cut: int) -> None:
    """After a power cut the last complete answer counts; the next save closes the torn line and is whole itself."""
    path = tmp_path / journal.NAME
    path.write_bytes(line(answer='{"a":1}') + line(answer='{"a":2}', seq=2)[:-1][:-cut])
    found = read(path)
    assert journal.json(found.entries["x"].answer) == {"a": 1}
    assert len(found.problems) == 1
    assert "没有写完" in found.problems[0]
    assert put(path, {"a": 3}, base=1).seq == 2
    found = read(path)
    assert journal.json(found.entries["x"].answer) == {"a": 3}
    assert len(found.problems) == 1
    assert "第 2 行" in found.problems[0]


def test_numbers_stay_unique_after_a_line_without_its_end(tmp_path: Path) -> None:
    """A line that lost only its line break becomes whole by sealing; no later entry takes its number."""
    path = tmp_path / journal.NAME
    path.write_bytes(line(answer='{"a":1}') + line(answer='{"a":2}', seq=2)[:-1])
    put(path, {"a": 3}, base=1)
    numbers = [json.loads(text)["seq"] for text in path.read_bytes().splitlines()]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    "bad",
    [
        b"garbage",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe\x00\x01",
        bytes(range(11, 256)),
        line(answer="NaN")[:-1],
        line(answer="{")[:-1],
        line(v="1")[:-1],
        line(v=None)[:-1],
        line(v=1.5)[:-1],
        line().replace(b'"seq":1', b'"seq":"1"')[:-1],
        line().replace(b'"seq":1', b'"seq":1e400')[:-1],
        line().replace(b'"exercise":"x"', b'"exercise":7')[:-1],
        line().replace(b'"exercise":"x"', b'"exercise":"\xff"')[:-1],
        line().replace(b'"at"', b'"when"')[:-1],
        b"[" * 100_000,
        b'{"v":' * 40_000,
        line(answer="[" * 100_000)[:-1],
        line(answer="[" * 100_000 + "]" * 100_000)[:-1],
        json.dumps(json.dumps({"v": 1})).encode(),
    ],
)
def test_a_bad_line_is_named_and_skipped(bad: bytes) -> None:
    """What is no entry is reported by its line number; the lines around it count."""
    found = parse(line("a") + b"\n" + bad + b"\n" + line("b"))
    assert sorted(found.entries) == ["a", "b"]
    assert len(found.problems) == 1
    assert found.problems[0].startswith("第 3 行")


@pytest.mark.parametrize("version", [0, 2, -1, 99])
def test_another_version_is_refused(version: int) -> None:
    """An entry of another version is named with both versions, and skipped."""
    found = parse(line() + line(answer='{"a":2}', v=version))
    assert journal.json(found.entries["x"].answer) == {}
    assert f"版本是 {version}" in found.problems[0]
    assert "第 2 行" in found.problems[0]


def test_a_line_that_is_too_long_is_skipped() -> None:
    """A line above the limit is reported with its size."""
    found = parse(line() + line(answer=json.dumps("a" * MAX_LINE)))
    assert journal.json(found.entries["x"].answer) == {}
    assert "超过上限" in found.problems[0]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """A file above the limit is not read at all."""
    path = tmp_path / journal.NAME
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 1)
    for attempt in (lambda: read(path), lambda: put(path, {})):
        with pytest.raises(JournalError, match="超过"):
            attempt()
    assert path.stat().st_size == MAX_FILE + 1


def test_an_answer_that_could_not_be_read_back_is_not_acknowledged(tmp_path: Path) -> None:
    """An answer above the limit of a line is refused: reading would skip it, and the trainee was told 已保存."""
    path = tmp_path / journal.NAME
    put(path, {"a": 1})
    data = path.read_bytes()
    with pytest.raises(JournalError):
        put(path, {"a": "长" * MAX_LINE}, base=1)
    assert path.read_bytes() == data


def test_a_journal_never_grows_beyond_what_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that would push the file above the limit is refused: reading would then refuse every answer in it."""
    monkeypatch.setattr(journal, "MAX_FILE", 1000)
    path = tmp_path / journal.NAME
    saved = 0
    for n in range(1, 30):
        try:
            saved = put(path, {"n": n}, base=n - 1).seq
        except JournalError:
            break
    assert stored(path) == {"n": saved}


def test_duplicate_keys_are_settled_alike() -> None:
    """Of a key that stands twice the last counts, and nothing is raised."""
    found = parse(line().replace(b'"seq":1', b'"seq":1,"seq":5'))
    assert found.entries["x"].seq == 5


def test_lines_of_windows_are_read() -> None:
    """A journal that an editor saved with CRLF still holds its answers."""
    found = parse(line(answer='{"a":1}').replace(b"\n", b"\r\n"))
    assert (journal.json(found.entries["x"].answer), found.problems) == ({"a": 1}, ())


@PROPERTY
@given(st.lists(st.binary(max_size=40) | st.sampled_from([line(), line("y"), line()[:-1], b"\n", b"["]), max_size=8))
def test_parsing_never_raises(pieces: list[bytes]) -> None:
    """Any bytes are a journal, with problems at worst."""
    data = b"".join(pieces)
    found = parse(data)
    assert len(found.problems) <= data.count(b"\n") + 1


@PROPERTY
@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_a_damaged_journal_keeps_the_other_lines(place: int, damage: bytes) -> None:
    """Overwriting some bytes of one journal line costs that line at most, and the lines it was torn into."""
    data = line("a") + line("b") + line("c")
    found = parse(data[:place] + damage + data[place + len(damage) :])
    assert len(found.entries.keys() & {"a", "b", "c"}) >= 3 - 2


@pytest.mark.parametrize("answer", [b'"\xff"', b'{"rows":{"\xff\xfe":{}}}', b"1" * 5000, b"1e999"])
def test_an_entry_can_always_be_decoded(tmp_path: Path, answer: bytes) -> None:
    """A line whose answer is no JSON is a bad line: what parse lets through, json() decodes and save() can build on."""
    path = tmp_path / journal.NAME
    path.write_bytes(line(answer="0").replace(b'"answer":0', b'"answer":' + answer))
    for entry in read(path).entries.values():
        journal.json(entry.answer)
    assert stored_after(path, {"a": 1}) == {"a": 1}


def stored_after(path: Path, answer: object) -> Any:
    """Save and read back."""
    put(path, answer)
    return stored(path)


@pytest.mark.parametrize("what", ["fifo", "symlink", "dangling", "folder", "device", "link to a fifo"])
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, what: str) -> None:
    """Pipes, links, folders and devices raise JournalError within seconds, on reading and on saving."""
    path, target = tmp_path / journal.NAME, tmp_path / "target"
    match what:
        case "fifo":
            os.mkfifo(path)
        case "symlink":
            target.write_bytes(line())
            path.symlink_to(target)
        case "dangling":
            path.symlink_to(target)
        case "folder":
            path.mkdir()
        case "device":
            path = Path("/dev/zero")
        case _:
            os.mkfifo(target)
            path.symlink_to(target)
    script = """
        import sys
        from pathlib import Path
        from widgets import journal
        path = Path(sys.argv[1])
        for attempt in (
            lambda: journal.read(path),
            lambda: journal.save(path, exercise="x", variant="", answer={}, base=0),
        ):
            try:
                attempt()
            except journal.JournalError as error:
                print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    assert len(result.stdout.splitlines()) == 2
    assert what in ("symlink", "folder", "device") or not target.is_file()


def test_a_folder_that_is_gone_is_refused(tmp_path: Path) -> None:
    """Where the assignment's folder was removed, saving says so instead of making one."""
    with pytest.raises(JournalError, match="没有存到磁盘上"):
        put(tmp_path / "gone" / journal.NAME, {})
    assert not (tmp_path / "gone").exists()


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    """When a line does not fit on the disk, saving raises JournalError and no half line stays behind."""
    path = tmp_path / journal.NAME
    put(path, {"a": 1})
    data = path.read_bytes()
    script = f"""
        import resource, signal, sys
        from pathlib import Path
        from widgets import journal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({len(data) + 10}, {len(data) + 10}))
        try:
            journal.save(Path(sys.argv[1]), exercise="x", variant="", answer={{"a": 2}}, base=1)
        except journal.JournalError as error:
            print(error)
    """
    command = [sys.executable, "-B", "-c", textwrap.dedent(script), str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    assert "答案没有存到磁盘上" in result.stdout
    assert path.read_bytes() == data
    assert put(path, {"a": 2}, base=1).seq == 2


def test_a_full_device_is_named(tmp_path: Path) -> None:
    """An error that says the disk is full is put in words that a trainee can act upon."""
    with pytest.raises(JournalError, match="磁盘已满"), journal._locked(tmp_path / journal.NAME):
        raise OSError(28, "No space left on device")


class FailingFile:
    """A file that writes some bytes at a time and fails when *room* is used up, as a disk does."""

    def __init__(self, path: Path, room: int, piece: int) -> None:
        self.file = path.open("ab+", buffering=0)
        self.room, self.piece = room, piece

    def fileno(self) -> int:
        """Return the real file's number."""
        return self.file.fileno()

    def write(self, data: bytes) -> int:
        """Write a piece, or fail."""
        if not self.room:
            raise OSError(28, "No space left on device")
        written: int = self.file.write(data[: min(self.piece, self.room)]) or 0
        self.room -= written
        return written


@pytest.mark.parametrize("room", [0, 1, 7, 19])
def test_a_write_that_fails_midway_is_undone(tmp_path: Path, room: int) -> None:
    """However much of a line was written when the disk failed, the file is cut back."""
    path = tmp_path / journal.NAME
    path.write_bytes(line())
    with pytest.raises(OSError, match="No space"):
        journal._append(cast("Any", FailingFile(path, room, 3)), b"x" * 20, len(line()))
    assert path.read_bytes() == line()


@pytest.mark.parametrize("piece", [1, 3, 100])
def test_a_slow_write_is_finished(tmp_path: Path, piece: int) -> None:
    """A write that takes only some bytes at a time is carried on to the end."""
    path = tmp_path / journal.NAME
    path.write_bytes(line())
    journal._append(cast("Any", FailingFile(path, 1000, piece)), line("y"), len(line()))
    assert path.read_bytes() == line() + line("y")


def test_two_tabs_lose_nothing(tmp_path: Path) -> None:
    """Pages that answer from the same state keep each other's changes."""
    path = tmp_path / journal.NAME
    put(path, {"rows": {"r1": {"status": "ok"}}})
    put(path, {"rows": {"r1": {"status": "ok"}, "r2": {"status": "ok"}}}, base=1)
    entry = put(path, {"rows": {"r1": {"status": "defect"}, "r3": {"status": "ok"}}}, base=1)
    assert entry.seq == 3
    assert journal.json(entry.answer) == {
        "rows": {"r1": {"status": "defect"}, "r2": {"status": "ok"}, "r3": {"status": "ok"}}
    }
    assert stored(path) == journal.json(entry.answer)


def test_what_one_tab_took_back_stays_away(tmp_path: Path) -> None:
    """A mark that one page removed does not come back because another page still showed it."""
    path = tmp_path / journal.NAME
    put(path, {"marks": {"r1/a": {}, "r2/a": {}}})
    put(path, {"marks": {"r2/a": {}}}, base=1)
    assert journal.json(put(path, {"marks": {"r1/a": {}, "r2/a": {}, "r3/a": {}}}, base=1).answer) == {
        "marks": {"r2/a": {}, "r3/a": {}}
    }


def test_a_row_stays_in_one_piece() -> None:
    """Two levels down values are taken whole: a status of one page never meets a reason of another."""
    before = {"rows": {"r1": {"status": "ok"}}}
    mine = {"rows": {"r1": {"status": "defect", "reason": "a"}}}
    theirs = {"rows": {"r1": {"status": "defect", "category": "c"}}}
    assert merge(before, mine, theirs) == mine


def test_exercises_do_not_mix(tmp_path: Path) -> None:
    """A stale base is looked up among the exercise's own entries."""
    path = tmp_path / journal.NAME
    put(path, {"a": 1}, exercise="y")
    put(path, {"b": 2})
    assert journal.json(put(path, {"c": 3}, base=1).answer) == {"c": 3}
    assert stored(path, "y") == {"a": 1}


ROWS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), max_size=8)
EDITS = st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.integers(4, 9), max_size=8)


def edited(rows: dict[str, int], edits: dict[str, int | None]) -> dict[str, int]:
    """Set or delete keys."""
    joined = rows | {name: value for name, value in edits.items() if value is not None}
    return {name: value for name, value in joined.items() if edits.get(name, 0) is not None}


@PROPERTY
@given(ROWS, EDITS, EDITS)
def test_changes_to_different_keys_survive(
    rows: dict[str, int], mine: dict[str, int | None], others: dict[str, int | None]
) -> None:
    """What two pages set or deleted in different rows is all there afterwards, on either level and through save."""
    theirs = {name: value for name, value in others.items() if name not in mine}
    a, b, both = edited(rows, mine), edited(rows, theirs), edited(edited(rows, mine), theirs)
    assert merge(rows, a, b) == both
    assert merge({"rows": rows, "d": 1}, {"rows": a, "d": 1}, {"rows": b, "d": 2}) == {"rows": both, "d": 2}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / journal.NAME
        put(path, {"rows": rows})
        put(path, {"rows": b}, base=1)
        assert journal.json(put(path, {"rows": a}, base=1).answer) == {"rows": both}
        assert stored(path) == {"rows": both}


@PROPERTY
@given(JSON, JSON, JSON)
def test_merging_with_an_unchanged_side_changes_nothing(before: Any, one: Any, other: Any) -> None:
    """A page that changed nothing adds nothing, equal changes agree, and where both changed a value mine wins."""
    assert merge(before, one, before) == one
    assert merge(before, before, one) == one
    assert merge(before, one, one) == one
    if not isinstance(one, dict) and one != before:
        assert merge(before, one, other) == one


@PROPERTY
@given(st.lists(st.tuples(ROWS, st.integers(0, 6)), min_size=1, max_size=6))
def test_a_merge_is_deterministic_and_numbers_run(saves: list[tuple[dict[str, int], int]]) -> None:
    """Whatever bases pages claim, entries are numbered 1..n and the last is the answer that save returned."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / journal.NAME
        for rows, base in saves:
            entry = put(path, {"rows": rows}, base=base)
            assert stored(path) == journal.json(entry.answer)
        numbers = [json.loads(text)["seq"] for text in path.read_bytes().splitlines()]
        assert numbers == list(range(1, len(numbers) + 1))


def _save_many(path: str, name: str, count: int) -> None:
    """Save *count* answers that add one key each, always on the same old base."""
    for n in range(count):
        put(Path(path), {"marks": {f"{name}{n}": {}}})


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    """Two kernels that append at the same time keep all 100 changes, numbered 1 to 100."""
    path = tmp_path / journal.NAME
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_save_many, args=(str(path), name, 50)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert read(path).problems == ()
    assert stored(path) == {"marks": {f"{name}{n}": {} for name in "ab" for n in range(50)}}
    numbers = [json.loads(text)["seq"] for text in path.read_bytes().splitlines()]
    assert numbers == list(range(1, 101))


def test_the_latest_entry_counts_whatever_its_number() -> None:
    """The last complete line of an exercise is its answer, even below a higher number."""
    found = parse(line(answer='{"a":1}', seq=9) + line(answer='{"a":2}', seq=3))
    assert found.entries["x"] == msgspec.json.decode(line(answer='{"a":2}', seq=3), type=journal.Entry)
