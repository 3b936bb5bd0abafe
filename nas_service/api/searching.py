"""From a job to the answers for its charts: how its search got on, and what it chose."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from nas_service.genes import Choices, Trait, choices, generation
from nas_service.progress import Step, progress, thinned
from nas_service.store import Job, searched

from . import architectures
from .clouds import DIGITS
from .search_views import ArmProgress, ChoicesView, GeneView, ProgressView, TraitView
from .service import Service
from .views import FrameView

LONGEST = 200  # characters of an option


def progress_told(service: Service, job: Job, most: int) -> str:
    """As JSON, worked out anew when the job has more results, begins or ends: what ends with it is no result."""

    def work_out() -> str:
        with service.store.read() as conn:
            return _progress(conn, job, most).model_dump_json()

    name = "progress", job.id, most, job.state, job.started_at
    reached = job.completed + job.failed + job.reused
    return service.kept.get(name, reached, work_out, exact=job.state != "running")


def choices_told(service: Service, job: Job, most: int) -> str:
    """As JSON, worked out anew when the job has more trials or a larger budget, by which its columns are laid out.

    Raises Conflict where its space is no longer what it was.
    """

    def work_out() -> str:
        with service.store.read() as conn:
            return _choices(conn, job, most).model_dump_json()

    name = "choices", job.id, most, job.state, job.trials_budget
    return service.kept.get(name, job.trials, work_out, exact=job.state != "running")


def _progress(conn: Connection, job: Job, most: int) -> ProgressView:
    objective = job.spec["objective"]
    begun = job.created_at if job.started_at is None else job.started_at
    found = progress(searched.ended(conn, job.id), objective["limits"].get(objective["cost"]), begun)
    steps = thinned(found.steps, most)
    return ProgressView(
        job_id=job.id,
        metric=job.spec["task"]["metric"],
        cost=objective["cost"],
        started_at=job.started_at,
        frame=None if found.frame is None else FrameView.model_validate(found.frame),
        total=len(found.steps),
        arms=[_arm(found.steps, control=c) for c in ((False, True) if job.spec.get("control") else (False,))],
        id=[step.candidate_id for step in steps],
        trial=[step.trial for step in steps],
        at=[round(step.at, 3) for step in steps],
        control=[int(step.control) for step in steps],
        kind=[step.kind for step in steps],
        reward=[_short(step.reward) for step in steps],
        best=[_short(step.best) for step in steps],
        hypervolume=[_short(step.hypervolume) for step in steps],
    )


def _arm(steps: Sequence[Step], *, control: bool) -> ArmProgress:
    own = [step for step in steps if step.control == control]
    kinds = Counter(step.kind for step in own)
    last = own[-1] if own else None
    return ArmProgress(
        control=control,
        trials=last.trial if last else 0,
        result=kinds["result"],
        over=kinds["over"],
        partial=kinds["partial"],
        again=kinds["again"],
        failed=kinds["failed"],
        stopped=kinds["stopped"],
        best_reward=last.best if last else None,
        hypervolume=last.hypervolume if last else None,
    )


def _choices(conn: Connection, job: Job, most: int) -> ChoicesView:
    population = job.spec["strategy"].get("population")
    with_generations = generation(searched.first_token(conn, job.id)) is not None
    with architectures.as_conflict():
        found = choices(
            architectures.bound_space(job),
            searched.tried(conn, job.id, tokens=with_generations),
            budget=job.trials_budget,
            population=population if type(population) is int else None,
            most=most,
        )
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
    return None if value is None else float(f"{value:.{DIGITS}g}")
