"""Trials of one second on 16 slots of a local Ray: how much longer they take than the slots alone would."""

from __future__ import annotations

import time
from pathlib import Path

from workers.dispatchers.ray_dispatcher import RayDispatcher

from .laboratory import Laboratory, spec

SLOTS = 16
SECONDS = 1.0


def measured(url: str, tables: Path, rounds: int) -> float:
    """The share of time that is not trials, over `rounds` of trials after the worker processes have started."""
    dispatcher = RayDispatcher(cpus=SLOTS)
    laboratory = Laboratory(url, tables, dispatcher)
    try:
        laboratory.submit(wanted(2 * SLOTS, seconds=0.0), "warm")
        laboratory.finish("warm")
        trials = rounds * SLOTS
        start = time.perf_counter()
        laboratory.submit(wanted(trials, SECONDS) | {"seed": 1}, "j")
        completed = laboratory.finish("j").completed
        seconds = time.perf_counter() - start
    finally:
        laboratory.close()
    if completed != trials:
        raise RuntimeError(f"{completed} of {trials} trials completed")
    return seconds / (rounds * SECONDS) - 1


def wanted(trials: int, seconds: float) -> dict[str, object]:
    return spec("random", trials, parallel=2 * SLOTS) | {"task": {"name": "landscape", "seconds": seconds}}
