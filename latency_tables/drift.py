"""A machine that gets slower or faster while it is measured: how much, and what visits would have shown without that.

Between the visits of everything else, one reference network is visited. What it takes, smoothed, against what it takes
at the machine's usual speed says how slow the machine was at each visit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from device_agent.measure import Visit

WINDOW = 9  # visits of the reference that say how slow the machine is in the middle of them
USUAL = 0.25  # the usual speed is that of the quicker quarter
ENOUGH = 4  # visits at the usual speed that make up for all others
TOLERATED = 0.05  # what the reference itself differs by from window to window

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Steadied:
    """Visits by subject, as at the usual speed; and how many times slower the worst stretch was.

    Not all work gets slower by the same factor, so visits that were made at the usual speed are worth more than those
    that were corrected: `best` has only the former where there are `ENOUGH`.
    """

    visits: dict[str, list[Visit]]
    best: dict[str, list[Visit]]
    slowest: float


def steadied(made: Sequence[tuple[str, Visit]], reference: str) -> Steadied:
    """Visits in the order in which they were made, the reference among them. Without it, nothing changes."""
    slowness = _slowness(made, reference)
    found: dict[str, list[Visit]] = defaultdict(list)
    usual: dict[str, list[Visit]] = defaultdict(list)
    for (name, visit), slow in zip(made, slowness.tolist(), strict=True):
        found[name].append(replace(visit, latency_ms=visit.latency_ms / slow))
        if slow == 1.0:
            usual[name].append(visit)
    best = {name: usual[name] if len(usual[name]) >= ENOUGH else visits for name, visits in found.items()}
    return Steadied(dict(found), best, float(slowness.max(initial=1.0)))


def _slowness(made: Sequence[tuple[str, Visit]], reference: str) -> Floats:
    """Of each visit: 1 at the usual speed, and where that differs by no more than is `TOLERATED`."""
    at = np.array([i for i, (name, _) in enumerate(made) if name == reference])
    if not len(at):
        return np.ones(len(made))
    took = np.array([made[i][1].latency_ms for i in at])
    half = WINDOW // 2
    smooth = np.array([np.median(took[max(0, i - half) : i + half + 1]) for i in range(len(at))])
    found = np.interp(np.arange(len(made)), at, smooth / np.quantile(smooth, USUAL))
    return np.where(np.abs(found - 1) > TOLERATED, found, 1.0)
