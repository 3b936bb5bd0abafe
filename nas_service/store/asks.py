"""What one round of proposing brings: candidates, trials with their requests, and the numbered proposals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    and_,
    bindparam,
    cast,
    or_,
    select,
)

from nas_service.strategies.base import Outcome, Proposal
from workers.requests import Fidelity

from . import jobs as job_rows
from . import plain
from . import trials as trial_rows
from .bulk import Bulk, Row
from .listed import among, one_of
from .names import number_in
from .plain import Numbers
from .records import Known, Lease, NewCandidate, NewProposal, NewTrial
from .schema import candidates, jobs, proposals, requests, trials

FIRST_ATTEMPT = 1
LOOKED_UP = 1000  # proposals that one query names; databases bound the parameters of a statement


def _owner(job_id: ColumnElement[str]) -> ScalarSelect[str]:
    of = jobs.alias()
    return select(of.c.owner).where(of.c.id == job_id).scalar_subquery()


# Statements that every round needs are built once: building one costs several times what running it does.
_JOB: BindParameter[str] = bindparam("job")
_KNOWN = select(
    candidates.c.hash,
    candidates.c.id,
    candidates.c.genotype,
    candidates.c.reason,
    or_(candidates.c.full, candidates.c.value.is_(None)).label("stands"),
).where(candidates.c.job_id == _JOB, among(candidates.c.hash, "hashes"))
_CANDIDATES_OF = select(proposals.c.number, proposals.c.candidate_id).where(
    proposals.c.job_id == _JOB, among(proposals.c.number, "numbers")
)
_BESIDE = trials.alias()  # those that ran in the same request
_OF_KEYS = (
    select(
        trials.c.key,
        trials.c.state,
        trials.c.id,
        trials.c.job_id,
        trials.c.metrics,
        select(trial_rows.share_of_time(_BESIDE))
        .where(_BESIDE.c.request_id == trials.c.request_id, _BESIDE.c.state == "completed")
        .scalar_subquery(),
    )
    .where(
        among(trials.c.key, "keys"),
        or_(
            and_(trials.c.state == "completed", _owner(_JOB) == _owner(trials.c.job_id)),
            and_(one_of(trials.c.state, trial_rows.OPEN), trials.c.job_id == _JOB),
        ),
    )
    .order_by(trials.c.job_id == _JOB, trials.c.ended_at.desc())
)
_LEFT_BY = (
    select(proposals.c.number, trials.c.artifacts)
    .join(trials, trials.c.id == proposals.c.trial_id)
    .where(proposals.c.job_id == _JOB, among(proposals.c.number, "numbers"), trials.c.state == "completed")
)
_OUTCOMES = (
    select(proposals, candidates.c.genotype.label("shared"))
    .join(candidates, candidates.c.id == proposals.c.candidate_id)
    .where(proposals.c.job_id == _JOB, among(proposals.c.number, "numbers"), proposals.c.status.is_not(None))
)

_CANDIDATES, _REQUESTS, _TRIALS, _PROPOSALS = map(Bulk.into, (candidates, requests, trials, proposals))


@dataclass(frozen=True)
class Reusable:
    """A trial that completed, what it reported, and the seconds that it took."""

    trial_id: str
    job_id: str
    metrics: dict[str, float]
    seconds: float


def record(
    conn: Connection,
    job_id: str,
    at: float,
    new_candidates: Sequence[NewCandidate],
    new_trials: Sequence[NewTrial],
    new_proposals: Sequence[NewProposal],
    lease: Lease | None = None,
) -> None:
    """Insert all of it; trials that name the same request share it.

    Requests are held under the lease in their first attempt, and their trials run; without a lease they are queued.
    """
    sizes = Counter(t.request_id for t in new_trials)
    running = {t.candidate_id for t in new_trials} if lease else set()
    _CANDIDATES.run(conn, [_candidate_row(job_id, c, runs=c.id in running) for c in new_candidates])
    _REQUESTS.run(conn, [_request_row(job_id, request_id, size, lease) for request_id, size in sizes.items()])
    _TRIALS.run(conn, [_trial_row(job_id, at, t, lease) for t in new_trials])
    _PROPOSALS.run(conn, [_proposal_row(job_id, p) for p in new_proposals])


def known_candidates(conn: Connection, job_id: str, hashes: Collection[str]) -> dict[str, Known]:
    """Hash to candidate, for those architectures that the job has seen.

    A limit that only a partial result broke is no reason yet.
    """
    rows = conn.execute(_KNOWN, {"job": job_id, "hashes": hashes})
    return {row.hash: Known(row.id, row.reason if row.stands else "", row.genotype) for row in rows}


def waiting(conn: Connection, job_id: str) -> list[int]:
    """Numbers of the proposals whose outcome is still awaited, of a whole job."""
    p = proposals.c
    return list(conn.execute(select(p.number).where(p.job_id == job_id, p.status.is_(None))).scalars())


def since(conn: Connection, job_id: str, number: int, waited: Collection[int]) -> Numbers:
    """Columns number, number of the candidate, whether it waits: of proposals from a number on, and of those `waited`.

    Whoever looked before, and names those that waited then, finds here every candidate whose result is new since:
    there is none without a proposal that was told of it.
    """
    p = proposals.c
    waits = cast(p.status.is_(None), Integer)
    query = select(p.number, number_in(p.candidate_id, job_id), waits).where(p.job_id == job_id)
    return plain.since(conn, query, p.number, number, waited)


def of_keys(conn: Connection, job_id: str, keys: Collection[str]) -> tuple[dict[str, Reusable], dict[str, str]]:
    """Trial key to a trial of any job of the owner that completed; and to the id of one of this job that is open.

    The completed one is of this job, if it has any, or the first. The owner is asked of each trial that the key finds:
    of a join, SQLite would begin with the owner's jobs and read all of their trials.
    """
    completed: dict[str, Reusable] = {}
    in_flight: dict[str, str] = {}
    for key, state, *found in conn.execute(_OF_KEYS, {"job": job_id, "keys": keys}):
        if state == "completed":
            completed[key] = Reusable(*found)
        else:
            in_flight[key] = found[0]
    return completed, in_flight


def outcomes(conn: Connection, job_id: str, numbers: Sequence[int]) -> list[Outcome]:
    """How proposals ended, by number, in the order asked for. Those still open are left out."""
    found: dict[int, Outcome] = {}
    for first in range(0, len(numbers), LOOKED_UP):
        found |= _outcomes(conn, job_id, numbers[first : first + LOOKED_UP])
    return [found[number] for number in numbers if number in found]


def _outcomes(conn: Connection, job_id: str, numbers: Sequence[int]) -> dict[int, Outcome]:
    return {
        row.number: Outcome(
            row.number,
            row.status,
            row.genotype or row.shared,
            tuple(row.parents),
            row.token,
            row.metrics or {},
            row.reward,
            spent=row.spent,
        )
        for row in conn.execute(_OUTCOMES, {"job": job_id, "numbers": numbers})
    }


def awaited(conn: Connection, job_id: str) -> dict[int, Proposal]:
    """Number to proposal, in rising order, for those still open: genotype, parents and token."""
    p = proposals.c
    query = (
        select(p.number, p.genotype, p.parents, p.token, candidates.c.genotype.label("shared"))
        .join(candidates, candidates.c.id == p.candidate_id)
        .where(p.job_id == job_id, p.status.is_(None))
        .order_by(p.number)
    )
    return {
        row.number: Proposal(row.genotype or row.shared, tuple(row.parents), row.token) for row in conn.execute(query)
    }


def candidates_of(conn: Connection, job_id: str, numbers: Collection[int]) -> dict[int, str]:
    """Proposal number to candidate id."""
    return dict(conn.execute(_CANDIDATES_OF, {"job": job_id, "numbers": numbers}).tuples().all())


def best(conn: Connection, job_id: str) -> int | None:
    """The number of the proposal that made its candidate the best of full fidelity within the limits, or None.

    Of several for this candidate, one whose trial left weights.
    """
    found = job_rows.best(conn, job_id)
    if found is None:
        return None
    query = (
        select(proposals.c.number, trials.c.artifacts)
        .outerjoin(trials, trials.c.id == proposals.c.trial_id)
        .where(proposals.c.candidate_id == found[0], proposals.c.job_id == job_id, proposals.c.reward == found[1])
        .order_by(proposals.c.number)
    )
    rows = conn.execute(query).all()
    return max(rows, key=lambda row: "weights" in (row.artifacts or {})).number if rows else None


def left_by(conn: Connection, job_id: str, numbers: Collection[int]) -> dict[int | None, dict[str, str]]:
    """Proposal number to what its trial left: role (`weights`, `checkpoint`) to artifact."""
    if not numbers:
        return {}
    return dict(conn.execute(_LEFT_BY, {"job": job_id, "numbers": numbers}).tuples().all())


def _candidate_row(job_id: str, new: NewCandidate, *, runs: bool) -> Row:
    return {
        "id": new.id,
        "job_id": job_id,
        "number": new.number,
        "hash": new.hash,
        "genotype": new.genotype,
        "parents": new.parents,
        "state": "infeasible" if new.reason else "running" if runs else "proposed",
        "reason": new.reason,
        "feasible": not new.reason,
        "params": int(new.costs["params"]),
        "macs": int(new.costs["macs"]),
        "latency_ms": new.costs.get("latency_ms"),
        "latency_error_ms": new.costs.get("latency_error_ms"),
        "metrics": {},
        "full": False,
    }


def _request_row(job_id: str, request_id: str, size: int, lease: Lease | None) -> Row:
    return {
        "id": request_id,
        "job_id": job_id,
        "kind": "evaluate",
        "state": "running" if lease else "queued",
        "attempt": FIRST_ATTEMPT if lease else 0,
        "failures": 0,
        "open_trials": size,
        "holder": lease.holder if lease else None,
        "lease_until": lease.until if lease else None,
    }


def _trial_row(job_id: str, at: float, new: NewTrial, lease: Lease | None) -> Row:
    return {
        "id": new.id,
        "job_id": job_id,
        "number": new.number,
        "candidate_id": new.candidate_id,
        "request_id": new.request_id,
        "key": new.key,
        "fidelity": _fidelity(new.fidelity),
        "full": new.full,
        "seed": new.seed,
        "initial_weights": new.start.weights,
        "checkpoint": new.start.checkpoint,
        "state": "running" if lease else "queued",
        "metrics": {},
        "artifacts": {},
        "message": "",
        "created_at": at,
        "started_at": at if lease else None,
    }


@lru_cache(maxsize=64)
def _fidelity(fidelity: Fidelity) -> dict[str, Any]:
    return fidelity.as_json()


def _proposal_row(job_id: str, new: NewProposal) -> Row:
    return {
        "job_id": job_id,
        "number": new.number,
        "candidate_id": new.candidate_id,
        "trial_id": new.trial_id,
        "genotype": new.genotype,
        "parents": new.parents,
        "token": new.token,
        "status": new.status,
        "reward": new.reward,
        "metrics": new.metrics,
        "spent": new.spent,
        "control": new.control,
    }
