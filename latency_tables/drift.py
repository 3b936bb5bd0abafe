"""A machine that gets slower or faster while it is measured: how much, and what visits would have shown without that.

Between the visits of everything else, one reference network is visited. What it takes, smoothed, against what it takes
at the machine's usual speed says how slow the machine was at each visit. What slows a network of microseconds need not
slow others: how much of it they share is read from subjects that were visited at both speeds.
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
SHOWN = 30  # visits in slow stretches that say how much of the reference's slowness others share; with fewer, all of it

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
    shared = _shared(made, _slowness(made, reference), reference)
    slowness = np.where(np.abs(shared - 1) > TOLERATED, shared, 1.0)
    found: dict[str, list[Visit]] = defaultdict(list)
    usual: dict[str, list[Visit]] = defaultdict(list)
    for (name, visit), slow in zip(made, slowness.tolist(), strict=True):
        found[name].append(replace(visit, latency_ms=visit.latency_ms / slow))
        if slow == 1.0:
            usual[name].append(visit)
    best = {name: usual[name] if len(usual[name]) >= ENOUGH else visits for name, visits in found.items()}
    return Steadied(dict(found), best, float(slowness.max(initial=1.0)))


def _slowness(made: Sequence[tuple[str, Visit]], reference: str) -> Floats:
    """What the reference says of each visit: 1 at the usual speed."""
    at = np.array([i for i, (name, _) in enumerate(made) if name == reference])
    if not len(at):
        return np.ones(len(made))
    took = np.array([made[i][1].latency_ms for i in at])
    half = WINDOW // 2
    smooth = np.array([np.median(took[max(0, i - half) : i + half + 1]) for i in range(len(at))])
    found: Floats = np.interp(np.arange(len(made)), at, smooth / np.quantile(smooth, USUAL))
    return found


def _shared(made: Sequence[tuple[str, Visit]], slowness: Floats, reference: str) -> Floats:
    """What others show of it: to the power by which their visits differ from one another where the reference's do.

    That is the slope of a line through the middle of each subject, both in logarithms, by the least absolute error.
    """
    by_subject: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (name, visit), slow in zip(made, slowness.tolist(), strict=True):
        if name != reference:
            by_subject[name].append((slow, visit.latency_ms))
    logs = [np.log(np.array(each)) for each in by_subject.values()]
    slow, took = np.concatenate([each - np.median(each, axis=0) for each in logs] or [np.empty((0, 2))]).T
    told = np.abs(slow) > TOLERATED
    if told.sum() < SHOWN:
        return slowness
    slopes, weights = took[told] / slow[told], np.abs(slow[told])
    order = np.argsort(slopes)
    below = np.cumsum(weights[order])
    slope = slopes[order[np.searchsorted(below, below[-1] / 2)]]
    return slowness ** float(np.clip(slope, 0.0, 1.0))
