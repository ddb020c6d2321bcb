"""Who is where: gaps are named, receipts are found, and what comes on a stick is taken in with suspicion."""

from __future__ import annotations

import shutil
import stat
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from building import fetched
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from coursekit import archive, handin, inbound, receipt, status
from coursekit.archive import Bundle
from coursekit.autograded import trainee_folders
from coursekit.cli import app
from coursekit.course import Course, CourseError
from coursekit.desk import ACTIONS, row_of
from coursekit.lookup import find
from coursekit.nbgrader import Nbgrader
from coursekit.status import Standing, gaps, overview
from widgets import RecordSpotting
from widgets.journal import NAME

AT = datetime(2026, 11, 22, 6, 3, 10, 123456, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
LIMITS = handin.Limits(1_000_000, 3_000_000)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Standing("t"), []),
        (Standing("t", fetched=False), ["还没有领取"]),
        (Standing("t", fetched=True), ["已领取，还没有提交"]),
        (Standing("t", submitted=AT), ["已提交，还没有收取"]),
        (Standing("t", submitted=AT, collected=AT, is_collected=True), ["已收取，还没有评分"]),
        (
            Standing("t", submitted=LATER, collected=AT, is_collected=True, graded=AT, is_graded=True, feedback=True),
            ["又提交过，收取的还是旧的"],
        ),
        (
            Standing("t", submitted=LATER, collected=LATER, is_collected=True, graded=AT, is_graded=True),
            ["收取了新的提交，还没有重新评分"],
        ),
        (
            Standing("t", submitted=AT, collected=AT, is_collected=True, graded=AT, is_graded=True, waiting=2),
            ["有题等待人工评分"],
        ),
        (
            Standing("t", submitted=AT, collected=AT, is_collected=True, graded=AT, is_graded=True),
            ["已评分，反馈还没有发布"],
        ),
        (Standing("t", collected=AT, is_collected=True, graded=AT, is_graded=True, feedback=True), []),
    ],
)
def test_every_gap_between_two_steps_is_named(one: Standing, said: list[str]) -> None:
    """Each step that is missing after the one before it has a sentence of its own, and a finished trainee has none."""
    assert list(gaps(one, late=False)) == said


def test_gaps_are_counted_and_name_people() -> None:
    """The most frequent gap comes first; a long list is cut and says how many there are."""
    people = {f"t{n:03d}": Standing(f"t{n:03d}", fetched=True) for n in range(30)}
    people["a01"] = Standing("a01", submitted=AT)
    found = overview("m04", "题", people, AT, LATER, released=True)
    assert found.problems[0].startswith("已领取，还没有提交（已过截止时间）：t000、t001")
    assert found.problems[0].endswith("等 30 人")
    assert found.problems[1] == "已提交，还没有收取：a01（1 人）"
    assert row_of(found).submitted == 1
    assert row_of(found).fetched == 30


def test_submissions_without_a_release_are_a_problem() -> None:
    """Whoever handed in something that is not in outbound/ points at an exchange that was cleared too early."""
    found = overview("m04", "题", {"t": Standing("t", submitted=AT)}, None, LATER, released=False)
    assert "没有发布版" in found.problems[0]


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=64), max_size=5), st.text(max_size=10))
def test_a_receipt_code_covers_everything_and_is_easy_to_type(files: dict[str, str], trainee: str) -> None:
    """Three groups of four; a space, a lower-case letter or a missing dash does not matter; any change gives another."""
    code = receipt.code_of("m04", trainee, "2026-11-22 06:03:10.123456 UTC", files)
    assert receipt.parse_code(f" {code.lower().replace('-', ' ')} ") == code
    assert receipt.code_of("m05", trainee, "2026-11-22 06:03:10.123456 UTC", files) != code
    assert receipt.code_of("m04", trainee + "x", "2026-11-22 06:03:10.123456 UTC", files) != code
    assert receipt.code_of("m04", trainee, "2026-11-22 06:03:10.123457 UTC", files) != code
    assert receipt.code_of("m04", trainee, "2026-11-22 06:03:10.123456 UTC", files | {"new": "x"}) != code


@pytest.mark.parametrize("text", ["", "1234", "7F3A-91BC-02DG", "回执"])
def test_what_is_no_code_is_said_so(text: str) -> None:
    """A mistyped code is answered with how a code looks."""
    with pytest.raises(CourseError, match="7F3A-91BC-02DE"):
        receipt.parse_code(text)


def work(course: Course, trainee: str, row: int = 3) -> Path:
    """Fetch and answer as *trainee*; returns the home."""
    home = fetched(course, trainee)
    exercise = RecordSpotting("x01-w1", home / "x01", trainee)
    before = exercise.latest()
    exercise.save({"marks": {f"r{row}/done": {"reason": "late"}}}, base=before.seq if before else 0)
    return home


