"""What a job would be like, before it is submitted: how much of its space meets the limits, how long it may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from workers.requests import Resources

from .objective import PRICED
from .search import Search
from .store.trials import Measured

SAMPLED = 1000
BINS = 20
TOGETHER = "unknown: this task evaluates many trials together, and what a single one takes is not measured"


@dataclass(frozen=True)
class LimitShare:
    """A limit, the share of samples over it (error bars included), and what the samples cost."""

    name: str
    limit: float
    share_over: float
    lowest: float
    median: float


@dataclass(frozen=True)
class Histogram:
    """Samples by cost: `counts[i]` lie between `edges[i]` and `edges[i + 1]`, `feasible[i]` of them within limits."""

    name: str
    edges: list[float]
    counts: list[int]
    feasible: list[int]


@dataclass(frozen=True)
class Estimate:
    """What the search takes. Where nothing similar was measured, or nothing can run, values are None.

    `at_once` trials run at the same time; `seconds_per_trial` is the median of `measured_trials` earlier ones, brought
    to this job's epochs; `hours` is when the job ends; `note` says on what the figures rest, or why there are none.
    """

    at_once: int
    measured_trials: int
    seconds_per_trial: float | None
    cpu_hours: float | None
    gpu_hours: float | None
    hours: float | None
    note: str


@dataclass(frozen=True)
class Preview:
    """`bites` names the limit that most samples break; None where all meet all of them.

    `unchecked` says of which workers it is not known whether they see the data, `warm_start` which networks of other
    jobs it begins with; or they are empty.
    """

    sampled: int
    feasible_share: float
    bites: str | None
    limits: list[LimitShare]
    histogram: Histogram
    estimate: Estimate
    unchecked: str = ""
    warm_start: str = ""


def preview(search: Search, earlier: Sequence[Measured], cluster: Resources) -> Preview:
    """Sample the space and weigh `earlier` trials. Raises InvalidSpec where the latency table lacks an op."""
    rng = np.random.default_rng(search.spec.seed)
    costs = [search.costs(search.bound.architecture(drawn)) for drawn in search.bound.samples(rng, SAMPLED)]
    feasible = np.array([search.objective.violation(c) is None for c in costs])
    limits = [_limit(name, limit, costs) for name, limit in search.spec.objective.limits.items() if name in costs[0]]
    hardest = max(limits, key=lambda one: one.share_over, default=None)
    return Preview(
        SAMPLED,
        float(feasible.mean()),
        hardest.name if hardest is not None and hardest.share_over else None,
        limits,
        _histogram(search, costs, feasible),
        estimate(search, earlier, cluster),
    )


def _limit(name: str, limit: float, costs: Sequence[Mapping[str, float]]) -> LimitShare:
    values = np.array([c[name] for c in costs])
    bars = np.array([c.get("latency_error_ms", 0.0) if name == "latency_ms" else 0.0 for c in costs])
    over = float((values + bars > limit).mean())
    return LimitShare(name, limit, over, float(values.min()), float(np.median(values)))


def _histogram(search: Search, costs: Sequence[Mapping[str, float]], feasible: np.ndarray[Any, Any]) -> Histogram:
    cost = search.spec.objective.cost
    name = "latency_ms" if search.table is not None else cost if cost in PRICED else "macs"
    values = np.array([c[name] for c in costs])
    counts, edges = np.histogram(values, BINS)
    within, _ = np.histogram(values[feasible], edges)
    return Histogram(name, edges.tolist(), counts.tolist(), within.tolist())


def estimate(search: Search, earlier: Sequence[Measured], cluster: Resources) -> Estimate:
    """How long the job takes, from the seconds an epoch that similar trials took on similar workers."""
    at_once, problem = _at_once(search, cluster)
    similar = [one.seconds / one.epochs for one in earlier if _is_similar(search, one)]
    if search.task.batch > 1:
        return Estimate(at_once, 0, None, None, None, None, problem or TOGETHER)
    if not similar:
        note = problem or "unknown: no trial of this task, space and worker size has been measured here yet"
        return Estimate(at_once, 0, None, None, None, None, note)
    spec, seconds = search.spec, median(similar) * search.task.fidelity.epochs
    total = spec.budget.trials * seconds / 3600
    hours = min(total / at_once, spec.budget.hours or float("inf")) if at_once else None
    spent = total if hours is None else hours * at_once
    note = problem or f"from {len(similar)} trials of this task and space that ran here"
    return Estimate(at_once, len(similar), seconds, spent * spec.workers.cpus, spent * spec.workers.gpus, hours, note)


def _at_once(search: Search, cluster: Resources) -> tuple[int, str]:
    """How many trials can run at once, and why that is fewer than was asked for."""
    workers = search.spec.workers
    asked = [(workers.cpus, cluster.cpus, "CPUs"), (workers.gpus, cluster.gpus, "GPUs")]
    for need, there, name in asked:
        if need > there:
            return (
                0,
                f"a trial needs {need:g} {name} and the cluster has {there:g}; the job would wait until it has more",
            )
    room = cluster.room_for(Resources(workers.cpus, workers.gpus))
    room = search.parallel if room is None else room * search.task.batch
    wanted = min(search.parallel, search.spec.budget.trials)
    crowded = room < wanted and search.task.batch == 1  # where trials share requests, most of a generation waits
    return min(room, wanted), f"the cluster has room for {room} of {wanted} at once" if crowded else ""


def _is_similar(search: Search, one: Measured) -> bool:
    """Whether a trial trained what this job would train, on a worker of the same size; epochs may differ."""
    now = search.filled_in
    return (
        one.spec["space"]["name"] == now["space"]["name"]
        and _without(one.spec["task"], "epochs", "metric") == _without(now["task"], "epochs", "metric")
        and all(one.spec["workers"][name] == now["workers"][name] for name in ("cpus", "gpus"))
    )


def _without(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in names}
