"""Writing files that name people: whole or not at all, and readable for their maker only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coursekit import plain
from coursekit.course import CourseError


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield a path to write to that takes the place of *path* when the block ends well, and vanishes otherwise.

    Raises CourseError when the file cannot be written.
    """
    aside = path.with_name(f"{plain.ASIDE}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.touch(mode=0o600)
        yield aside
        aside.replace(path)
    except OSError as error:
        why = error.strerror or error
        raise CourseError(f"写不进 {path}（{why}）。请检查路径和权限，并先在 Excel 里关闭它。") from None
    finally:
        with suppress(OSError):
            aside.unlink()
