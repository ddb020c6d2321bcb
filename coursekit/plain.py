"""Reading and writing files whose folder may be a stranger's: no links, no pipes, no more bytes than allowed."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

#: Folders under this prefix are being written and no glob of nbgrader's finds them; a left-over one was cut short.
ASIDE = ".coursekit-"
#: What nbgrader leaves out when it copies assignments (CourseDirectory.ignore), and what the kit keeps for itself.
IGNORED = (".ipynb_checkpoints", "__pycache__", "feedback")


@contextmanager
def opened(path: Path, limit: int) -> Iterator[BinaryIO]:
    """Open a regular file of at most *limit* bytes without following a link; raises OSError with a Chinese reason."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise OSError(2, "没有这个文件") from None
    except OSError as error:
        raise OSError(error.errno, "是链接或无法打开") from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(22, "不是普通文件")
        if status.st_size > limit:
            raise OSError(27, f"有 {size_words(status.st_size)}，超过 {size_words(limit)} 的上限")
        yield file


def read(path: Path, limit: int) -> bytes:
    """Read a whole file as :func:`opened` opens it."""
    with opened(path, limit) as file:
        return file.read(limit + 1)[:limit]


def read_text(path: Path, limit: int = 1000) -> str:
    """Read a small text; what cannot be read is empty."""
    try:
        return read(path, limit).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def digest(path: Path, limit: int) -> str:
    """Return the SHA-256 of a file as :func:`opened` opens it."""
    found = sha256()
    with opened(path, limit) as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def copy(source: Path, target: Path, limit: int) -> str:
    """Copy a file to a new one, on the disk when this returns; returns the SHA-256 of what was read."""
    found, size = sha256(), 0
    with opened(source, limit) as file, target.open("xb") as out:
        while block := file.read(1 << 20):
            size += len(block)
            if size > limit:
                raise OSError(27, f"超过 {size_words(limit)} 的上限")
            found.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return found.hexdigest()


def write(path: Path, data: bytes) -> None:
    """Write a file so that it holds the old contents or the new, and is on the disk when this returns."""
    handle, name = tempfile.mkstemp(prefix=ASIDE, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def sync_folder(path: Path) -> None:
    """Put a folder's entries on the disk; a folder that may not be read (an inbound of nbgrader's) is left alone."""
    with suppress(PermissionError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(folder: Path) -> None:
    """Put the entries of a folder and all below it on the disk, innermost first."""
    for name, _, _ in os.walk(folder, topdown=False):
        sync_folder(Path(name))


@contextmanager
def placed(folder: Path, mode: int = 0o755) -> Iterator[Path]:
    """Yield an empty folder aside that takes *folder*'s place when the block ends well, and vanishes otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder.parent))
    try:
        yield aside
        sync_tree(aside)
        aside.chmod(mode)
        swap(aside, folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def swap(aside: Path, folder: Path) -> None:
    """Put *aside* in the place of *folder*; a link or file there is removed, never followed."""
    old = aside.with_name(aside.name + "-old")
    with suppress(FileNotFoundError, NotADirectoryError):
        folder.rename(old)
    aside.rename(folder)
    if old.is_symlink() or old.is_file():
        old.unlink()
    else:
        shutil.rmtree(old, ignore_errors=True)


def names(folder: Path, ignored: Callable[[str], bool] | None = None) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every entry below *folder* but its folders, as path/with/slashes and status, sorted, links not followed."""
    skip = ignored or is_ignored
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not skip(name) and not Path(place, name).is_symlink())
        links = [path.name for path in Path(place).iterdir() if path.is_symlink()]
        for name in sorted({*files, *links}):
            if not skip(name):
                path = Path(place, name)
                yield path.relative_to(folder).as_posix(), path.lstat()


def is_ignored(name: str) -> bool:
    """Say whether nbgrader or the kit never copies an entry of this name."""
    return name in IGNORED or name.endswith(".pyc") or name.startswith(ASIDE)


def size_words(size: int) -> str:
    """Put a number of bytes in words that people read."""
    if size < 1_000_000:
        return f"{size / 1000:.3g} kB" if size >= 1000 else f"{size} 字节"
    return f"{size / 1_000_000:.3g} MB"
