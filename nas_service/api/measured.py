"""Finalists of a job that were measured on its device, with their candidates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from nas_service.store import Campaign, Job, campaigns, candidates


def campaign(conn: Connection, job: Job) -> Campaign | None:
    """The one that measures them; None for a job that measures none, or not yet."""
    return campaigns.of_job(conn, job.id) if job.spec.get("measure") is not None else None


def networks(conn: Connection, job: Job, found: Campaign) -> list[dict[str, Any]]:
    """Those of the verdict, once there is one, each with the id and the number of its candidate."""
    measured = found.verdict["networks"] if found.verdict is not None else []
    named = candidates.by_hash(conn, job.id, [one["hash"] for one in measured])
    return [one | {"candidate_id": id_, "number": n} for one in measured for id_, n in [named[one["hash"]]]]
