"""Candidates over HTTP."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from nas_service.api import answers, architectures, lineage, readings
from nas_service.api.lineage_views import StepView
from nas_service.api.paging import Cursor, Id, Limit, cut, decode
from nas_service.api.service import Here
from nas_service.api.views import CandidateDetail, CandidateView, Page
from nas_service.store import candidates, jobs

router = APIRouter(tags=["candidates"])

State = Literal["proposed", "running", "completed", "infeasible", "failed", "stopped", "cancelled"]
Order = Literal["number", "reward"]


class Svg(Response):
    media_type = "image/svg+xml"


@router.get("/jobs/{job_id}/candidates", response_model=Page[CandidateView])
def listed(
    job_id: Id,
    service: Here,
    cursor: Cursor = None,
    limit: Limit = 100,
    order: Order = "number",
    state: State | None = None,
) -> Response:
    """Candidates as they were proposed, or `order=reward`, best first (those without a reward are then left out)."""
    after = decode(cursor, 2)
    with service.store.read() as conn:
        jobs.get(conn, job_id)
        rows = candidates.page(
            conn,
            job_id,
            after=(after[0], after[1]) if after else None,
            limit=limit + 1,
            by_reward=order == "reward",
            state=state,
        )
    shown, following = cut(rows, limit, lambda c: [c.reward, c.number])
    return answers.one(Page[CandidateView](items=[readings.candidate_view(c) for c in shown], next=following))


@router.get("/candidates/{candidate_id}", responses={409: {}})
def show(candidate_id: Id, service: Here) -> CandidateDetail:
    """One candidate with its architecture, lineage and trials."""
    with service.store.read() as conn:
        return readings.candidate_detail(conn, candidates.get(conn, candidate_id), service.settings.tables)


@router.get("/candidates/{candidate_id}/changes", responses={409: {}})
def changes(candidate_id: Id, service: Here) -> list[StepView]:
    """What changed from each of its ancestors to the next, oldest first, and at last to the candidate."""
    with service.store.read() as conn:
        return lineage.steps(conn, candidates.get(conn, candidate_id))


@router.get("/candidates/{candidate_id}/picture.svg", response_class=Svg, responses={409: {}})
def picture(candidate_id: Id, service: Here) -> Svg:
    """A weight agnostic network as a picture; 409 for a candidate of another space."""
    with service.store.read() as conn:
        candidate = candidates.get(conn, candidate_id)
        return Svg(architectures.picture(jobs.get(conn, candidate.job_id), candidate))
