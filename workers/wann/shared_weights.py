"""The weights under which a search tries each network: some that stand, or some drawn from a few ranges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .evaluator import Floats, in_each
from .starts import Purpose, generator


class SharedWeights:
    """Each repetition draws a weight from each of `ranges`, (lowest, highest); where both are equal the weight stands.

    Networks that are judged by drawn weights cannot specialise on a few. What is drawn follows from the seed, so that
    all networks of a generation meet the same weights.
    """

    def __init__(self, ranges: Sequence[tuple[float, float]]) -> None:
        low, high = np.array(ranges, dtype=np.float64).T
        self._middle, self._reach = (low + high) / 2, (high - low) / 2

    @property
    def centres(self) -> tuple[float, ...]:
        """The weights, and the middle of each range."""
        return tuple(self._middle.tolist())

    def tried(self, repetitions: int, seed: int, share: float = 1.0) -> Floats:
        """(W, repetitions) weights, drawn from the inner `share` of each range; 0 is its middle alone.

        Each range is cut into as many parts as there are repetitions and gives one weight of each part, so that the
        rewards of few repetitions are not at the mercy of the draw.
        """
        reach = share * self._reach
        if not reach.any():
            return in_each(self._middle, repetitions)
        rng = generator(seed, Purpose.SEARCH)
        parts = np.stack([rng.permutation(repetitions) for _ in reach])
        places = 2 * (parts + rng.random(parts.shape)) / repetitions - 1
        return np.asarray(self._middle[:, None] + places * reach[:, None])
