"""Handing in: an assignment's folder goes into nbgrader's exchange whole, checked by hash, and unseen by colleagues.

It is written aside under a name that nbgrader's glob does not find, synced, compared with what was read, and renamed:
whoever collects sees all of a submission or nothing of it. Handing in the same twice gives the same receipt.

What a centre with several accounts must set up: the exchange folder belongs to the instructor (or root);
``coursekit release`` makes it 1777 and ``inbound`` 3733, so that everybody may put something in, nobody may look, and
what is put in gets inbound's group. ``chgrp`` that group to one that instructors are in and trainees are not. A
submission is then 0750 with this group. Where instructors work as root, or all work under one account, nothing needs to
be done: a submission is 0700. A submission whose folder belongs to another account than its name says is not collected
(c.ExchangeCollect.check_owner), unless it belongs to root or to the owner of inbound. Source and gradebook must not be readable by trainees, config/ must be.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from coursekit import inbound, plain, receipt
from coursekit.author import notebook
from coursekit.course import CourseError
from coursekit.receipt import Receipt

#: No trainee's work has more files, or longer paths.
MAX_FILES, MAX_PATH = 500, 240


@dataclass(frozen=True, slots=True)
class Limits:
    """What a submission may weigh: one file, and all of it, in bytes."""

    file: int
    folder: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """An assignment to hand in: whose, from where, with released notebooks in place of missing ones."""

    trainee: str
    assignment: str
    folder: Path
    released: Path
    limits: Limits


def survey(folder: Path, limits: Limits) -> dict[str, Path]:
    """List the files to hand in by path within *folder*.

    Raises CourseError naming the file and the limit for links, pipes, over-size files and too many of them; nothing is
    left out but what nbgrader always leaves out, and the files that the exchange writes anew.
    """
    found: dict[str, Path] = {}
    total = 0
    for name, status in plain.names(folder):
        if name in receipt.ADDED:
            continue
        if not stat.S_ISREG(status.st_mode):
            raise CourseError(f"文件“{name}”是链接或特殊文件，不能提交。请删去它，再提交一次；您的作答都还在。")
        if len(name.encode()) > MAX_PATH:
            raise CourseError(f"文件“{name[:60]}…”的名字太长（上限 {MAX_PATH} 字节），请改短，再提交一次。")
        if status.st_size > limits.file:
            raise CourseError(
                f"文件“{name}”有 {plain.size_words(status.st_size)}，超过每个文件 {plain.size_words(limits.file)} 的上限，"
                "所以没有提交。请把它移出作业文件夹，再提交一次；您的作答都还在。"
            )
        total += status.st_size
        found[name] = folder / name
    if total > limits.folder:
        largest = max(found, key=lambda name: found[name].lstat().st_size)
        raise CourseError(
            f"作业文件夹共有 {plain.size_words(total)}，超过 {plain.size_words(limits.folder)} 的上限，所以没有提交。"
            f"最大的文件是“{largest}”，请移走不需要的文件，再提交一次。"
        )
    if len(found) > MAX_FILES:
        raise CourseError(f"作业文件夹里有 {len(found)} 个文件，上限 {MAX_FILES} 个。请移走不需要的文件，再提交一次。")
    return found


def hand_in(parcel: Parcel, inbound_folder: Path, cache: Path, when: datetime) -> Receipt:
    """Put the parcel into the exchange and its receipt into the trainee's *cache*; returns the receipt.

    What was handed in before and has not changed is not handed in again. Raises CourseError when anything did not
    arrive as it left; nothing is then in the exchange.
    """
    files = _complete(survey(parcel.folder, parcel.limits), parcel.released)
    with _spoken():
        before = last_receipt(cache, parcel.trainee, parcel.assignment)
        if before and (inbound_folder / before.folder).is_dir() and before.files == _hashes(files, parcel.limits):
            return before
        status = inbound_folder.stat()
        door = inbound.Door(status.st_uid, status.st_gid, status.st_mode)
        mode = inbound.folder_mode(door, os.geteuid(), os.getegid())
        stamp = inbound.stamp_of(when)
        name = f"{parcel.trainee}+{parcel.assignment}+{stamp}"
        target = inbound_folder / f"{name}+{secrets.token_urlsafe(9)}"
        aside = inbound_folder / f"{plain.ASIDE}{secrets.token_hex(12)}"
        aside.mkdir(0o700)
        try:
            made = pack(parcel, files, aside, stamp)
            _restrict(aside, mode)
            plain.sync_tree(aside)
            aside.rename(target)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        plain.sync_folder(target)  # on Linux this commits the rename, too; inbound itself may not be opened
        plain.sync_folder(inbound_folder)
        made = msgspec.structs.replace(made, folder=target.name)
    remember(target, cache / name, made)
    return made


def pack(parcel: Parcel, files: dict[str, Path], folder: Path, stamp: str) -> Receipt:
    """Copy *files* into the empty *folder* with time, secret and receipt, all on the disk and compared by hash."""
    hashes = {}
    for name, path in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        hashes[name] = plain.copy(path, folder / name, parcel.limits.file)
    made = receipt.make(parcel.assignment, parcel.trainee, stamp, hashes)
    plain.write(folder / "timestamp.txt", stamp.encode())
    plain.write(folder / "submission_secret.txt", secrets.token_hex(64).encode())
    plain.write(folder / receipt.FILE, msgspec.json.encode(made))
    arrived = _hashes({name: folder / name for name in files}, parcel.limits)
    if wrong := receipt.faults(made, arrived):
        raise CourseError(
            f"提交没有成功：{'；'.join(wrong)}。收发文件夹所在的磁盘可能有故障，请联系教师；您的作答都还在。"
        )
    return made


def remember(submission: Path, folder: Path, made: Receipt) -> None:
    """Keep a copy of what was handed in, and of earlier submissions only what their feedback needs.

    The submission has arrived already, so a full disk here is nobody's loss.
    """
    try:
        with plain.placed(folder, 0o700) as aside:
            for name in (*made.files, *receipt.ADDED):
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(submission / name, aside / name, follow_symlinks=False)
            plain.write(aside / receipt.FILE, msgspec.json.encode(made))
        _thin_others(folder, made)
    except OSError:
        return


def sent(cache: Path, trainee: str, assignment: str) -> list[inbound.Arrival]:
    """List what a trainee handed in of an assignment by the cache, newest first."""
    found, _ = inbound.arrivals(cache)
    return [one for one in reversed(found) if (one.trainee, one.assignment) == (trainee, assignment)]


def last_receipt(cache: Path, trainee: str, assignment: str) -> Receipt | None:
    """Return the receipt of a trainee's newest submission that went into the exchange, by the cache."""
    found = (receipt.read(one.folder) for one in sent(cache, trainee, assignment))
    return next((made for made in found if made and made.folder), None)


