"""Lists of jobs, with what each has found: one query for the jobs, one for all their incumbents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection

from nas_service.pace import pace
from nas_service.store import Job, candidates

from . import readings
from .list_views import ListedJob


def listed(conn: Connection, jobs: Sequence[Job], at: float) -> list[ListedJob]:
    """In the order given, at a time in seconds since the epoch."""
    found = candidates.figures(conn, [job.incumbent for job in jobs if job.incumbent is not None])
    return [_listed(job, *found.get(job.incumbent or "", ({}, None)), at) for job in jobs]


def _listed(job: Job, metrics: dict[str, float], latency_ms: float | None, at: float) -> ListedJob:
    metric = job.spec["task"]["metric"]
    best = {"metric": metric, "best_value": readings.finite(metrics).get(metric), "best_latency_ms": latency_ms}
    return ListedJob.model_validate(dict(readings.job_summary(job)) | best | asdict(pace(job, at)))
