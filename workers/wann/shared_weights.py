"""The weights under which a search tries each network: some that stand, or one drawn from each of some ranges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .evaluator import Floats, in_each
from .starts import Purpose, generator


class SharedWeights:
    """Each repetition draws a weight from each of `ranges`, (lowest, highest); where both are equal the weight stands.

    Networks that are judged by drawn weights cannot specialise on a few; what is drawn follows from a repetition's
    start, so that all networks of a generation meet the same weights.
    """

    def __init__(self, ranges: Sequence[tuple[float, float]]) -> None:
        self._low, self._high = np.array(ranges, dtype=np.float64).T

    @property
    def centres(self) -> tuple[float, ...]:
        """The weights, and the middle of each range."""
        return tuple(((self._low + self._high) / 2).tolist())

    def tried(self, repetitions: int, seed: int) -> Floats:
        """(W, repetitions): those of repetitions that start at `seed`, `seed + 1` and so on."""
        if np.array_equal(self._low, self._high):
            return in_each(self._low, repetitions)
        draws = [generator(seed + i, Purpose.SEARCH).uniform(self._low, self._high) for i in range(repetitions)]
        return np.stack(draws, axis=1)
