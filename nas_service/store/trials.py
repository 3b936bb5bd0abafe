"""Trials as they run and end, and the outcomes that this brings to the proposals that wait for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, FromClause, bindparam, delete, func, select, update

from nas_service.errors import NotFound
from nas_service.strategies.base import Outcome, Status
from workers.requests import Report

from .bulk import Bulk
from .listed import among
from .records import Trial
from .schema import candidates, epochs, jobs, proposals, trials

OPEN = ("queued", "running")
STATES = (*OPEN, "completed", "failed", "stopped", "cancelled")

_COLUMNS = [trials.c[field.name] for field in fields(Trial)]
PRICES = ("params", "macs", "latency_ms", "latency_error_ms")

_FORGET_EPOCHS = Bulk(
    lambda given: delete(epochs).where(
        epochs.c.trial_id == given["trial"],
        epochs.c.attempt == given["of_attempt"],
        epochs.c.epoch == given["at_epoch"],
    ),
    trial=epochs.c.trial_id,
    of_attempt=epochs.c.attempt,
    at_epoch=epochs.c.epoch,
)
_EPOCHS = Bulk.into(epochs)
_FINISH = Bulk(
    lambda given: (
        update(trials)
        .where(trials.c.id == given["trial"], trials.c.ended_at.is_(None))
        .values(
            state=given["ended"],
            metrics=given["reported"],
            artifacts=given["files"],
            cause=given["why"],
            message=given["said"],
            ended_at=given["at"],
            started_at=func.coalesce(trials.c.started_at, given["at"]),
        )
    ),
    trial=trials.c.id,
    ended=trials.c.state,
    reported=trials.c.metrics,
    files=trials.c.artifacts,
    why=trials.c.cause,
    said=trials.c.message,
    at=trials.c.ended_at,
)
_TELL = Bulk(
    lambda given: (
        update(proposals)
        .where(proposals.c.job_id == given["job"], proposals.c.number == given["n"], proposals.c.status.is_(None))
        .values(status=given["s"], reward=given["r"], metrics=given["m"])
    ),
    job=proposals.c.job_id,
    n=proposals.c.number,
    s=proposals.c.status,
    r=proposals.c.reward,
    m=proposals.c.metrics,
)


# Statements that every step needs are built once: building one costs several times what running it does.
_JOB: BindParameter[str] = bindparam("job")
_OWN = (
    candidates.c.genotype,
    proposals.c.genotype,
    proposals.c.number,
    proposals.c.parents,
    proposals.c.token,
    proposals.c.spent,
)
_AWAITING = (
    select(
        trials.c.id,
        trials.c.full,
        candidates.c.id,
        candidates.c.feasible,
        *(candidates.c[name] for name in PRICES),
        *_OWN,
    )
    .join_from(proposals, candidates, candidates.c.id == proposals.c.candidate_id)
    .join(trials, trials.c.id == proposals.c.trial_id)
    .where(among(proposals.c.trial_id, "ids"), proposals.c.status.is_(None))
    .order_by(proposals.c.number)
)


def share_of_time(of: FromClause) -> ColumnElement[Any]:
    """Seconds that each of several trials took that ran together in a request; `of` is a table of trials."""
    started = func.coalesce(of.c.started_at, of.c.ended_at)
    return (func.max(of.c.ended_at) - func.min(started)) / func.count()


_TOOK = (
    select(trials.c.request_id, share_of_time(trials))
    .where(among(trials.c.request_id, "ids"), trials.c.state == "completed")
    .group_by(trials.c.request_id)
)


@dataclass(frozen=True)
class Measured:
    """How long a trial took, and the spec of its job."""

    spec: dict[str, Any]
    epochs: int
    seconds: float


@dataclass(frozen=True)
class Open:
    """A trial that has not ended, with what a worker needs of it."""

    id: str
    request_id: str
    candidate_id: str
    fidelity: dict[str, Any]
    seed: int
    initial_weights: str | None
    checkpoint: str | None
    genotype: dict[str, Any]


@dataclass(frozen=True)
class Awaiting:
    """A proposal that waits for a trial, which is of `full` fidelity or not, and what its candidate costs."""

    trial_id: str
    full: bool
    candidate_id: str
    feasible: bool
    costs: dict[str, float]
    number: int
    genotype: dict[str, Any]
    parents: tuple[int, ...]
    token: Any
    spent: bool

    def outcome(self, status: Status, metrics: Mapping[str, float], reward: float | None) -> Outcome:
        return Outcome(self.number, status, self.genotype, self.parents, self.token, metrics, reward, spent=self.spent)


def get(conn: Connection, trial_id: str) -> Trial:
    """Raises NotFound for an id that is none."""
    row = conn.execute(select(*_COLUMNS).where(trials.c.id == trial_id)).first()
    if row is None:
        raise NotFound(f"there is no trial {trial_id!r}")
    return Trial(*row)


def of_requests(conn: Connection, request_ids: Collection[str]) -> list[Open]:
    """The open trials of these requests, in the order of their numbers."""
    t = trials.c
    query = (
        select(
            t.id,
            t.request_id,
            t.candidate_id,
            t.fidelity,
            t.seed,
            t.initial_weights,
            t.checkpoint,
            candidates.c.genotype,
        )
        .join(candidates, candidates.c.id == t.candidate_id)
        .where(t.request_id.in_(request_ids), t.state.in_(OPEN))
        .order_by(t.number)
    )
    return [Open(*row) for row in conn.execute(query)]


def open_in(conn: Connection, job_id: str) -> list[Trial]:
    query = select(*_COLUMNS).where(trials.c.job_id == job_id, trials.c.state.in_(OPEN)).order_by(trials.c.number)
    return [Trial(*row) for row in conn.execute(query)]


def start(conn: Connection, trial_ids: Collection[str], at: float) -> None:
    conn.execute(
        update(trials)
        .where(trials.c.id.in_(trial_ids), trials.c.state == "queued")
        .values(state="running", started_at=at)
    )


def restart(conn: Connection, request_ids: Collection[str]) -> None:
    """Back to queued, with the request that went back."""
    conn.execute(
        update(trials).where(trials.c.request_id.in_(request_ids), trials.c.state == "running").values(state="queued")
    )


def add_epochs(conn: Connection, job_id: str, reports: Sequence[Report]) -> None:
    """Points of learning curves; of several for one epoch the last stands. Curves of earlier attempts stay apart."""
    points = {(report.trial_id, report.attempt, report.epoch): report.metrics for report in reports}
    if not points:
        return
    keys = [dict(zip(("trial", "of_attempt", "at_epoch"), point, strict=True)) for point in points]
    _FORGET_EPOCHS.run(conn, keys)
    rows = [
        {"trial_id": trial_id, "attempt": attempt, "epoch": epoch, "job_id": job_id, "metrics": metrics}
        for (trial_id, attempt, epoch), metrics in points.items()
    ]
    _EPOCHS.run(conn, rows)


def learning_curve(conn: Connection, trial_id: str) -> list[dict[str, float]]:
    """The metrics of each epoch of the newest attempt, in order."""
    return learning_curves(conn, [trial_id])[trial_id]


def learning_curves(conn: Connection, trial_ids: Sequence[str]) -> dict[str, list[dict[str, float]]]:
    """The same of several trials, by their ids."""
    found: dict[str, list[dict[str, float]]] = {trial_id: [] for trial_id in trial_ids}
    other = epochs.alias()
    newest = select(func.max(other.c.attempt)).where(other.c.trial_id == epochs.c.trial_id).scalar_subquery()
    query = select(epochs.c.trial_id, epochs.c.epoch, epochs.c.metrics).where(
        among(epochs.c.trial_id, "ids"), epochs.c.attempt == newest
    )
    for row in conn.execute(query.order_by(epochs.c.trial_id, epochs.c.epoch), {"ids": list(trial_ids)}):
        found[row.trial_id].append({"epoch": row.epoch, **row.metrics})
    return found


def finish(conn: Connection, ended: Sequence[Report], at: float) -> None:
    """Write how trials ended."""
    rows = [
        {
            "trial": report.trial_id,
            "ended": report.state,
            "reported": report.metrics,
            "files": report.artifacts,
            "why": report.cause,
            "said": report.message,
            "at": at,
        }
        for report in ended
    ]
    _FINISH.run(conn, rows)


def cancel(conn: Connection, job_id: str, state: str, at: float) -> list[str]:
    """End every open trial of a job as `cancelled` or `stopped`; their ids."""
    statement = (
        update(trials)
        .where(trials.c.job_id == job_id, trials.c.state.in_(OPEN))
        .values(state=state, ended_at=at)
        .returning(trials.c.id)
    )
    ids = list(conn.execute(statement).scalars())
    conn.execute(
        update(proposals)
        .where(proposals.c.job_id == job_id, proposals.c.trial_id.in_(ids), proposals.c.status.is_(None))
        .values(status=state)
    )
    conn.execute(
        update(candidates)
        .where(candidates.c.job_id == job_id, candidates.c.state.in_(("proposed", "running")))
        .values(state=state)
    )
    return ids


def awaiting(conn: Connection, trial_ids: Collection[str]) -> list[Awaiting]:
    """Every proposal that waits for one of these trials, in their order: the first one of a trial brought it."""
    found = []
    for row in conn.execute(_AWAITING, {"ids": trial_ids}):
        trial_id, full, candidate_id, feasible, *prices = row[: -len(_OWN)]
        shared, genotype, number, parents, token, spent = row[-len(_OWN) :]
        costs = {name: price for name, price in zip(PRICES, prices, strict=True) if price is not None}
        made = (number, genotype or shared, tuple(parents), token, spent)
        found.append(Awaiting(trial_id, full, candidate_id, feasible, costs, *made))
    return found


def tell(conn: Connection, job_id: str, outcomes: Sequence[Outcome]) -> None:
    """Write how proposals ended, so that none is told twice."""
    rows = [{"job": job_id, "n": o.number, "s": o.status, "r": o.reward, "m": o.metrics} for o in outcomes]
    _TELL.run(conn, rows)


def last_failure(conn: Connection, job_id: str) -> str:
    """What the trial that failed last had to say."""
    query = (
        select(trials.c.message)
        .where(trials.c.job_id == job_id, trials.c.state == "failed")
        .order_by(trials.c.ended_at.desc())
        .limit(1)
    )
    return conn.execute(query).scalar_one_or_none() or "no message"


def page(conn: Connection, job_id: str, *, states: Collection[str], after: int = -1, limit: int) -> list[Trial]:
    """Trials of a job in these states, in the order of their numbers, those after number `after`."""
    query = select(*_COLUMNS).where(trials.c.job_id == job_id, trials.c.state.in_(states), trials.c.number > after)
    return [Trial(*row) for row in conn.execute(query.order_by(trials.c.number).limit(limit))]


def newest_finished(conn: Connection, job_id: str, limit: int) -> list[Trial]:
    """The last trials of full fidelity that completed, by their numbers."""
    mine = (trials.c.job_id == job_id, trials.c.state == "completed", trials.c.full)
    last = trials.c.number.desc()
    ids = select(trials.c.id).where(*mine).order_by(last).limit(limit)  # of many, whole rows would be sorted slowly
    return [Trial(*row) for row in conn.execute(select(*_COLUMNS).where(trials.c.id.in_(ids)).order_by(last))]


def of_candidate(conn: Connection, candidate_id: str) -> list[Trial]:
    query = select(*_COLUMNS).where(trials.c.candidate_id == candidate_id).order_by(trials.c.number)
    return [Trial(*row) for row in conn.execute(query)]


def took(conn: Connection, request_ids: Collection[str]) -> dict[str, float]:
    """Request id to the seconds that one of its completed trials took; trials that ran together took equal shares."""
    if not request_ids:
        return {}
    return dict(conn.execute(_TOOK, {"ids": request_ids}).tuples().all())


def measured(conn: Connection, limit: int = 500) -> list[Measured]:
    """The newest trials that were run whole and completed, of all jobs."""
    query = (
        select(jobs.c.spec, trials.c.fidelity, (trials.c.ended_at - trials.c.started_at).label("seconds"))
        .join(jobs, jobs.c.id == trials.c.job_id)
        .where(trials.c.state == "completed", trials.c.full, trials.c.checkpoint.is_(None))
        .where(trials.c.started_at.is_not(None))
        .order_by(trials.c.ended_at.desc())
        .limit(limit)
    )
    return [Measured(row.spec, max(1, row.fidelity["epochs"]), row.seconds) for row in conn.execute(query)]


def counts(conn: Connection) -> dict[str, int]:
    """State to number of trials, of all jobs."""
    query = select(trials.c.state, func.count().label("n")).group_by(trials.c.state)
    return {row.state: row.n for row in conn.execute(query)}
