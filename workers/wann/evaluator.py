"""What a task for weight agnostic networks can do with one network: score it under many weights at once."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from search_spaces.ops import SharedWeightNetwork

Floats = NDArray[np.float64]
DataSplit = Literal["train", "test"]


def in_each(weights: Floats, repetitions: int) -> Floats:
    """`weights` (W,) or (W, repetitions) as (W, repetitions). Raises ValueError for any other shape."""
    given = np.asarray(weights, dtype=np.float64)
    return np.broadcast_to(given[:, None] if given.ndim == 1 else given, (len(given), repetitions))


class Evaluator(Protocol):
    """Scores are rewards, more is better; repetition i of a call uses start `seed + i`, the same for every weight.

    A repetition is an episode of a control task, or a batch of samples of a classification. A run that diverges scores
    `worst`, and no other run does. Results do not depend on what else was evaluated in the same call or process.
    """

    worst: float

    def shared(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        """Each of `weights` on all connections: rewards (W, repetitions).

        `weights` (W,) are the same in every repetition; (W, repetitions) holds those of each repetition.
        """
        ...

    def individual(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        """A weight of its own for each connection, in the order of `network.sources`.

        `weights` (N, connections): rewards (N, repetitions).
        """
        ...


class Environment(Protocol):
    """One episode of a control task step by step, for policies that are no shared weight network: exported files.

    `reset(seed)` starts where repetition `seed` of the evaluator starts. Observations have the shape (inputs,).
    """

    def reset(self, seed: int) -> Floats: ...

    def step(self, action: Floats) -> tuple[Floats, float, bool]:
        """Observation, reward and whether the episode has ended, after `action` (outputs,)."""
        ...


@runtime_checkable
class ControlEvaluator(Evaluator, Protocol):
    """Repetitions are episodes, scores their total reward."""

    def environment(self) -> Environment: ...


@runtime_checkable
class ClassificationEvaluator(Evaluator, Protocol):
    """Repetitions are batches of the training split, scores the negative cross-entropy there."""

    def inputs(self, split: DataSplit) -> Floats:
        """(samples, inputs), as the network takes them."""
        ...

    def labels(self, split: DataSplit) -> NDArray[np.integer]:
        """(samples,): the right class of each sample."""
        ...

    def outputs(self, network: SharedWeightNetwork, weights: Floats, split: DataSplit) -> Floats:
        """Class scores (W, samples, classes) under each of `weights` (W,) on all connections."""
        ...
