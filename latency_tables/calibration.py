"""From what ops cost to what a network takes: one fit on whole networks, and how far off it is.

A network's latency is modelled as `scale * sum of its ops + base_ms`. The base is what a session costs however small
the network; the scale absorbs what differs between copies side by side and ops in a chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

FEWEST_NETWORKS = 4
SITTING_ERROR = 0.02  # by which all is faster or slower at another time, unseen by a fit within one sitting
SESSION_MS = 0.02  # about what a session costs, however small its network
NORMAL_95 = 1.6449  # one-sided 95 %, that is 90 % on both sides

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Calibration:
    """`relative_error` is the half width of a 90 % interval, as a share of the estimate."""

    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    base_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    relative_error: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    networks: int

    def latency_ms(self, ops_ms: float) -> float:
        """The latency of a network whose ops cost `ops_ms` in all."""
        return self.scale * ops_ms + self.base_ms

    @classmethod
    def fit(cls, ops_ms: Sequence[float], measured_ms: Sequence[float]) -> Calibration:
        """Least squares of the relative errors over networks: summed op costs against measured latencies, both (n,).

        The interval comes from leave-one-out errors and `SITTING_ERROR`, widened for the number of networks. Raises
        ValueError for fewer than `FEWEST_NETWORKS`.
        """
        if len(measured_ms) < FEWEST_NETWORKS:
            raise ValueError(f"a calibration needs {FEWEST_NETWORKS} measured networks or more, not {len(measured_ms)}")
        x, y = np.asarray(ops_ms, dtype=float), np.asarray(measured_ms, dtype=float)
        scale, base_ms = _line(x, y)
        error = float(np.sqrt(np.mean(_left_out_errors(x, y) ** 2) + SITTING_ERROR**2))
        return cls(scale, base_ms, _student_95(len(x) - 2) * error, len(x))


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept that minimise the squared relative error, the intercept not below zero.

    The more networks scatter about the line, the more is its intercept held to what a session may cost: among large
    networks it is hardly seen, and on small ones it would be all.
    """
    features, ones = np.stack([x, np.ones_like(x)], axis=1) / y[:, None], np.ones_like(y)
    free, *_ = np.linalg.lstsq(features, ones, rcond=None)
    scatter = float(np.sqrt(np.mean(np.square(features @ free - 1))))
    held = np.array([[0.0, scatter / SESSION_MS]])
    (scale, base), *_ = np.linalg.lstsq(np.concatenate([features, held]), np.append(ones, 0.0), rcond=None)
    if base < 0 or scale <= 0:
        ratio = x / y
        return float(ratio.sum() / (ratio**2).sum()), 0.0
    return float(scale), float(base)


def _left_out_errors(x: Floats, y: Floats) -> Floats:
    errors = []
    for i in range(len(x)):
        scale, base = _line(np.delete(x, i), np.delete(y, i))
        errors.append((scale * x[i] + base) / y[i] - 1)
    return np.array(errors)


def _student_95(freedom: int) -> float:
    """The 95 % quantile of Student's t: Cornish-Fisher expansion, within 1 % from three degrees of freedom on."""
    z = NORMAL_95
    first = (z**3 + z) / (4 * freedom)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return z + first + second
