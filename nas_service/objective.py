"""The objective of a job: one scalar to maximise, hard limits, and the two axes of its Pareto front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workers.tasks.base import Metric

from .errors import InvalidSpec
from .spec import Exponents, ObjectiveSpec

PRICED = ("latency_ms", "params", "macs")  # costs that are known before training


def mnasnet_reward(metric: float, cost: float, target: float, exponents: Exponents) -> float:
    """The metric times (cost / target)^w; w is `under` up to the target, `over` above it (arXiv 1807.11626, eq. 2, 3).

    `metric` lies in [0, 1]; `cost` and `target` share a unit and are positive.
    """
    w = exponents.under if cost <= target else exponents.over
    return float(metric * (cost / target) ** w)


def upper_end(name: str, metrics: Mapping[str, float]) -> float:
    """A cost with its error bar; only estimated latencies have one."""
    return metrics[name] + (metrics.get("latency_error_ms", 0.0) if name == "latency_ms" else 0.0)


@dataclass(frozen=True)
class Objective:
    """A job's rule for what is better, read from its spec and the metric of its task."""

    spec: ObjectiveSpec
    metric: Metric

    @classmethod
    def of(cls, spec: ObjectiveSpec, metrics: tuple[Metric, ...], name: str) -> Objective:
        """Checks the spec against what the task reports. Raises InvalidSpec, which names the field."""
        known = {metric.name: metric for metric in metrics}
        if name not in known:
            raise InvalidSpec(f"this task does not report {name!r}; it reports: {', '.join(known)}", "task.metric")
        _refuse_unknown_costs(spec, tuple(known))
        spec = _with_target(spec)
        if spec.reward == "mnasnet" and (known[name].range, known[name].direction) != ((0.0, 1.0), "maximize"):
            raise InvalidSpec(
                f"reward 'mnasnet' multiplies the metric, so it needs one between 0 and 1 where more is better, "
                f"and {name!r} is not; use reward 'metric' with limits instead",
                "objective.reward",
            )
        return cls(spec, known[name])

    @property
    def names(self) -> set[str]:
        """Every cost that this objective reads; the front has one whatever the reward is."""
        return {self.spec.cost, *self.spec.limits}

    def reward(self, metrics: Mapping[str, float]) -> float:
        """The scalar to maximise. `metrics` holds what the task reported and what the architecture costs."""
        value = metrics[self.metric.name]
        if self.spec.reward == "mnasnet" and self.spec.target is not None:
            return mnasnet_reward(value, metrics[self.spec.cost], self.spec.target, self.spec.exponents)
        return value if self.metric.direction == "maximize" else -value

    def violation(self, metrics: Mapping[str, float]) -> str | None:
        """The first limit that these metrics break, in words; None when all that are known hold.

        A latency that was estimated counts with its error bar: a limit is hard, so the upper end has to meet it.
        """
        for name, limit in self.spec.limits.items():
            if name in metrics and (most := upper_end(name, metrics)) > limit:
                value, error = metrics[name], most - metrics[name]
                if value <= limit:
                    return f"{name} {_shown(value)} ± {error:.3g} may exceed the limit of {_shown(limit)}"
                return f"{name} {_shown(value)} is over the limit of {_shown(limit)}"
        return None

    def excess(self, metrics: Mapping[str, float]) -> float:
        """By how much these metrics exceed the limits: the sum of the excesses, each as a share of its limit."""
        known = ((upper_end(name, metrics), limit) for name, limit in self.spec.limits.items() if name in metrics)
        return sum(max(0.0, most / limit - 1) for most, limit in known)

    def point(self, metrics: Mapping[str, float]) -> tuple[float, float]:
        """(value to maximise, cost to minimise): the two axes of the front."""
        value = metrics[self.metric.name]
        return (value if self.metric.direction == "maximize" else -value), metrics[self.spec.cost]


def _shown(value: float) -> str:
    """Counts in full, so that one too many is seen; small measures with four digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _refuse_unknown_costs(spec: ObjectiveSpec, reported: tuple[str, ...]) -> None:
    offered = (*PRICED, *reported)
    for field, name in [("objective.cost", spec.cost), *((f"objective.limits.{n}", n) for n in spec.limits)]:
        if name not in offered:
            raise InvalidSpec(f"{name!r} is no cost of this job; there are: {', '.join(offered)}", field)


def _with_target(spec: ObjectiveSpec) -> ObjectiveSpec:
    if spec.reward != "mnasnet" or spec.target is not None:
        return spec
    if spec.cost not in spec.limits:
        raise InvalidSpec(
            f"reward 'mnasnet' trades the metric against {spec.cost} around a target: give objective.target, "
            f"or a limit on {spec.cost}, or use reward 'metric'",
            "objective.target",
        )
    return spec.model_copy(update={"target": spec.limits[spec.cost]})
