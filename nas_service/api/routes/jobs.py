"""Jobs over HTTP: submit, list, look at, pause, resume, cancel, prioritise, extend, clone, delete."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response

from nas_service.access import LONGEST_OWNER
from nas_service.api import (
    answers,
    clouds,
    control,
    copying,
    description,
    extending,
    listing,
    readings,
    retargeting,
    searching,
    storage,
    submission,
)
from nas_service.api.bodies import JsonObject, parsed
from nas_service.api.callers import OwnJob, Who
from nas_service.api.device_views import FinalistsView
from nas_service.api.list_views import ListedJob
from nas_service.api.paging import Cursor, Id, Limit, cut, decode
from nas_service.api.point_views import Points
from nas_service.api.service import Here
from nas_service.api.views import (
    CandidateView,
    ComparisonView,
    ExtendRequest,
    JobView,
    Page,
    PreviewView,
    PriorityRequest,
    RetargetView,
)
from nas_service.store import Job, candidates, jobs

router = APIRouter(prefix="/jobs", tags=["jobs"])

SPEC_BODY = description.body(description.reference("JobSpec"))
EXTEND_BODY = description.body(ExtendRequest.model_json_schema())
PRIORITY_BODY = description.body(PriorityRequest.model_json_schema())
PATCH_BODY = description.body({"type": "object", "example": {"budget": {"trials": 100}}})
RETARGET_BODY = description.body(
    {"type": "object", "example": {"device": {"name": "pi4"}, "objective": {"limits": {"latency_ms": 20}}}}
)
MADE_BEFORE: dict[int | str, dict[str, Any]] = {
    200: {"model": JobView, "description": "the job that the same `Idempotency-Key` made before"}
}
IdempotencyKey = Annotated[str | None, Header()]
Owner = Annotated[str | None, Query(max_length=LONGEST_OWNER, pattern="^[^\\x00]*$", description="of whose jobs")]
Name = Annotated[str | None, Query(max_length=200, pattern="^[^\\x00]*$", description="a part of their names")]
Most = Annotated[int | None, Query(ge=10, le=20_000, description="how many at most; without it all")]
Within = Annotated[
    str | None,
    Query(max_length=200, description="a window: cost from,cost to,value from,value to", examples=["1,2,0,1"]),
]
State = Literal["queued", "running", "paused", "finished", "exhausted", "cancelled", "failed"]


@router.post("", status_code=201, responses=MADE_BEFORE, openapi_extra=SPEC_BODY)
def submit(
    spec: JsonObject, caller: Who, service: Here, response: Response, idempotency_key: IdempotencyKey = None
) -> JobView:
    """Submit a job: 201, or 200 with the job that the same `Idempotency-Key` of its owner made before."""
    return _created(service, response, *submission.submit(service, spec, idempotency_key, caller.owner))


@router.post("/preview", openapi_extra=SPEC_BODY)
def preview(spec: JsonObject, service: Here) -> PreviewView:
    """What a job would be like, not submitted: the share of its space within the limits, and how long it takes."""
    return PreviewView.model_validate(submission.look_ahead(service, spec))


@router.get("", response_model=Page[ListedJob])
def listed(
    service: Here,
    cursor: Cursor = None,
    limit: Limit = 50,
    state: State | None = None,
    owner: Owner = None,
    name: Name = None,
) -> Response:
    """Jobs, newest first, of everybody or of one owner, with the figures of their incumbents."""
    after = decode(cursor, 1)
    before = after[0] if after else None
    with service.store.read() as conn:
        rows = jobs.listed(conn, before=before, limit=limit + 1, state=state, owner=owner, name=name)
        shown, following = cut(rows, limit, lambda job: [job.number])
        standing = [service.coordinator.as_it_stands(job) for job in shown]
        views = listing.listed(conn, standing, service.clock())
    return answers.one(Page[ListedJob](items=views, next=following))


@router.get("/{job_id}", response_model=JobView)
def show(job_id: Id, service: Here) -> Response:
    """One job, with its spec."""
    with service.store.read() as conn:
        job = service.coordinator.as_it_stands(jobs.get(conn, job_id))
        return answers.one(readings.job_view(job, service.clock()))


@router.post("/{job_id}/pause")
def pause(job_id: OwnJob, service: Here) -> JobView:
    """Send no more trials; those that run end."""
    return readings.job_view(control.control(service, job_id, "pause"), service.clock())


@router.post("/{job_id}/resume")
def resume(job_id: OwnJob, service: Here) -> JobView:
    """Go on with a paused job."""
    return readings.job_view(control.control(service, job_id, "resume"), service.clock())


@router.post("/{job_id}/cancel")
def cancel(job_id: OwnJob, service: Here) -> JobView:
    """End a job for good. Its candidates stay, and can be exported."""
    return readings.job_view(control.control(service, job_id, "cancel"), service.clock())


@router.post("/{job_id}/prioritise", openapi_extra=PRIORITY_BODY)
def prioritise(job_id: OwnJob, body: JsonObject, service: Here) -> JobView:
    """Put a job before or behind the other jobs of its owner; what runs is not interrupted."""
    wanted = parsed(PriorityRequest, body).priority
    return readings.job_view(control.prioritise(service, job_id, wanted), service.clock())


@router.post("/{job_id}/extend", openapi_extra=EXTEND_BODY)
def extend(job_id: OwnJob, body: JsonObject, service: Here, idempotency_key: IdempotencyKey = None) -> JobView:
    """Add trials or hours to the budget, once an `Idempotency-Key`; a finished or exhausted job goes on."""
    job = extending.extend(service, job_id, extending.parse_request(body), idempotency_key)
    return readings.job_view(job, service.clock())


@router.post("/{job_id}/clone", status_code=201, responses=MADE_BEFORE, openapi_extra=PATCH_BODY)
def clone(
    job_id: OwnJob,
    patch: JsonObject,
    caller: Who,
    service: Here,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Submit the spec of a job anew, changed by a JSON merge patch (RFC 7396)."""
    return _created(service, response, *copying.clone(service, job_id, patch, idempotency_key, caller.owner))


