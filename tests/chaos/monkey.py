"""Random deaths of real processes, for as long as it takes; then the database alone is asked what was lost.

Two coordinators (`nas serve`) share one PostgreSQL and four searches. One has workers in its own process, the other
sends its trials to a Ray cluster of several nodes. Again and again something is killed with -9: a coordinator, a worker
process, a node of the cluster (its raylet; another one joins), the database server. In between all connections are cut,
or a coordinator is stopped for longer than its lease and then goes on, or the disk of the database is full for a while.
After every blow the searches have to get on, and the rules of `nas db check` are asked. In the end the proposals of
the searches that run one trial at a time have to be, one by one, those of a search that nobody disturbs: so the state
of the strategy is that of a replay.

    python tests/chaos/monkey.py [--blows 200] [--seed 0] [--fault deaf|unfenced] [--json]

`--blows` counts what is killed. `--fault` plants one (`faulty.py`): coordinators that never notice that they lost a job
do no harm; without fencing they do, and that has to be found. The program ends with code 1 when anything was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg
import ray

sys.path.append(str(Path(__file__).parents[1] / "support"))

from full_disk import SmallDisk, full
from postgres_server import OTHERS_OUT, Postgres
from ray_nodes import RayNodes
from searches import Lab, spec, submit
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from nas_service.coordinator.coordinator import DISK_FULL
from nas_service.coordinator.retries import SURVIVABLE_FAILURES
from nas_service.store import Store, jobs, trials
from nas_service.store.invariants import broken
from nas_service.store.schema import proposals, requests

LEASE_S = 2.0
ENOUGH = 4  # trials that the searches have to end between two blows, all together
WITHIN_S = 120
GLANCE_S = 0.05
ENDLESS = 100_000
LIMITED = {"cost": "macs", "limits": {"macs": 900_000}}
FAULTY = Path(__file__).with_name("faulty.py")
FAULTS = ("deaf", "unfenced")
KILLS = {"coordinator": 4, "worker": 4, "node": 2, "database": 1}  # weights
HINDRANCES = ("connections cut", "coordinator stopped", "disk full")
HINDERED = 0.25  # of the kills, on average, come after a hindrance
MAY_END = ("nas: the database cannot be used", "nas: the disk of the database is full")  # when it has just started
NODES = 2
CPUS = 2  # of a node
DISK_MIB = 512


def wanted(name: str, seconds: float) -> dict[str, Any]:
    """The searches by name: `single` ones run one trial at a time, so that their proposals can be told in advance."""
    kind, seed = name.split("-")
    workers = {"parallel": 1 if kind == "single" else 4}
    task = {"name": "landscape", "seconds": seconds}
    return spec(ENDLESS, task=task, objective=LIMITED, workers=workers, seed=int(seed))


NAMES = ("single-0", "single-1", "many-2", "many-3")


@dataclass
class Coordinator:
    """`nas serve` in a process of its own, started again when it ends, as whoever runs a service does."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace").strip().rpartition("\n")[2]

    def times_short_of_room(self) -> int:
        return self.log.read_text(errors="replace").count(DISK_FULL)


