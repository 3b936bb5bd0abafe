"""The four figures by which the paper (arXiv 1906.04358) tells how much a topology does without its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .evaluator import Floats
from .reference import on_all
from .scoring import Scoring
from .starts import Purpose, first_start, generator
from .tuning import LARGEST_WEIGHT

TRIALS = 100


@dataclass(frozen=True)
class Figure:
    """Mean and standard deviation of the scores of so many trials."""

    mean: float
    std: float
    trials: int

    @classmethod
    def of(cls, scores: Floats) -> Figure:
        return cls(float(scores.mean()), float(scores.std()), len(scores))


@dataclass(frozen=True)
class Figures:
    """The figures of one network: under random weights, one random weight, the best single weight, tuned weights.

    `weight` is the best single one, `weights` (connections,) the tuned ones; without tuning there are none.
    """

    quantity: str
    random_weights: Figure
    random_shared: Figure
    tuned_shared: Figure
    weight: float
    tuned_weights: Figure | None = None
    weights: Floats | None = None

    @property
    def named(self) -> dict[str, Figure]:
        """The figures that there are, by name, in the paper's order."""
        values = {name: getattr(self, name) for name in ("random_weights", "random_shared", "tuned_shared")}
        return values | ({"tuned_weights": self.tuned_weights} if self.tuned_weights else {})

    def to_json(self) -> dict[str, Any]:
        figures = {name: asdict(figure) for name, figure in self.named.items()}
        weights = {} if self.weights is None else {"weights": self.weights.tolist()}
        return {"quantity": self.quantity, "weight": self.weight, "figures": figures} | weights


def figures(scoring: Scoring, weight: float, weights: Floats | None, seed: int, trials: int = TRIALS) -> Figures:
    """All figures of a network whose best single weight is `weight`; `weights` (connections,) are tuned ones, if any.

    Equal seeds give equal figures.
    """
    shared = on_all(scoring.network, weight)
    return Figures(
        scoring.quantity,
        random_weights(scoring, seed, trials),
        random_shared(scoring, seed, trials),
        _reported(scoring, shared, seed, trials),
        weight,
        None if weights is None else _reported(scoring, weights, seed, trials),
        weights,
    )


def random_weights(scoring: Scoring, seed: int, trials: int) -> Figure:
    """Each weight of each trial from U(-2, 2)."""
    shape = (trials, len(scoring.network.sources))
    return _drawn(scoring, _uniform(seed, shape), seed)


def random_shared(scoring: Scoring, seed: int, trials: int) -> Figure:
    """One weight for all connections a trial, from U(-2, 2)."""
    shape = (trials, len(scoring.network.sources))
    return _drawn(scoring, np.broadcast_to(_uniform(seed, (trials, 1)), shape).copy(), seed)


def _uniform(seed: int, shape: tuple[int, int]) -> Floats:
    return generator(seed, Purpose.REPORT).uniform(-LARGEST_WEIGHT, LARGEST_WEIGHT, shape)


def _drawn(scoring: Scoring, weights: Floats, seed: int) -> Figure:
    return Figure.of(scoring.trials(weights, first_start(seed, Purpose.REPORT)))


def _reported(scoring: Scoring, weights: Floats, seed: int, trials: int) -> Figure:
    return Figure.of(scoring.repeated(weights, trials, first_start(seed, Purpose.REPORT)))
