"""Exports: a candidate's way to a verified ONNX file."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from nas_service.errors import NotFound
from workers.requests import Report

from . import events
from .records import Export
from .schema import exports, jobs, requests

_COLUMNS = [exports.c[field.name] for field in fields(Export)]


def create(
    conn: Connection,
    job_id: str,
    candidate_id: str,
    epochs: int,
    at: float,
    *,
    int8: bool = False,
    normalise: bool = False,
) -> Export:
    """Queue an export with a request of its own. The job's row is locked, which numbers its exports one by one."""
    conn.execute(select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())
    number = 1 + conn.execute(select(func.count()).select_from(exports).where(exports.c.job_id == job_id)).scalar_one()
    export_id, request_id = f"{job_id}.e{number}", f"{job_id}.x{number}"
    conn.execute(
        insert(requests), {"id": request_id, "job_id": job_id, "kind": "export", "state": "queued", "open_trials": 1}
    )
    row = {
        "id": export_id,
        "job_id": job_id,
        "candidate_id": candidate_id,
        "request_id": request_id,
        "state": "queued",
        "epochs": epochs,
        "int8": int8,
        "normalise": normalise,
        "progress": {},
        "metrics": {},
        "artifacts": {},
        "details": {},
        "created_at": at,
    }
    conn.execute(insert(exports), row)
    return get(conn, export_id)


def get(conn: Connection, export_id: str) -> Export:
    """Raises NotFound for an id that is none."""
    row = conn.execute(select(*_COLUMNS).where(exports.c.id == export_id)).first()
    if row is None:
        raise NotFound(f"there is no export {export_id!r}")
    return Export(*row)


def of_request(conn: Connection, request_id: str) -> Export:
    row = conn.execute(select(*_COLUMNS).where(exports.c.request_id == request_id)).one()
    return Export(*row)


def of_job(conn: Connection, job_id: str) -> list[Export]:
    query = select(*_COLUMNS).where(exports.c.job_id == job_id).order_by(exports.c.created_at)
    return [Export(*row) for row in conn.execute(query)]


def set_state(conn: Connection, export_id: str, state: str) -> None:
    conn.execute(update(exports).where(exports.c.id == export_id).values(state=state))


def progress(conn: Connection, report: Report) -> None:
    values: dict[str, Any] = {"state": "running", "progress": {"epoch": report.epoch, **report.metrics}}
    conn.execute(update(exports).where(exports.c.id == report.trial_id).values(**values))


def finish(conn: Connection, report: Report, at: float) -> None:
    """The files become available here, and only when the report says that every check has passed."""
    conn.execute(
        update(exports)
        .where(exports.c.id == report.trial_id)
        .values(
            state=report.state,
            metrics=report.metrics,
            artifacts=report.artifacts if report.state == "completed" else {},
            details=report.details,
            message=report.message,
            ended_at=at,
        )
    )
    job_id = conn.execute(select(exports.c.job_id).where(exports.c.id == report.trial_id)).scalar_one()
    told = {"export": report.trial_id, "state": report.state, "metrics": report.metrics, "message": report.message}
    events.append(conn, job_id, at, [("export", told)])
