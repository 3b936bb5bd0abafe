"""What a task for weight agnostic networks can do with one network: score it under many weights at once."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from search_spaces.ops import SharedWeightNetwork

Floats = NDArray[np.float64]


class Evaluator(Protocol):
    """Scores are rewards, more is better; repetition i of a call uses start `seed + i`, the same for every weight.

    A repetition is an episode of a control task, or a batch of samples of a classification. A run that diverges scores
    `worst`. Results do not depend on what else was evaluated in the same call or process.
    """

    worst: float

    def shared(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        """Each of `weights` (W,) on all connections: rewards (W, repetitions)."""
        ...

    def individual(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        """A weight of its own for each connection, in the order of `network.sources`.

        `weights` (N, connections): rewards (N, repetitions).
        """
        ...
