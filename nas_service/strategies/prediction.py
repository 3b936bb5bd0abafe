"""What a network will be worth once it is trained to the end, and by how much that would better what there is.

Early results of a training are combined with what the architecture itself tells: one linear regression from each rung
to the next one up, on the networks that have both (after arXiv 1705.10823, which regresses the final accuracy on the
learning curve so far and on the architecture). Predictions are normal distributions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, hypot, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from nas_service.pareto import pareto_front

NOISE = 0.3  # variance of one result beside what is regressed on, as a share of the variance of all results
OF_ARCHITECTURE = 0.1  # prior variance of what one choice makes out, as such a share; of the result below it is 1
MARGIN = 0.1
LEAST = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Regression:
    """From the result on one rung, and the features of the architecture, to the result on the next one.

    `error` is the standard deviation of what it misses, each network left out in turn.
    """

    centre: float  # of the results below, whose `scale` they are divided by
    scale: float
    mean: float
    slope: float
    weights: Floats
    error: float

    @classmethod
    def fit(cls, below: Floats, above: Floats, features: Floats) -> Regression:
        """Ridge regression. `below` and `above` are (networks,); `features` (networks, any), around 0."""
        centre, scale = float(below.mean()), max(float(below.std()), LEAST)
        mean, unit = float(above.mean()), max(float(above.std()), LEAST)
        rows = np.column_stack([(below - centre) / scale, features])
        prior = np.array([1.0, *np.full(features.shape[1], OF_ARCHITECTURE)])
        inverse = np.linalg.inv(rows.T @ rows + NOISE * np.diag(1 / prior))
        weights = inverse @ rows.T @ ((above - mean) / unit)
        leverage = np.einsum("ij,jk,ik->i", rows, inverse, rows)
        left_out = ((above - mean) / unit - rows @ weights) / (1 - leverage)
        return cls(centre, scale, mean, unit * float(weights[0]), unit * weights[1:], unit * float(left_out.std()))

    def means(self, below: Floats, features: Floats) -> Floats:
        """The expected results on the next rung, (networks,)."""
        found: Floats = self.mean + self.slope * (below - self.centre) / self.scale + features @ self.weights
        return found

    def spread(self, below: float) -> float:
        """The standard deviation of a prediction whose input has one itself."""
        return hypot(self.error, self.slope / self.scale * below)


def predicted(steps: Sequence[Regression], results: Floats, features: Floats) -> tuple[Floats, float]:
    """Means (networks,) and the standard deviation of what the last of these steps leads to."""
    means, spread = results, 0.0
    for step in steps:
        means, spread = step.means(means, features), step.spread(spread)
    return means, max(spread, LEAST)


def expected_gain(means: Floats, spread: float, best: Floats | float) -> Floats:
    """By how much a normal variable exceeds `best` on average, not counting where it does not; shapes broadcast."""
    z = (means - best) / spread
    gains: Floats = spread * (np.exp(-(z**2) / 2) / sqrt(2 * pi) + z * (1 + _erf(z / sqrt(2))) / 2)
    return gains


def expected_area(means: Floats, spread: float, costs: Floats, ended: Floats) -> Floats:
    """By how much each network's hypervolume beside those that have `ended` is expected to grow, (networks,).

    Values are to be maximised and predicted, costs known; `ended` is (networks, 2) of value and cost. The reference is
    the worst of all, and `MARGIN` of the range further, so that the dearest and the least accurate count too.
    """
    values, all_costs = np.concatenate([means, ended[:, 0]]), np.concatenate([costs, ended[:, 1]])
    worst, dearest = values.min() - MARGIN * np.ptp(values), all_costs.max() + MARGIN * (np.ptp(all_costs) or 1.0)
    front = ended[pareto_front(list(map(tuple, ended)))]
    reached = np.array([worst, *front[:, 0]])  # at costs between `starts` and `ends`
    starts, ends = np.array([-np.inf, *front[:, 1]]), np.array([*front[:, 1], dearest])
    widths = np.clip(ends - np.maximum(starts, costs[:, None]), 0, None)
    areas: Floats = (expected_gain(means[:, None], spread, reached) * widths).sum(axis=1)
    return areas


_erf = np.vectorize(erf, otypes=[float])