def export(course: Course, trainee: str, into: Path, row: int = 3) -> Path:
    """Answer as *trainee* and pack the answers for a stick."""
    home = work(course, trainee, row)
    into.mkdir(exist_ok=True)
    parcel = handin.Parcel(trainee, "x01", home / "x01", course.exchanged / "outbound" / "x01", LIMITS)
    return handin.export(parcel, into, home / "cache", datetime.now(UTC))[0]


def run(*words: str | Path) -> tuple[int, str]:
    """Run a command in this process; returns exit status and everything printed, an error's sentence included."""
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    if done.exception and not isinstance(done.exception, CourseError | SystemExit):
        raise done.exception
    return done.exit_code, done.output + (str(done.exception) if done.exception else "")


def test_a_receipt_is_found_through_the_whole_day(course: Course) -> None:
    """From hand-in to feedback the same code tells how far it is, and what was touched afterwards is noticed."""
    home = work(course, "t501")
    made = Nbgrader(course).submit("x01", home, "t501")
    assert made is not None
    lines = dict(find(course, made.code).lines())
    assert lines["学员"] == "t501"
    assert lines["收取"] == "还没有收取"
    for action in ("collect", "grade", "feedback"):
        ACTIONS[action].work(course, "x01", lambda *_: None)
    lines = dict(find(course, made.code.lower()).lines())
    assert (lines["收取"], lines["评分"], lines["反馈"]) == ("已收取", "已评分", "已发布")
    assert "无误" in lines["文件"]

    code, text = run("receipt", made.code, "--course", course.root)
    assert code == 0
    assert "t501" in text
    assert "已发布" in text

    later = Nbgrader(course).submit("x01", work(course, "t501", 6), "t501")
    assert later is not None
    assert "另一次提交" in dict(find(course, later.code).lines())["收取"]
    journal = course.exchanged / "inbound" / later.folder / NAME
    journal.write_bytes(journal.read_bytes() + b"\n")
    assert find(course, later.code).doubts == (f"文件 {NAME} 与提交时不同",)

    with pytest.raises(CourseError, match="没有找到回执"):
        find(course, "0000-0000-0000")


def test_status_names_the_gaps_on_the_command_line(course: Course) -> None:
    """The table counts, the lines below name people; an unknown assignment is said so."""
    Nbgrader(course).submit("x01", work(course, "t601"), "t601")
    work(course, "t602")
    code, text = run("status", "x01", "--course", course.root)
    assert code == 0
    assert "试讲模块" in text
    assert any("已提交，还没有收取" in line and "t601" in line for line in text.splitlines())
    assert any("已领取，还没有提交" in line and "t602" in line for line in text.splitlines())
    assert run("status", "m99", "--course", course.root)[0] == 1


def test_a_stick_of_exports_is_collected(course: Course, tmp_path: Path) -> None:
    """Zip files, a folder of them, and a copied folder all become submissions, once; the old never replaces the new."""
    stick = tmp_path / "stick"
    first = export(course, "t701", stick)
    export(course, "t702", stick, 6)
    older = shutil.copy(first, tmp_path / first.name)
    export(course, "t701", stick, 7)
    code, text = run("collect", stick, "--course", course.root)
    assert code == 0, text
    assert "t701" in text
    assert "t702" in text
    folder = course.folder("submitted", "t701", "x01")
    assert b"r7/done" in (folder / NAME).read_bytes()
    assert inbound.parse_stamp((folder / "timestamp.txt").read_text()) is not None
    code, text = run("collect", older, "--course", course.root)
    assert code == 0
    assert "已有更新" in text
    assert b"r7/done" in (folder / NAME).read_bytes()
    assert {path.name for path in trainee_folders(course.root / "submitted")} >= {"t701", "t702"}


def test_a_plain_copy_of_a_folder_needs_a_name(course: Course, tmp_path: Path) -> None:
    """Without a receipt the folder's name tells, otherwise the instructor does; feedback has its secret in any case."""
    home = work(course, "t711")
    anonymous = tmp_path / "作业"
    shutil.copytree(home / "x01", anonymous)
    code, text = run("collect", anonymous, "--course", course.root)
    assert code == 1
    assert "--trainee" in text
    code, text = run("collect", anonymous, "--trainee", "t711", "--assignment", "x01", "--course", course.root)
    assert code == 0, text
    assert (course.folder("submitted", "t711", "x01") / "submission_secret.txt").stat().st_size == 128
    named = shutil.copytree(home / "x01", tmp_path / "t712" / "x01")
    found = archive.identify(named)
    assert isinstance(found, Bundle)
    assert (found.trainee, found.assignment) == ("t712", "x01")


