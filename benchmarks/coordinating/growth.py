"""One search that grows: what a trial costs at its beginning and far on, and how soon a new process goes on with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil

from .laboratory import Laboratory, spec

SPARE = 1_000  # trials of the budget that are left for the last restart


def measured(url: str, tables: Path, sizes: tuple[int, int], window: int) -> dict[str, Any]:
    """Milliseconds a trial over `window` trials after 1,000, and over those that end at each size; restarts at each.

    A restart is timed from the opening of the database to the first new proposal that is recorded.
    """
    small, large = sizes
    laboratory = Laboratory(url, tables)
    laboratory.submit(spec("random", large + window + SPARE))
    cost, restart, memory = {}, {}, {}
    reach(laboratory, min(1000, small))
    cost[min(1000, small)] = of_window(laboratory, window)
    for size in sizes:
        reach(laboratory, size - window)
        cost[size] = of_window(laboratory, window)
        memory[size] = round(psutil.Process().memory_info().rss / 2**20)
        laboratory.close()
        laboratory, restart[size] = restarted(url, tables)
    laboratory.close()
    return {
        "cost_ms": {str(size): round(ms, 4) for size, ms in cost.items()},
        "cost_ratio": cost[large] / cost[min(1000, small)],
        "restart_s": {str(size): round(seconds, 3) for size, seconds in restart.items()},
        "memory_mib": {str(size): mib for size, mib in memory.items()},
    }


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