@dataclass
class Monkey:
    """What there is to strike at; the first coordinator is the one without Ray."""

    database: Postgres
    store: Store
    full_disk: Callable[[], AbstractContextManager[None]]
    disk_is_real: bool
    nodes: RayNodes
    coordinators: list[Coordinator]
    rng: np.random.Generator
    killed: Counter[str] = field(default_factory=Counter)
    hindered: Counter[str] = field(default_factory=Counter)
    restarted: Counter[str] = field(default_factory=Counter)  # the last words of coordinators that ended by themselves
    found: list[str] = field(default_factory=list)

    def kill(self) -> str:
        """Each kind once to begin with, so that a short run has them all.

        A trial that has lost as many workers as one may is left alone until it has ended: one more and it is given up,
        as it should be, and its search is another one from there on.
        """
        if not self.until(lambda: not self.read(_on_their_last_attempt), WITHIN_S):
            raise TimeoutError(f"a trial that had lost {SURVIVABLE_FAILURES} workers did not end within {WITHIN_S} s")
        unstruck = [kind for kind in KILLS if not self.killed[kind]]
        weights = np.array([KILLS[kind] * (kind in (unstruck or KILLS)) for kind in KILLS], dtype=float)
        kind = str(self.rng.choice(list(KILLS), p=weights / weights.sum()))
        {
            "coordinator": self._kill_coordinator,
            "worker": self._kill_worker,
            "node": self._kill_node,
            "database": self._kill_database,
        }[kind]()
        self.killed[kind] += 1
        return f"{kind} killed"

    def _kill_coordinator(self) -> None:
        victim = self._coordinator()
        victim.kill()
        self.check()
        victim.start()

    def _kill_worker(self) -> None:
        """One that runs a trial. Where the coordinator with Ray has no jobs, it first gets those of the other."""
        while not (busy := self.until(self.nodes.busy_workers, 2 * LEASE_S)):
            self._stop(self.coordinators[0])
        with suppress(psutil.NoSuchProcess):
            busy[int(self.rng.integers(len(busy)))].kill()

    def _kill_node(self) -> None:
        self.nodes.kill(str(self.rng.choice(self.nodes.ids)))
        self.nodes.add(num_cpus=CPUS)

    def _kill_database(self) -> None:
        self.database.kill()
        self.database.start()

    def hinder(self) -> str:
        """Each kind once to begin with."""
        kind = str(self.rng.choice([kind for kind in HINDRANCES if not self.hindered[kind]] or HINDRANCES))
        if kind == "connections cut":
            with psycopg.connect(address(self.store)) as connection:
                connection.execute(OTHERS_OUT)
        elif kind == "coordinator stopped":
            self._stop(self._coordinator())
        else:
            self._fill_disk()
        self.hindered[kind] += 1
        return kind

    def _stop(self, victim: Coordinator) -> None:
        victim.process.send_signal(signal.SIGSTOP)
        time.sleep(1.5 * LEASE_S)
        victim.process.send_signal(signal.SIGCONT)

    def _fill_disk(self) -> None:
        """Until a coordinator says that it waits."""
        before = self._times_short_of_room()
        with self.full_disk():
            if not self.until(lambda: self._times_short_of_room() > before, WITHIN_S):
                raise TimeoutError(f"no coordinator met the full disk within {WITHIN_S} s")
            self.check()

    def _times_short_of_room(self) -> int:
        return sum(one.times_short_of_room() for one in self.coordinators)

    def _coordinator(self) -> Coordinator:
        return self.coordinators[int(self.rng.integers(len(self.coordinators)))]

    def check(self) -> None:
        self.found += self.read(lambda conn: list(map(str, broken(conn))))

    def read(self, question: Callable[[Any], Any]) -> Any:
        """What the database answers, once it does."""
        end = time.monotonic() + WITHIN_S
        while True:
            try:
                with self.store.read() as conn:
                    return question(conn)
            except OperationalError:
                self.store.engine.dispose()
                if time.monotonic() > end:
                    raise
                time.sleep(GLANCE_S)

    def last_failure(self, job_id: str) -> str:
        return str(self.read(lambda conn: trials.last_failure(conn, job_id)))

    def completed(self) -> int:
        return sum(job.completed for job in self.read(lambda conn: jobs.in_state(conn, jobs.LIVE)))

    def let_work(self) -> None:
        """Wait until the searches have got on. Raises TimeoutError where they do not."""
        goal = self.completed() + ENOUGH
        if not self.until(lambda: self.completed() >= goal, WITHIN_S):
            raise TimeoutError(f"the searches did not get on within {WITHIN_S} s")

    def until(self, condition: Callable[[], Any], within_s: float) -> Any:
        """What the condition gives, once that is true or the time is over."""
        end = time.monotonic() + within_s
        while not (given := condition()) and time.monotonic() < end:
            self._revive()
            time.sleep(GLANCE_S)
        return given

    def _revive(self) -> None:
        for one in self.coordinators:
            if one.process.poll() is not None:
                self.restarted[one.last_words()] += 1
                one.start()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fault", choices=FAULTS, help="plant a fault in the coordinators")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    asked = parser.parse_args()
    report = run(asked.blows, asked.seed, fault=asked.fault)
    print(f"{report['trials']} trials; killed: " + _counted(report["killed"]) + "; " + _counted(report["hindered"]))
    print(f"{report['jobs_taken']} times a job changed hands; {report['replayed']} proposals as undisturbed")
    print("\n".join(report["found"]) or "nothing lost, nothing twice")
    if asked.json:
        print(json.dumps(report))
    sys.exit(bool(report["found"]))


def _counted(kinds: dict[str, int]) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in kinds.items())


