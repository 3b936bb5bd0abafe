"""The best networks of a job, for another one that begins with them."""

from __future__ import annotations

from nas_service.errors import NotFound
from nas_service.finalists import best
from nas_service.store import jobs
from nas_service.warm_start import Earlier

from .service import Service


def earlier(service: Service, job_id: str) -> Earlier | None:
    """None where there is no such job."""
    with service.store.read() as conn:
        try:
            job = jobs.get(conn, job_id)
        except NotFound:
            return None
        networks = [candidate.genotype for candidate in best(conn, job)]
    return Earlier(job.id, job.spec, job.fingerprints["space"], networks)
