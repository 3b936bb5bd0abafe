"""How metrics become a reward, an outcome and the state of a candidate: written once, for trials and for reuse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from nas_service.objective import Objective
from nas_service.store.candidates import Result
from nas_service.strategies import Outcome
from workers.requests import Report


def result(
    objective: Objective, candidate_id: str, metrics: Mapping[str, float], *, full: bool, source: str | None = None
) -> Result:
    """A completed candidate. `metrics` holds the task's metrics and the architecture's costs.

    `source` is the trial of another job that had the result.
    """
    violation = objective.violation(metrics)
    value, cost = objective.point(metrics)
    return Result(
        candidate_id,
        "completed",
        violation or "",
        violation is None,
        metrics,
        value,
        cost,
        objective.reward(metrics),
        full,
        source,
    )


def placed(objective: Objective, outcome: Outcome) -> Outcome:
    """The outcome with its place against the front or, where it breaks limits, with how far it is beyond them."""
    if outcome.status == "infeasible":
        return replace(outcome, violation=objective.excess(outcome.metrics) or math.inf)
    if outcome.reward is None:
        return outcome
    if violation := objective.excess(outcome.metrics):
        return replace(outcome, violation=violation)
    return replace(outcome, point=objective.point(outcome.metrics))


def flaw(objective: Objective, metrics: Mapping[str, float]) -> str | None:
    """Why these metrics cannot be used, in words; None when they can."""
    needed = {objective.metric.name, *objective.names}
    missing = sorted(name for name in needed if name not in metrics)
    if missing:
        return f"the task did not report {', '.join(missing)}"
    infinite = sorted(name for name in needed if not math.isfinite(metrics[name]))
    if infinite:
        return f"the task reported a value of {', '.join(infinite)} that is not finite"
    cost = metrics[objective.spec.cost]
    if objective.spec.reward == "mnasnet" and cost <= 0:
        return f"{objective.spec.cost} is {cost:g}, and reward 'mnasnet' needs a cost above 0"
    return None


def cleaned(report: Report) -> Report:
    """Without what no database keeps: values that are not finite, and in words NUL and halves of surrogate pairs."""
    finite = all(map(math.isfinite, report.metrics.values()))
    if finite and all(map(str.isprintable, (report.message, *report.metrics))):
        return report
    metrics = {_kept(name): value for name, value in report.metrics.items() if math.isfinite(value)}
    return replace(report, metrics=metrics, message=_kept(report.message))


def _kept(words: str) -> str:
    return words.encode(errors="replace").decode().replace("\0", "?")
