"""Jobs: submission, look-up, and the states of their lives.

queued -> running <-> paused; from any of these to finished, exhausted, cancelled or failed, which are final. A larger
budget queues a finished or exhausted job again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, delete, exists, func, insert, select, update

from nas_service.errors import Conflict, NotFound
from nas_service.strategies.base import State

from . import events
from .listed import among, one_of
from .pipeline import UNANSWERED
from .records import Job
from .schema import candidates, jobs, requests, trials
from .trials import OPEN

SUBMISSION_KEY = 0x6E6173 + 2  # PostgreSQL advisory lock, beside those of `engine`

LIVE = ("queued", "running", "paused")
FINAL = ("finished", "exhausted", "cancelled", "failed")
EXTENSIBLE = (*LIVE, "finished", "exhausted")

_COLUMNS = [jobs.c[field.name] for field in fields(Job)]

# Statements that every step needs are built once: building one costs several times what running it does.
_MINE = jobs.c.id == bindparam("job")
_GET = select(*_COLUMNS).where(_MINE)
_AT_WORK = select(
    select(func.count())
    .select_from(trials)
    .where(trials.c.job_id == jobs.c.id, one_of(trials.c.state, OPEN))
    .scalar_subquery(),
    exists().where(requests.c.job_id == jobs.c.id, requests.c.state == "queued", requests.c.kind == "evaluate"),
    *_COLUMNS,
).where(_MINE)
_STANDING = select(jobs.c.state, jobs.c.fence).where(_MINE).with_for_update()
_IN_STATE = select(*_COLUMNS).where(among(jobs.c.state, "states")).order_by(jobs.c.number)
_BEST = (
    select(candidates.c.id, candidates.c.reward)
    .where(
        candidates.c.job_id == bindparam("job"),
        candidates.c.full,
        candidates.c.reward.is_not(None),
        candidates.c.feasible,
    )
    .order_by(candidates.c.reward.desc(), candidates.c.number)
    .limit(1)
)
_SET_INCUMBENT = (
    update(jobs)
    .where(_MINE)
    .values(
        incumbent=_BEST.with_only_columns(candidates.c.id).scalar_subquery(),
        best_reward=_BEST.with_only_columns(candidates.c.reward).scalar_subquery(),
    )
)


def submit(
    conn: Connection,
    *,
    job_id: str,
    name: str,
    spec: dict[str, Any],
    fingerprints: Mapping[str, Any],
    spec_hash: str,
    idempotency_key: str | None,
    at: float,
    owner: str = "",
) -> Job:
    """Store a new job, queued; with an idempotency key that the owner has used, the job that it made.

    Raises Conflict where that key was used for another spec.
    """
    if conn.dialect.name == "postgresql":  # SQLite has one writer; here submissions have to queue for their number
        conn.execute(select(func.pg_advisory_xact_lock(SUBMISSION_KEY)))
    if idempotency_key is not None:
        same = (jobs.c.owner == owner, jobs.c.idempotency_key == idempotency_key)
        known = conn.execute(select(jobs.c.id, jobs.c.spec_hash).where(*same)).first()
        if known is not None:
            if known.spec_hash != spec_hash:
                raise Conflict(f"Idempotency-Key {idempotency_key!r} was used for another spec, by job {known.id}")
            return get(conn, known.id)
    number = conn.execute(select(func.coalesce(func.max(jobs.c.number), 0) + 1)).scalar_one()
    row = {
        "id": job_id,
        "number": number,
        "name": name,
        "owner": owner,
        "state": "queued",
        "reason": "waiting for the coordinator",
        "spec": spec,
        "fingerprints": dict(fingerprints),
        "spec_hash": spec_hash,
        "idempotency_key": idempotency_key,
        "webhook": "waiting" if spec.get("webhook") else None,
        "finalists": "waiting" if spec.get("measure") else None,
        "created_at": at,
    }
    conn.execute(insert(jobs), row)
    events.append(conn, job_id, at, [("job", {"state": "queued"})])
    return get(conn, job_id)


def get(conn: Connection, job_id: str) -> Job:
    """Raises NotFound for an id that is none."""
    row = conn.execute(_GET, {"job": job_id}).first()
    if row is None:
        raise _no_such(job_id)
    return Job(*row)


def at_work(conn: Connection, job_id: str) -> tuple[Job, int, bool]:
    """A job, how many of its trials are open, and whether some of them wait to be sent to workers.

    Raises NotFound for an id that is none.
    """
    row = conn.execute(_AT_WORK, {"job": job_id}).first()
    if row is None:
        raise _no_such(job_id)
    open_trials, queued, *columns = row
    return Job(*columns), open_trials, bool(queued)


def _no_such(job_id: str) -> NotFound:
    return NotFound(f"there is no job {job_id!r}; `nas jobs` lists those that there are")


def listed(
    conn: Connection,
    *,
    before: int | None = None,
    limit: int = 50,
    state: str | None = None,
    owner: str | None = None,
    name: str | None = None,
) -> list[Job]:
    """Newest first, at most `limit`; `before` is the number of the last job of the page before.

    `name` is a part of the job's, whatever the case.
    """
    query = select(*_COLUMNS).order_by(jobs.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(jobs.c.number < before)
    if state is not None:
        query = query.where(jobs.c.state == state)
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    if name is not None:
        query = query.where(jobs.c.name.icontains(name, autoescape=True))
    return [Job(*row) for row in conn.execute(query)]


def locked(conn: Connection, job_id: str) -> Job:
    """The job, which nobody else can change before this transaction ends. Raises NotFound."""
    standing(conn, job_id)
    return get(conn, job_id)


def standing(conn: Connection, job_id: str) -> tuple[str, int] | None:
    """State and fencing number, which nobody else can change before this transaction ends; None for no job."""
    row = conn.execute(_STANDING, {"job": job_id}).first()
    return None if row is None else (row.state, row.fence)


def take(conn: Connection, job: Job, holder: str, lease_until: float) -> bool:
    """Become the holder of a job that is as it was read; False where somebody else was faster, or it ended."""
    unchanged = (jobs.c.id == job.id, jobs.c.fence == job.fence, jobs.c.state.in_(LIVE))
    taken = update(jobs).where(*unchanged).values(holder=holder, lease_until=lease_until, fence=job.fence + 1)
    return conn.execute(taken).rowcount == 1


def keep(conn: Connection, holder: str, lease_until: float) -> None:
    """Heartbeat: prolong the leases of all jobs of this holder."""
    conn.execute(update(jobs).where(jobs.c.holder == holder).values(lease_until=lease_until))


def in_state(conn: Connection, states: Collection[str]) -> list[Job]:
    """All jobs in these states, oldest first."""
    return [Job(*row) for row in conn.execute(_IN_STATE, {"states": states})]


def move(conn: Connection, job_id: str, sources: Collection[str], target: str, reason: str, at: float) -> bool:
    """Change the state where it is one of `sources`, keeping the account of running time; False where it is not."""
    values: dict[str, Any] = {"state": target, "reason": reason}
    if target == "running":
        values |= {"active_since": at, "started_at": func.coalesce(jobs.c.started_at, at)}
    else:
        ran = func.coalesce(at - jobs.c.active_since, 0.0)
        values |= {"active_since": None, "active_seconds": jobs.c.active_seconds + ran}
    if target in FINAL:
        values |= {"ended_at": at, "webhook": _if_any(jobs.c.webhook, "due"), "holder": None, "lease_until": None}
    if target in ("finished", "exhausted"):
        values |= {"finalists": _if_any(jobs.c.finalists, "due")}
    done = conn.execute(update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(sources)).values(**values))
    if done.rowcount != 1:
        return False
    events.append(conn, job_id, at, [("job", {"state": target, "reason": reason})])
    return True


def extend(conn: Connection, job: Job, budget: Mapping[str, Any], at: float, **note: Any) -> None:
    """Give a job this budget; one that has ended is queued and goes on from the state that it ended in.

    The event that tells it holds `note` too.
    """
    conn.execute(update(jobs).where(jobs.c.id == job.id).values(spec=job.spec | {"budget": dict(budget)}))
    events.append(conn, job.id, at, [("extended", {"budget": dict(budget), **note})])
    if move(conn, job.id, ("finished", "exhausted"), "queued", "extended; waiting for the coordinator", at):
        again = {name: _if_any(jobs.c[name], "waiting") for name in ("webhook", "finalists")}
        conn.execute(update(jobs).where(jobs.c.id == job.id).values(ended_at=None, fruitless=0, **again))


def set_priority(conn: Connection, job: Job, priority: int, at: float) -> None:
    """Change the spec of a job, and tell it. The job has to be locked."""
    conn.execute(update(jobs).where(jobs.c.id == job.id).values(spec=job.spec | {"priority": priority}))
    events.append(conn, job.id, at, [("priority", {"priority": priority})])


def remove(conn: Connection, job_id: str) -> None:
    """Delete a job with everything that belongs to it."""
    conn.execute(delete(jobs).where(jobs.c.id == job_id))


def with_webhook_due(conn: Connection) -> list[Job]:
    """Jobs whose end has to be told."""
    return [Job(*row) for row in conn.execute(select(*_COLUMNS).where(jobs.c.webhook == "due"))]


def settle_webhook(conn: Connection, job_id: str, *, delivered: bool, attempts: int, message: str, at: float) -> None:
    """Note how telling a job's end went; nothing where the job was extended or deleted meanwhile."""
    state = "delivered" if delivered else "failed"
    mine = (jobs.c.id == job_id, jobs.c.webhook == "due")
    if conn.execute(update(jobs).where(*mine).values(webhook=state)).rowcount == 1:
        told = {"delivered": delivered, "attempts": attempts, "message": message}
        events.append(conn, job_id, at, [("webhook", told)])


