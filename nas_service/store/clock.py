"""The time that leases are measured by: one for all coordinators of a database, which no change of a clock bends."""

from __future__ import annotations

import contextlib
import time
from logging import getLogger

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from .engine import Store

log = getLogger(__name__)

SYNC_EVERY_S = 60.0
DRIFT_S = 5.0  # between two looks; what is more is a clock that was set, or another server's


class DatabaseClock:
    """Seconds since the epoch. PostgreSQL's clock counts where there is one, for machines do not agree.

    Between two looks at it time goes on with a clock of this machine that does not jump when somebody sets the time. A
    SQLite file is used by one machine, whose clock is looked at once. Where PostgreSQL's clock is set, time goes on as
    before: leases and budgets are lengths of time, and nothing runs out because a clock was wrong. Raises
    OperationalError where the first look fails.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ahead = self._found = time.time() - _running()
        self._looked_at = _running()
        if not store.sqlite:
            self._ahead = self._found = self._look()

    def __call__(self) -> float:
        if not self._store.sqlite and _running() - self._looked_at > SYNC_EVERY_S:
            with contextlib.suppress(OperationalError):  # the database is away: what it said last is good enough
                self._follow(self._look())
        return _running() + self._ahead

    def _follow(self, found: float) -> None:
        drift, self._found = found - self._found, found
        if abs(drift) <= DRIFT_S:
            self._ahead += drift
        else:
            log.warning("the clock of the database was set by %.0f s; leases go on by the time that has passed", drift)

    def _look(self) -> float:
        """How far the database's clock is ahead of that of this machine."""
        self._looked_at = before = _running()
        with self._store.read() as conn:
            found = float(conn.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
            after = _running()
        return found - (before + after) / 2


def _running() -> float:
    """Seconds of this machine since some moment, those that it slept included where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
