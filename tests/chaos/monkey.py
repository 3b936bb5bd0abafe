"""Random deaths of real processes, for as long as it takes; then the database alone is asked what was lost.

Two coordinators (`nas serve`) share one PostgreSQL and four searches. Again and again one of them, or the database
server, is killed with -9 and started again; or all connections are cut; or a coordinator is stopped for longer than its
lease and then goes on. After every blow the searches have to get on, and the rules of `nas db check` are asked. In the
end the proposals of the searches that run one trial at a time have to be, one by one, those of a search that nobody
disturbs: so the state of the strategy is that of a replay.

    python tests/chaos/monkey.py [--blows 200] [--seed 0] [--fault deaf|unfenced] [--json]

`--fault` plants one (`faulty.py`): coordinators that never notice that they lost a job do no harm; without fencing they
do, and that has to be found. The program ends with code 1 when anything was.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

sys.path.append(str(Path(__file__).parents[1] / "support"))

from postgres_server import OTHERS_OUT, Postgres
from searches import Lab, spec, submit
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from nas_service.store import Store, jobs
from nas_service.store.invariants import broken
from nas_service.store.schema import proposals

LEASE_S = 2.0
ENOUGH = 4  # trials that the searches have to end between two blows, all together
WITHIN_S = 120
ENDLESS = 100_000
LIMITED = {"cost": "macs", "limits": {"macs": 900_000}}
FAULTY = Path(__file__).with_name("faulty.py")
FAULTS = ("deaf", "unfenced")
BLOWS = {"coordinator killed": 5, "database killed": 1, "connections cut": 1, "coordinator stopped": 2}  # weights


def wanted(name: str, seconds: float) -> dict[str, Any]:
    """The searches by name: `single` ones run one trial at a time, so that their proposals can be told in advance."""
    kind, seed = name.split("-")
    workers = {"parallel": 1 if kind == "single" else 4}
    task = {"name": "landscape", "seconds": seconds}
    return spec(ENDLESS, task=task, objective=LIMITED, workers=workers, seed=int(seed))


NAMES = ("single-0", "single-1", "many-2", "many-3")


@dataclass
class Coordinator:
    """`nas serve` in a process of its own, with workers in it."""

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


@dataclass
class Monkey:
    """What there is to strike at."""

    database: Postgres
    store: Store
    coordinators: list[Coordinator]
    rng: np.random.Generator
    struck: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    def strike(self) -> str:
        kinds, weights = list(BLOWS), np.array(list(BLOWS.values()), dtype=float)
        kind = str(self.rng.choice(kinds, p=weights / weights.sum()))
        victim = self.coordinators[int(self.rng.integers(len(self.coordinators)))]
        if kind == "coordinator killed":
            victim.kill()
            self.check()
            victim.start()
        elif kind == "database killed":
            self.database.kill()
            self.database.start()
        elif kind == "connections cut":
            with psycopg.connect(address(self.store)) as connection:
                connection.execute(OTHERS_OUT)
        else:
            victim.process.send_signal(signal.SIGSTOP)
            time.sleep(1.5 * LEASE_S)
            victim.process.send_signal(signal.SIGCONT)
        self.struck[kind] += 1
        return kind

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
                time.sleep(0.05)

    def completed(self) -> int:
        return sum(job.completed for job in self.read(lambda conn: jobs.in_state(conn, jobs.LIVE)))

    def let_work(self) -> None:
        """Wait until the searches have got on. Raises TimeoutError where they do not."""
        goal, end = self.completed() + ENOUGH, time.monotonic() + WITHIN_S
        while self.completed() < goal:
            if time.monotonic() > end:
                raise TimeoutError(f"the searches did not get on within {WITHIN_S} s")
            time.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fault", choices=FAULTS, help="plant a fault in the coordinators")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    asked = parser.parse_args()
    report = run(asked.blows, asked.seed, fault=asked.fault)
    print(f"{report['trials']} trials; blows: " + ", ".join(f"{n} {kind}" for kind, n in report["blows"].items()))
    print(f"{report['jobs_taken']} times a job changed hands; {report['replayed']} proposals as undisturbed")
    print("\n".join(report["found"]) or "nothing lost, nothing twice")
    if asked.json:
        print(json.dumps(report))
    sys.exit(bool(report["found"]))


def run(blows: int, seed: int, *, fault: str | None = None) -> dict[str, Any]:
    started = time.monotonic()
    with monkey(seed, fault=fault) as one:
        try:
            for number in range(1, blows + 1):
                one.let_work()
                kind = one.strike()
                one.check()
                print(f"[{number}/{blows}] {kind}", flush=True)
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
        replayed = sum(replay(one, name) for name in NAMES if name.startswith("single"))
    return {
        "blows": dict(one.struck),
        "trials": sum(job.completed for job in ended),
        "failed": sum(job.failed for job in ended),
        "jobs_taken": sum(job.fence - 1 for job in ended),
        "replayed": replayed,
        "found": sorted(set(one.found)),
        "fault": fault,
        "seed": seed,
        "minutes": round((time.monotonic() - started) / 60, 1),
    }


@contextmanager
def monkey(seed: int, *, fault: str | None) -> Iterator[Monkey]:
    database = Postgres()
    database.start()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(database.migrated())
        for name in NAMES:
            submit(store, wanted(name, 0.02), name)
        program = [str(FAULTY), fault] if fault else ["-m", "nas_service"]
        command = [sys.executable, *program, "serve", "--inline", "3", "--port", "0", "--no-page"]
        environment = os.environ | {"NAS_HOME": folder, "NAS_DATABASE_URL": address(store), "NAS_LEASE_S": str(LEASE_S)}
        found = [Coordinator(command, environment, Path(folder) / f"{number}.log") for number in range(2)]
        for coordinator in found:
            coordinator.start()
        try:
            yield Monkey(database, store, found, np.random.default_rng(seed))
        finally:
            for coordinator in found:
                coordinator.kill()
            store.close()
            database.stop()


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