def run(blows: int, seed: int, *, fault: str | None = None) -> dict[str, Any]:
    started = time.monotonic()
    with monkey(seed, fault=fault) as one:
        try:
            for number in range(1, blows + 1):
                one.let_work()
                if number <= len(HINDRANCES) or one.rng.random() < HINDERED:
                    print(f"[{number}/{blows}] {one.hinder()}", flush=True)
                    one.check()
                print(f"[{number}/{blows}] {one.kill()}", flush=True)
                one.check()
            one.let_work()
        except TimeoutError as error:
            one.found.append(str(error))
        for coordinator in one.coordinators:
            coordinator.kill()
        one.check()
        ended = one.read(lambda conn: jobs.in_state(conn, (*jobs.LIVE, *jobs.FINAL)))
        one.found += [
            f"job {job.name} ended as {job.state}: {job.reason}" for job in ended if job.state not in jobs.LIVE
        ]
        one.found += [f"a coordinator ended: {said}" for said in one.restarted if not said.startswith(MAY_END)]
        one.found += [
            f"job {job.name}: {job.failed} trials failed, the last one so: {one.last_failure(job.id)}"
            for job in ended
            if job.failed
        ]
        machine = _machine(one)
        replayed = sum(replay(one, name) for name in NAMES if name.startswith("single"))
    return {
        "killed": dict(one.killed),
        "hindered": dict(one.hindered),
        "trials": sum(job.completed for job in ended),
        "jobs_taken": sum(job.fence - 1 for job in ended),
        "replayed": replayed,
        "restarted": dict(one.restarted),
        "found": sorted(set(one.found)),
        "fault": fault,
        "seed": seed,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "machine": machine,
    }


def _machine(one: Monkey) -> dict[str, Any]:
    """What the report is of."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "ray": ray.__version__,
        "postgresql": one.read(lambda conn: conn.exec_driver_sql("SHOW server_version").scalar_one()),
        "full_disk": "a small one that was filled" if one.disk_is_real else "an error of the database",
    }


def _cpu() -> str:
    """Its name, where the system tells it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


@contextmanager
def monkey(seed: int, *, fault: str | None) -> Iterator[Monkey]:
    with ExitStack() as stack:
        database = Postgres()
        database.start()
        stack.callback(database.stop)
        store, full_disk, is_real = _store(database, stack)
        for name in NAMES:
            submit(store, wanted(name, 0.1), name)
        nodes = RayNodes()
        stack.callback(nodes.stop)
        for _ in range(NODES):
            nodes.add(num_cpus=CPUS)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        program = [str(FAULTY), fault] if fault else ["-m", "nas_service"]
        command = [sys.executable, *program, "serve", "--port", "0", "--no-page"]
        environment = os.environ | {
            "NAS_HOME": str(folder),
            "NAS_DATABASE_URL": address(store),
            "NAS_LEASE_S": str(LEASE_S),
            "NAS_RAY_ADDRESS": nodes.address,
        }
        coordinators = [
            Coordinator([*command, *options], environment, folder / f"{number}.log")
            for number, options in enumerate((["--inline", "3"], []))
        ]
        for coordinator in coordinators:
            coordinator.start()
            stack.callback(coordinator.kill)
        yield Monkey(database, store, full_disk, is_real, nodes, coordinators, np.random.default_rng(seed))


def _store(database: Postgres, stack: ExitStack) -> tuple[Store, Callable[[], AbstractContextManager[None]], bool]:
    """A database; how its disk is filled; whether that is real, on a small one, which not every process may mount."""
    disk = None
    with suppress(OSError):
        disk = stack.enter_context(SmallDisk.mounted(DISK_MIB))
    store = Store(database.fresh(disk.path if disk else None))
    store.migrate()
    stack.callback(store.close)
    return store, disk.filled if disk else partial(full, store), disk is not None


def _on_their_last_attempt(conn: Any) -> list[str]:
    """Requests that end with the next death of their worker."""
    frail = (requests.c.state != "done", requests.c.failures >= SURVIVABLE_FAILURES)
    return list(conn.execute(select(requests.c.id).where(*frail)).scalars())


def address(store: Store) -> str:
    """The URL of its database."""
    return store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def replay(one: Monkey, name: str) -> int:
    """Run a search undisturbed for as many trials and compare the proposals; how many there were."""
    told = one.read(lambda conn: history(conn, name))
    if not told:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Store(f"sqlite:///{folder}/nas.sqlite"))
        lab.store.migrate()
        lab.submit(wanted(name, 0), name)
        lab.until(lambda job: job.proposals > told[-1][0] + 1, name)
        with lab.store.read() as conn:
            calm = history(conn, name)
        lab.dispatcher.close()
        lab.store.close()
    other = [mine[0] for mine in told if mine[0] >= len(calm) or calm[mine[0]] != mine]
    if other:
        one.found.append(f"job {name}: proposal {other[0]} is not that of an undisturbed search")
    return len(told) - len(other)


def history(conn: Any, job_id: str) -> list[tuple[Any, ...]]:
    """Every proposal that was told, with its outcome, in order."""
    names = ("number", "candidate_id", "parents", "status", "reward")
    of_job = select(*(proposals.c[n] for n in names)).where(
        proposals.c.job_id == job_id, proposals.c.status.is_not(None)
    )
    return [tuple(row) for row in conn.execute(of_job.order_by("number"))]


if __name__ == "__main__":
    main()
