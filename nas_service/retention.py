"""Which artifacts are kept: exports, and the weights of fronts, incumbents, rungs and living parents.

A job that has ended counts as ended, though it may be extended: when it goes on, a child of a candidate whose weights
were collected is trained from fresh ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from workers.artifacts import ArtifactStore
from workers.requests import Report

from .room import Room
from .store import Store, fronts
from .store import artifacts as rows

ORPHAN_GRACE_S = 3600.0  # a worker stores weights some time before its report names them
CHECK_EVERY_S = 5.0
TRIAL_BYTES = 4 * 2**20  # of a file that can be stored where there is room again


@dataclass(frozen=True)
class Sweep:
    """What a collection found: files kept and files collected, or to be collected in a dry run."""

    kept: int
    kept_bytes: int
    collected: int
    collected_bytes: int


def needed(conn: Connection) -> set[str]:
    """The names of artifacts that have to stay."""
    left = rows.left_by_trials(conn)
    starts, keys = rows.awaited(conn)
    live = rows.live_jobs(conn)
    wanted = rows.exporting(conn) | rows.incumbents(conn)
    for job_id in {one.job_id for one in left}:
        wanted |= set(fronts.of_job(conn, job_id))
        if job_id in live:
            wanted |= rows.living(conn, job_id)
    kept = [o for o in left if o.candidate_id in wanted or o.key in keys or (o.partial and o.job_id in live)]
    return rows.of_exports(conn) | starts | rows.names(kept)


def sweep(store: Store, artifacts: ArtifactStore, now: float, *, dry_run: bool = False) -> Sweep:
    """Collect what nobody needs. Files that no row names are collected once they are `ORPHAN_GRACE_S` old.

    Rows forget first and files go after the commit, so that no row ever names a file that is gone.
    """
    with store.read() if dry_run else store.write() as conn:
        keep, left = needed(conn), rows.left_by_trials(conn)
        unneeded = [one for one in left if keep.isdisjoint(one.names.values())]
        if not dry_run:
            rows.forget(conn, [one.trial_id for one in unneeded])
    known, given_up = rows.names(left), rows.names(unneeded)
    sizes = dict(artifacts.sizes())
    doomed = {n for n in sizes if n in given_up or (n not in keep | known and _is_old(artifacts, n, now))}
    if not dry_run:
        for name in doomed:
            artifacts.delete(name)
    total, gone = sum(sizes.values()), sum(sizes[name] for name in doomed)
    return Sweep(len(sizes) - len(doomed), total - gone, len(doomed), gone)


def unshared(conn: Connection, names: set[str]) -> set[str]:
    """Those of the artifacts of a job just deleted that no other job names."""
    return names - rows.of_exports(conn) - rows.names(rows.left_by_trials(conn))


def _is_old(artifacts: ArtifactStore, name: str, now: float) -> bool:
    return now - artifacts.stored_at(name) > ORPHAN_GRACE_S


class DiskBudget:
    """Keeps the artifacts of a service within `limit` bytes (None: without limit); waits while their disk is full.

    `problem` says why no trial may start: there is no room for what it leaves, or what is left is needed and too much.
    It is empty otherwise.
    """

    def __init__(self, store: Store, artifacts: ArtifactStore, limit: int | None = None) -> None:
        self.room = Room()
        self._over = ""
        self._store = store
        self._artifacts = artifacts
        self._limit = limit
        self._due_at = float("-inf")

    @property
    def problem(self) -> str:
        return self.room.problem or self._over

    def heed(self, reports: Iterable[Report], now: float) -> None:
        """Wait for room where a worker says that it found the disk full."""
        said = next((report.message for report in reports if report.cause == "disk_full"), "")
        if said:
            self.room.lacks(f"waits for room: {said}", now)

    def check(self, now: float) -> None:
        """Look whether there is room again, and collect when over the limit; that every `CHECK_EVERY_S`."""
        if self.room.problem and not self.room.waits(now):
            self._try(now)
        if self._limit is None or now < self._due_at:
            return
        self._due_at = now + CHECK_EVERY_S
        try:
            self._over = self._hold(self._limit, now)
        except OSError as error:
            self._over = f"the artifacts cannot be counted against their budget: {error}"

    def _try(self, now: float) -> None:
        try:
            self._artifacts.delete(self._artifacts.put(os.urandom(TRIAL_BYTES)))
        except OSError:
            self.room.lacks(self.room.problem, now)
        else:
            self.room.found()

    def _hold(self, limit: int, now: float) -> str:
        used = sum(size for _, size in self._artifacts.sizes())
        if used > limit:
            used = sweep(self._store, self._artifacts, now).kept_bytes
        if used <= limit:
            return ""
        return (
            f"the artifacts take {used:,} bytes, more than NAS_ARTIFACT_BUDGET_BYTES = {limit:,}, and all of them are "
            "needed (fronts, incumbents, exports); delete old jobs with nas delete, or raise the budget"
        )
