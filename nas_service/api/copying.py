"""A new job from an old one's spec, with changes."""

from __future__ import annotations

from typing import Any

from nas_service.merge import changed_spec
from nas_service.store import Job, jobs

from . import submission
from .service import Service


def clone(
    service: Service, job_id: str, patch: dict[str, Any], idempotency_key: str | None = None, owner: str = ""
) -> tuple[Job, bool]:
    """Submit the spec of a job for `owner`, changed by a JSON merge patch.

    Raises NotFound, and what `submit` raises.
    """
    with service.store.read() as conn:
        spec = jobs.get(conn, job_id).spec
    return submission.submit(service, changed_spec(spec, patch), idempotency_key, owner)
