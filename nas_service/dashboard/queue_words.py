"""The queue in words, for the page of the cluster. Pure: plain text, to be shown as such."""

from __future__ import annotations

from dataclasses import dataclass

from nas_service.api.views import JobSummary, TrialView
from nas_service.durations import spoken


@dataclass(frozen=True)
class JobRow:
    """A job in the queue, and what it waits for."""

    id: str
    name: str
    state: str
    done: float
    trials: str
    facts: str
    waits: str


@dataclass(frozen=True)
class TrialRow:
    """A trial under way; `since` is how long it has run, or waited."""

    id: str
    job_id: str
    job: str
    candidate: str
    state: str
    since: str
    epoch: str


def job_row(job: JobSummary) -> JobRow:
    done = job.completed + job.failed
    priority = f"priority {job.priority:+d}" if job.priority else ""
    return JobRow(
        id=job.id,
        name=job.name,
        state=job.state,
        done=min(1.0, done / job.trials_budget),
        trials=f"{done:,} of {job.trials_budget:,} trials",
        facts=" · ".join(filter(None, (job.owner, priority, job.space, job.strategy))),
        waits=job.reason,
    )


def trial_row(job: JobSummary, trial: TrialView, now: float) -> TrialRow:
    """`now` in seconds since the epoch."""
    began = trial.started_at if trial.started_at is not None else trial.created_at
    return TrialRow(
        id=trial.id,
        job_id=job.id,
        job=job.name,
        candidate=trial.candidate_id,
        state=trial.state,
        since=spoken(max(0.0, round(now - began))),
        epoch=_epoch(trial),
    )


def resources(total: float, free: float) -> str:
    """How much of what there is is free."""
    return "none" if not total else f"{free:g} of {total:g} free"


def _epoch(trial: TrialView) -> str:
    """The last one that was reported, of how many."""
    wanted = trial.fidelity.get("epochs")
    reached = trial.curve[-1].get("epoch") if trial.curve else None
    if wanted is None:
        return "–"
    return f"{reached or 0:g} of {wanted:g}"
