"""Asking for an export, and reading the files of one that has passed its checks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from nas_service.errors import Conflict, NotFound, ServiceError
from nas_service.store import Export, candidates, exports, jobs
from workers.artifacts import ArtifactError
from workers.tasks import task_classes
from workers.tasks.base import ExportForm

from .service import Service
from .views import ExportRequest

ANY_BYTES = "application/octet-stream"
MEDIA_TYPES = {  # by suffix
    ".md": "text/markdown; charset=utf-8",
    ".yaml": "application/yaml; charset=utf-8",
    ".py": "text/x-python; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".out": "text/csv; charset=utf-8",
    ".zip": "application/zip",
}


def export_candidate(service: Service, candidate_id: str, wanted: ExportRequest) -> Export:
    """Queue the export of a candidate, in int8 too where the job's device runs that.

    Raises ServiceError for what exports of the job's task cannot be asked for.
    """
    with service.store.write() as conn:
        candidate = candidates.get(conn, candidate_id)
        job = jobs.get(conn, candidate.job_id)
        form, epochs = _form(job.spec["task"]), _epochs(wanted, job.spec["task"])
        int8 = wanted.int8 or (form.images and (job.spec["device"] or {}).get("precision") == "int8")
        return exports.create(
            conn, job.id, candidate.id, epochs, service.clock(), int8=int8, normalise=wanted.normalise
        )


def _form(task: Mapping[str, Any]) -> ExportForm:
    known = task_classes()
    return known[task["name"]].export_form if task["name"] in known else ExportForm()


def _epochs(wanted: ExportRequest, task: Mapping[str, Any]) -> int:
    """Of final training, as asked for or as the task has it."""
    name, form = task["name"], _form(task)
    if not form.images and (wanted.int8 or wanted.normalise):
        raise ServiceError(
            f"task {name!r} has no images: its exports can be neither int8 nor normalise pixels",
            "int8" if wanted.int8 else "normalise",
        )
    if wanted.epochs is None:
        return form.epochs if form.epochs is not None else int(task.get("epochs", 1))
    if wanted.epochs < form.fewest_epochs:
        raise ServiceError(
            f"an export of task {name!r} trains for at least {form.fewest_epochs} epoch; leave it out to train as long "
            "as a trial",
            "epochs",
        )
    return wanted.epochs


def export_best(service: Service, job_id: str, wanted: ExportRequest) -> Export:
    """Queue the export of the best candidate by the job's own rule. Raises Conflict while there is none."""
    with service.store.read() as conn:
        job = jobs.get(conn, job_id)
    if job.incumbent is None:
        raise Conflict(
            f"job {job_id} ({job.state}) has no candidate yet that was evaluated in full and is within its limits, "
            "so there is no best one"
        )
    return export_candidate(service, job.incumbent, wanted)


def media_type(name: str) -> str:
    """Of a file of an export."""
    return MEDIA_TYPES.get(PurePath(name).suffix, ANY_BYTES)


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
