"""What operators ask: the cluster, collection of artifacts, liveness, readiness, metrics."""

from __future__ import annotations

from fastapi import APIRouter, Response

from nas_service.api import monitoring, storage
from nas_service.api.service import Here
from nas_service.api.views import ClusterView, GarbageView, Health

router = APIRouter(tags=["operation"])
probes = APIRouter(tags=["operation"])


@router.get("/cluster")
def cluster(service: Here) -> ClusterView:
    """What the workers have, and why nothing can run, if so."""
    return monitoring.cluster(service)


@router.post("/gc")
def gc(service: Here, dry_run: bool = False) -> GarbageView:
    """Collect the weights that no front, incumbent, export or running search needs; `dry_run` only counts them."""
    return storage.collect(service, dry_run=dry_run)


@probes.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@probes.get("/readyz")
def readyz(service: Here, response: Response) -> Health:
    """The service can take jobs: 200, or 503 with what is missing."""
    health = monitoring.health(service)
    response.status_code = 200 if health.ready else 503
    return health


@probes.get("/metrics", response_class=Response)
def metrics(service: Here) -> Response:
    """Prometheus text format."""
    return Response(monitoring.metrics(service), media_type=monitoring.METRICS_TYPE)
