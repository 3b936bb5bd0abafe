"""Rows for tests of the store: a job, and rounds of proposals as the coordinator would record them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from nas_service.store import Job, NewCandidate, NewProposal, NewTrial, asks, jobs
from workers.requests import Fidelity, Report, State


def add_job(
    conn: Connection, job_id: str = "j", *, key: str | None = None, spec_hash: str = "0", owner: str = ""
) -> Job:
    return jobs.submit(
        conn,
        job_id=job_id,
        name=job_id,
        spec={"name": job_id},
        fingerprints={},
        spec_hash=spec_hash,
        idempotency_key=key,
        at=1.0,
        owner=owner,
    )


def add_trials(conn: Connection, numbers: Sequence[int], job_id: str = "j", key: str | None = None) -> None:
    """A candidate, a trial in a queued request and a waiting proposal for each number.

    The trials' keys begin with `key`, which is the job's id unless given.
    """
    key = job_id if key is None else key
    asks.record(
        conn,
        job_id,
        2.0,
        [
            NewCandidate(f"{job_id}.c{n}", n, f"{n:032}", {"choices": [n]}, (), "", {"params": 10 * n, "macs": 100 * n})
            for n in numbers
        ],
        [
            NewTrial(
                f"{job_id}.t{n}", n, f"{job_id}.c{n}", f"{job_id}.r{n}", f"{key}{n}", Fidelity(1), full=True, seed=0
            )
            for n in numbers
        ],
        [NewProposal(n, f"{job_id}.c{n}", f"{job_id}.t{n}", (), None, spent=True) for n in numbers],
    )


def report(number: int, attempt: int, state: State = "completed", job_id: str = "j", epoch: int = 1) -> Report:
    metrics = {"val_accuracy": number / 100}
    return Report(f"{job_id}.r{number}", attempt, f"{job_id}.t{number}", state, epoch, metrics)
