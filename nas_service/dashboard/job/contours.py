"""Lines of equal reward over cost and metric, where the reward of a job is a function of these two. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas_service.window import Window

LINES = 6  # about
STEPS = 48  # along a line
NICE = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Rule:
    """Metric times (cost / target)^w; w is `under` up to the target, `over` above it (arXiv 1807.11626, eq. 2, 3)."""

    target: float
    under: float
    over: float

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Rule | None:
        """That of a job's spec; None where the reward is the metric itself, or no number."""
        objective = spec["objective"]
        target = objective.get("target") or objective["limits"].get(objective["cost"])
        if objective["reward"] != "mnasnet" or target is None:
            return None
        return cls(target, objective["exponents"]["under"], objective["exponents"]["over"])

    def factor(self, cost: float) -> float:
        """Of the metric in the reward."""
        return float((cost / self.target) ** (self.under if cost <= self.target else self.over))


@dataclass(frozen=True)
class Contour:
    """One line: its reward, and points (cost, metric) by cost; of a line that leaves the picture, what is in it."""

    reward: float
    points: tuple[tuple[float, float], ...]


def contours(rule: Rule, seen: Window) -> list[Contour]:
    """Of round rewards, as many as can be told apart in the window that is seen, and no further than it reaches."""
    factors = {cost: rule.factor(cost) for cost in _costs(rule, seen)}
    rewards = [metric * factor for metric in (seen.low, seen.high) for factor in factors.values()]
    lines = [(level, [(cost, level / factor) for cost, factor in factors.items()]) for level in levels(rewards)]
    cut = [Contour(level, tuple(p for p in line if seen.low <= p[1] <= seen.high)) for level, line in lines]
    return [contour for contour in cut if len(contour.points) > 1]


def levels(rewards: list[float]) -> list[float]:
    """Round numbers between the least and the largest, about `LINES` of them."""
    if len(rewards) < 2 or not (width := max(rewards) - min(rewards)) > 0:
        return []
    size = 10.0 ** math.floor(math.log10(width / LINES))
    step = next(size * nice for nice in NICE if size * nice * (1 + 1e-9) >= width / LINES)
    first, last = math.ceil(min(rewards) / step), math.floor(max(rewards) / step)
    return [float(f"{place * step:.10g}") for place in range(first, last + 1)]


def _costs(rule: Rule, seen: Window) -> list[float]:
    """Where a line has points, its corner at the target among them. A cost is positive."""
    if seen.right <= 0:
        return []
    left = max(seen.left, seen.right / 1000)
    even = [left + (seen.right - left) * place / STEPS for place in range(STEPS + 1)]
    return sorted({*even, rule.target} if left < rule.target < seen.right else {*even})
