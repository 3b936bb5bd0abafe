"""From a job to the answers for its charts: how its search got on, and what it chose."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from sqlalchemy import Connection

from nas_service.genes import Choices, Trait, Tries, choices
from nas_service.progress import KINDS, Steps, progress, thinned
from nas_service.store import Job, jobs, names
from nas_service.window import Window

from . import architectures
from .clouds import DIGITS
from .held import HeldJob
from .kept import LARGE
from .search_views import ArmProgress, ChoicesView, GeneView, ProgressView, TraitView
from .service import Service
from .views import FrameView

LONGEST = 200  # characters of an option


def job(service: Service, job_id: str) -> Job:
    """Read and let go of, for others may wait for the same answer. Raises NotFound."""
    with service.store.read() as conn:
        return jobs.get(conn, job_id)


def progress_told(service: Service, job: Job, most: int) -> str:
    """As JSON, worked out anew when the job has more results, begins or ends: what ends with it is no result."""

    def work_out() -> str:
        return service.held.look(job.id, partial(_progress, most)).model_dump_json()

    name = "progress", job.id, most, job.state, job.started_at
    return service.kept.get(name, _results(job), work_out, exact=job.state != "running")


def choices_told(service: Service, job: Job, most: int) -> str:
    """As JSON, worked out anew when the job has more trials. Raises Conflict where its space is not what it was."""

    def work_out() -> str:
        return service.held.look(job.id, partial(_choices, most)).model_dump_json()

    name = "choices", job.id, most, job.state
    return service.kept.get(name, job.trials, work_out, exact=job.state != "running")


def points_told(service: Service, job: Job, most: int | None, within: Window | None) -> str:
    """As JSON, all points or those that stand for them. Finalists change without a result: only large jobs may wait."""

    def work_out() -> str:
        return service.held.look(job.id, lambda held, conn, now: held.cloud.points(conn, now, most, within))

    reached = _results(job)
    if job.state != "running" or reached < LARGE or most is None:  # all points are too many to keep
        return work_out()
    return service.kept.get(("points", job.id, most, within), reached, work_out, exact=False)


def _results(job: Job) -> int:
    return job.completed + job.failed + job.reused


def _progress(most: int, held: HeldJob, conn: Connection, job: Job) -> ProgressView:
    held.results.look(conn, job)
    held.proposals.look(conn, job)
    objective = job.spec["objective"]
    begun = job.created_at if job.started_at is None else job.started_at
    found = progress(held.proposals, held.results, objective["limits"].get(objective["cost"]), begun)
    steps = thinned(found.steps, most)
    return ProgressView(
        job_id=job.id,
        metric=job.spec["task"]["metric"],
        cost=objective["cost"],
        started_at=job.started_at,
        frame=None if found.frame is None else FrameView.model_validate(found.frame),
        total=len(found.steps),
        arms=[_arm(found.steps, control=c) for c in ((False, True) if job.spec.get("control") else (False,))],
        id=[names.candidate(job.id, number) for number in steps.candidate.tolist()],
        trial=steps.trial.tolist(),
        at=[round(at, 3) for at in steps.at.tolist()],
        control=[int(control) for control in steps.control.tolist()],
        kind=[KINDS[kind] for kind in steps.kind.tolist()],
        reward=[_short(reward) for reward in steps.reward.tolist()],
        best=[_short(best) for best in steps.best.tolist()],
        hypervolume=[_short(volume) for volume in steps.hypervolume.tolist()],
    )


def _arm(steps: Steps, *, control: bool) -> ArmProgress:
    own = np.flatnonzero(steps.control == control)
    counts = np.bincount(steps.kind[own], minlength=len(KINDS)).tolist()
    last = steps.chosen(own[-1:])
    return ArmProgress(
        control=control,
        trials=sum(last.trial.tolist()),
        best_reward=_known(*last.best.tolist()),
        hypervolume=_known(*last.hypervolume.tolist()),
        **dict(zip(KINDS, counts, strict=True)),
    )


def _choices(most: int, held: HeldJob, conn: Connection, job: Job) -> ChoicesView:
    population = job.spec["strategy"].get("population")
    with architectures.as_conflict():
        space = architectures.bound_space(job)
        tries, held.tries = held.tries or Tries(space), None  # what is read in part is read anew
        tries.look(conn, job.id)
    held.tries = tries
    found = choices(tries, population=population if type(population) is int else None, most=most)
    return ChoicesView(
        job_id=job.id,
        by=found.columns.by,
        size=found.columns.size,
        population=population if found.columns.by == "population" else None,
        first=found.first,
        last=found.last,
        networks=found.networks,
        generation=found.columns.generations,
        fixed=found.fixed,
        genes=[
            GeneView(name=g.name, values=[_said(v) for v in g.values], counts=g.counts.tolist()) for g in found.genes
        ],
        traits=[_trait(one) for one in found.traits],
        note=_nothing(job, found),
    )


def _trait(one: Trait) -> TraitView:
    least, mean, most = ([_short(value) for value in each] for each in (one.least, one.mean, one.most))
    return TraitView(name=one.name, least=least, mean=mean, most=most)


def _said(option: object) -> object:
    """An option as JSON knows it: a number, a text, yes or no; anything else in its own words, cut where it is long."""
    if isinstance(option, bool | int) or (isinstance(option, float) and math.isfinite(option)):
        return option
    return str(option)[:LONGEST]


def _nothing(job: Job, found: Choices) -> str:
    """Why there is nothing to show, or an empty text."""
    if found.genes or found.traits:
        return ""
    if found.fixed:
        return "Every choice of this space has one option alone."
    if not job.trials:
        return "No network has been tried yet."
    space = job.spec["space"]["name"]
    return f"Space {space!r} has no choices that could be counted, and tells no traits of its genotypes."


def _short(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(f"{value:.{DIGITS}g}")


def _known(value: float = math.nan) -> float | None:
    return None if math.isnan(value) else value
