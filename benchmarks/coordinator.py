"""What the coordinator and its database cost, with trials that take no time, beside Optuna's RDB storage.

A trial of ours is proposed, described, priced by a latency table, recorded, leased, sent, run, collected, scored and
told, with events, on a disk that is waited for (`synchronous=FULL`), at most 64 at once. Optuna's, in the same folder
and on the same PostgreSQL, is `ask`, a suggestion for each position of our space, `tell`; with the random sampler and
with NSGA-II of the same population, over fewer trials, for its rate falls as its study grows. Databases on PostgreSQL
were used a little before, and have statistics. What is compared is measured in turn, several times over, and added up,
so that a machine which gets faster or slower meanwhile does so for both.

- `sqlite_vs_optuna`, `postgres_vs_optuna`: ours to Optuna's with the random sampler, which thinks least; with `_nsga2`
  those with NSGA-II, where ours looks for networks that are new; `sqlite_vs_optuna_batch1`: ours one by one, random
- `overhead_1s_trials`: time over that of the trials alone, with trials of 1 s on 16 slots of a local Ray
- `restart_10k_s`, `restart_100k_s`: from the opening of the database to the first new proposal that is recorded
- `cost_100k_vs_1k`: a trial after 100,000 of a search to one after 1,000; `memory_mib` of the whole process there
- `million`: the slowest page of candidates and the front of a job of 1,000,000, over HTTP; and what a new process that
  goes on with it takes to begin, for a trial, and of memory, beside the same search when it was young
- `readers`: what 200 of them, polling every 10 s by conditional GETs, cost a search at full speed

    python benchmarks/coordinator.py [--json] [--quick]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contestants import optuna_storage
from coordinating import growth, load, million, overhead
from coordinating.laboratory import (
    PARALLEL,
    WARM_TRIALS,
    generations,
    made_up_table,
    postgres,
    spec,
    trials_a_second,
    used_before,
)

from device_agent.machine import Device
from nas_service import memory
from nas_service.admission import admit

BARS = {  # key -> (at least or at most, the bar)
    "sqlite_vs_optuna": (">=", 100),
    "postgres_vs_optuna": (">=", 100),
    "sqlite_vs_optuna_nsga2": (">=", 100),
    "postgres_vs_optuna_nsga2": (">=", 100),
    "overhead_1s_trials": ("<=", 0.05),
    "restart_10k_s": ("<=", 1),
    "restart_100k_s": ("<=", 3),
    "cost_100k_vs_1k": ("<=", 1.5),
    "page_1m_ms": ("<=", 100),
    "front_1m_ms": ("<=", 100),
    "slowed_by_readers": ("<=", 0.10),
}
ROUNDS = 4
FEWEST_OF_GENERATIONS = 400
OURS = {  # row -> strategy and its options
    "random": ("random", {}),
    "nsga2": ("nsga2", {"population": optuna_storage.POPULATION}),
    "evolution": ("evolution", {}),
}


@dataclass(frozen=True)
class Size:
    trials: int
    peer: int
    single: int
    grown: tuple[int, int]
    window: int
    rounds: int
    rows: int
    pairs: int
    loaded: int
    readers: int
    every_s: float


SIZES = {
    "quick": Size(100, 40, 40, (300, 600), 150, 3, 2_000, 1, 4_000, 50, 0.5),
    "full": Size(2_000, 600, 250, (10_000, 100_000), 2_000, 20, 1_000_000, 4, 60_000, 200, 10.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="less of everything: the same keys in under 50 seconds")
    asked = parser.parse_args()
    report = run("quick" if asked.quick else "full")
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(name: str) -> dict[str, Any]:
    size = SIZES[name]
    memory.settle()  # as `nas serve` does
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as place:
        folder = Path(place)
        tables = made_up_table(folder / "tables")
        rates = on_sqlite(folder, tables, size) | on_postgresql(tables, size)
        print("rates measured; a search grows", flush=True)
        grown = growth.measured(f"sqlite:///{folder}", tables, size.grown, size.window)
        print("growth measured; rows are filled in", flush=True)
        many = million.measured(folder / "many", tables, size.rows, size.window)
        print("pages measured; readers come", flush=True)
        readers = load.measured(folder / "read", size.pairs, size.loaded, size.readers, size.every_s)
        print("readers measured; Ray starts", flush=True)
        over = overhead.measured(f"sqlite:///{folder}/overhead.sqlite", tables, size.rounds)
    small, large = map(str, size.grown)
    return {
        "sqlite_vs_optuna": ratio(rates, "sqlite", "random"),
        "postgres_vs_optuna": ratio(rates, "postgresql", "random"),
        "sqlite_vs_optuna_nsga2": ratio(rates, "sqlite", "nsga2"),
        "postgres_vs_optuna_nsga2": ratio(rates, "postgresql", "nsga2"),
        "sqlite_vs_optuna_batch1": rates["sqlite"]["ours"]["one by one"] / rates["sqlite"]["optuna"]["random"],
        "overhead_1s_trials": round(over, 4),
        "restart_10k_s": grown["restart_s"][small],
        "restart_100k_s": grown["restart_s"][large],
        "cost_100k_vs_1k": round(grown["cost_ratio"], 3),
        "page_1m_ms": many["page_ms"],
        "front_1m_ms": many["front_ms"],
        "slowed_by_readers": readers["slowed_by"],
        "trials_per_second": rates,
        "growth": grown,
        "million": many,
        "readers": readers,
        "trials": size.trials,
        "peer_trials": size.peer,
        "parallel": PARALLEL,
        "size": name,
        "machine": asdict(Device.here("here")),
    }


def on_sqlite(folder: Path, tables: Path, size: Size) -> dict[str, Any]:
    searches = made(size) | {"one by one": spec("random", size.single, parallel=1)}

    def fresh(name: str) -> str:
        return f"sqlite:///{folder}/{name}.sqlite"

    studies = {name: study(fresh(f"optuna-{name}"), name, tables) for name in optuna_storage.SAMPLERS}
    return {"sqlite": in_turn(searches, fresh, studies, tables, size)}


def on_postgresql(tables: Path, size: Size) -> dict[str, Any]:
    """Nothing where there is no server."""
    with postgres() as fresh:
        if fresh is None:
            return {}

        def used(_: str) -> str:
            url = fresh()
            return used_before(url, lambda: trials_a_second(url, tables, spec("random", WARM_TRIALS), "before"))

        def used_by_optuna(sampler: str) -> optuna_storage.GrowingStudy:
            url = fresh()
            theirs = url.replace("postgresql://", "postgresql+psycopg://")
            used_before(url, lambda: study(theirs, sampler, tables).seconds_of(10))
            return study(theirs, sampler, tables)

        studies = {name: used_by_optuna(name) for name in optuna_storage.SAMPLERS}
        return {"postgresql": in_turn(made(size), used, studies, tables, size)}


def made(size: Size) -> dict[str, dict[str, Any]]:
    """The searches of every round, by row."""
    rows = {row: spec(strategy, size.trials, **options) for row, (strategy, options) in OURS.items()}
    return rows | {"generations": generations(max(size.trials, FEWEST_OF_GENERATIONS))}


def in_turn(
    searches: dict[str, dict[str, Any]],
    fresh: Callable[[str], str],
    studies: dict[str, optuna_storage.GrowingStudy],
    tables: Path,
    size: Size,
) -> dict[str, dict[str, float]]:
    """Trials a second of our searches, each in a fresh database, and of Optuna's studies, which grow a part a round."""
    ours, theirs = dict.fromkeys(searches, 0.0), dict.fromkeys(studies, 0.0)
    part = size.peer // ROUNDS
    for number in range(ROUNDS):
        for row, wanted in searches.items():
            ours[row] += 1 / trials_a_second(fresh(f"{row} {number}"), tables, wanted)
        for name, one in studies.items():
            theirs[name] += one.seconds_of(part)
    return {
        "ours": {row: ROUNDS / seconds_each for row, seconds_each in ours.items()},
        "optuna": {name: ROUNDS * part / seconds for name, seconds in theirs.items()},
    }


