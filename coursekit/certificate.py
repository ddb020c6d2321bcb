"""Certificates (结业证书) with a code that is looked up in the gradebook's database, so that it proves itself."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from coursekit.course import Course, CourseError
from coursekit.office_schema import CERTIFICATE
from coursekit.records import lock_records, open_records

#: Digits and letters that nobody confuses; 31 is a prime, so the last one tells every slip of one and every swap of two.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as issued; *issued* and *revoked* are instants in UTC without zone."""

    code: str
    trainee: str
    name: str
    unit: str
    course: str
    centre: str
    total: Decimal
    passed: date
    issued: datetime
    issued_by: str
    revoked: datetime | None = None
    revoked_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Graduate:
    """Somebody who may have a certificate: who passed, with what, and on which day."""

    trainee: str
    name: str
    unit: str
    total: Decimal
    passed: date


def new_code(draw: Sequence[int] | None = None) -> str:
    """Draw a code that cannot be guessed, 54 bits and a check letter, written XXXX-XXXX-XXXX."""
    drawn = draw if draw is not None else [secrets.randbelow(len(ALPHABET)) for _ in range(_LENGTH - 1)]
    letters = "".join(ALPHABET[one] for one in [*drawn, _check(drawn)])
    return "-".join(letters[place : place + 4] for place in (0, 4, 8))


def parse_code(text: str) -> str:
    """Read a code as people type it; raises CourseError when it is none, or was mistyped."""
    letters = re.sub(r"[\s\-－—–]", "", text).upper()
    if len(letters) != _LENGTH or any(letter not in ALPHABET for letter in letters):
        raise CourseError(
            f"“{text[:40]}”不是证书编号。编号是 12 位数字和字母（没有 0、1、I、L、O），如 DMD7-33QZ-MEC7，请核对后再查。"
        )
    digits = [ALPHABET.index(letter) for letter in letters]
    if _check(digits[:-1]) != digits[-1]:
        raise CourseError(f"证书编号“{text[:40]}”抄错了：有一位不对，或者两位颠倒了。请对照证书核对后再查。")
    return new_code(digits[:-1])


def _check(digits: Sequence[int]) -> int:
    return sum(weight * digit for weight, digit in enumerate(digits, 2)) % len(ALPHABET)


def certificates(connection: Connection) -> list[Certificate]:
    """List all certificates, revoked ones too, oldest first."""
    return [_certificate(row) for row in connection.execute(select(CERTIFICATE).order_by(CERTIFICATE.c.issued))]


def load_certificates(course: Course) -> list[Certificate]:
    """List all certificates of a course, oldest first."""
    with open_records(course) as connection:
        return certificates(connection)


def issue(course: Course, graduates: Iterable[Graduate], by: str) -> list[Certificate]:
    """Issue a certificate to everybody who has none that is valid; returns those of all *graduates*.

    A name, unit or total that was put right since stays as printed: revoke the old certificate to issue a new one.
    """
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    graduates = list(graduates)
    with open_records(course) as connection:
        lock_records(connection)
        valid = {one.trainee: one for one in certificates(connection) if one.revoked is None}
        made = [
            Certificate(
                new_code(), one.trainee, one.name, one.unit, course.settings.name, course.settings.centre, one.total,
                one.passed, now, by,
            )
            for one in graduates
            if one.trainee not in valid
        ]  # fmt: skip
        if made:
            connection.execute(insert(CERTIFICATE), [_row(one) for one in made])
    valid |= {one.trainee: one for one in made}
    return [valid[one.trainee] for one in graduates]


def revoke(course: Course, code: str, reason: str, by: str) -> Certificate:
    """Revoke a certificate for ever; raises CourseError when there is none, or it was revoked before."""
    if not reason.strip():
        raise CourseError("请写明撤销的原因。")
    found = find(course, code)
    if found.revoked:
        raise CourseError(f"证书 {found.code} 已经撤销过，原因：{found.reason}。")
    with open_records(course) as connection:
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        chosen = (CERTIFICATE.c.code == found.code) & CERTIFICATE.c.revoked.is_(None)
        values = {"revoked": now, "revoked_by": by, "reason": reason.strip()}
        connection.execute(update(CERTIFICATE).where(chosen).values(values))
    return find(course, found.code)


def find(course: Course, code: str) -> Certificate:
    """Return the certificate of a code as people type it; raises CourseError when there is none."""
    wanted = parse_code(code)
    with open_records(course) as connection:
        row = connection.execute(select(CERTIFICATE).where(CERTIFICATE.c.code == wanted)).first()
    if row is None:
        raise CourseError(f"没有编号为 {wanted} 的证书：本课程没有签发过它。请向签发证书的中心核实。")
    return _certificate(row)


#: Where a certificate's fields stand in the table.
_COLUMNS = {field.name: "student_id" if field.name == "trainee" else field.name for field in fields(Certificate)}


def _row(one: Certificate) -> dict[str, Any]:
    return {place: getattr(one, name) for name, place in _COLUMNS.items()}


def _certificate(row: Any) -> Certificate:
    return Certificate(**{name: getattr(row, place) for name, place in _COLUMNS.items()})
