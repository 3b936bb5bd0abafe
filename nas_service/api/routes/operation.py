"""What operators ask: the cluster, collection of artifacts, liveness, readiness, metrics."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from nas_service.api import monitoring, problems, storage
from nas_service.api.callers import ADMIN, Who
from nas_service.api.live_views import CallerView
from nas_service.api.service import Here
from nas_service.api.views import ClusterView, GarbageView, Health, Unready

router = APIRouter(tags=["operation"])
probes = APIRouter(tags=["operation"])


@router.get("/caller")
async def caller(who: Who) -> CallerView:
    """Who asks, and what that may do."""
    return CallerView(owner=who.owner, scope=who.scope, keys=bool(who.key), version=version("nas-service"))


@router.get("/cluster")
def cluster(service: Here) -> ClusterView:
    """What the workers have, and why nothing can run, if so."""
    return monitoring.cluster(service)


@router.post("/gc", dependencies=ADMIN)
def gc(service: Here, dry_run: bool = False) -> GarbageView:
    """Collect the weights that no front, incumbent, export or running search needs; `dry_run` only counts them."""
    return storage.collect(service, dry_run=dry_run)


@probes.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@probes.get("/readyz", response_model=Health, responses={503: {"model": Unready}})
def readyz(service: Here) -> Response:
    """The service can take jobs: 200, or 503 with what is missing."""
    health = monitoring.health(service)
    status, media_type = (200, None) if health.ready else (503, problems.MEDIA_TYPE)
    return JSONResponse(health.model_dump(), status, media_type=media_type)


@probes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, 401: {}, 403: {}})
def metrics(service: Here) -> Response:
    """Prometheus text format."""
    return Response(monitoring.metrics(service), media_type=monitoring.METRICS_TYPE)
