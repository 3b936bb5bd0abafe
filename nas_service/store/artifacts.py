"""What rows say of artifacts: who names which, and whose weights somebody may still ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, String, cast, select, update

from .jobs import LIVE
from .schema import exports, jobs, proposals, trials
from .trials import OPEN

_NAMED = cast(trials.c.artifacts, String) != "{}"


@dataclass(frozen=True)
class Left:
    """What a trial left: role (`weights`) to name. `partial`: at less than full fidelity."""

    trial_id: str
    job_id: str
    candidate_id: str
    key: str | None
    partial: bool
    names: dict[str, str]


def left_by_trials(conn: Connection, job_id: str | None = None) -> list[Left]:
    """Trials (of one job, where given) that left artifacts which nobody has collected."""
    columns = (trials.c.id, trials.c.job_id, trials.c.candidate_id, trials.c.key, trials.c.full, trials.c.artifacts)
    query = select(*columns).where(_NAMED)
    if job_id is not None:
        query = query.where(trials.c.job_id == job_id)
    rows = conn.execute(query).all()
    return [Left(row.id, row.job_id, row.candidate_id, row.key, not row.full, row.artifacts) for row in rows]


def of_exports(conn: Connection, job_id: str | None = None) -> set[str]:
    """The names of every file of an export (of one job, where given)."""
    query = select(exports.c.artifacts)
    if job_id is not None:
        query = query.where(exports.c.job_id == job_id)
    return {name for files in conn.execute(query).scalars() for name in files.values()}


def of_job(conn: Connection, job_id: str) -> set[str]:
    """Every name that the trials and exports of a job have."""
    return of_exports(conn, job_id) | names(left_by_trials(conn, job_id))


def names(left: Iterable[Left]) -> set[str]:
    return {name for one in left for name in one.names.values()}


def awaited(conn: Connection) -> tuple[set[str], set[str]]:
    """Of trials under way: what they begin with, and their keys (equal keys leave equal weights)."""
    t = trials.c
    rows = conn.execute(select(t.initial_weights, t.checkpoint, t.key).where(t.state.in_(OPEN))).all()
    begins = {name for row in rows for name in (row.initial_weights, row.checkpoint)}
    return begins - {None}, {row.key for row in rows} - {None}


def exporting(conn: Connection) -> set[str]:
    """Candidates that are being exported."""
    return set(conn.execute(select(exports.c.candidate_id).where(exports.c.state.in_(("queued", "running")))).scalars())


def incumbents(conn: Connection) -> set[str]:
    """The best candidate of every job."""
    return set(conn.execute(select(jobs.c.incumbent).where(jobs.c.incumbent.is_not(None))).scalars())


def live_jobs(conn: Connection) -> set[str]:
    return set(conn.execute(select(jobs.c.id).where(jobs.c.state.in_(LIVE))).scalars())


def living(conn: Connection, job_id: str) -> set[str]:
    """Candidates whose weights a running search may hand on: its population, and the parents of what is under way."""
    state = conn.execute(select(jobs.c.strategy_state).where(jobs.c.id == job_id)).scalar_one() or {}
    open_parents = select(proposals.c.parents).where(proposals.c.job_id == job_id, proposals.c.status.is_(None))
    numbers = {n for parents in conn.execute(open_parents).scalars() for n in parents}
    numbers.update(state.get("population", ()))
    mine = (proposals.c.job_id == job_id, proposals.c.number.in_(numbers))
    return set(conn.execute(select(proposals.c.candidate_id).where(*mine)).scalars())


def forget(conn: Connection, trial_ids: Collection[str]) -> None:
    """These trials have no artifacts any more: a strategy that asks for their weights starts afresh."""
    conn.execute(update(trials).where(trials.c.id.in_(trial_ids)).values(artifacts={}))
