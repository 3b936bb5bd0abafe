"""A job's results on another device or under other limits."""

from __future__ import annotations

from typing import Any

from nas_service.admission import parse
from nas_service.retarget import Known, Retargeted, retarget, retargeted_spec
from nas_service.search import Search
from nas_service.store import candidates, jobs

from .service import Service


def look_elsewhere(service: Service, job_id: str, patch: dict[str, Any]) -> Retargeted:
    """The job's candidates judged by its spec with `patch` applied; nothing is trained and nothing changes.

    Raises NotFound, ServiceError for a patch of anything but device and objective, InvalidSpec for what does not fit.
    """
    with service.store.read() as conn:
        spec = jobs.get(conn, job_id).spec
    search = Search.prepare(parse(retargeted_spec(spec, patch)), service.settings.tables)
    with service.store.read() as conn:
        rows = candidates.genotypes(conn, job_id)
        return retarget(search, (Known(r.id, r.number, r.genotype, r.metrics if r.full else None) for r in rows))
