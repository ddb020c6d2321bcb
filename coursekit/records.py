"""One transaction on the gradebook's database for the tables that an office keeps there: roster, decisions, conduct."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, false, inspect, text, update

from coursekit.course import Course, CourseError
from coursekit.database import NONE, is_missing, require_known, transaction
from coursekit.schema import META, PERSON, TRANSITION


def has_gradebook(course: Course) -> bool:
    """Say whether there is a gradebook: a file, or on a database server any table at all."""
    if is_missing(course):
        return False
    with transaction(course) as connection:
        return bool(inspect(connection).get_table_names())


def make_gradebook(course: Course) -> None:
    """Let nbgrader make an empty gradebook where there is none, as a roster comes before the first assignment."""
    if has_gradebook(course):
        return
    from nbgrader.api import Gradebook

    from coursekit.nbgrader import find_alembic

    find_alembic()
    Gradebook(course.db_url, course.settings.id).close()  # type: ignore[no-untyped-call]


@contextmanager
def open_records(course: Course) -> Iterator[Connection]:
    """Open the gradebook's database in one transaction, with the kit's tables in place.

    Raises CourseError when it is missing, made by a newer nbgrader or cannot be used; nothing is half-written then.
    """
    if is_missing(course):
        raise CourseError(NONE)
    with transaction(course) as connection:
        require_known(connection)
        META.create_all(connection)
        yield connection


def lock_records(connection: Connection) -> None:
    """Keep other writers waiting until this transaction ends, so that two decide nothing twice."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {TRANSITION.name} IN EXCLUSIVE MODE"))
    else:
        connection.execute(update(PERSON).where(false()).values(archived=False))  # SQLite locks on the first write
