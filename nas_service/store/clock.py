"""The time that leases are measured by: one for all coordinators of a database, which no change of a clock bends."""

from __future__ import annotations

import contextlib
import time

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from .engine import Store

SYNC_EVERY_S = 60.0


class DatabaseClock:
    """Seconds since the epoch. PostgreSQL's clock counts where there is one, for machines do not agree.

    Between two looks at it time goes on with a clock of this machine that does not jump when somebody sets the time. A
    SQLite file is used by one machine, whose clock is looked at once. Raises OperationalError where the first look
    fails.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ahead = time.time() - _running()
        self._looked_at = _running()
        self._look()

    def __call__(self) -> float:
        if _running() - self._looked_at > SYNC_EVERY_S:
            with contextlib.suppress(OperationalError):  # the database is away: what it said last is good enough
                self._look()
        return _running() + self._ahead

    def _look(self) -> None:
        if self._store.sqlite:
            return
        self._looked_at = before = _running()
        with self._store.read() as conn:
            found = float(conn.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
            after = _running()
        self._ahead = found - (before + after) / 2


def _running() -> float:
    """Seconds of this machine since some moment, those that it slept included where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
