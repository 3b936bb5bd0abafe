"""The best networks of a job, for another one that begins with them."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection

from nas_service.errors import NotFound
from nas_service.pareto import crowding
from nas_service.store import Candidate, Job, candidates, jobs
from nas_service.warm_start import Earlier

from .service import Service

MOST = 300  # candidates that are looked at, best first


def earlier(service: Service, job_id: str) -> Earlier | None:
    """None where there is no such job."""
    with service.store.read() as conn:
        try:
            job = jobs.get(conn, job_id)
        except NotFound:
            return None
        best = [candidate.genotype for candidate in _best(conn, job)]
    return Earlier(job.id, job.spec, job.fingerprints["space"], best)


def _best(conn: Connection, job: Job) -> list[Candidate]:
    """First the front, then by reward. Where the whole front is the aim, its roomiest places come first."""
    front = candidates.on_front(conn, job.id)
    ranked = candidates.page(conn, job.id, after=None, limit=MOST, by_reward=True, state=None)
    front = _roomiest_first(front) if job.spec["objective"]["reward"] == "pareto" else sorted(front, key=_reward)
    first = {candidate.id for candidate in front}
    return [*front, *(c for c in ranked if c.feasible and c.id not in first)][:MOST]


def _roomiest_first(front: list[Candidate]) -> list[Candidate]:
    values = np.array([(c.value, c.cost) for c in front], dtype=np.float64).reshape(-1, 2)
    return [front[i] for i in np.argsort(-crowding(values), kind="stable")] if front else []


def _reward(candidate: Candidate) -> tuple[float, int]:
    return -(candidate.reward or 0.0), candidate.number
