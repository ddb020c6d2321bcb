"""What people type and what it means: full-width letters, stray spaces and many ways to write a date, read alike."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

#: Full-width letters, digits and punctuation stand 0xFEE0 above their half-width twins; dashes look alike on paper.
_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
#: What pasting brings along and nobody sees: soft hyphen, zero-width characters, byte order mark.
_UNSEEN = dict.fromkeys([0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF])

_DATES = (
    re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})(年)(\d{1,2})月(\d{1,2})[日号]?", re.ASCII),
    re.compile(r"(\d{4})()(\d{2})(\d{2})", re.ASCII),
)
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}([, ])\d{3}(\2\d{3})*)(\.\d*)?|[+-]?\.\d+", re.ASCII)


def plain(text: str) -> str:
    """Return *text* in half width, trimmed, with single spaces and without invisible characters.

    A space beside a Chinese character means nothing and goes: “青榆街 18 号” and “青榆街18号” are the same place.
    """
    words = " ".join(text.translate(_UNSEEN).translate(_HALF).split())
    return re.sub(r"(?<=[^!-~ ]) | (?=[^!-~ ])", "", words)


def compact(text: str) -> str:
    """Return a number of a document as systems keep it: no spaces or hyphens, letters in capitals."""
    return re.sub(r"[ -]", "", plain(text)).upper()


def date_of(text: str) -> date | None:
    """Read 2026-09-18, 2026/9/18, 2026.9.18, 20260918 or 2026年9月18日; None for anything that is no day."""
    for pattern in _DATES:
        found = pattern.fullmatch(plain(text).replace(" ", ""))
        if found:
            try:
                return date(int(found[1]), int(found[3]), int(found[4]))
            except ValueError:
                return None
    return None


def number_of(text: str, *, percent: bool = False) -> Decimal | None:
    """Read a decimal number with or without a separator for thousands; None for text, NaN, Infinity and exponents.

    A percent sign behind the number is read over where *percent* says that the unit is per cent.
    """
    words = plain(text)
    if percent:
        words = words.removesuffix("%").rstrip()
    return Decimal(re.sub(r"[, ]", "", words)) if _NUMBER.fullmatch(words) else None
