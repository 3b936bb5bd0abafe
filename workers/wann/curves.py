"""Scores over the shared weight: reward of a control task, accuracy by class of a classification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .line_chart import Line, line_chart
from .scoring import Curves, Scoring
from .starts import Purpose, first_start

_WEIGHTS = np.array([i / 20 for i in range(-50, 51)])  # the paper's figure goes from -2.5 to 2.5


@dataclass(frozen=True)
class WeightCurve:
    """`curves` over the shared `weights` (W,), by the name of what is scored; the first one is the whole."""

    quantity: str
    weights: tuple[float, ...]
    curves: Curves

    def to_json(self) -> dict[str, Any]:
        return {"quantity": self.quantity, "weights": list(self.weights), "curves": self.curves}

    def to_svg(self, title: str = "") -> str:
        """A line a curve, the whole one drawn strongest."""
        whole = next(iter(self.curves))
        lines = [Line(name, values, strong=name == whole) for name, values in self.curves.items()]
        return line_chart(self.weights, lines, x_label="shared weight", y_label=self.quantity, title=title)


def weight_curve(scoring: Scoring, repetitions: int, seed: int) -> WeightCurve:
    """The curve from -2.5 to 2.5; in control tasks each point is the mean of the same `repetitions` episodes."""
    curves = scoring.curves(_WEIGHTS, repetitions, first_start(seed, Purpose.CURVE))
    return WeightCurve(scoring.quantity, tuple(_WEIGHTS.tolist()), curves)