@router.post("/{job_id}/retarget", openapi_extra=RETARGET_BODY)
def retarget(job_id: Id, patch: JsonObject, service: Here) -> RetargetView:
    """The front and the best for another device or objective, from what the job knows; nothing is trained."""
    return RetargetView.model_validate(retargeting.look_elsewhere(service, job_id, patch))


@router.delete("/{job_id}", status_code=204)
def delete(job_id: OwnJob, service: Here) -> None:
    """Delete a job that has ended, with its candidates, exports and what only it stored; 409 while it lives."""
    storage.delete(service, job_id)


@router.get("/{job_id}/pareto", response_model=list[CandidateView])
def pareto(job_id: Id, service: Here) -> Response:
    """The Pareto front of the completed candidates within the limits, cheapest first."""
    with service.store.read() as conn:
        members = candidates.on_front(conn, jobs.get(conn, job_id).id)
    return answers.several(CandidateView, [readings.candidate_view(c) for c in members])


@router.get("/{job_id}/points", response_model=Points)
def points(job_id: Id, service: Here, most: Most = None, within: Within = None) -> Response:
    """Evaluated candidates as compact columns for a scatter: all, or so many at `most` that stand for all.

    Never left out are the front, measured finalists, the best reward, the ends of both axes, and what is alone in its
    place. Of a growing job, points only make room for new ones.
    """
    window = clouds.window(within)
    return answers.written(searching.points_told(service, searching.job(service, job_id), most, window))


@router.get("/{job_id}/finalists")
def finalists(job_id: Id, service: Here) -> FinalistsView:
    """The best networks, measured on the device, beside their estimates; 404 for a job that measures none."""
    with service.store.read() as conn:
        return readings.finalists(conn, jobs.get(conn, job_id))


@router.get("/{job_id}/control")
def compared(job_id: Id, service: Here) -> ComparisonView:
    """The search beside its random control: hypervolumes with intervals; 404 for a job without a control."""
    with service.store.read() as conn:
        return readings.comparison(conn, jobs.get(conn, job_id))


def _created(service: Here, response: Response, job: Job, new: bool) -> JobView:
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return readings.job_view(job, service.clock())
