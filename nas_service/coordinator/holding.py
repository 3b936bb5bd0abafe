"""Which jobs this process runs: it takes those that nobody runs, and keeps its own by a heartbeat.

A job is run by the holder of its lease, who writes under a fencing number. A lease ends when its holder lets it run
out, or at once when the holder's process is gone. Who takes a job counts its fencing number up, so that what the holder
before still writes is refused (`run.lock`). On SQLite one process alone can hold jobs at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from logging import getLogger
from math import ceil

from sqlalchemy import Connection

from nas_service.store import Job, Store, jobs, requests, trials

log = getLogger(__name__)


class Holding:
    """The jobs of this process, and what it holds for them. `under_way` names the requests that it knows it has.

    `entered` is whether it may run jobs; `keeps_house` whether it is the one that does what one of all has to do.
    As `jobs` saw it, `live` were the live jobs of all coordinators, and `exports_wait` was whether exports were queued.
    """

    def __init__(self, store: Store, lease_s: float, under_way: Callable[[], Collection[str]]) -> None:
        self.entered = False
        self.keeps_house = False
        self.live: list[Job] = []
        self.exports_wait = False
        self._store = store
        self._lease_s = lease_s
        self._under_way = under_way
        self._mine: set[str] = set()
        self._beat_at = float("-inf")

    @property
    def name(self) -> str:
        return self._store.presence.name

    def enter(self) -> bool:
        """Whether this process may run jobs now."""
        self.entered = False
        self.entered = self._store.presence.enter()
        self.keeps_house &= self.entered
        return self.entered

    def jobs(self, now: float) -> list[Job]:
        """The live jobs of this process, oldest first, with those that it has just taken."""
        with self._store.read() as conn:
            live = jobs.in_state(conn, jobs.LIVE)
            free = self._free(conn, live, now)
            self.exports_wait = requests.any_queued(conn, "export")
        if free and self._take(free, now):
            with self._store.read() as conn:
                live = jobs.in_state(conn, jobs.LIVE)
        self.live = live
        mine = [job for job in live if job.holder == self.name]
        self._note_losses({job.id for job in mine}, {job.id for job in live})
        return mine

    def beat(self, now: float, *, resting: bool = False, at_once: bool = False) -> None:
        """Prolong the leases of what is held; take back what other holders let run out or left behind.

        Now and then, or `at_once`. The time since the last beat counts as running time of the jobs held, unless they
        were `resting`.
        """
        if not (at_once or self._is_due(now)):
            return
        with self._store.read() as conn:
            present = self._store.presence.present(conn)
            left_behind = requests.exporters(conn).difference(present)
        self.keeps_house = self.name == min(present, default=None)
        with self._store.write() as conn:
            jobs.keep(conn, self.name, now + self._lease_s)
            requests.extend(conn, self.name, self._under_way(), now + self._lease_s)
            reaped = requests.reap(conn, now)
            abandoned = requests.abandon_exports(conn, present) if left_behind else []
            trials.restart(conn, reaped)
            if resting:
                jobs.restart_clock(conn, self._mine, now)
            else:
                jobs.account(conn, self.name, now)
        self._requeued("lease", reaped)
        self._requeued("takeover", abandoned)
        self._beat_at = now

    def _is_due(self, now: float) -> bool:
        return now - self._beat_at > self._lease_s / 3

    def _free(self, conn: Connection, live: Sequence[Job], now: float) -> list[Job]:
        """Jobs to take: up to a fair share of all, and once a heartbeat one more, lest others leave theirs."""
        others = [job for job in live if job.holder != self.name]
        if not others:
            return []
        present = self._store.presence.present(conn)
        free = [job for job in others if job.holder not in present or (job.lease_until or 0.0) < now]
        share = ceil(len(live) / max(1, len(present))) - (len(live) - len(others))
        return free[: max(share, 1 if self._is_due(now) else 0)]

    def _take(self, free: Sequence[Job], now: float) -> bool:
        with self._store.write() as conn:
            taken = [job.id for job in free if jobs.take(conn, job, self.name, now + self._lease_s)]
            abandoned = requests.abandon(conn, self.name, taken)
            trials.restart(conn, abandoned)
            jobs.restart_clock(conn, taken, now)
        self._requeued("takeover", abandoned)
        return bool(taken)

    def _note_losses(self, mine: set[str], live: set[str]) -> None:
        for job_id in (self._mine & live) - mine:
            self._store.measures.losses.inc()
            log.warning("another coordinator has taken over the job: its lease ran out here", extra={"job": job_id})
        self._mine = mine

    def _requeued(self, cause: str, request_ids: Sequence[str]) -> None:
        self._store.measures.requeued.labels(cause).inc(len(request_ids))
        for request_id in request_ids:
            log.warning("a request went back to the queue", extra={"request": request_id, "cause": cause})
