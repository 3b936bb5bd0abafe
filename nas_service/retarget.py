"""A search seen from another device or under other limits: what is known is priced and judged anew, nothing is trained.

Accuracies do not depend on the device, so a search that is over answers for every device that has a latency table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces import Genotype

from .errors import InvalidSpec, ServiceError
from .merge import changed_spec
from .objective import PRICED, Objective
from .pareto import pareto_front
from .search import Search

CHANGEABLE = ("device", "objective")
OF_THE_OLD_DEVICE = (*PRICED, "latency_error_ms")


@dataclass(frozen=True)
class Known:
    """What a job knows of a candidate: `metrics` of a result of full fidelity, or None where it has none."""

    id: str
    number: int
    genotype: Genotype
    metrics: Mapping[str, float] | None


@dataclass(frozen=True)
class Judged:
    """A candidate under the new objective: its point of the front, reward, and all its metrics, new costs included."""

    id: str
    number: int
    value: float
    cost: float
    reward: float
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Retargeted:
    """`evaluated` candidates have a result; `feasible` of those meet the limits, `unpriced` lack an op in the table.

    `untried` meet the limits and were never trained; `missing` says what the table lacks, or is empty. `best` and
    `front` (cheapest first) are of the feasible ones.
    """

    evaluated: int
    feasible: int
    unpriced: int
    untried: int
    missing: str
    best: Judged | None
    front: list[Judged]


def retargeted_spec(spec: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A job's spec with another device or objective (a JSON merge patch). Raises ServiceError for any other change."""
    if not patch:
        raise ServiceError(f"say what is to be different: {' or '.join(CHANGEABLE)}", CHANGEABLE[0])
    for part in patch:
        if part not in CHANGEABLE:
            raise ServiceError(
                f"only {' and '.join(CHANGEABLE)} can change, for everything else decides about results; "
                "a clone of the job searches anew",
                part,
            )
    return changed_spec(spec, patch)


def retarget(search: Search, known: Iterable[Known]) -> Retargeted:
    """Price and judge each candidate as `search` (the job's, with another device or objective) would have."""
    judged: list[Judged] = []
    evaluated = unpriced = untried = 0
    missing = ""
    for candidate in known:
        evaluated += candidate.metrics is not None
        try:
            costs = search.costs(search.bound.architecture(candidate.genotype))
        except InvalidSpec as error:
            missing = missing or error.detail
            unpriced += candidate.metrics is not None
            continue
        metrics = _without_old_costs(candidate.metrics or {}) | costs
        if search.objective.violation(metrics) is not None:
            continue
        if candidate.metrics is None:
            untried += 1
        else:
            judged.append(_judged(search.objective, candidate, metrics))
    front = pareto_front([(one.value, one.cost) for one in judged])
    best = max(judged, key=lambda one: (one.reward, -one.number), default=None)
    return Retargeted(evaluated, len(judged), unpriced, untried, missing, best, [judged[i] for i in front])


def _without_old_costs(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if name not in OF_THE_OLD_DEVICE}


def _judged(objective: Objective, candidate: Known, metrics: Mapping[str, float]) -> Judged:
    value, cost = objective.point(metrics)
    return Judged(candidate.id, candidate.number, value, cost, objective.reward(metrics), metrics)
