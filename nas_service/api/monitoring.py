"""How the service itself is: workers, readiness and numbers for Prometheus."""

from __future__ import annotations

from dataclasses import asdict

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from nas_service.store import jobs, requests, revisions, trials

from .service import Service
from .views import ClusterView, Health, Unready

METRICS_TYPE = CONTENT_TYPE_LATEST


def cluster(service: Service) -> ClusterView:
    status, nodes = asdict(service.dispatcher.cluster()), map(asdict, service.dispatcher.nodes())
    return ClusterView.model_validate(status | {"leading": service.coordinator.leading, "nodes": list(nodes)})


def health(service: Service) -> Health | Unready:
    """Readiness: the database answers in the right schema, no search waits for room, and the workers are there.

    Another leading process is no obstacle.
    """
    checks = {
        **_database(service),
        "disk": service.coordinator.lacks_room or "ok",
        "workers": service.dispatcher.cluster().problem or "ok",
        "coordinator": "ok" if service.coordinator.leading else _elsewhere(service),
    }
    missing = [f"{name}: {said}" for name, said in checks.items() if name != "coordinator" and said != "ok"]
    if not missing:
        return Health(ready=True, checks=checks)
    return Unready(title="The service is not ready", status=503, detail="; ".join(missing), ready=False, checks=checks)


def _elsewhere(service: Service) -> str:
    return (
        "another process runs the jobs of this database"
        if service.settings.coordinate
        else "this process was told to leave jobs to others (--no-coordinator)"
    )


def metrics(service: Service) -> bytes:
    """A scrape: what the database says at this moment, what the workers have, and what this process measured."""
    registry = CollectorRegistry()
    reachable = _gauge(registry, "nas_database_up", "1 where the database answers")
    try:
        with service.store.read() as conn:
            _rows(registry, conn)
        reachable.set(1)
    except SQLAlchemyError:
        reachable.set(0)
    _workers(registry, service)
    leading = _gauge(registry, "nas_leading", "1 where this process runs jobs")
    leading.set(service.coordinator.leading)
    return generate_latest(registry) + generate_latest(service.store.measures.registry)


def _rows(registry: CollectorRegistry, conn: Connection) -> None:
    counted = [
        ("nas_jobs", "jobs by state", "state", dict.fromkeys((*jobs.LIVE, *jobs.FINAL), 0) | jobs.counts(conn)),
        (
            "nas_trials",
            "trials by state: queued is the depth of the queue",
            "state",
            dict.fromkeys(trials.STATES, 0) | trials.counts(conn),
        ),
        (
            "nas_requests_in_flight",
            "requests that workers hold, by kind",
            "kind",
            dict.fromkeys(requests.KINDS, 0) | requests.counts(conn, "running"),
        ),
        (
            "nas_requests_queued",
            "requests that wait to be sent, by kind",
            "kind",
            dict.fromkeys(requests.KINDS, 0) | requests.counts(conn, "queued"),
        ),
    ]
    for name, text, label, values in counted:
        gauge = Gauge(name, text, [label], registry=registry)
        for value, count in values.items():
            gauge.labels(value).set(count)


def _workers(registry: CollectorRegistry, service: Service) -> None:
    status = service.dispatcher.cluster()
    _gauge(registry, "nas_workers", "workers that are there").set(status.workers)
    for name, text, resources in (("", "that workers have", status.total), ("_free", "that are free", status.free)):
        _gauge(registry, f"nas_worker_cpus{name}", f"CPUs {text}").set(resources.cpus)
        _gauge(registry, f"nas_worker_gpus{name}", f"GPUs {text}").set(resources.gpus)


def _gauge(registry: CollectorRegistry, name: str, text: str) -> Gauge:
    return Gauge(name, text, registry=registry)


def _database(service: Service) -> dict[str, str]:
    """Whether it answers, and whether its schema is ours."""
    try:
        with service.store.read() as conn:
            found = revisions.present(conn)
    except SQLAlchemyError as error:
        away = str(error).splitlines()[0]
        return {"database": f"the database does not answer: {away}", "schema": "not known while the database is away"}
    newest = revisions.newest()
    if found == newest:
        return {"database": "ok", "schema": "ok"}
    return {
        "database": "ok",
        "schema": f"the database has schema {found or 'none'} and this program {newest}: start the service again, "
        "which upgrades an older one; a newer one takes a newer program",
    }
