"""Evaluation requests: claims with a lease, and the fence that every result has to pass.

The contract in three sentences. Who claims a request gets its next `attempt` in the same statement. A result counts
only while the request is running under that attempt. A lease that ran out puts the request back into the queue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, select, update

from .bulk import Bulk
from .listed import among, one_of
from .records import Claim
from .schema import requests, trials
from .trials import OPEN

KINDS = ("evaluate", "export")

# Statements that every step needs are built once: building one costs several times what running it does.
_QUEUED = select(requests.c.id).where(requests.c.state == "queued", requests.c.kind == bindparam("kind")).limit(1)
_HELD = (
    select(requests.c.id, requests.c.attempt)
    .where(among(requests.c.id, "ids"), requests.c.state == "running")
    .with_for_update()
)
_OPEN_UNDER = (
    select(requests.c.id, requests.c.attempt, trials.c.id)
    .join(trials, trials.c.request_id == requests.c.id)
    .where(among(requests.c.id, "ids"), requests.c.state == "running", one_of(trials.c.state, OPEN))
    .with_for_update(of=requests)
)
_SETTLE = Bulk(
    lambda given: (
        update(requests)
        .where(requests.c.id == given["request"], requests.c.attempt == given["fence"], requests.c.state == "running")
        .values(
            open_trials=requests.c.open_trials - given["n"],
            state=case((requests.c.open_trials <= given["n"], "done"), else_="running"),
        )
    ),
    request=requests.c.id,
    fence=requests.c.attempt,
    n=requests.c.open_trials,
)


def claim(
    conn: Connection,
    holder: str,
    lease_until: float,
    limit: int,
    *,
    kind: str = "evaluate",
    job_ids: Collection[str] | None = None,
) -> list[Claim]:
    """Take up to `limit` queued requests of a kind (and of these jobs, where given) for `holder`."""
    queued = (requests.c.state == "queued", requests.c.kind == kind)
    wanted = select(requests.c.id).where(*queued).order_by(requests.c.id).limit(limit)
    if job_ids is not None:
        wanted = wanted.where(requests.c.job_id.in_(job_ids))
    chosen = wanted.with_for_update(skip_locked=True).cte("chosen")  # a plain subquery may be run more than once
    taken = (
        update(requests)
        .where(requests.c.id.in_(select(chosen.c.id)), requests.c.state == "queued")
        .values(state="running", attempt=requests.c.attempt + 1, holder=holder, lease_until=lease_until)
        .returning(requests.c.id, requests.c.job_id, requests.c.kind, requests.c.attempt)
    )
    return [Claim(*row) for row in conn.execute(taken)]


def open_under(conn: Connection, request_ids: Collection[str]) -> set[tuple[str, int, str]]:
    """(request, attempt, trial) of the open trials of requests that are running, which are locked."""
    return {(row[0], row[1], row[2]) for row in conn.execute(_OPEN_UNDER, {"ids": request_ids})}


def account(conn: Connection, ended: Mapping[tuple[str, int], int]) -> None:
    """Account for trials that have ended, their number by (request, attempt), of requests that `open_under` locked."""
    _SETTLE.run(conn, [{"request": request, "fence": attempt, "n": n} for (request, attempt), n in ended.items()])


def settle(conn: Connection, ended: Mapping[tuple[str, int], int]) -> set[tuple[str, int]]:
    """Account for trials that have ended, their number by (request id, attempt); the pairs that hold their request.

    For the others nothing is changed. Rows are locked, so that what was found to be held stays so until the commit.
    """
    if not ended:
        return set()
    ids = sorted({request_id for request_id, _ in ended})
    held = {(row.id, row.attempt) for row in conn.execute(_HELD, {"ids": ids})} & set(ended)
    account(conn, {pair: ended[pair] for pair in held})
    return held


def requeue(conn: Connection, request_id: str, attempt: int, *, failures: int = 1) -> int | None:
    """Put a request back after its worker died, or without a failure (0) of its own.

    How many there were up to now; None where the attempt is void.
    """
    back = (
        update(requests)
        .where(_held(request_id, attempt))
        .values(state="queued", failures=requests.c.failures + failures, holder=None, lease_until=None)
        .returning(requests.c.failures)
    )
    return conn.execute(back).scalar_one_or_none()


def give_up(conn: Connection, request_id: str) -> None:
    """End a request that has been put back too often; its trials have to end with it."""
    conn.execute(update(requests).where(requests.c.id == request_id).values(state="done", open_trials=0))


def held(conn: Connection, request_ids: Collection[str]) -> dict[str, int]:
    """Request id to attempt, for those that are running."""
    query = select(requests.c.id, requests.c.attempt).where(
        requests.c.id.in_(request_ids), requests.c.state == "running"
    )
    return {row.id: row.attempt for row in conn.execute(query)}


def any_queued(conn: Connection, kind: str) -> bool:
    """Whether a request of this kind waits to be claimed."""
    return conn.execute(_QUEUED, {"kind": kind}).first() is not None


def counts(conn: Connection, state: str) -> dict[str, int]:
    """Kind to number of requests in this state."""
    query = select(requests.c.kind, func.count().label("n")).where(requests.c.state == state)
    return {row.kind: row.n for row in conn.execute(query.group_by(requests.c.kind))}


def exporters(conn: Connection) -> set[str]:
    """Who holds exports that run."""
    held = select(requests.c.holder).where(requests.c.state == "running", requests.c.kind == "export")
    return {holder for holder in conn.execute(held.distinct()).scalars() if holder}


def extend(conn: Connection, holder: str, request_ids: Collection[str], lease_until: float) -> int:
    """Heartbeat: prolong the leases of those requests that `holder` knows it has; how many there are.

    One that it holds without knowing, because the answer to its claim was lost, is left to run out.
    """
    held = and_(requests.c.state == "running", requests.c.holder == holder, requests.c.id.in_(request_ids))
    return conn.execute(update(requests).where(held).values(lease_until=lease_until)).rowcount


def reap(conn: Connection, now: float) -> list[str]:
    """Put requests whose lease has run out back into the queue; their ids."""
    late = and_(requests.c.state == "running", requests.c.lease_until < now)
    return _free(conn, late)


def abandon(conn: Connection, holder: str, job_ids: Collection[str]) -> list[str]:
    """Put back the evaluations of these jobs that others hold: for who has just taken the jobs; their ids."""
    of_jobs = and_(requests.c.job_id.in_(job_ids), requests.c.kind == "evaluate", requests.c.holder != holder)
    return _free(conn, and_(requests.c.state == "running", of_jobs))


def abandon_exports(conn: Connection, present: Collection[str]) -> list[str]:
    """Put back exports whose holder is none of the coordinators that are there; their ids."""
    of_gone = and_(requests.c.kind == "export", requests.c.holder.not_in(present))
    return _free(conn, and_(requests.c.state == "running", of_gone))


def close(conn: Connection, job_id: str) -> list[str]:
    """End every open evaluation of a job; the ids of those that were running."""
    running = requests.c.state == "running"
    ids = conn.execute(select(requests.c.id).where(requests.c.job_id == job_id, requests.c.kind == "evaluate", running))
    listed = list(ids.scalars())
    conn.execute(
        update(requests)
        .where(requests.c.job_id == job_id, requests.c.kind == "evaluate", requests.c.state != "done")
        .values(state="done")
    )
    return listed


def _held(request_id: str, attempt: int) -> ColumnElement[bool]:
    return and_(requests.c.id == request_id, requests.c.attempt == attempt, requests.c.state == "running")


def _free(conn: Connection, condition: ColumnElement[bool]) -> list[str]:
    back = update(requests).where(condition).values(state="queued", holder=None, lease_until=None)
    return list(conn.execute(back.returning(requests.c.id)).scalars())
