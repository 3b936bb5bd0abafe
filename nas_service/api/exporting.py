"""Asking for an export, and reading the files of one that has passed its checks."""

from __future__ import annotations

from pydantic import ValidationError

from nas_service.errors import Conflict, NotFound, ServiceError
from nas_service.store import Export, candidates, exports, jobs
from workers.artifacts import ArtifactError

from .service import Service
from .views import ExportRequest

ANY_BYTES = "application/octet-stream"
MEDIA_TYPES = {
    "model.onnx": ANY_BYTES,
    "model_int8.onnx": ANY_BYTES,
    "model_card.md": "text/markdown; charset=utf-8",
    "spec.yaml": "application/yaml; charset=utf-8",
    "run.py": "text/x-python; charset=utf-8",
    "bundle.zip": "application/zip",
}


def parse_request(body: dict[str, object]) -> ExportRequest:
    """Raises ServiceError that names the field."""
    try:
        return ExportRequest.model_validate(body)
    except ValidationError as error:
        first, keys = error.errors()[0], ", ".join(ExportRequest.model_fields)
        raise ServiceError(f"{first['msg']}; keys: {keys}", ".".join(map(str, first["loc"]))) from None


def export_candidate(service: Service, candidate_id: str, wanted: ExportRequest) -> Export:
    """Queue the export of a candidate. `epochs` default to those of a trial of the search."""
    with service.store.write() as conn:
        candidate = candidates.get(conn, candidate_id)
        job = jobs.get(conn, candidate.job_id)
        epochs = wanted.epochs or job.spec["task"].get("epochs", 1)
        return exports.create(
            conn, job.id, candidate.id, epochs, service.clock(), int8=wanted.int8, normalise=wanted.normalise
        )


def export_best(service: Service, job_id: str, wanted: ExportRequest) -> Export:
    """Queue the export of the best candidate by the job's own rule. Raises Conflict while there is none."""
    with service.store.read() as conn:
        job = jobs.get(conn, job_id)
    if job.incumbent is None:
        raise Conflict(
            f"job {job_id} ({job.state}) has no completed candidate within its limits yet, so there is no best one"
        )
    return export_candidate(service, job.incumbent, wanted)


def read_file(service: Service, export_id: str, name: str) -> bytes:
    """A file of a completed export. Raises Conflict before, NotFound where it is no longer kept."""
    with service.store.read() as conn:
        export = exports.get(conn, export_id)
    if export.state != "completed":
        why = f": {export.message}" if export.message else ""
        raise Conflict(f"export {export_id} is {export.state}{why}; its files are offered once every check has passed")
    if name not in export.artifacts:
        raise NotFound(f"export {export_id} has no {name}; it has: {', '.join(sorted(export.artifacts))}")
    try:
        return service.artifacts.get(export.artifacts[name])
    except ArtifactError as error:
        raise NotFound(f"{error}; export the candidate again") from None
