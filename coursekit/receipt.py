"""The receipt of a submission: a code that trainees keep and ``coursekit receipt CODE`` finds again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from coursekit import plain
from coursekit.course import CourseError

#: The receipt's file in a submission, in submitted/ and in the trainee's cache.
FILE = "receipt.json"
#: Files beside a submission's own that the exchange puts there.
ADDED = ("timestamp.txt", "submission_secret.txt", FILE)
_LIMIT = 1_000_000


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived: whose, when (in nbgrader's words, UTC), and the SHA-256 of every file.

    *folder* is the name in the exchange; only the trainee's own copy has it.
    """

    v: int = 1
    code: str
    assignment: str
    trainee: str
    timestamp: str
    files: dict[str, str]
    folder: str = ""


def make(assignment: str, trainee: str, timestamp: str, files: Mapping[str, str]) -> Receipt:
    """Make the receipt of *files* (SHA-256 by path)."""
    code = code_of(assignment, trainee, timestamp, files)
    return Receipt(code=code, assignment=assignment, trainee=trainee, timestamp=timestamp, files=dict(files))


def code_of(assignment: str, trainee: str, timestamp: str, files: Mapping[str, str]) -> str:
    """Return the first 48 bits of SHA-256 over all that a receipt says, written XXXX-XXXX-XXXX."""
    content = msgspec.json.encode([assignment, trainee, timestamp, sorted(files.items())])
    return _grouped(sha256(content).hexdigest()[:12])


def parse_code(text: str) -> str:
    """Read a code as people type it; raises CourseError when it is none."""
    digits = re.sub(r"[\s\-－—–]", "", text).translate(str.maketrans("Oo", "00")).upper()
    if not re.fullmatch(r"[0-9A-F]{12}", digits):
        raise CourseError(f"“{text[:40]}”不是回执码。回执码是 12 位数字和字母 A–F，如 7F3A-91BC-02DE，请核对后再查。")
    return _grouped(digits)


def read(folder: Path) -> Receipt | None:
    """Read the receipt in a submission's folder; a missing or broken one is none."""
    try:
        return msgspec.json.decode(plain.read(folder / FILE, _LIMIT), type=Receipt)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def faults(receipt: Receipt, files: Mapping[str, str]) -> list[str]:
    """Say in Chinese where *files* (SHA-256 by path) are not what the receipt says."""
    found = []
    if code_of(receipt.assignment, receipt.trainee, receipt.timestamp, receipt.files) != receipt.code:
        found.append("回执内容与回执码不符")
    for name in sorted({*receipt.files, *files}):
        if name not in files:
            found.append(f"缺少文件 {name}")
        elif name not in receipt.files:
            found.append(f"多出文件 {name}")
        elif files[name] != receipt.files[name]:
            found.append(f"文件 {name} 与提交时不同")
    return found


def _grouped(digits: str) -> str:
    return "-".join(digits.upper()[place : place + 4] for place in (0, 4, 8))
