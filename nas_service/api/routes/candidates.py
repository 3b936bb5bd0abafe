"""Candidates over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from nas_service.api import answers, architectures, candidate_list, lineage, readings
from nas_service.api.candidate_list import Asked
from nas_service.api.candidate_views import CandidatesPage, TwinView
from nas_service.api.lineage_views import StepView
from nas_service.api.paging import Cursor, Id, Limit
from nas_service.api.service import Here
from nas_service.api.views import CandidateDetail
from nas_service.store import candidates, jobs

router = APIRouter(tags=["candidates"])


class Svg(Response):
    media_type = "image/svg+xml"


class Csv(StreamingResponse):
    media_type = "text/csv"


@router.get("/jobs/{job_id}/candidates", response_model=CandidatesPage)
def listed(
    job_id: Id, service: Here, wanted: Asked, cursor: Cursor = None, limit: Limit = 100, count: bool = False
) -> Response:
    """Candidates in any order, narrowed; with `count` it is said how many there are.

    By `reward` or `value` (the metric, or its negative where less is better) there are only those with a result of full
    fidelity, by `latency_ms` only those with an estimate.
    """
    with service.store.read() as conn:
        jobs.get(conn, job_id)
        return answers.one(candidate_list.page(conn, job_id, wanted, cursor=cursor, limit=limit, count=count))


@router.get("/jobs/{job_id}/candidates.csv", response_class=Csv)
def as_csv(job_id: Id, service: Here, wanted: Asked) -> Csv:
    """The same list as a whole, for spreadsheets: text in it never becomes a formula."""
    with service.store.read() as conn:
        job = jobs.get(conn, job_id)
    sent_as = {"Content-Disposition": f'attachment; filename="{job_id}-candidates.csv"'}
    return Csv(candidate_list.as_csv(service, job, wanted), headers=sent_as)


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


@router.get("/candidates/{candidate_id}/twins")
def twins(candidate_id: Id, service: Here) -> list[TwinView]:
    """The same architecture in other jobs, newest job first: what each made of it. At most 50."""
    with service.store.read() as conn:
        return readings.twins(conn, candidates.get(conn, candidate_id))


@router.get("/candidates/{candidate_id}/picture.svg", response_class=Svg, responses={409: {}})
def picture(candidate_id: Id, service: Here) -> Svg:
    """A weight agnostic network as a picture; 409 for a candidate of another space."""
    with service.store.read() as conn:
        candidate = candidates.get(conn, candidate_id)
        return Svg(architectures.picture(jobs.get(conn, candidate.job_id), candidate))
