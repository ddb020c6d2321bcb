"""Tokens of visitors: made for whom the roster knows, with the course's own secret."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coursekit.course import Course, CourseError
from coursekit.drills.roster import Person
from widgets.visitor import Visitor, VisitorError, sign, verify

#: A sign-in is good for so long (seconds): a day's class.
VALID = 12 * 3600


@dataclass(frozen=True, slots=True)
class Desk:
    """Makes and reads tokens with one course's secret, which lies in *file*."""

    file: Path
    secret: bytes

    @classmethod
    def open(cls, course: Course) -> Desk:
        """Read the secret, made at first use and readable for nobody else."""
        file = course.root / ".drills" / "secret"
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            if not file.exists():
                _make(file)
            secret = file.read_bytes()
        except OSError as error:
            raise CourseError(f"{file} 无法读写（{error.strerror}）。请检查课程文件夹的权限和磁盘空间。") from None
        if len(secret) < 32:
            raise CourseError(f"{file} 不完整。请删去这个文件后重新启动，学员需要重新签到。")
        return cls(file, secret)

    def token(self, person: Person, role: Literal["trainee", "trainer"] = "trainee") -> str:
        """Make a token for *person*."""
        return sign(Visitor(person.id, person.name, int(time.time()) + VALID, role), self.secret)

    def visitor(self, token: str | None) -> Visitor | None:
        """Return whose token this is, None for one that is no longer or never was good."""
        try:
            return verify(token, self.secret, time.time())
        except VisitorError:
            return None


def _make(file: Path) -> None:
    """Write a new secret; of two processes that do so at once, the first one's stays."""
    draft = file.with_name(f".{secrets.token_hex(8)}")
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_bytes(secrets.token_hex(32).encode())
    try:
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
