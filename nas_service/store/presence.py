"""Which coordinators are there: each keeps a lock that ends with its process, so that nobody waits for the dead.

On SQLite the one lock is that of a file, and one process alone runs jobs. On PostgreSQL every coordinator has a number
and the advisory lock of that number, held by a session of its own; who is there can be read by all.
"""

from __future__ import annotations

import contextlib
import fcntl
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError

COORDINATORS = 0x6E6173  # PostgreSQL advisory locks of coordinators: first half; the second is the coordinator's number


class Presence(Protocol):
    """A coordinator's place on a database. `name`, a number, is what jobs and requests name their holder by."""

    name: str

    def enter(self) -> bool:
        """Take or keep the place; False where there is none to be had now."""
        ...

    def present(self, conn: Connection) -> Collection[str]:
        """The names of the coordinators whose processes live and reach the database."""
        ...

    def leave(self) -> None:
        """Give the place up, as the end of the process would; who enters again does so under another name."""
        ...


class FilePresence:
    """The one place beside a SQLite file: `path`, which is locked for as long as the process lives."""

    def __init__(self, path: Path) -> None:
        self.name = _new_name()
        self._path = path
        self._handle: IO[str] | None = None

    def enter(self) -> bool:
        if self._handle is None:
            handle = self._path.open("w")
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                handle.close()
                return False
            self._handle = handle
        return True

    def present(self, conn: Connection) -> Collection[str]:  # noqa: ARG002 - the file says it
        return (self.name,) if self._handle else ()

    def leave(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle, self.name = None, _new_name()


class SessionPresence:
    """A number among the coordinators of a PostgreSQL server, for as long as a session of it lives."""

    def __init__(self, engine: Engine) -> None:
        self.name = _new_name()
        self._engine = engine
        self._session: Connection | None = None

    def enter(self) -> bool:
        if self._session is not None and not _alive(self._session):
            self._session.close()
            self._session = None
        if self._session is None:
            session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not session.execute(select(func.pg_try_advisory_lock(COORDINATORS, int(self.name)))).scalar():
                session.close()  # the server has not noticed yet that the session before is dead
                return False
            self._session = session
        return True

    def present(self, conn: Connection) -> Collection[str]:
        """Advisory locks are those of one database; the view is that of the moment, whatever the transaction sees."""
        found = conn.execute(
            text(
                "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = :first AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            {"first": COORDINATORS},
        )
        return set(map(str, found.scalars()))

    def leave(self) -> None:
        if self._session is not None:
            with contextlib.suppress(DBAPIError):  # the server would notice a closed connection only a moment later
                self._session.execute(select(func.pg_advisory_unlock(COORDINATORS, int(self.name))))
            self._session.close()
            self._session, self.name = None, _new_name()


def _new_name() -> str:
    return str(secrets.randbelow(2**31))


def _alive(connection: Connection) -> bool:
    try:
        connection.execute(select(1))
    except DBAPIError:  # whatever broke the connection, the lock went with it
        connection.invalidate()
        return False
    return True