def export(parcel: Parcel, into: Path, cache: Path, when: datetime) -> tuple[Path, Receipt]:
    """Pack the parcel as a zip file in the folder *into*, for a USB stick where there is no network.

    It counts as handed in only when somebody collects it; its secret is kept, so that its feedback can be read.
    """
    from zipfile import ZIP_DEFLATED, ZipFile

    files = _complete(survey(parcel.folder, parcel.limits), parcel.released)
    stamp = inbound.stamp_of(when)
    kept = cache / f"{parcel.trainee}+{parcel.assignment}+{stamp}"
    with _spoken():
        with plain.placed(kept, 0o700) as aside:
            made = pack(parcel, files, aside, stamp)
        target = into / f"{parcel.assignment}-{parcel.trainee}-{made.code.replace('-', '')}.zip"
        part = into / f"{plain.ASIDE}{secrets.token_hex(8)}.zip"
        with ZipFile(part, "x", ZIP_DEFLATED) as archive:
            for name in sorted({*made.files, *receipt.ADDED}):
                archive.write(kept / name, name)
        part.replace(target)
        _thin_others(kept, made)
    return target, made


def take_over(folder: Path, dest: Path, stamp: str, limits: Limits) -> None:
    """Copy a submission into *dest* below submitted/ in one step, as handed in at *stamp*, following no link.

    Raises CourseError for what may not be handed in.
    """
    files = survey(folder, limits)
    with plain.placed(dest, 0o750) as aside:
        for name, path in files.items():
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            plain.copy(path, aside / name, limits.file)
        for name in ("submission_secret.txt", receipt.FILE):
            with suppress(FileNotFoundError):
                plain.copy(folder / name, aside / name, 1_000_000)
        if not (aside / "submission_secret.txt").exists():  # nbgrader releases nobody's feedback without
            plain.write(aside / "submission_secret.txt", secrets.token_hex(64).encode())
        plain.write(aside / "timestamp.txt", stamp.encode())


def _thin_others(folder: Path, made: Receipt) -> None:
    """Thin the copies of all submissions of the same assignment but the one in *folder*."""
    for one in sent(folder.parent, made.trainee, made.assignment):
        if one.folder != folder:
            _thin(one.folder)


def _complete(files: dict[str, Path], released: Path) -> dict[str, Path]:
    """Add released notebooks that the trainee's folder does not have: nbgrader refuses a submission without them."""
    return {path.name: path for path in sorted(released.glob("*.ipynb"))} | files


def _hashes(files: Mapping[str, Path], limits: Limits) -> dict[str, str]:
    return {name: plain.digest(path, limits.file) for name, path in files.items()}


def _restrict(folder: Path, mode: int) -> None:
    """Give all files and folders their modes; a new folder has inbound's group from its first moment."""
    for place, _, files in os.walk(folder):
        for name in files:
            Path(place, name).chmod(mode & 0o666)
        Path(place).chmod(mode)


def _thin(folder: Path) -> None:
    """Empty an earlier submission's copy but for time, secret, receipt and the names of its notebooks."""
    blank = msgspec.json.encode(notebook([], "", 0))
    for name, status in list(plain.names(folder, ignored=lambda _: False)):
        path = folder / name
        if path.suffix == ".ipynb" and path.parent == folder and stat.S_ISREG(status.st_mode):
            if status.st_size != len(blank):
                path.write_bytes(blank)
        elif name not in receipt.ADDED:
            path.unlink()
    for place, _, _ in os.walk(folder, topdown=False):
        if Path(place) != folder:
            Path(place).rmdir()


@contextmanager
def _spoken() -> Iterator[None]:
    """Say what the file system refused in Chinese."""
    try:
        yield
    except OSError as error:
        where = f"“{Path(error.filename).name}”" if error.filename else ""
        reason = "磁盘已满" if error.errno == 28 else (error.strerror or str(error))
        raise CourseError(
            f"提交没有成功：{where}{reason}。请把这句话告诉教师；您的作答都还在，处理后再提交一次。"
        ) from error


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)
