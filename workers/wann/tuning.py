"""Weights for a found network: the best single one, and one for each connection by separable CMA-ES.

A full covariance matrix (arXiv 1604.00772) found no better weights for networks of 52 and 339 connections in as many
generations, and took 10 and 100 times the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from cmaes import SepCMA

from .evaluator import Floats
from .reference import on_all
from .scoring import Scoring
from .starts import Purpose, first_start
from .tuning_options import TuningOptions

LARGEST_WEIGHT = 2.0  # weights are drawn and sought between -2 and 2, as published

_GRID = np.array([i / 20 for i in range(-39, 40) if i])
_AROUND = np.arange(-4, 5) / 100
_ROUNDS = (4, 8, 24)  # repetitions: of the grid, of what lies around its best, of the finalists
_PROMISING, _FINALISTS = 3, 8


@dataclass(frozen=True)
class Generation:
    """After `number` generations: the best draw's score, and the best mean so far, `weights` (connections,)."""

    number: int
    best_draw: float
    weights: Floats
    score: float


def best_shared_weight(scoring: Scoring, seed: int) -> float:
    """The best single weight between -2 and 2, to two decimals; 0 is left out.

    A grid in steps of 0.05, then steps of 0.01 around its best ones, then more repetitions for the best of those; each
    round has fresh repetitions, so that luck in one does not decide.
    """
    start = first_start(seed, Purpose.SELECTION)
    coarse = _ranked(scoring, _GRID, _ROUNDS[0], start)
    near = np.unique(np.round(coarse[:_PROMISING, None] + _AROUND, 2))
    near = near[(np.abs(near) < LARGEST_WEIGHT) & (near != 0)]
    fine = _ranked(scoring, near, _ROUNDS[1], start + _ROUNDS[0])
    final = _ranked(scoring, fine[:_FINALISTS], _ROUNDS[2], start + _ROUNDS[0] + _ROUNDS[1])
    return float(final[0])


def tuned(scoring: Scoring, shared: float, options: TuningOptions, seed: int) -> Iterator[Generation]:
    """CMA-ES from `shared` on all connections; the last generation holds the result.

    All draws of a generation meet the same starts, other ones than those of every other generation. What is kept is
    the distribution's mean that did best in the checks, for the best single draw was mostly lucky. The weight of a
    single connection is the shared one, so that nothing is left to tune.
    """
    best = on_all(scoring.network, shared)
    if best.size < 2 or not options.generations:
        return
    score = _check(scoring, best, options, seed)
    optimizer = _optimizer(best, options, seed)
    start = first_start(seed, Purpose.TUNING)
    for number in range(1, options.generations + 1):
        best_draw = _step(optimizer, scoring, options, start + (number - 1) * options.repetitions)
        if number % options.check_every == 0 or number == options.generations or optimizer.should_stop():
            found = _check(scoring, optimizer.mean, options, seed)
            if found > score:
                best, score = optimizer.mean, found
        yield Generation(number, best_draw, best, score)
        if optimizer.should_stop():
            return


def _ranked(scoring: Scoring, shared: Floats, repetitions: int, start: int) -> Floats:
    return np.asarray(shared[np.argsort(-scoring.selection(shared, repetitions, start), kind="stable")])


def _optimizer(mean: Floats, options: TuningOptions, seed: int) -> SepCMA:
    return SepCMA(mean.copy(), options.sigma, seed=seed % 2**32, population_size=options.population)


def _step(optimizer: SepCMA, scoring: Scoring, options: TuningOptions, start: int) -> float:
    draws = np.stack([optimizer.ask() for _ in range(options.population)])
    scores = scoring.objective(draws, options.repetitions, start)
    optimizer.tell([(draw, -float(score)) for draw, score in zip(draws, scores, strict=True)])
    return float(scores.max())


def _check(scoring: Scoring, weights: Floats, options: TuningOptions, seed: int) -> float:
    start = first_start(seed, Purpose.CHECKS)
    return float(scoring.objective(weights[None], options.check_repetitions, start)[0])
