"""What one round of proposing brings: candidates, trials with their requests, and the numbered proposals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, insert, select

from nas_service.strategies.base import Outcome

from .records import Known, NewCandidate, NewProposal, NewTrial
from .schema import candidates, proposals, requests, trials


def record(
    conn: Connection,
    job_id: str,
    at: float,
    new_candidates: Sequence[NewCandidate],
    new_trials: Sequence[NewTrial],
    new_proposals: Sequence[NewProposal],
) -> None:
    """Insert all of it; trials that name the same request share it. Requests are queued."""
    if new_candidates:
        conn.execute(insert(candidates), [_candidate_row(job_id, c) for c in new_candidates])
    if new_trials:
        sizes = Counter(t.request_id for t in new_trials)
        rows = [
            {"id": request_id, "job_id": job_id, "kind": "evaluate", "state": "queued", "open_trials": size}
            for request_id, size in sizes.items()
        ]
        conn.execute(insert(requests), rows)
        conn.execute(insert(trials), [_trial_row(job_id, at, t) for t in new_trials])
    if new_proposals:
        conn.execute(insert(proposals), [_proposal_row(job_id, p) for p in new_proposals])


def known_candidates(conn: Connection, job_id: str, hashes: Collection[str]) -> dict[str, Known]:
    """Hash to candidate, for those architectures that the job has seen.

    A limit that only a partial result broke is no reason yet.
    """
    c = candidates.c
    query = select(c.hash, c.id, c.genotype, c.reason, c.full, c.value).where(c.job_id == job_id, c.hash.in_(hashes))
    return {
        row.hash: Known(row.id, row.reason if row.full or row.value is None else "", row.genotype)
        for row in conn.execute(query)
    }


def reusable(conn: Connection, keys: Collection[str]) -> dict[str, dict[str, float]]:
    """Trial key to metrics, for trials of any job that completed with such a key."""
    query = select(trials.c.key, trials.c.metrics).where(trials.c.key.in_(keys), trials.c.state == "completed")
    return {row.key: row.metrics for row in conn.execute(query)}


def in_flight(conn: Connection, job_id: str, keys: Collection[str]) -> dict[str, str]:
    """Trial key to trial id, for trials of this job that have not ended."""
    query = select(trials.c.key, trials.c.id).where(
        trials.c.job_id == job_id, trials.c.key.in_(keys), trials.c.state.in_(("queued", "running"))
    )
    return {row.key: row.id for row in conn.execute(query)}


def outcomes(conn: Connection, job_id: str, numbers: Sequence[int]) -> list[Outcome]:
    """How proposals ended, by number, in the order asked for. Those still open are left out."""
    query = (
        select(proposals, candidates.c.genotype.label("shared"))
        .join(candidates, candidates.c.id == proposals.c.candidate_id)
        .where(proposals.c.job_id == job_id, proposals.c.number.in_(numbers), proposals.c.status.is_not(None))
    )
    found = {
        row.number: Outcome(
            row.number,
            row.status,
            row.genotype or row.shared,
            tuple(row.parents),
            row.token,
            row.metrics or {},
            row.reward,
        )
        for row in conn.execute(query)
    }
    return [found[number] for number in numbers if number in found]


def candidates_of(conn: Connection, job_id: str, numbers: Collection[int]) -> dict[int, str]:
    """Proposal number to candidate id."""
    query = select(proposals.c.number, proposals.c.candidate_id).where(
        proposals.c.job_id == job_id, proposals.c.number.in_(numbers)
    )
    return {row.number: row.candidate_id for row in conn.execute(query)}


def weights_of(conn: Connection, job_id: str, numbers: Collection[int]) -> dict[int, str]:
    """Proposal number to the artifact with the weights that its trial left."""
    query = (
        select(proposals.c.number, trials.c.artifacts)
        .join(trials, trials.c.id == proposals.c.trial_id)
        .where(proposals.c.job_id == job_id, proposals.c.number.in_(numbers), trials.c.state == "completed")
    )
    return {row.number: row.artifacts["weights"] for row in conn.execute(query) if "weights" in row.artifacts}


def _candidate_row(job_id: str, new: NewCandidate) -> dict[str, object]:
    return {
        "id": new.id,
        "job_id": job_id,
        "number": new.number,
        "hash": new.hash,
        "genotype": new.genotype,
        "parents": list(new.parents),
        "state": "infeasible" if new.reason else "proposed",
        "reason": new.reason,
        "feasible": not new.reason,
        "params": int(new.costs["params"]),
        "macs": int(new.costs["macs"]),
        "latency_ms": new.costs.get("latency_ms"),
        "latency_error_ms": new.costs.get("latency_error_ms"),
        "metrics": {},
    }


def _trial_row(job_id: str, at: float, new: NewTrial) -> dict[str, object]:
    return {
        **{name: value for name, value in asdict(new).items() if name != "fidelity"},
        "fidelity": asdict(new.fidelity),
        "job_id": job_id,
        "state": "queued",
        "metrics": {},
        "artifacts": {},
        "created_at": at,
    }


def _proposal_row(job_id: str, new: NewProposal) -> dict[str, object]:
    return asdict(new) | {"job_id": job_id, "parents": list(new.parents)}
