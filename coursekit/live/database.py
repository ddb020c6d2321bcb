"""Transactions on the class store: SQLite in WAL mode by default, PostgreSQL by URL.

Writers take the database's write lock as they begin (BEGIN IMMEDIATE): a transaction that read first and wrote later
would fail as "database is locked" when sixty vote at once. They queue for it at a file beside the store, whose lock the
system hands on at once; SQLite's own waiting looks again every 0.1 s, and among sixty some are never lucky. A commit is on
the disk (synchronous=FULL) when it returns.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from coursekit.course import Course, CourseError

try:
    import fcntl
except ImportError:  # Windows has no flock; there SQLite's own waiting has to do
    fcntl = None  # type: ignore[assignment]

#: How long a writer waits for others, in milliseconds; its time in the queue counts.
BUSY_MS = 10_000


class StoreError(CourseError):
    """The store could not be read or written; nothing has changed, and trying again is harmless."""


def class_url(course: Course) -> str:
    """Return the SQLAlchemy URL of the course's class store."""
    return course.settings.drills.class_db_url or f"sqlite:///{course.root / 'class.db'}"


class Database:
    """A class store's connections; made without touching it."""

    def __init__(self, url: str) -> None:
        self._lock = threading.Lock()
        self._watcher: Connection | None = None
        self.url, self._file = url, _file(url)
        self._engine = self._make()

    def move(self, url: str) -> None:
        """Use the store at *url* from now on; what was compiled for one of the same kind stays compiled."""
        self.close()
        is_file = self._file is not None
        self.url, self._file = url, _file(url)
        if not is_file or self._file is None:
            self._engine = self._make()

    def _make(self) -> Engine:
        if self._file is None:
            return create_engine(self.url, pool_pre_ping=True)
        engine = create_engine("sqlite:///", creator=self._open, poolclass=QueuePool)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file or "", check_same_thread=False)

    @property
    def is_missing(self) -> bool:
        """Whether there is no such store yet; asking never makes one."""
        return self._file is not None and not Path(self._file).is_file()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Run a block as one transaction that is on the disk when the block ends; raises StoreError."""
        with _spoken(), self._turn() as patience:
            patient = self._engine.execution_options(coursekit_patience=patience)
            with patient.begin() as connection:
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run a block on one moment's view of the store; raises StoreError."""
        with _spoken(), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[int]:
        """Wait until no other writer of this kit is at work; yields the milliseconds left to wait for other programs.

        The lock is for fairness alone (the database has its own), and ends with whoever holds it.
        """
        since = time.monotonic()
        with ExitStack() as held:
            if fcntl is not None and self._file is not None:
                with suppress(OSError):
                    fcntl.flock(held.enter_context(Path(f"{self._file}-turn").open("ab")), fcntl.LOCK_EX)
            yield max(0, BUSY_MS - round(1000 * (time.monotonic() - since)))

    def stamp(self) -> int | str:
        """Return what differs from before when anybody else may have written; raises StoreError."""
        with _spoken(), self._lock:
            if self._watcher is None or self._watcher.closed:
                self._watcher = self._engine.connect()
            asked = "PRAGMA data_version" if self._file is not None else "SELECT pg_current_wal_insert_lsn()"
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


def _file(url: str) -> str | None:
    """Return SQLite's file, None for a server."""
    found = make_url(url)
    return (found.database or "") if found.get_backend_name() == "sqlite" else None


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin says, not where the driver thinks
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    patience = connection.get_execution_options().get("coursekit_patience")
    connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS if patience is None else patience}")
    connection.exec_driver_sql("BEGIN" if patience is None else "BEGIN IMMEDIATE")


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
