"""The database: one engine, short write transactions, reads that never block a writer.

SQLite is a real default (write-ahead log, every commit on disk, one writer at a time) and PostgreSQL its equal.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import OperationalError

from nas_service.measures import Measures

from . import pipeline, revisions
from .json_text import decode, encode
from .presence import FilePresence, Presence, SessionPresence

SCHEMA_KEY = 0x6E6173 + 1  # PostgreSQL advisory lock of who migrates
BUSY_TIMEOUT_MS = 30_000
CHECKPOINT = "wal_autocheckpoint=4000"  # pages: rows of a large search lie apart, and more of them share a write
WRITES = "nas_writes"  # execution option of the connections of write transactions
GROWING = ("candidates", "proposals", "requests", "trials")  # tables with rows of every trial
SWITCH_PAUSES_S = (0.01, 0.02, 0.05, *(0.1,) * 50)
POSTGRESQL_DISK_FULL = "53100"
DISK_FULL = (POSTGRESQL_DISK_FULL, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)  # the last: of the log's index


class Store:
    """Connections to the database at `url` (SQLAlchemy form). Call `migrate` once before use."""

    def __init__(self, url: str) -> None:
        self.measures = Measures()
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.sqlite = parsed.get_backend_name() == "sqlite"
        if self.sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = create_engine(
            parsed,
            pool_size=16,
            max_overflow=32,
            pool_pre_ping=not self.sqlite,
            json_serializer=encode,
            json_deserializer=decode,
        )
        self.presence: Presence = SessionPresence(self.engine)
        self._changed = threading.Condition()
        if self.sqlite:
            self.presence = FilePresence(Path(f"{parsed.database}.leader"))
            _prepare_sqlite(self.engine)
        else:
            pipeline.attach(self.engine)

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction; on SQLite it takes the writer's lock at its start, so that it cannot fail half way."""
        timed = self.measures.transactions.labels("write").time()
        with timed, self.engine.connect().execution_options(**{WRITES: True}) as connection:
            side_by_side = contextlib.nullcontext() if self.sqlite else pipeline.pipelined(connection)
            with side_by_side, connection.begin():
                yield connection
        with self._changed:
            self._changed.notify_all()

    @contextlib.contextmanager
    def writing(self, view: Connection) -> Iterator[Connection]:
        """The write transaction that `view` is; beside one that only reads, a write transaction of its own."""
        if view.get_execution_options().get(WRITES):
            yield view
        else:
            with self.write() as connection:
                yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view, which sees nothing of what is written meanwhile."""
        with self.measures.transactions.labels("read").time(), self.engine.connect() as connection:
            if not self.sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def wait_for_write(self, timeout_s: float) -> None:
        """Return after the next write of this process, or after `timeout_s`."""
        with self._changed:
            self._changed.wait(timeout_s)

    def migrate(self) -> None:
        """Bring the schema to the newest version, from none or from any older one. Raises NewerSchema."""
        with self.changing_schema() as connection:
            revisions.upgrade(connection)

    @contextlib.contextmanager
    def changing_schema(self) -> Iterator[Connection]:
        """A write transaction that may change tables: of those that want to, one does at a time."""
        with self._without_cascades(), self.write() as connection:
            if not self.sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(SCHEMA_KEY)))
            yield connection

    def gather_statistics(self) -> None:
        """Tell PostgreSQL how many rows of a job there are, as autovacuum does a minute later or so.

        Until then it takes a job that it has not seen for one of a single row, and reads all of its rows for each one
        that is looked up.
        """
        if not self.sqlite:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"ANALYZE {', '.join(GROWING)}")

    def close(self) -> None:
        self.presence.leave()
        self.engine.dispose()

    @contextlib.contextmanager
    def _without_cascades(self) -> Iterator[None]:
        """On SQLite a migration rebuilds tables; dropping the old one must not delete the rows that refer to it.

        The pragma does nothing within a transaction, so it is set on fresh connections for the time of a migration.
        """
        if not self.sqlite:
            yield
            return
        self.engine.dispose()
        event.listen(self.engine, "connect", _forget_references)
        try:
            yield
        finally:
            event.remove(self.engine, "connect", _forget_references)
            self.engine.dispose()


def disk_is_full(error: OperationalError) -> bool:
    """Whether the database only lacks room: its rows are as before, and it goes on once there is some."""
    codes = (getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorcode", None))
    return any(code in DISK_FULL for code in codes)


def _forget_references(dbapi_connection: Any, _: Any) -> None:
    dbapi_connection.execute("PRAGMA foreign_keys=OFF")


def _write_ahead(dbapi_connection: Any) -> None:
    """Switch to the write-ahead log, which the file then remembers.

    While another connection switches, SQLite answers "locked" at once, whatever the busy timeout is.
    """
    for pause_s in (*SWITCH_PAUSES_S, None):
        try:
            dbapi_connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if pause_s is None:
                raise
            time.sleep(pause_s)
        else:
            return


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(dbapi_connection: Any, _: Any) -> None:
        dbapi_connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=FULL", "foreign_keys=ON", CHECKPOINT):
            dbapi_connection.execute(f"PRAGMA {pragma}")
        _write_ahead(dbapi_connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # waits for nobody, so no error needs translating
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN")
