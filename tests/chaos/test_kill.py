"""kill -9 of real processes in the middle of a search: the server, and the database under it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_server import Postgres
from searches import Lab, spec, submit
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from nas_service.store import Job, Store, jobs
from nas_service.store.invariants import broken
from nas_service.store.schema import proposals

TRIALS = 20
WITHIN_S = 240
LIMITED = {"cost": "macs", "limits": {"macs": 900_000}}


class Server:
    """`nas serve` in a process of its own."""

    def __init__(self, home: Path, database_url: str, slots: int) -> None:
        self._command = [
            sys.executable,
            "-m",
            "nas_service",
            "serve",
            "--inline",
            str(slots),
            "--port",
            "0",
            "--no-page",
        ]
        self._environment = os.environ | {"NAS_HOME": str(home), "NAS_DATABASE_URL": database_url}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._environment, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def is_running(self) -> bool:
        return self._process.poll() is None


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str, int], Server]]:
    """`serve(database_url, slots)` starts a server."""
    started: list[Server] = []

    def start(database_url: str, slots: int) -> Server:
        started.append(Server(tmp_path, database_url, slots))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.kill()


def until(store: Store, condition: Callable[[Job], bool]) -> Job:
    """Wait for a condition of the job, through times in which the database is away."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            with store.read() as conn:
                job = jobs.get(conn, "j")
        except OperationalError:
            store.engine.dispose()
        else:
            if condition(job):
                return job
        time.sleep(0.01)
    raise TimeoutError(f"not within {WITHIN_S} s")


def history(store: Store, job_id: str = "j") -> list[tuple[Any, ...]]:
    names = ("number", "candidate_id", "parents", "status", "reward")
    of_job = select(*(proposals.c[n] for n in names)).where(proposals.c.job_id == job_id)
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(of_job.order_by("number"))]


def slow(parallel: int, seconds: float = 0.05) -> dict[str, Any]:
    task = {"name": "landscape", "seconds": seconds}
    return spec(TRIALS, task=task, objective=LIMITED, workers={"parallel": parallel})


@pytest.fixture
def undisturbed(tmp_path: Path) -> list[tuple[Any, ...]]:
    """The proposals of the same search where nobody was killed."""
    return calm(tmp_path, spec(TRIALS, objective=LIMITED))


def calm(tmp_path: Path, wanted: dict[str, Any], job_id: str = "j") -> list[tuple[Any, ...]]:
    """The proposals of a search that nobody disturbs."""
    lab = Lab(Store(f"sqlite:///{tmp_path}/undisturbed.sqlite"))
    lab.store.migrate()
    lab.run(wanted, job_id)
    found = history(lab.store, job_id)
    lab.dispatcher.close()
    lab.store.close()
    return found


def is_over(job: Job) -> bool:
    return job.state in jobs.FINAL


def assert_complete(job: Job, store: Store) -> None:
    """The budget was spent exactly, each proposal ended once, and no row contradicts another."""
    assert (job.state, job.trials, job.completed, job.failed) == ("finished", TRIALS, TRIALS, 0)
    ends = Counter(status for _, _, _, status, _ in history(store))
    assert sum(ends.values()) == ends["completed"] + ends["infeasible"] + ends["reused"]
    assert_sound(store)


def assert_sound(store: Store) -> None:
    with store.read() as conn:
        assert list(broken(conn)) == []


def test_a_killed_server_goes_on_as_if_nothing_had_happened(
    store: Store, database_url: str, serve: Callable[[str, int], Server], undisturbed: list[tuple[Any, ...]]
) -> None:
    submit(store, slow(parallel=1))
    server = serve(database_url, 1)
    for done in (3, 9):
        until(store, lambda job, done=done: job.completed >= done)
        server.kill()
        with store.read() as conn:
            assert jobs.get(conn, "j").state == "running"
        assert_sound(store)
        server.start()
    job = until(store, is_over)
    assert_complete(job, store)
    assert history(store) == undisturbed