def test_files_that_are_not_what_the_receipt_says_are_not_collected(course: Course, tmp_path: Path) -> None:
    """A changed journal in an export is refused until the instructor insists."""
    path = export(course, "t721", tmp_path / "stick")
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bad, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, data.replace(b"r3/done", b"r6/done") if info.filename == NAME else data)
    code, text = run("collect", bad, "--course", course.root)
    assert code == 1
    assert NAME in text
    assert not course.folder("submitted", "t721", "x01").exists()
    assert run("collect", bad, "--force", "--course", course.root)[0] == 0


def entry(name: str, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    return info


@pytest.mark.parametrize(
    "name",
    ["../../etc/evil", "/etc/evil", "a/../../evil", "..\\..\\evil", "C:/evil", "x" * 300, "a/" * 150 + "b"],
)
def test_a_zip_never_writes_outside_its_folder(tmp_path: Path, name: str) -> None:
    """Paths that lead out, whatever the separator, are refused with the archive's name, and nothing is written."""
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as made:
        made.writestr(entry(name), "x")
    with pytest.raises(CourseError, match=r"bad\.zip"):
        archive.unpack(tmp_path / "bad.zip", tmp_path / "out")
    assert not any(path.is_file() for path in (tmp_path / "out").rglob("*"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    """A link would make the grader read the instructor's own files."""
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as made:
        made.writestr(entry(NAME, kind), "/etc/passwd")
    with pytest.raises(CourseError, match="链接或特殊文件"):
        archive.unpack(tmp_path / "bad.zip", tmp_path / "out")


def test_a_bomb_is_stopped_by_what_comes_out(tmp_path: Path) -> None:
    """Size is counted while unpacking; what the archive declares does not matter."""
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(entry(NAME), b"\0" * 5_000_000)
    data = bytearray((tmp_path / "bomb.zip").read_bytes())
    central = data.rfind(b"PK\x01\x02")
    data[central + 24 : central + 28] = (100).to_bytes(4, "little")  # the lie
    for name, content in (("bomb.zip", None), ("lie.zip", bytes(data))):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(CourseError, match=name.replace(".", r"\.")):
            archive.unpack(tmp_path / name, tmp_path / "out", LIMITS)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) < 3_000_000


def test_many_small_files_and_many_parts_have_limits(tmp_path: Path) -> None:
    """The number of files and their sum count as one file's size does."""
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as made:
        for number in range(handin.MAX_FILES + 1):
            made.writestr(entry(f"{number}.txt"), "")
    with pytest.raises(CourseError, match=str(handin.MAX_FILES)):
        archive.unpack(tmp_path / "many.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "sum.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(4):
            made.writestr(entry(f"{number}.bin"), b"\0" * 900_000)
    with pytest.raises(CourseError, match="上限"):
        archive.unpack(tmp_path / "sum.zip", tmp_path / "out", LIMITS)


@given(st.binary(max_size=300))
def test_what_is_no_zip_is_said_so(data: bytes) -> None:
    """Any bytes under the name of an archive end in a Chinese sentence."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.zip"
        path.write_bytes(data)
        with pytest.raises(CourseError, match=r"x\.zip"):
            archive.unpack(path, Path(folder) / "out")
        path.write_bytes(b"PK\x05\x06" + data)
        found = list(archive.bundles([path], Path(folder) / "scratch"))
        assert len(found) == 1
        assert isinstance(found[0], str)


def test_nbgraders_zip_collect_uses_the_same_care(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """``nbgrader zip_collect x01`` takes an export by its receipt and leaves a hostile archive out."""
    from nbgrader.apps import ZipCollectApp

    box = course.root / "downloaded" / "x01" / "archive"
    box.mkdir(parents=True)
    shutil.copy(export(course, "t731", tmp_path / "stick"), box)
    with zipfile.ZipFile(box / "evil.zip", "w") as made:
        made.writestr(entry("../../../../evil.txt"), "x")
    monkeypatch.chdir(course.root)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(course.root / "config"))
    app = ZipCollectApp()
    app.initialize(["x01"])  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]
    assert "evil.zip" in capfd.readouterr().err
    assert not list(course.root.rglob("evil.txt"))
    folder = course.folder("submitted", "t731", "x01")
    assert (folder / NAME).is_file()
    assert (folder / "submission_secret.txt").stat().st_size == 128
    assert status.overviews(course, ["x01"])[0].standings["t731"].is_collected
    assert receipt.read(folder) is not None
