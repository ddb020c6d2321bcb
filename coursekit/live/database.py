"""Transactions on the class store: SQLite in WAL mode by default, PostgreSQL by URL.

Writers take the database's write lock as they begin (BEGIN IMMEDIATE): a transaction that read first and wrote later
would fail as "database is locked" when sixty vote at once. A commit is on the disk (synchronous=FULL) when it returns.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from coursekit.course import Course, CourseError

#: How long a writer waits for the others, in milliseconds.
BUSY_MS = 10_000


class StoreError(CourseError):
    """The store could not be read or written; nothing has changed, and trying again is harmless."""


def class_url(course: Course) -> str:
    """Return the SQLAlchemy URL of the course's class store."""
    return course.settings.drills.class_db_url or f"sqlite:///{course.root / 'class.db'}"


class Database:
    """A class store's connections; made without touching it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._watcher: Connection | None = None
        self._engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        if url.startswith("sqlite"):
            event.listen(self._engine, "connect", _prepare)
            event.listen(self._engine, "begin", _begin)
        self._writer = self._engine.execution_options(coursekit_write=True)

    @property
    def is_missing(self) -> bool:
        """Whether there is no such store yet; asking never makes one."""
        path = self.url.removeprefix("sqlite:///")
        return path != self.url and not Path(path).is_file()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Run a block as one transaction that is on the disk when the block ends; raises StoreError."""
        with _spoken(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run a block on one moment's view of the store; raises StoreError."""
        with _spoken(), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    def stamp(self) -> int | str:
        """Return what differs from before when anybody else may have written; raises StoreError."""
        with _spoken(), self._lock:
            if self._watcher is None or self._watcher.closed:
                self._watcher = self._engine.connect()
            asked = "PRAGMA data_version" if self.url.startswith("sqlite") else "SELECT pg_current_wal_insert_lsn()"
            try:
                found: int | str = self._watcher.exec_driver_sql(asked).scalar_one()
                self._watcher.rollback()
            except SQLAlchemyError:
                self._watcher.invalidate()
                self._watcher.close()
                self._watcher = None
                raise
        return found

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        self._engine.dispose()


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin says, not where the driver thinks
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("coursekit_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


@contextmanager
def _spoken() -> Iterator[None]:
    """Say what the database refused in Chinese."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()[0]
        low = cause.lower()
        if "full" in low or "no space" in low or "disk i/o" in low:
            text = "教室电脑的磁盘已满或写不进去，这次没有存上。请主持人清理磁盘；班级照常进行，稍后再提交一次即可。"
        elif "locked" in low or "busy" in low:
            text = "课堂数据库正被别的程序占用，这次没有存上。请稍等几秒再提交一次；班级照常进行。"
        else:
            text = f"课堂数据库无法读写（{cause[:200]}），这次没有存上。请主持人检查；已提交的作答都在。"
        raise StoreError(text) from error
