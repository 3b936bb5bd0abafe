"""Deleting jobs and collecting artifacts, between two steps of the coordinator."""

from __future__ import annotations

from dataclasses import asdict

from nas_service import retention
from nas_service.errors import Conflict
from nas_service.store import artifacts, exports, jobs

from .service import Service
from .views import GarbageView


def delete(service: Service, job_id: str) -> None:
    """Delete a job that has ended, and the artifacts that no other job names. Raises NotFound and Conflict."""
    with service.coordinator.turn:
        with service.store.write() as conn:
            job = jobs.locked(conn, job_id)
            if job.state in jobs.LIVE:
                raise Conflict(f"job {job_id} is {job.state}; cancel it first: nas cancel {job_id}", "state")
            busy = [export.id for export in exports.of_job(conn, job_id) if export.state in ("queued", "running")]
            if busy:
                raise Conflict(f"export {busy[0]} of job {job_id} is under way; delete the job once it has ended")
            names = artifacts.of_job(conn, job_id)
            jobs.remove(conn, job_id)
            doomed = retention.unshared(conn, names)
        for name in doomed:
            service.artifacts.delete(name)


def collect(service: Service, *, dry_run: bool) -> GarbageView:
    """Collect the artifacts that nobody needs, or say what would be collected."""
    with service.coordinator.turn:
        found = retention.sweep(service.store, service.artifacts, service.clock(), dry_run=dry_run)
    limit = service.settings.artifact_budget_bytes
    return GarbageView.model_validate(asdict(found) | {"dry_run": dry_run, "budget_bytes": limit})
