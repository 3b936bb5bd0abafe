"""How weights are tuned, stated without the packages that do it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TuningOptions:
    """Population and step size as the published tools have them.

    A draw is tried in `repetitions`. Every `check_every` generations the mean is checked in repetitions kept for that.
    """

    generations: int = 400
    population: int = 32
    repetitions: int = 4
    sigma: float = 0.5
    check_every: int = 10
    check_repetitions: int = 64