def with_finalists_due(conn: Connection) -> list[Job]:
    """Jobs that have ended and whose finalists nobody has planned to measure."""
    return [Job(*row) for row in conn.execute(select(*_COLUMNS).where(jobs.c.finalists == "due"))]


def finalists_planned(conn: Connection, job_id: str) -> bool:
    """Whether somebody has seen to the finalists of this job since it last ended."""
    return bool(conn.execute(select(jobs.c.finalists == "planned").where(_MINE), {"job": job_id}).scalar_one())


def plan_finalists(conn: Connection, job_id: str) -> bool:
    """Note that it is planned; False where that is no longer due."""
    mine = (jobs.c.id == job_id, jobs.c.finalists == "due")
    return conn.execute(update(jobs).where(*mine).values(finalists="planned")).rowcount == 1


def _if_any(column: ColumnElement[str | None], state: str) -> ColumnElement[str | None]:
    return case((column.is_not(None), state), else_=None)


def account(conn: Connection, holder: str, at: float) -> None:
    """Add the time since the last account to the running jobs of a holder, so that its death costs no hours."""
    ran = jobs.c.active_seconds + (at - jobs.c.active_since)
    mine = (jobs.c.state == "running", jobs.c.holder == holder)
    conn.execute(update(jobs).where(*mine).values(active_seconds=ran, active_since=at))


