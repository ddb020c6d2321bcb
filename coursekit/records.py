"""One transaction on the gradebook's database for the tables that an office keeps there: roster, decisions, conduct."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, String, column, create_engine, false, inspect, select, table, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from coursekit.course import Course, CourseError
from coursekit.schema import META, PERSON, TRANSITION

#: Revisions of nbgrader's schema up to 0.9.6; another one was made by a newer nbgrader.
REVISIONS = frozenset(
    {"b6d005d67074", "50a4d84c131a", "724cde206c17", "167914646830", "282d30a0218e", "e43177bfe90b"}
)  # fmt: skip
_SQLITE = "sqlite:///"
_NONE = "还没有成绩库。请先导入花名册：coursekit roster import 花名册.xlsx"


def has_gradebook(course: Course) -> bool:
    """Say whether there is a gradebook: a file, or on a database server any table at all."""
    if _is_missing(course):
        return False
    with _engine(course) as connection:
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
    if _is_missing(course):
        raise CourseError(_NONE)
    with _engine(course) as connection:
        _require_known(connection)
        META.create_all(connection)
        yield connection


def lock_records(connection: Connection) -> None:
    """Keep other writers waiting until this transaction ends, so that two decide nothing twice."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {TRANSITION.name} IN EXCLUSIVE MODE"))
    else:
        connection.execute(update(PERSON).where(false()).values(archived=False))  # SQLite locks on the first write


def _is_missing(course: Course) -> bool:
    url = course.db_url
    return url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).is_file()


@contextmanager
def _engine(course: Course) -> Iterator[Connection]:
    url = course.db_url
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 60} if url.startswith("sqlite") else {})
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise CourseError(
            f"成绩库无法读写（{type(error).__name__}：{error}）。请确认没有其他程序占用它，磁盘未满。"
        ) from error
    finally:
        engine.dispose()


def _require_known(connection: Connection) -> None:
    """Raise CourseError for a database that is not nbgrader's, or is a newer nbgrader's."""
    there = inspect(connection)
    if not there.get_table_names():
        raise CourseError(_NONE)
    if not there.has_table("student"):
        raise CourseError("成绩库里没有学员表 student，它不是 nbgrader 0.9 建立的。请检查 course.toml 的 db_url。")
    if there.has_table("alembic_version"):
        query = select(column("version_num", String)).select_from(table("alembic_version"))
        if unknown := sorted(set(connection.execute(query).scalars()) - REVISIONS):
            raise CourseError(
                f"成绩库是更新版本的 nbgrader 建立的（版本 {unknown[0]}），本课程包认识到 0.9.6。"
                "请用原来的 nbgrader，或先升级课程包；数据没有改动。"
            )
