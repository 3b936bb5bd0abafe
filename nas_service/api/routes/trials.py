"""Trials over HTTP."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from nas_service.api import answers, learning, readings, under_way
from nas_service.api.curve_views import CurvesView
from nas_service.api.paging import Cursor, Id, Limit, cut, decode
from nas_service.api.service import Here
from nas_service.api.views import Page, TrialView
from nas_service.store import jobs, trials

router = APIRouter(tags=["trials"])

State = Literal["open", "queued", "running", "completed", "failed", "stopped", "cancelled"]


@router.get("/jobs/{job_id}/trials")
def listed(
    job_id: Id, service: Here, state: State = "open", cursor: Cursor = None, limit: Limit = 100
) -> Page[TrialView]:
    """Trials in a state, `open` being queued or running, each with its learning curve so far."""
    after = decode(cursor, 1)
    with service.store.read() as conn:
        jobs.get(conn, job_id)
        states = trials.OPEN if state == "open" else (state,)
        rows = trials.page(conn, job_id, states=states, after=after[0] if after else -1, limit=limit + 1)
        shown, following = cut(rows, limit, lambda trial: [trial.number])
        views = readings.trial_views(conn, shown)
    return Page(items=under_way.placed(service.dispatcher, shown, views), next=following)


@router.get("/jobs/{job_id}/curves", response_model=CurvesView)
def curves(job_id: Id, service: Here) -> Response:
    """How finished trials of full fidelity learned: the band of the newest ones, and the best."""
    with service.store.read() as conn:
        return answers.one(learning.curves(conn, jobs.get(conn, job_id)))


@router.get("/trials/{trial_id}")
def show(trial_id: Id, service: Here) -> TrialView:
    """One trial with its learning curve."""
    with service.store.read() as conn:
        return readings.trial_view(trials.get(conn, trial_id), trials.learning_curve(conn, trial_id))


@router.get("/trials/{trial_id}/log", response_class=PlainTextResponse)
def log(trial_id: Id, service: Here) -> str:
    """What happened in a trial, as text."""
    with service.store.read() as conn:
        return readings.trial_log(trials.get(conn, trial_id), trials.learning_curve(conn, trial_id))
