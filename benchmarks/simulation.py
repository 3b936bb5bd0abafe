"""How busy the coordinator keeps 2,000 slots: a simulation on a virtual clock, with trials that take minutes.

Coordinator, database (on a disk that is waited for) and strategies are the real ones, the workers are simulated
(`simulated/workers.py`): trials take log-normal times, report every epoch, some fail, some lose their worker. While the
coordinator works the clock runs, so that its slowness shows as idle slots; where it waits, the clock skips to the next
event. What Ray adds is not in it.

`runs` is four searches at once, on SQLite and on PostgreSQL. Beside `utilisation` (busy slot-seconds of all; `steady`
without the beginning) stands `of_generations`: the same trials, where each generation of as many as there are slots
waits for its slowest. `shortest` is the mean time of a trial at which the steady slots are still 95 % busy: from runs
with trials too short for that follows how long they have to be, and `utilisation` is that of a run with just such.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coordinating.laboratory import postgres, submit
from simulated.workers import Clock, SimulatedDispatcher, Times

from nas_service.coordinator import Coordinator
from nas_service.store import Store, jobs
from nas_service.store.invariants import broken

EPOCHS = 10
SEARCHES = 4
BUSY = 0.95
LONGER = 1.2  # at the least, from run to run, so that the search for the shortest time ends
TOO_SHORT_S = 0.5  # mean time of trials that no coordinator keeps up with


@dataclass(frozen=True)
class Size:
    """Of the runs: slots, the median time of a trial, and how long they go on, on the clock.

    Of the search for the shortest time: slots, the runs at the most, and how long each goes on, in mean times and at
    the least.
    """

    slots: int
    median_s: float
    seconds: float
    clusters: tuple[int, int]
    rounds: int
    means: float
    at_least_s: float


SIZES = {
    "full": Size(2000, 600, 900, (2000, 10_000), 5, 3, 10),
    "quick": Size(500, 8, 5, (100, 200), 2, 2, 1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="short trials, few slots: the same keys in 50 seconds")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # trials are meant to fail here
    report = run(SIZES["quick" if asked.quick else "full"])
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(size: Size) -> dict[str, Any]:
    times = Times(size.median_s)
    with databases() as kinds:
        runs = {
            name: simulated(fresh(), size.slots, times, size.seconds, size.seconds / 3) for name, fresh in kinds.items()
        }
        found = {
            name: {f"cluster_{i}": shortest(fresh, slots, size) for i, slots in enumerate(size.clusters, start=1)}
            for name, fresh in kinds.items()
        }
    generations = times.of_generation(size.slots)
    return {
        "slots": size.slots,
        "searches": SEARCHES,
        "epochs": EPOCHS,
        "trial": {"median_s": times.median_s, "mean_s": times.mean_s, "failing": times.failing, "dying": times.dying},
        "hours": size.seconds / 3600,
        "of_generations": generations,
        "vs_generations": {name: one["steady"] / generations for name, one in runs.items()},
        "runs": runs,
        "shortest": found,
    }


@contextmanager
def databases() -> Iterator[dict[str, Callable[[], str]]]:
    """For each kind of database a function that makes a fresh one."""
    numbers = count()
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder, postgres() as fresh:
        kinds: dict[str, Callable[[], str]] = {"sqlite": lambda: f"sqlite:///{folder}/{next(numbers)}.sqlite"}
        if fresh is not None:
            kinds["postgresql"] = fresh
        yield kinds


def shortest(fresh: Callable[[], str], slots: int, size: Size) -> dict[str, float]:
    """The mean time of a trial at which this many slots are busy: longer from run to run, until it is long enough.

    Where the coordinator is the limit, as many trials a second as it was will keep the slots busy for longer trials.
    """
    mean_s = TOO_SHORT_S
    for _ in range(size.rounds):
        seconds = max(size.means * mean_s, size.at_least_s)
        found = simulated(fresh(), slots, Times.of_mean(mean_s), seconds, seconds / 2)
        tried = {
            "slots": slots,
            "mean_s": mean_s,
            "utilisation": found["steady"],
            "trials_per_second": found["trials_per_hour"] / 3600,
        }
        if found["steady"] >= BUSY:
            break
        mean_s *= max(LONGER, BUSY / found["steady"])
    return tried


def simulated(url: str, slots: int, times: Times, seconds: float, steady_s: float) -> dict[str, float]:
    """Several searches over `slots` for so many seconds of the clock; what is called steady begins after `steady_s`."""
    store, clock = Store(url), Clock()
    store.migrate()
    dispatcher = SimulatedDispatcher(slots, times, clock)
    coordinator = Coordinator(store, dispatcher, Path(), "memory://", clock)
    for number in range(SEARCHES):
        submit(store, spec(number, slots, seconds), Path(), f"j{number}", 0.0)
    begin, steps, stepping = clock(), 0, 0.0
    while clock() < begin + seconds or live(store):
        at = clock()
        busy = coordinator.step()
        steps, stepping = steps + 1, stepping + clock() - at
        if not busy:
            coordinator.wait()
    took, tally = clock() - begin, dispatcher.tally
    dispatcher.close()
    refuse_errors(store)
    store.close()
    end, steady = begin + seconds, begin + steady_s
    return {
        "utilisation": tally.busy_share(slots, begin, end),
        "steady": tally.busy_share(slots, steady, end),
        "trials_per_hour": tally.a_second(steady, end) * 3600,
        "failed": tally.failed,
        "deaths": tally.died,
        "steps": steps,
        "step_ms": stepping / steps * 1e3,
        "coordinator_busy": stepping / took,
    }


def spec(number: int, slots: int, seconds: float) -> dict[str, Any]:
    """A search that may have all slots, in the space of MobileNetV3, for so many seconds."""
    return {
        "space": {"name": "mobilenetv3"},
        "task": {"name": "landscape", "channels": 3, "outputs": 100, "epochs": EPOCHS},
        "objective": {"cost": "macs", "target": 2e8},
        "strategy": {"name": "evolution"},
        "budget": {"trials": 10_000_000, "hours": seconds / 3600},
        "workers": {"parallel": slots},
        "seed": number,
    }


def live(store: Store) -> bool:
    with store.read() as conn:
        return bool(jobs.in_state(conn, jobs.LIVE))


def refuse_errors(store: Store) -> None:
    """Raises RuntimeError where anything is wrong in the database, or a search ended otherwise than by its time."""
    with store.read() as conn:
        wrong = [str(finding) for finding in broken(conn)]
        wrong += [job.reason for job in jobs.in_state(conn, jobs.FINAL) if job.state != "finished"]
    if wrong:
        raise RuntimeError(f"the simulation went wrong: {wrong}")


def show(report: dict[str, Any]) -> None:
    trial, slots = report["trial"], report["slots"]
    print(f"{slots:,} slots, {report['searches']} searches, {report['hours'] * 60:.2g} minutes of the clock")
    print(
        f"trials of {trial['mean_s']:.0f} s in the mean, {report['epochs']} epochs, {trial['failing']:.0%} fail, ",
        end="",
    )
    print(f"{trial['dying']:.0%} lose their worker")
    print(f"{'':24}{'busy':>8}{'steady':>8}{'limit':>8}{'trials/h':>10}{'ms a step':>11}{'coordinator busy':>18}")
    for name, one in report["runs"].items():
        print(
            f"{name:24}{one['utilisation']:8.1%}{one['steady']:8.1%}{1:8.0%}{one['trials_per_hour']:10,.0f}"
            f"{one['step_ms']:11.1f}{one['coordinator_busy']:18.1%}"
        )
    ratio = min(report["vs_generations"].values())
    print(f"{'generations that wait':24}{'':8}{report['of_generations']:8.1%}   (ours: {ratio:.1f} times that)")
    print(f"\nshortest mean time of a trial at which slots are {BUSY:.0%} busy:")
    print(f"{'':24}{'slots':>8}{'s':>8}{'busy':>8}{'trials/s':>10}")
    for name, clusters in report["shortest"].items():
        for one in clusters.values():
            print(
                f"{name:24}{one['slots']:8,}{one['mean_s']:8.1f}{one['utilisation']:8.1%}{one['trials_per_second']:10,.0f}"
            )


if __name__ == "__main__":
    main()
