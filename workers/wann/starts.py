"""Where the episodes and batches of each purpose start: no two purposes share one, and none is a search's."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

_BAND = 2**27  # a search draws its starts below 2000, in band 0
_LONGEST = 2**22  # starts that one purpose may use


class Purpose(IntEnum):
    """What episodes are run for."""

    SEARCH = 0  # whose starts are the seeds of its trials
    REPORT = 1  # the figures, and exported files beside them
    SELECTION = 2  # of the best shared weight
    TUNING = 3  # of the weights, generation by generation
    CHECKS = 4  # of which tuned weights are the best
    CURVE = 5


def generator(seed: int, purpose: Purpose) -> np.random.Generator:
    """The random draws of a purpose, such as a trial's weights."""
    return np.random.default_rng([seed, purpose])


def first_start(seed: int, purpose: Purpose) -> int:
    """The `seed` of an evaluator's first repetition for this purpose; the next ones count up from it."""
    return purpose * _BAND + int(generator(seed, purpose).integers(_BAND - _LONGEST))
