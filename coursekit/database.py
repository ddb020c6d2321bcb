"""One transaction on the gradebook's database: SQLite or PostgreSQL, and only a schema that this kit knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, String, column, create_engine, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from coursekit.course import Course, CourseError

#: Revisions of nbgrader's schema up to 0.9.6; another one was made by a newer nbgrader.
REVISIONS = frozenset(
    {"b6d005d67074", "50a4d84c131a", "724cde206c17", "167914646830", "282d30a0218e", "e43177bfe90b"}
)  # fmt: skip
_SQLITE = "sqlite:///"
NONE = (
    "还没有成绩库 gradebook.db。请先导入花名册：coursekit roster import 花名册.xlsx，"
    "或生成并发布一个作业：coursekit release m04"
)


def is_missing(course: Course) -> bool:
    """Say whether the gradebook is a file that is not there; a server is asked later."""
    url = course.db_url
    return url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).is_file()


@contextmanager
def transaction(course: Course) -> Iterator[Connection]:
    """Open one transaction; raises CourseError for whatever the database says against it, and nothing is then written."""
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


def require_known(connection: Connection) -> None:
    """Raise CourseError for a database that is not nbgrader's, or is a newer nbgrader's."""
    there = inspect(connection)
    if not there.get_table_names():
        raise CourseError(NONE)
    if not there.has_table("student"):
        raise CourseError("成绩库里没有学员表 student，它不是 nbgrader 0.9 建立的。请检查 course.toml 的 db_url。")
    if there.has_table("alembic_version"):
        query = select(column("version_num", String)).select_from(table("alembic_version"))
        if unknown := sorted(set(connection.execute(query).scalars()) - REVISIONS):
            raise CourseError(
                f"成绩库是更新版本的 nbgrader 建立的（版本 {unknown[0]}），本课程包认识到 0.9.6。"
                "请用原来的 nbgrader，或先升级课程包；数据没有改动。"
            )
