"""Handing in and collecting: whole or not at all, checked by hash, nobody reads another's, nothing is dropped silently."""

from __future__ import annotations

import json
import multiprocessing
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from building import make_course
from hypothesis import given
from hypothesis import strategies as st

from coursekit import edition, handin, inbound, plain, receipt
from coursekit.course import Course, CourseError
from coursekit.handin import Limits, Parcel
from coursekit.inbound import Door
from coursekit.nbgrader import Nbgrader
from widgets import RecordSpotting
from widgets.journal import NAME

NOW = datetime(2026, 11, 22, 6, 3, 10, 123456, tzinfo=UTC)
LIMITS = Limits(file=1_000_000, folder=3_000_000)


@pytest.fixture(name="course", scope="module")
def _course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make a course with its one assignment, x01, released."""
    course = make_course(tmp_path_factory.mktemp("exchange") / "course")
    nbgrader = Nbgrader(course)
    nbgrader.generate_assignment("x01")
    nbgrader.release_assignment("x01")
    return course


@pytest.fixture(name="home")
def _home(course: Course, tmp_path: Path) -> Path:
    """Make a home where x01 was fetched and one exercise answered."""
    Nbgrader(course).fetch_assignment("x01", tmp_path)
    answer(tmp_path, 3)
    return tmp_path


@pytest.fixture(name="box")
def _box(tmp_path: Path) -> Path:
    """Make an empty inbound folder."""
    box = tmp_path / "inbound"
    box.mkdir()
    return box


def answer(home: Path, row: int) -> None:
    """Mark one row of the wrong-record exercise."""
    exercise = RecordSpotting("x01-w1", home / "x01", "t001")
    before = exercise.latest()
    exercise.save({"marks": {f"r{row}/done": {"reason": "late"}}}, base=before.seq if before else 0)


def parcel(course: Course, home: Path, limits: Limits = LIMITS) -> Parcel:
    return Parcel("t001", "x01", home / "x01", course.exchanged / "outbound" / "x01", limits)


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_submission_arrives_whole_with_its_receipt(course: Course, home: Path, box: Path) -> None:
    """What the receipt lists is what lies in the exchange, byte for byte, under nbgrader's own kind of name."""
    made = handin.hand_in(parcel(course, home), box, home / "cache", NOW)
    (folder,) = box.iterdir()
    assert folder.name.startswith("t001+x01+2026-11-22 06:03:10.123456 UTC+")
    assert tree(folder) == tree(home / "x01") | set(receipt.ADDED)
    assert {name: plain.digest(folder / name, 10**7) for name in made.files} == made.files
    assert made.files[NAME] == plain.digest(home / "x01" / NAME, 10**7)
    assert receipt.read(folder) == receipt.make("x01", "t001", "2026-11-22 06:03:10.123456 UTC", made.files)
    assert (folder / "timestamp.txt").read_text() == "2026-11-22 06:03:10.123456 UTC"
    assert len((folder / "submission_secret.txt").read_text()) == 128


def test_handing_in_the_same_twice_is_one_submission(course: Course, home: Path, box: Path) -> None:
    """A second click gives the same receipt; a changed answer gives another one, and both submissions are there."""
    first = handin.hand_in(parcel(course, home), box, home / "cache", NOW)
    again = handin.hand_in(parcel(course, home), box, home / "cache", NOW + timedelta(minutes=1))
    assert again == first
    assert len(list(box.iterdir())) == 1
    answer(home, 4)
    other = handin.hand_in(parcel(course, home), box, home / "cache", NOW + timedelta(minutes=2))
    assert other.code != first.code
    assert len(list(box.iterdir())) == 2


def test_a_whole_class_hands_in_at_once(course: Course, home: Path, box: Path) -> None:
    """112 trainees in the last minute (nbgrader #919): every receipt stands for a whole submission that is there."""

    def one(number: int) -> receipt.Receipt:
        released = course.exchanged / "outbound" / "x01"
        mine = Parcel(f"t{number:03d}", "x01", home / "x01", released, LIMITS)
        return handin.hand_in(mine, box, home / f"cache{number}", NOW)

    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(one, range(112)))
    found, odd = inbound.arrivals(box)
    assert odd == []
    assert {arrival.folder.name for arrival in found} == {each.folder for each in made}
    for each in made:
        arrived = {name: plain.digest(box / each.folder / name, 10**7) for name in each.files}
        assert receipt.faults(each, arrived) == []
    assert len({each.code for each in made}) == 112


