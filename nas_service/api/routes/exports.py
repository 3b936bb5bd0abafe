"""Exports over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from nas_service.api import description, exporting, readings
from nas_service.api.bodies import JsonObject, parsed
from nas_service.api.callers import OwnCandidate, OwnJob
from nas_service.api.paging import Id
from nas_service.api.service import Here
from nas_service.api.views import ExportRequest, ExportView
from nas_service.store import exports, jobs

router = APIRouter(tags=["exports"])

FileName = Annotated[str, Path(pattern="^[a-z0-9_.]{1,40}$", description="of those that the export lists as `files`")]

FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind.partition(";")[0]: {} for kind in (exporting.ANY_BYTES, *exporting.MEDIA_TYPES.values())}},
    409: {},
}
BODY = description.body(ExportRequest.model_json_schema())


@router.post("/candidates/{candidate_id}/exports", status_code=202, openapi_extra=BODY)
def export_candidate(candidate_id: OwnCandidate, body: JsonObject, service: Here) -> ExportView:
    """Train a candidate to the end, export it to ONNX and check the file."""
    return readings.export_view(exporting.export_candidate(service, candidate_id, parsed(ExportRequest, body)))


@router.post("/jobs/{job_id}/exports", status_code=202, openapi_extra=BODY)
def export_best(job_id: OwnJob, body: JsonObject, service: Here) -> ExportView:
    """Export the best candidate by the job's own rule."""
    return readings.export_view(exporting.export_best(service, job_id, parsed(ExportRequest, body)))


@router.get("/jobs/{job_id}/exports")
def listed(job_id: Id, service: Here) -> list[ExportView]:
    """The exports of a job, oldest first."""
    with service.store.read() as conn:
        jobs.get(conn, job_id)
        return [readings.export_view(export) for export in exports.of_job(conn, job_id)]


@router.get("/exports/{export_id}")
def show(export_id: Id, service: Here) -> ExportView:
    """One export: how far it is, and what its checks found."""
    with service.store.read() as conn:
        return readings.export_view(exports.get(conn, export_id))


@router.get("/exports/{export_id}/{name}", response_class=Response, responses=FILES)
def file(export_id: Id, name: FileName, service: Here) -> Response:
    """A file of an export, `model.onnx` or another one that it lists, once every check has passed; 409 until then."""
    content = exporting.read_file(service, export_id, name)
    disposition = f'attachment; filename="{export_id}-{name}"'
    return Response(content, media_type=exporting.media_type(name), headers={"Content-Disposition": disposition})
