"""How the service itself is: workers, readiness and numbers for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from nas_service.store import jobs, requests, trials

from .service import Service
from .views import ClusterView, Health

METRICS_TYPE = CONTENT_TYPE_LATEST


def cluster(service: Service) -> ClusterView:
    status = asdict(service.dispatcher.cluster())
    return ClusterView.model_validate(status | {"leading": service.coordinator.leading})


def health(service: Service) -> Health:
    """Readiness: the database answers and the workers are there. Another leading process is no obstacle."""
    problem = service.dispatcher.cluster().problem
    checks = {
        "database": _database(service),
        "workers": problem or "ok",
        "coordinator": "ok" if service.coordinator.leading else "another process runs the jobs of this database",
    }
    ready = checks["database"] == checks["workers"] == "ok"
    return Health(ready=ready, checks=checks)


def metrics(service: Service) -> bytes:
    """A scrape: all numbers are read from the database at this moment."""
    with service.store.read() as conn:
        by_job, by_trial, by_kind = jobs.counts(conn), trials.counts(conn), requests.in_flight(conn)
    registry = CollectorRegistry()
    _gauge(registry, "nas_jobs", "jobs by state", "state", by_job)
    _gauge(registry, "nas_trials", "trials by state", "state", by_trial)
    _gauge(registry, "nas_requests_in_flight", "requests that workers hold, by kind", "kind", by_kind)
    leading = Gauge("nas_leading", "1 where this process runs the jobs", registry=registry)
    leading.set(service.coordinator.leading)
    return generate_latest(registry)


def _gauge(registry: CollectorRegistry, name: str, text: str, label: str, values: Mapping[str, int]) -> None:
    gauge = Gauge(name, text, [label], registry=registry)
    for value, count in values.items():
        gauge.labels(value).set(count)


def _database(service: Service) -> str:
    try:
        with service.store.read() as conn:
            jobs.counts(conn)
    except SQLAlchemyError as error:
        return f"the database does not answer: {str(error).splitlines()[0]}"
    return "ok"