def test_what_an_instructor_cleared_away_can_be_handed_in_again(course: Course, home: Path, box: Path) -> None:
    """The same work goes in again when the exchange no longer has it."""
    first = handin.hand_in(parcel(course, home), box, home / "cache", NOW)
    shutil.rmtree(box / first.folder)
    handin.hand_in(parcel(course, home), box, home / "cache", NOW + timedelta(minutes=1))
    assert len(list(box.iterdir())) == 1


def test_the_cache_keeps_one_full_copy(course: Course, home: Path, box: Path) -> None:
    """Of earlier submissions only secret, time, receipt and empty notebooks stay, which their feedback needs."""
    for number in range(4):
        answer(home, number + 1)
        handin.hand_in(parcel(course, home), box, home / "cache", NOW + timedelta(minutes=number))
    copies = sorted((home / "cache").iterdir())
    assert len(copies) == 4
    assert tree(copies[-1]) == tree(home / "x01") | set(receipt.ADDED)
    for old in copies[:-1]:
        assert tree(old) == {"x01.ipynb", *receipt.ADDED}
        assert (old / "x01.ipynb").stat().st_size < 500
    assert all(stat.S_IMODE(copy.stat().st_mode) == 0o700 for copy in copies)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_copy_that_fails_leaves_nothing(
    course: Course, home: Path, box: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """A full disk in the middle ends in one Chinese sentence; neither exchange nor cache holds half a submission."""
    real, left = plain.copy, [after]

    def failing(source: Path, target: Path, limit: int) -> str:
        if left[0] == 0:
            raise OSError(28, "No space left on device", str(target))
        left[0] -= 1
        return real(source, target, limit)

    monkeypatch.setattr(plain, "copy", failing)
    with pytest.raises(CourseError, match="磁盘已满"):
        handin.hand_in(parcel(course, home), box, home / "cache", NOW)
    assert list(box.iterdir()) == []
    assert not (home / "cache").exists()


def test_a_copy_that_is_not_what_left_is_refused(
    course: Course, home: Path, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that stores something else is noticed by hash before anybody is told that it arrived."""
    real = plain.copy

    def flipping(source: Path, target: Path, limit: int) -> str:
        found = real(source, target, limit)
        if target.name == NAME:
            target.write_bytes(target.read_bytes().replace(b"late", b"lata"))
        return found

    monkeypatch.setattr(plain, "copy", flipping)
    with pytest.raises(CourseError, match=NAME):
        handin.hand_in(parcel(course, home), box, home / "cache", NOW)
    assert list(box.iterdir()) == []


def test_killed_while_handing_in_nothing_is_collected(course: Course, home: Path, box: Path) -> None:
    """SIGKILL between two files: what is there has a name that nbgrader's glob and the kit's list pass over."""
    code = (
        "import os, signal, sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from coursekit import handin, plain\n"
        "real = plain.copy\n"
        "def dying(source, target, limit):\n"
        "    done = real(source, target, limit)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "plain.copy = dying\n"
        "home, released, box = map(Path, sys.argv[1:])\n"
        "parcel = handin.Parcel('t001', 'x01', home / 'x01', released, handin.Limits(10**6, 10**7))\n"
        "handin.hand_in(parcel, box, home / 'cache', datetime.now(UTC))\n"
    )
    words = [sys.executable, "-c", code, str(home), str(course.exchanged / "outbound" / "x01"), str(box)]
    assert subprocess.run(words, check=False).returncode == -9
    (left,) = box.iterdir()
    assert left.name.startswith(".")
    assert list(box.glob("*+x01+*")) == []
    assert inbound.arrivals(box) == ([], [])


def test_over_size_and_strange_files_are_named_and_refused(course: Course, home: Path, box: Path) -> None:
    """Nothing is dropped in silence: the message names the file and the limit, and nothing is handed in."""
    folder = home / "x01"
    cases: dict[str, Callable[[Path], object]] = {
        "big.bin": lambda path: path.write_bytes(b"\0" * 1_000_001),
        "link.txt": lambda path: path.symlink_to("/etc/passwd"),
        "folder-link": lambda path: path.symlink_to("/etc"),
        "pipe": os.mkfifo,
    }
    for name, make in cases.items():
        make(folder / name)
        with pytest.raises(CourseError, match=name) as error:
            handin.hand_in(parcel(course, home), box, home / "cache", NOW)
        assert name != "big.bin" or "1 MB" in str(error.value)
        (folder / name).unlink()
        assert list(box.iterdir()) == []
    handin.hand_in(parcel(course, home), box, home / "cache", NOW)


def test_too_much_in_all_is_refused(course: Course, home: Path, box: Path) -> None:
    """The whole folder has a limit, too, and so has the number of files."""
    for number in range(4):
        (home / "x01" / f"part{number}.bin").write_bytes(b"\0" * 900_000)
    with pytest.raises(CourseError, match=r"3 MB.*part0\.bin"):
        handin.hand_in(parcel(course, home), box, home / "cache", NOW)
    for number in range(4):
        (home / "x01" / f"part{number}.bin").unlink()
    for number in range(handin.MAX_FILES):
        (home / "x01" / f"{number}.txt").touch()
    with pytest.raises(CourseError, match=str(handin.MAX_FILES)):
        handin.hand_in(parcel(course, home), box, home / "cache", NOW)


def test_a_missing_notebook_is_replaced_by_the_released_one(course: Course, home: Path, box: Path) -> None:
    """Marks need the journal only, nbgrader wants the notebook: a deleted one does not keep anybody from handing in."""
    (home / "x01" / "x01.ipynb").unlink()
    made = handin.hand_in(parcel(course, home), box, home / "cache", NOW)
    assert made.files["x01.ipynb"] == plain.digest(course.exchanged / "outbound" / "x01" / "x01.ipynb", 10**7)


@pytest.mark.parametrize(
    ("door", "user", "group", "mode"),
    [
        (Door(owner=0, group=50, mode=0o43733), 1001, 1001, 0o750),  # course group, instructors are in it
        (Door(owner=7, group=50, mode=0o43733 | stat.S_ISGID), 1001, 1001, 0o750),
        (
            Door(owner=0, group=1001, mode=0o42733 | stat.S_ISGID),
            1001,
            1001,
            0o700,
        ),  # trainees' own group: root collects
        (Door(owner=1001, group=1001, mode=0o40755), 1001, 1001, 0o700),  # one machine, one account
        (Door(owner=0, group=0, mode=0o40733), 1001, 1001, 0o700),  # no setgid: root collects
    ],
)
def test_only_the_course_group_or_root_reads_a_submission(door: Door, user: int, group: int, mode: int) -> None:
    """Whoever else could read is shut out, whatever the folder's permissions."""
    if not door.mode & stat.S_ISGID and mode == 0o750:
        door = Door(door.owner, door.group, door.mode | stat.S_ISGID)
    assert inbound.folder_mode(door, user, group) == mode


@pytest.mark.parametrize(
    "door",
    [
        Door(owner=7, group=1001, mode=0o43733 | stat.S_ISGID),  # the instructor's inbound has the trainees' group
        Door(owner=7, group=7, mode=0o40733),  # without setgid a submission keeps the trainee's own group
    ],
)
def test_a_set_up_where_the_instructor_could_not_read_is_refused(door: Door) -> None:
    """Better a message at the first submission than an empty list at the deadline."""
    with pytest.raises(CourseError, match="chgrp"):
        inbound.folder_mode(door, 1001, 1001)


@given(
    st.from_regex(r"\w[\w.@-]{0,20}", fullmatch=True),
    st.from_regex(r"[a-z][a-z0-9_-]{0,10}", fullmatch=True),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
)
def test_names_in_the_exchange_say_who_what_when(trainee: str, assignment: str, when: datetime) -> None:
    """A name that the kit writes is read back as it was meant."""
    at = when.replace(tzinfo=UTC)
    found = inbound.parse_name(Path(f"{trainee}+{assignment}+{inbound.stamp_of(at)}+Zm9v-_1"))
    assert found is not None
    assert (found.trainee, found.assignment, found.at) == (trainee, assignment, at)


@given(st.text(max_size=60))
def test_any_other_name_is_passed_over(name: str) -> None:
    """No name makes reading the exchange fail."""
    found = inbound.parse_name(Path(name.replace("/", "").replace("\0", "") or "x"))
    assert found is None or inbound.is_trainee(found.trainee)


def test_the_glob_of_stock_nbgrader_reads_the_same_names(course: Course, home: Path) -> None:
    """Stock nbgrader's own collect would find a submission of the kit's, its trainee and its time."""
    from nbgrader.exchange.default import ExchangeCollect

    made = Nbgrader(course).submit("x01", home, "t900")
    assert made is not None
    record = ExchangeCollect._path_to_record(cast("Any", None), f"/x/{made.folder}")  # type: ignore[no-untyped-call]
    assert record["username"] == "t900"
    at = inbound.parse_stamp(made.timestamp)
    assert at is not None
    assert record["timestamp"] == at.replace(tzinfo=None)


def test_one_odd_name_stops_nobody_elses_collection(course: Course, home: Path) -> None:
    """Hostile and broken entries in the inbound folder are named; everybody else is collected."""
    nbgrader = Nbgrader(course)
    nbgrader.submit("x01", home, "t101")
    box = course.exchanged / "inbound"
    odd = ["t102+x01+nonsense+r", "t103+x01", "..+x01+2026-11-22 06:03:10.123456 UTC+r"]
    for name in odd:
        (box / name).mkdir()
    (box / "t104+x01+2026-11-22 06:03:10.123456 UTC+r").symlink_to("/etc")
    linked = box / "t105+x01+2026-11-22 06:03:10.123456 UTC+r"
    linked.mkdir()
    (linked / NAME).symlink_to("/etc/passwd")
    done = nbgrader.collect("x01")
    assert "t101" in done.new
    assert any("t102+x01+nonsense" in problem for problem in done.problems)
    assert any("t104" in problem for problem in done.problems)
    assert any("t105" in problem and NAME in problem for problem in done.problems)
    assert not (course.root / "submitted" / "t105").exists() or not tree(course.root / "submitted" / "t105")
    assert not list(course.root.glob("submitted/.*+*"))
    for name in odd[:2]:
        (box / name).rmdir()
    shutil.rmtree(linked)
    (box / "t104+x01+2026-11-22 06:03:10.123456 UTC+r").unlink()


def test_collecting_takes_the_newest_and_never_goes_back(course: Course, home: Path) -> None:
    """A later submission replaces an earlier one, an unchanged one is left alone."""
    nbgrader = Nbgrader(course)
    nbgrader.submit("x01", home, "t201")
    assert "t201" in nbgrader.collect("x01").new
    assert "t201" in nbgrader.collect("x01").unchanged
    answer(home, 6)
    made = nbgrader.submit("x01", home, "t201")
    assert "t201" in nbgrader.collect("x01").updated
    folder = course.folder("submitted", "t201", "x01")
    assert receipt.read(folder) is not None
    assert made is not None
    assert receipt.read(folder).code == made.code  # type: ignore[union-attr]
    assert (folder / NAME).read_bytes() == (home / "x01" / NAME).read_bytes()


def test_fetching_again_brings_the_release_and_keeps_answers(course: Course, home: Path) -> None:
    """A damaged or older copy is brought up to the release; the journal is not touched."""
    folder = home / "x01"
    before = (folder / NAME).read_bytes()
    (folder / "data" / "x01-o1.json").unlink()
    (folder / "data" / "x01-c1.json").write_text("{}")
    notebook = json.loads((folder / "x01.ipynb").read_text("utf-8"))
    notebook["cells"][1]["source"] = "import os"
    (folder / "x01.ipynb").write_text(json.dumps(notebook), "utf-8")
    released = course.exchanged / "outbound" / "x01"
    assert not edition.is_current(released, folder)
    Nbgrader(course).fetch_assignment("x01", home)
    assert edition.is_current(released, folder)
    assert (folder / NAME).read_bytes() == before


def test_a_fetched_notebook_with_outputs_is_current(course: Course, home: Path) -> None:
    """Running and saving a notebook is no reason to be offered a new edition."""
    path = home / "x01" / "x01.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}], "execution_count": 3}
    path.write_text(json.dumps(notebook), "utf-8")
    before = path.read_bytes()
    assert edition.is_current(course.exchanged / "outbound" / "x01", home / "x01")
    Nbgrader(course).fetch_assignment("x01", home)
    assert path.read_bytes() == before


def test_every_edition_ever_released_may_run(course: Course, tmp_path: Path) -> None:
    """Who fetched before a correction keeps exercises that run; a stranger's notebook of the same name does not."""
    exchange = tmp_path / "exchange"
    shutil.copytree(course.exchanged, exchange, ignore=shutil.ignore_patterns("inbound"))
    home = tmp_path / "home"
    shutil.copytree(exchange / "outbound" / "x01", home / "x01")
    old = edition.notebook_digest(home / "x01" / "x01.ipynb")
    released = exchange / "outbound" / "x01" / "x01.ipynb"
    released.write_text(released.read_text("utf-8").replace("x01-o1", "x01-o9"), "utf-8")
    edition.record(exchange, "x01")
    assert edition.allowed(exchange, home) == {"x01/x01.ipynb": old}
    stranger = (home / "x01" / "x01.ipynb").read_text("utf-8").replace("from widgets import", "import")
    (home / "x01" / "x01.ipynb").write_text(stranger, "utf-8")
    assert edition.allowed(exchange, home) == {"x01/x01.ipynb": edition.notebook_digest(released)}


def test_the_exchange_lets_everybody_in_and_nobody_look(course: Course) -> None:
    """Root 1777 and inbound 3733: put in, not look, not rename what others put there."""
    assert stat.S_IMODE(course.exchange.stat().st_mode) == 0o1777
    assert stat.S_IMODE((course.exchanged / "inbound").stat().st_mode) == 0o3733


def test_nbgraders_own_commands_get_a_refusal_they_know(course: Course, home: Path) -> None:
    """What the kit refuses is an ExchangeError, too: ``nbgrader submit`` ends with the Chinese sentence, no traceback."""
    from nbgrader.exchange import ExchangeError

    (home / "x01" / "big.bin").write_bytes(b"\0" * 33_000_001)
    with pytest.raises(CourseError, match=r"big\.bin.*33 MB") as error:
        Nbgrader(course).submit("x01", home, "t301")
    assert isinstance(error.value, ExchangeError)
    assert not list((course.exchanged / "inbound").glob("t301*"))


@pytest.fixture(name="hall")
def _hall() -> Iterator[tuple[Path, str, str]]:
    """Make two accounts of trainees and a folder that both can reach."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    useradd, userdel = shutil.which("useradd", path=path), shutil.which("userdel", path=path)
    if os.geteuid() != 0 or useradd is None or userdel is None:
        pytest.skip("making accounts needs root and useradd")
    names = [f"ckt{letter}{os.getpid()}" for letter in "ab"]
    root = Path(tempfile.mkdtemp(prefix="coursekit-hall-"))
    root.chmod(0o755)
    try:
        for name in names:
            subprocess.run([useradd, "--create-home", "--home-dir", root / name, name], check=True)
        yield root, names[0], names[1]
    finally:
        for name in names:
            subprocess.run([userdel, name], check=False, capture_output=True)
        shutil.rmtree(root)


def as_user(name: str, home: Path, do: Callable[[], Any]) -> Any:
    """Do something in a process of account *name*, in its home; returns the result, or the error's name and text.

    A fork, because the Python under test may lie where only its owner can start it.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def work() -> None:
        user = pwd.getpwnam(name)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.chdir(home)
        try:
            theirs.send(do())
        except (OSError, CourseError) as error:
            theirs.send((type(error).__name__, str(error)))

    process = context.Process(target=work)
    process.start()
    found = ours.recv()
    process.join()
    return found


def moved(course: Course, root: Path) -> Course:
    """Copy a course below *root*, release it there, and load all that a fork needs."""
    skip = shutil.ignore_patterns("exchange", "submitted", "homes")
    found = Course.load(shutil.copytree(course.root, root / "course", ignore=skip))
    found.source.chmod(0o700)
    nbgrader = Nbgrader(found)
    nbgrader.release_assignment("x01")
    nbgrader.fetch_assignment("x01", root)
    nbgrader.submit("x01", root, "root")
    return found


def submit_as(name: str, course: Course, home: Path, claimed: str) -> Any:
    """Fetch and hand in by account *name* under the trainee's id *claimed*."""

    def do() -> str:
        nbgrader = Nbgrader(course)
        nbgrader.fetch_assignment("x01", home)
        (home / "x01" / NAME).write_text("")
        made = nbgrader.submit("x01", home, claimed)
        assert made is not None
        return made.folder

    return as_user(name, home, do)


def test_two_accounts_cannot_read_each_other_and_the_instructor_collects_both(
    course: Course, hall: tuple[Path, str, str]
) -> None:
    """With real accounts: no listing, no reading, no renaming of another's submission, no handing in for another."""
    root, ann, bob = hall
    course = moved(course, root)
    nbgrader = Nbgrader(course)
    box = course.exchanged / "inbound"
    folders = {name: box / submit_as(name, course, root / name, name) for name in (ann, bob)}
    assert stat.S_IMODE(folders[ann].stat().st_mode) & 0o777 == 0o750

    victim = folders[ann]
    attacks: list[Callable[[], Any]] = [
        lambda: sorted(box.iterdir()),
        lambda: sorted(victim.iterdir()),
        (victim / NAME).read_bytes,
        (victim / receipt.FILE).read_bytes,
        (victim / "submission_secret.txt").read_bytes,
        lambda: victim.rename(f"{victim}x"),
        lambda: shutil.rmtree(victim),
        (victim / "extra").touch,
        (victim / NAME).unlink,
        lambda: course.exchanged.rename(course.exchanged.with_name("mine")),
        lambda: sorted(course.source.iterdir()),
    ]
    for number, attack in enumerate(attacks):
        assert as_user(bob, root / bob, attack)[0] == "PermissionError", number

    assert submit_as(bob, course, root / bob, ann).startswith(f"{ann}+")  # he can put it in …
    found = nbgrader.collect("x01")
    assert sorted(found.new) == sorted([ann, bob, "root"])
    assert any(bob in problem and ann in problem for problem in found.problems)  # … but it is nobody's
    collected, mine = receipt.read(course.folder("submitted", ann, "x01")), receipt.read(victim)
    assert collected is not None
    assert collected == mine


def test_an_instructor_without_root_reads_by_the_course_group(course: Course, hall: tuple[Path, str, str]) -> None:
    """A submission has inbound's group and is 0750, so its members read it; who is not in it does not."""
    root, ann, teacher = hall
    course = moved(course, root)
    box = course.exchanged / "inbound"
    os.chown(box, pwd.getpwnam(teacher).pw_uid, pwd.getpwnam(teacher).pw_gid)
    box.chmod(0o3733)
    folder = box / submit_as(ann, course, root / ann, ann)
    assert folder.group() == pwd.getpwnam(teacher).pw_name
    names = as_user(teacher, root / teacher, lambda: sorted(path.name for path in folder.iterdir()))
    assert NAME in names
    assert as_user(teacher, root / teacher, (folder / "data" / "x01-w1.json").read_bytes)
    assert ann in as_user(teacher, root / teacher, lambda: [one.trainee for one in inbound.arrivals(box)[0]])


def test_a_group_that_all_trainees_share_reads_nothing(course: Course, hall: tuple[Path, str, str]) -> None:
    """Where inbound has the trainees' own group, a submission is its owner's alone, and root collects it."""
    root, ann, bob = hall
    course = moved(course, root)
    nbgrader = Nbgrader(course)
    box = course.exchanged / "inbound"
    os.chown(box, 0, pwd.getpwnam(ann).pw_gid)
    box.chmod(0o3733)
    folder = box / submit_as(ann, course, root / ann, ann)
    assert stat.S_IMODE(folder.stat().st_mode) & 0o777 == 0o700
    assert as_user(bob, root / bob, lambda: sorted(folder.iterdir()))[0] == "PermissionError"
    assert ann in nbgrader.collect("x01").new
