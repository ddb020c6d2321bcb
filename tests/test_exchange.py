"""Handing in: whole or not at all, checked by hash, once, and nothing is dropped silently."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from exchanging import LIMITS, NOW, answer, parcel, tree

from coursekit import handin, inbound, plain, receipt
from coursekit.course import Course, CourseError
from coursekit.handin import Parcel
from coursekit.nbgrader import Nbgrader
from widgets.journal import NAME


@pytest.fixture(name="box")
def _box(tmp_path: Path) -> Path:
    """Make an empty inbound folder."""
    box = tmp_path / "inbound"
    box.mkdir()
    return box


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


def test_nbgraders_own_commands_get_a_refusal_they_know(course: Course, home: Path) -> None:
    """What the kit refuses is an ExchangeError, too: ``nbgrader submit`` ends with the Chinese sentence, no traceback."""
    from nbgrader.exchange import ExchangeError

    (home / "x01" / "big.bin").write_bytes(b"\0" * 33_000_001)
    with pytest.raises(CourseError, match=r"big\.bin.*33 MB") as error:
        Nbgrader(course).submit("x01", home, "t301")
    assert isinstance(error.value, ExchangeError)
    assert not list((course.exchanged / "inbound").glob("t301*"))
