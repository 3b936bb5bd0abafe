"""Pausing, resuming, cancelling and prioritising a job. Doing it twice is doing it once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from nas_service.coordinator.limits import no_more_jobs
from nas_service.errors import Conflict
from nas_service.store import Job, jobs, requests, trials

from .service import Service


@dataclass(frozen=True)
class Move:
    """A change of state that people may ask for."""

    sources: tuple[str, ...]
    target: str
    reason: str
    closes: bool = False


MOVES: dict[str, Move] = {
    "pause": Move(("queued", "running"), "paused", "paused by request; running trials still end"),
    "resume": Move(("paused",), "running", ""),
    "cancel": Move(jobs.LIVE, "cancelled", "cancelled by request", closes=True),
}


def control(service: Service, job_id: str, verb: str) -> Job:
    """Carry out one of `MOVES`. Raises NotFound, and Conflict for a state that the verb does not fit."""
    move, at = MOVES[verb], service.clock()
    with service.store.write() as conn:
        job = jobs.get(conn, job_id)
        if job.state in move.sources and move.target == "running":
            _refuse_beyond_quota(conn, job)
        if jobs.move(conn, job_id, move.sources, move.target, move.reason, at):
            if move.closes:
                requests.close(conn, job_id)  # first, as who claims does: else each may wait for the other's rows
                trials.cancel(conn, job_id, "cancelled", at)
        elif job.state != move.target:
            raise Conflict(f"job {job_id} is {job.state}; only a {' or '.join(move.sources)} one can {verb}", "state")
        return jobs.get(conn, job_id)


def _refuse_beyond_quota(conn: Connection, job: Job) -> None:
    """Raises Conflict where the owner has as many jobs running as may run at a time: this one would be one more."""
    if used_up := no_more_jobs(conn, job.owner, locked=True):
        raise Conflict(f"job {job.id} stays {job.state}: {used_up}; resume it when that has ended", "state")


def prioritise(service: Service, job_id: str, priority: int) -> Job:
    """Put a job before or behind others of its owner. Raises NotFound, and Conflict for a job that has ended."""
    with service.store.write() as conn:
        job = jobs.locked(conn, job_id)
        if job.state not in jobs.LIVE:
            raise Conflict(f"job {job_id} is {job.state}: there is nothing left that could go first", "state")
        if job.priority != priority:
            jobs.set_priority(conn, job, priority, service.clock())
        return jobs.get(conn, job_id)