def restart_clock(conn: Connection, job_ids: Collection[str], at: float) -> None:
    """Those of these jobs that run count from here on: nobody ran them since the last account."""
    conn.execute(update(jobs).where(jobs.c.id.in_(job_ids), jobs.c.state == "running").values(active_since=at))


def set_reason(conn: Connection, job_id: str, fence: int, reason: str) -> None:
    """Say why a job waits; empty when it does not. Whoever holds it no longer says nothing."""
    mine = (jobs.c.id == job_id, jobs.c.state.in_(("queued", "running")), jobs.c.fence == fence)
    conn.execute(update(jobs).where(*mine).values(reason=reason))


def add(conn: Connection, job_id: str, state: State | None, *, fruitless: int | None = None, **counts: float) -> None:
    """Save the strategy's state and raise the job's counters, in the transaction of what changed them."""
    new: dict[str, Any] = {} if state is None else {"new_strategy_state": state.data, "new_strategy_blob": state.blob}
    new["new_fruitless"] = fruitless
    new |= {f"more_{name}": n or None for name, n in counts.items()}
    given = {name: value for name, value in new.items() if value is not None}
    if given:
        conn.execute(_adding(frozenset(given)), {"job": job_id, **given}, execution_options=UNANSWERED)


@lru_cache(maxsize=256)
def _adding(given: frozenset[str]) -> Update:
    """Statements by the names that they are given: `new_` a column's value, `more_` what is added to it."""
    columns = {name: jobs.c[name.partition("_")[2]] for name in sorted(given)}
    values = {c: bindparam(name) if name.startswith("new_") else c + bindparam(name) for name, c in columns.items()}
    return update(jobs).where(_MINE).values(values)


def best(conn: Connection, job_id: str) -> tuple[str, float] | None:
    """(candidate id, reward) of the best feasible candidate of full fidelity; ties go to the earlier candidate."""
    row = conn.execute(_BEST, {"job": job_id}).first()
    return None if row is None else (row.id, row.reward)


def set_incumbent(conn: Connection, job_id: str) -> None:
    """Make the best candidate the incumbent; there is none where the only one was found to break a limit."""
    conn.execute(_SET_INCUMBENT, {"job": job_id}, execution_options=UNANSWERED)


def strategy_state(conn: Connection, job_id: str) -> State | None:
    """What the strategy of this job last saved; None when it has not begun."""
    row = conn.execute(select(jobs.c.strategy_state, jobs.c.strategy_blob).where(jobs.c.id == job_id)).one()
    return None if row.strategy_state is None else State(row.strategy_state, row.strategy_blob)


def last_events(conn: Connection, job_ids: Collection[str]) -> dict[str, int]:
    """Job id to the number of its last event; jobs that are gone are left out."""
    return {row.id: row.events for row in conn.execute(select(jobs.c.id, jobs.c.events).where(jobs.c.id.in_(job_ids)))}


def counts(conn: Connection) -> dict[str, int]:
    """State to number of jobs."""
    return {
        row.state: row.n for row in conn.execute(select(jobs.c.state, func.count().label("n")).group_by(jobs.c.state))
    }
