"""The queue in words, for the page of the cluster. Pure: plain text, to be shown as such."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from nas_service.api.views import JobSummary, NodeView, TrialView
from nas_service.durations import spoken

WAITING: Final = "waiting"
TO_BE_SENT: Final = "it will be sent to a worker"


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
    """A trial under way; `since` is how long it has run, or waited, `done` the share of its epochs.

    `place` is the worker that it is on, or what it waits for; `rung` says which part of a training it is, if it is one.
    """

    id: str
    job_id: str
    job: str
    candidate: str
    state: str
    since: str
    epoch: str
    done: float
    place: str
    rung: str

    @property
    def waits(self) -> bool:
        return self.state == WAITING


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
        state=_state(trial),
        since=spoken(max(0.0, round(now - began))),
        epoch=_epoch(trial),
        done=min(1.0, _reached(trial) / (trial.fidelity.get("epochs") or math.inf)),
        place=trial.waits or trial.worker or ("" if trial.state == "running" else job.reason or TO_BE_SENT),
        rung=_rung(trial),
    )


def resources(total: float, free: float) -> str:
    """How much of what there is is free."""
    return "none" if not total else f"{free:g} of {total:g} free"


def parts_of(node: NodeView) -> list[tuple[str, float, float]]:
    """What a machine has: name, how much, how much of it is free."""
    gpus = node.accelerator or "GPUs"
    parts = [("CPUs", node.total.cpus, node.free.cpus), (gpus, node.total.gpus, node.free.gpus)]
    return [part for part in parts if part[1]]


def workers_of(node: NodeView) -> str:
    if not node.workers:
        return "no workers"
    return f"{node.busy} of {node.workers} workers {'is' if node.workers == 1 else 'are'} busy"


def _epoch(trial: TrialView) -> str:
    """The last one that was reported, of how many."""
    wanted = trial.fidelity.get("epochs")
    return "–" if wanted is None else f"{_reached(trial):g} of {wanted:g}"


def _reached(trial: TrialView) -> float:
    return trial.curve[-1].get("epoch", 0.0) if trial.curve else 0.0


def _state(trial: TrialView) -> str:
    """One that was sent out and has no worker yet waits like one that was not sent."""
    return WAITING if waits(trial) else trial.state


def waits(trial: TrialView) -> bool:
    return bool(trial.waits) or trial.state == "queued"


def _rung(trial: TrialView) -> str:
    schedule = trial.fidelity.get("schedule")
    if schedule is not None:
        return f"the beginning of {schedule:g} epochs"
    return "" if trial.full else "not in full"
