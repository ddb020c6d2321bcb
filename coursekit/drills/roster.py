"""Who may sign in: the gradebook's students, and seats with a code; the words of every refusal."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    column,
    create_engine,
    insert,
    select,
    table,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from coursekit.course import Course, CourseError
from coursekit.inbound import is_trainee

#: Letters and digits that nobody reads for one another.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 6

STUDENT = table("student", column("id"), column("first_name"), column("last_name"))
META = MetaData()
#: A place in the room for somebody who is not on the roster; its trainee is ``seat<number>``.
SEAT = Table(
    "coursekit_seat", META, Column("number", Integer, primary_key=True), Column("code", String(16), unique=True)
)


class RefusedError(CourseError):
    """Somebody cannot sign in; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the roster: id and the name that the page greets."""

    id: str
    name: str


def check_name(number: str, given: str, known: Person | None) -> Person:
    """Return who *number* with the name *given* is; raises RefusedError when the roster says otherwise."""
    if not number or not given:
        raise RefusedError("请填写工号和姓名。")
    if not is_trainee(number) or known is None:
        raise RefusedError(f"名册里没有工号“{number[:64]}”。请核对后再试；确实没有的，请找教师登记，或用座位码签到。")
    if not known.name.strip():
        raise RefusedError(f"名册里工号“{number}”没有登记姓名，无法核对。请教师补上姓名，或用座位码签到。")
    if plain(given) not in (plain(one) for one in _spellings(known.name)):
        raise RefusedError(
            f"工号“{number}”登记的姓名与您填写的“{given[:64]}”不一致。请核对；如果与别人的工号重了，请找教师更正。"
        )
    return Person(known.id, known.name.replace("\t", ""))


def plain(name: str) -> str:
    """Write a name as it is compared: no spaces, no full-width letters, no upper case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).replace("·", "").casefold()


def _spellings(name: str) -> Iterator[str]:
    """Yield family name first, and given name first; a tab parts them."""
    family, _, given = name.partition("\t")
    yield from (family + given, given + family)


def find_person(course: Course, number: str, given: str) -> Person:
    """Look a trainee up in the gradebook; raises RefusedError, or CourseError when the gradebook cannot be read."""
    number = unicodedata.normalize("NFKC", number).strip()
    with connect(course) as db:
        row = db.execute(select(STUDENT).where(STUDENT.c.id == number)).mappings().first()
    known = Person(row["id"], f"{row['last_name'] or ''}\t{row['first_name'] or ''}") if row else None
    return check_name(number, given.strip(), known)


def find_seat(course: Course, code: str) -> Person:
    """Return the seat of a code; raises RefusedError for one that was not given out."""
    code = plain(code).upper()
    with connect(course) as db:
        META.create_all(db)
        number = db.execute(select(SEAT.c.number).where(SEAT.c.code == code)).scalar()
    if number is None:
        raise RefusedError("没有这个座位码。请核对发给您的纸条：6 位字母和数字，没有 0、1、O、I、L。")
    return seat(number)


def seat(number: int) -> Person:
    """Return who sits at place *number*."""
    return Person(f"seat{number:03}", f"座位 {number}")


def make_seats(course: Course, count: int) -> list[tuple[int, str]]:
    """Make sure that there are *count* seats and return their numbers and codes; codes given out before stay."""
    with connect(course) as db:
        META.create_all(db)
        have: dict[int, str] = dict(list(db.execute(select(SEAT.c.number, SEAT.c.code))))
        used = set(have.values())
        new: list[tuple[int, str]] = []
        for number in range(1, count + 1):
            if number not in have:
                code = next(one for one in _codes() if one not in used)
                used.add(code)
                new.append((number, code))
        if new:
            db.execute(insert(SEAT), [{"number": number, "code": code} for number, code in new])
    found = have | dict(new)
    return sorted((number, code) for number, code in found.items() if number <= count)


def _codes() -> Iterator[str]:
    while True:
        yield "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


@contextmanager
def connect(course: Course) -> Iterator[Connection]:
    """Open the gradebook for one transaction; raises CourseError when it cannot be used."""
    if course.db_url.startswith("sqlite:///") and not Path(course.db_url.removeprefix("sqlite:///")).is_file():
        raise CourseError("还没有成绩库 gradebook.db。请教师先发布演练，例如：coursekit release d04")
    arguments = {"timeout": 10} if course.db_url.startswith("sqlite") else {}
    engine = create_engine(course.db_url, poolclass=NullPool, connect_args=arguments)
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise CourseError(f"名册（成绩库）暂时读不到（{type(error).__name__}），请稍后再试，或告诉教师。") from error
    finally:
        engine.dispose()