def study(url: str, sampler: str, tables: Path) -> optuna_storage.GrowingStudy:
    """With a parameter for every position that has a choice."""
    choices = admit(spec("random", 1), tables).bound.choices  # type: ignore[attr-defined]
    return optuna_storage.GrowingStudy(url, sampler, [n for n in choices if n > 1])


def ratio(rates: dict[str, Any], database: str, sampler: str) -> float | None:
    """None where that database could not be had."""
    found = rates.get(database)
    return found and found["ours"][sampler] / found["optuna"][sampler]


def show(report: dict[str, Any]) -> None:
    print(
        f"\n{report['trials']} trials of no duration, {report['parallel']} at once (Optuna: {report['peer_trials']}); "
        "whole trials a second:"
    )
    print(f"{'':28}{'ours':>10}{'Optuna':>10}{'ratio':>8}")
    for database, rates in report["trials_per_second"].items():
        for row, rate in rates["ours"].items():
            other = row if row in rates["optuna"] else "random"
            theirs = rates["optuna"][other]
            print(f"{f'{database}, {row}':28}{rate:10.0f}{theirs:10.1f}{rate / theirs:8.1f}  (Optuna: {other})")
    print(f"\n{'':28}{'here':>10}{'bar':>12}")
    for key, (sense, bar) in BARS.items():
        value = report[key]
        print(f"{key:28}{'-' if value is None else f'{value:.4g}':>10}{f'{sense} {bar:g}':>12}")
    readers, grown = report["readers"], report["growth"]
    print(f"\nms a trial after so many: {grown['cost_ms']}; MiB of the process: {grown['memory_mib']}")
    print(f"a new process, after so many: {report['million']['goes_on']}")
    print(
        f"readers: {readers['answers']} answers, {readers['not_modified']:.0%} of them 304, {readers['refused']} "
        f"refused, the slowest after {readers['slowest_ms']} ms"
    )


if __name__ == "__main__":
    main()
