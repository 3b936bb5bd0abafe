"""What only the running process can say of itself, for Prometheus: how long things took, and what came too late.

Everything that can be read from the database is read there, when somebody asks: see `api.monitoring`.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

STEPS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Measures:
    """One of a process, in a registry of its own. The store has it, and so everybody who writes."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.steps = Histogram(
            "nas_coordinator_step_seconds",
            "one round of the coordinator over all jobs",
            buckets=STEPS_S,
            registry=self.registry,
        )
        self.transactions = Histogram(
            "nas_database_transaction_seconds",
            "transactions, with the wait for their turn and for the disk",
            ["kind"],
            buckets=STEPS_S,
            registry=self.registry,
        )
        self.requeued = Counter(
            "nas_requests_requeued",
            "requests put back: a lease ran out, another coordinator took over, a worker crashed, a disk was full",
            ["cause"],
            registry=self.registry,
        )
        self.losses = Counter(
            "nas_job_leases_lost",
            "jobs that another coordinator took over from this one",
            registry=self.registry,
        )
        self.late = Counter(
            "nas_reports_late",
            "reports that changed nothing, for their lease was lost or their job had ended",
            registry=self.registry,
        )
        for kind in ("read", "write"):
            self.transactions.labels(kind)
        for cause in ("lease", "takeover", "crash", "disk_full"):
            self.requeued.labels(cause)
