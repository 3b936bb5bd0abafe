"""From records to views: what jobs, candidates, trials and exports look like from outside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from nas_service.comparison import compare
from nas_service.errors import NotFound
from nas_service.pace import pace
from nas_service.store import Candidate, Event, Export, Job, Trial, arms, campaigns, candidates, jobs, trials

from . import architectures
from .device_views import FinalistsView
from .views import (
    CandidateDetail,
    CandidateView,
    ComparisonView,
    EventView,
    ExportView,
    JobSummary,
    JobView,
    Metrics,
    TrialView,
)

LONGEST_LINE = 200  # ancestors that are shown


def job_summary(job: Job) -> JobSummary:
    return JobSummary.model_validate(_job(job))


def job_view(job: Job, at: float) -> JobView:
    """At a time in seconds since the epoch."""
    objective = job.spec["objective"]
    axes = {"metric": job.spec["task"]["metric"], "cost": objective["cost"], "limits": objective["limits"]}
    return JobView.model_validate(_job(job) | axes | asdict(pace(job, at)))


def _job(job: Job) -> dict[str, Any]:
    spec = job.spec
    return vars(job) | {
        "final": job.state in jobs.FINAL,
        "strategy": spec["strategy"]["name"],
        "space": spec["space"]["name"],
        "task": spec["task"]["name"],
        "device": spec["device"]["name"] if spec["device"] else None,
        "priority": job.priority,
        "trials_budget": job.trials_budget,
        "hours_budget": job.hours_budget,
    }


def candidate_view(candidate: Candidate) -> CandidateView:
    return CandidateView.model_validate(vars(candidate) | {"metrics": finite(candidate.metrics)})


def trial_view(trial: Trial, curve: Sequence[Mapping[str, float]] = ()) -> TrialView:
    shown = {"metrics": finite(trial.metrics), "curve": [finite(point) for point in curve]}
    return TrialView.model_validate(vars(trial) | shown)


def export_view(export: Export) -> ExportView:
    shown = {
        "final": export.state in ("completed", "failed"),
        "files": sorted(export.artifacts),
        "progress": finite(export.progress),
        "metrics": finite(export.metrics),
    }
    return ExportView.model_validate(vars(export) | shown)


def event_view(event: Event) -> EventView:
    return EventView.model_validate(vars(event))


def finite(metrics: Mapping[str, float]) -> Metrics:
    """Without NaN and infinity, which JSON does not know."""
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def comparison(conn: Connection, job: Job) -> ComparisonView:
    """The search beside its control. Raises NotFound for a job without one."""
    control, objective = job.spec.get("control"), job.spec["objective"]
    if control is None:
        raise NotFound(f"job {job.id} has no control; one that has: nas clone {job.id} --set control=random")
    found = compare(*arms.of_job(conn, job.id), objective["limits"].get(objective["cost"]), job.spec["seed"])
    axes = {"metric": job.spec["task"]["metric"], "cost": objective["cost"]}
    return ComparisonView.model_validate(asdict(found) | axes | {"share": control["share"]})


def finalists(conn: Connection, job: Job) -> FinalistsView:
    """The measured finalists beside their estimates. Raises NotFound for a job that measures none."""
    if job.spec.get("measure") is None:
        raise NotFound(f"job {job.id} measures none; one that does: nas clone {job.id} --set measure.finalists=5")
    found = campaigns.of_job(conn, job.id)
    if found is None and (jobs.finalists_planned(conn, job.id) or job.state in ("failed", "cancelled")):
        return FinalistsView(state="none", message="there is nothing to measure; the events of the job say why")
    if found is None:
        return FinalistsView(state="waiting", message="they are measured when the job has ended")
    if found.verdict is None:
        return FinalistsView(state=found.state, message=found.message, campaign=found.id)
    measured = found.verdict["networks"]
    named = candidates.by_hash(conn, job.id, [one["hash"] for one in measured])
    networks = [one | {"candidate_id": id_, "number": n} for one in measured for id_, n in [named[one["hash"]]]]
    told = {"state": found.state, "message": found.verdict["summary"], "campaign": found.id, "networks": networks}
    return FinalistsView.model_validate(found.verdict | told | {"recalibrated": found.verdict["in_doubt"]})


def lineage(conn: Connection, candidate: Candidate) -> list[Candidate]:
    """The line of first parents, oldest first, without the candidate itself; the nearest `LONGEST_LINE`."""
    line: list[Candidate] = []
    parents = candidate.parents
    while parents and len(line) < LONGEST_LINE:
        parent = candidates.get(conn, parents[0])
        line.insert(0, parent)
        parents = parent.parents
    return line


def trials_of(conn: Connection, candidate: Candidate) -> list[TrialView]:
    return trial_views(conn, trials.of_candidate(conn, candidate.id))


def trial_views(conn: Connection, found: Sequence[Trial]) -> list[TrialView]:
    """Each with its learning curve."""
    curves = trials.learning_curves(conn, [trial.id for trial in found])
    return [trial_view(trial, curves[trial.id]) for trial in found]


def candidate_detail(conn: Connection, candidate: Candidate, tables: Path) -> CandidateDetail:
    """A candidate with its architecture, rebuilt from the genotype, its ancestors and its trials."""
    job = jobs.get(conn, candidate.job_id)
    shown = {
        **candidate_view(candidate).model_dump(),
        "architecture": architectures.of_candidate(job, candidate, tables),
        "lineage": [candidate_view(parent) for parent in lineage(conn, candidate)],
        "trials": trials_of(conn, candidate),
    }
    return CandidateDetail.model_validate(shown)


def trial_log(trial: Trial, curve: Sequence[Mapping[str, float]]) -> str:
    """A trial as text, one line a thing."""
    lines = [
        f"trial {trial.id} of candidate {trial.candidate_id}, seed {trial.seed}",
        "fidelity: " + _listed(trial.fidelity),
        f"weights: {trial.checkpoint or trial.initial_weights or 'started afresh'}",
        f"queued {_when(trial.created_at)}, started {_when(trial.started_at)}",
        *(f"epoch {point['epoch']:g}: {_listed({k: v for k, v in point.items() if k != 'epoch'})}" for point in curve),
        f"state: {trial.state}" + (f" ({trial.cause})" if trial.cause else "") + _took(trial),
    ]
    if trial.metrics:
        lines.append("result: " + _listed(trial.metrics))
    if trial.message:
        lines.append(trial.message)
    return "\n".join(lines) + "\n"


def _when(seconds: float | None) -> str:
    return "not yet" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _took(trial: Trial) -> str:
    if trial.started_at is None or trial.ended_at is None:
        return ""
    return f", {_when(trial.ended_at)}, {trial.ended_at - trial.started_at:.3g} s after its start"


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.6g}" for name, value in values.items())