def test_a_killed_server_with_many_trials_under_way(
    store: Store, database_url: str, serve: Callable[[str, int], Server]
) -> None:
    submit(store, slow(parallel=4))
    server = serve(database_url, 4)
    until(store, lambda job: job.completed >= 5)
    server.kill()
    assert_sound(store)
    server.start()
    assert_complete(until(store, is_over), store)


def test_a_killed_coordinator_leaves_its_jobs_to_another(
    postgres: Postgres, tmp_path: Path, serve: Callable[[str, int], Server], undisturbed: list[tuple[Any, ...]]
) -> None:
    """Two share one database and two jobs; of each job that changes hands the proposals are those of a quiet search."""
    url = postgres.migrated()
    store = Store(url)
    names = ("j", "k")
    for seed, name in enumerate(names):
        submit(store, slow(parallel=1, seconds=0.25) | {"seed": seed}, name)
    servers = [serve(url, 1), serve(url, 1)]

    def all_of(condition: Callable[[Job], bool]) -> Callable[[Job], bool]:
        def ask(_: Job) -> bool:
            with store.read() as conn:
                return all(condition(jobs.get(conn, name)) for name in names)

        return ask

    for done, victim in ((2, 0), (8, 1)):
        until(store, all_of(lambda job, done=done: job.completed >= done or is_over(job)))
        servers[victim].kill()
        assert_sound(store)
        servers[victim].start()
    until(store, all_of(is_over))
    with store.read() as conn:
        ended = [jobs.get(conn, name) for name in names]
    assert [(job.state, job.completed, job.failed) for job in ended] == 2 * [("finished", TRIALS, 0)]
    assert sum(job.fence for job in ended) > len(ended)
    assert_sound(store)
    assert history(store) == undisturbed
    other = calm(tmp_path / "k", spec(TRIALS, objective=LIMITED, seed=1), "k")
    assert history(store, "k") == other
    store.close()


def generations(seconds: float) -> dict[str, Any]:
    """Six generations of sixteen networks that grow, three in a request, some evaluated in full besides."""
    task = {
        "name": "landscape",
        "kind": "vector",
        "channels": 3,
        "outputs": 2,
        "sizes": [1, 1],
        "epochs": 2,
        "batch": 3,
    }
    strategy = {"name": "wann", "population": 16, "generations": 6, "repetitions": 1, "tournament": 1, "check_every": 2}
    return spec(
        1000,
        space={"name": "wann"},
        task=task | {"seconds": seconds},
        objective={"reward": "metric", "cost": "params"},
        strategy=strategy,
        workers={},
    )


def test_generations_go_on_as_if_nothing_had_happened(tmp_path: Path, serve: Callable[[str, int], Server]) -> None:
    """Killed twice within a generation, with half of it told and requests that ended in part."""
    url = f"sqlite:///{tmp_path}/nas.sqlite"
    store = Store(url)
    store.migrate()
    submit(store, generations(0.02))
    server = serve(url, 2)
    for done in (8, 40):
        until(store, lambda job, done=done: job.completed >= done)
        server.kill()
        assert_sound(store)
        server.start()
    job, told = until(store, is_over), history(store)
    assert_sound(store)
    store.close()
    assert (job.state, job.reason, job.failed) == ("finished", "all 6 generations have ended", 0)
    assert told == calm(tmp_path, generations(0))


def test_a_killed_database_is_waited_for(
    serve: Callable[[str, int], Server], undisturbed: list[tuple[Any, ...]]
) -> None:
    database = Postgres()
    database.start()
    url = database.fresh()
    store = Store(url)
    store.migrate()
    submit(store, slow(parallel=1))
    server = serve(url, 1)
    for done in (3, 9):
        until(store, lambda job, done=done: job.completed >= done)
        database.kill()
        database.start()
    job = until(store, is_over)
    assert server.is_running()
    assert_complete(job, store)
    assert history(store) == undisturbed
    server.kill()
    store.close()
    database.stop()
