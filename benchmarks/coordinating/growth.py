"""One search that grows: what a trial costs at its beginning and far on, and how soon a new process goes on with it."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any

import psutil

from nas_service import memory

from .laboratory import Laboratory, spec

SPARE = 1_000  # trials of the budget that are left over
YOUNG = 1_000  # trials of a search at its beginning
TURNS = 5


def measured(folder: str, tables: Path, sizes: tuple[int, int], window: int) -> dict[str, Any]:
    """Milliseconds a trial over `window` trials after 1,000 and after the larger size, in turn; restarts at each size.

    `folder` is the URL of one that gets the databases. A restart is timed from the opening of the database to the first
    new proposal that is recorded.
    """
    url, (_, large) = f"{folder}/grown.sqlite", sizes
    laboratory = Laboratory(url, tables)
    laboratory.submit(spec("random", large + TURNS * window + SPARE))
    restart, resident = {}, {}
    for size in sizes:
        reach(laboratory, size)
        resident[size] = resident_mib()
        laboratory.close()
        laboratory, restart[size] = restarted(url, tables)
    of_young, of_grown = [], []
    for turn in range(TURNS):
        of_young.append(of_young_search(f"{folder}/young{turn}.sqlite", tables, min(YOUNG, large), window))
        of_grown.append(of_window(laboratory, window))
    laboratory.close()
    return {
        "cost_ms": {str(min(YOUNG, large)): round(mean(of_young), 4), str(large): round(mean(of_grown), 4)},
        "cost_ratio": mean(of_grown) / mean(of_young),
        "restart_s": {str(size): round(seconds, 3) for size, seconds in restart.items()},
        "memory_mib": {str(size): mib for size, mib in resident.items()},
    }


def gone_on(url: str, tables: Path, window: int) -> dict[str, float]:
    """What a new process makes of that search: seconds to its first proposal, milliseconds a trial, resident MiB."""
    with ProcessPoolExecutor(1, get_context("spawn")) as new:
        return new.submit(_gone_on, url, tables, window).result()


def _gone_on(url: str, tables: Path, window: int) -> dict[str, float]:
    memory.settle()  # as `nas serve` does
    laboratory, restart_s = restarted(url, tables)
    cost_ms = of_window(laboratory, window)
    laboratory.close()
    return {"restart_s": round(restart_s, 3), "cost_ms": round(cost_ms, 4), "memory_mib": resident_mib()}


def resident_mib() -> int:
    return round(psutil.Process().memory_info().rss / 2**20)


def of_young_search(url: str, tables: Path, age: int, window: int) -> float:
    laboratory = Laboratory(url, tables)
    laboratory.submit(spec("random", age + window + SPARE))
    reach(laboratory, age)
    cost = of_window(laboratory, window)
    laboratory.close()
    return cost


def reach(laboratory: Laboratory, trials: int) -> None:
    laboratory.until(lambda: laboratory.job().completed >= trials)


def of_window(laboratory: Laboratory, window: int) -> float:
    """Milliseconds a trial over the next ones."""
    before, start = laboratory.job().completed, time.perf_counter()
    reach(laboratory, before + window)
    return (time.perf_counter() - start) * 1000 / (laboratory.job().completed - before)


def restarted(url: str, tables: Path) -> tuple[Laboratory, float]:
    start = time.perf_counter()
    laboratory = Laboratory(url, tables)
    before = laboratory.job().proposals
    laboratory.until(lambda: laboratory.job().proposals > before)
    return laboratory, time.perf_counter() - start
