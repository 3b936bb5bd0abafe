"""Scoring a network as a classifier: its reward is the negative mean cross-entropy of the softmax of its outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from search_spaces.ops import SharedWeightNetwork

from .classification_kernel import individual_losses, shared_losses, shared_scores
from .evaluator import DataSplit, Floats, in_each
from .labelled_vectors import LabelledVectors, Labels
from .program import per_connection, program_of

BATCH = 1000  # samples, as published
WORST = -1000.0  # below what any finite outputs score, which is at least -LARGEST_GAP - log(classes)
KEPT_BATCHES = 32


@dataclass(frozen=True)
class Judged:
    """Rewards and accuracies (0 to 1) under each weight (rows) in each repetition (columns).

    A run with an output that is not finite has the worst reward, accuracy 0, and is marked in `diverged`.
    """

    rewards: Floats
    accuracies: Floats

    @property
    def diverged(self) -> bool:
        return bool((self.rewards == WORST).any())


class Classification:
    """A `ClassificationEvaluator` on three splits.

    Repetition i of a call is judged on a batch of `batch` training samples drawn with seed `seed + i`, so that all
    networks of a generation see the same samples; where there are no more samples than that, on all of them.
    """

    worst = WORST

    def __init__(
        self, train: LabelledVectors, validation: LabelledVectors, test: LabelledVectors, batch: int = BATCH
    ) -> None:
        self._splits = {"train": train, "validation": validation, "test": test}
        self._inputs = train.inputs.shape[1]
        self._classes = 1 + max(int(samples.labels.max()) for samples in self._splits.values())
        self._batch = lru_cache(KEPT_BATCHES)(lambda seed: train.batch(batch, seed))

    def shared(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        return self.on_batches(network, weights, repetitions, seed).rewards

    def individual(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        own = per_connection(network, weights)
        return self._judged(individual_losses, network, [own] * repetitions, self._batches(repetitions, seed)).rewards

    def on_batches(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Judged:
        """Each of `weights`, as `shared` takes them, on `repetitions` batches of the training split."""
        columns = in_each(weights, repetitions).T
        return self._judged(shared_losses, network, list(columns), self._batches(repetitions, seed))

    def on_split(self, network: SharedWeightNetwork, weights: Floats, split: str) -> Judged:
        """Each of `weights` (W,) on all connections, on the whole of `train`, `validation` or `test`, once."""
        return self._judged(shared_losses, network, [weights], [self._splits[split]])

    def inputs(self, split: DataSplit) -> Floats:
        return self._splits[split].inputs.astype(np.float64)

    def labels(self, split: DataSplit) -> Labels:
        return self._splits[split].labels

    def outputs(self, network: SharedWeightNetwork, weights: Floats, split: DataSplit) -> Floats:
        samples = self._splits[split]
        scores = np.empty((len(weights), len(samples), network.outputs))
        fill: Callable[..., None] = shared_scores
        fill(*self._program(network), samples.blocks, np.asarray(weights, np.float32), scores)
        return scores

    def _batches(self, repetitions: int, seed: int) -> list[LabelledVectors]:
        return [self._batch(seed + i) for i in range(repetitions)]

    def _judged(
        self,
        losses: Callable[..., Floats],
        network: SharedWeightNetwork,
        weights: list[Floats],
        batches: list[LabelledVectors],
    ) -> Judged:
        """Each of `weights`, (W,) or (N, connections), on the batch of the same place."""
        program, own = self._program(network), [np.ascontiguousarray(each, np.float32) for each in weights]
        found = [
            losses(*program, batch.blocks, batch.labels, each) / len(batch)
            for each, batch in zip(own, batches, strict=True)
        ]
        means = np.stack(found, axis=1)
        finite = np.isfinite(means[..., 0])
        return Judged(np.where(finite, -means[..., 0], WORST), np.where(finite, means[..., 1], 0.0))

    def _program(self, network: SharedWeightNetwork) -> tuple[Any, ...]:
        """What every kernel takes of a network. Raises ValueError for one that does not fit, as kernels do not look."""
        if network.in_shape != (self._inputs,) or network.outputs < self._classes:
            raise ValueError(
                f"these samples need a network of {self._inputs} inputs and {self._classes} outputs; this one has "
                f"{network.in_shape[0]} and {network.outputs}"
            )
        return _arguments(network)


def _arguments(network: SharedWeightNetwork) -> tuple[Any, ...]:
    """Flat arrays; `splits` says where a node's connections from inputs end."""
    program = program_of(network)
    hidden = program.sources >= program.inputs
    ahead = np.concatenate([[0], np.cumsum(~hidden)])[program.offsets]
    splits = program.offsets[:-1] + np.diff(ahead)
    if np.any(hidden != (np.arange(len(hidden)) >= np.repeat(splits, np.diff(program.offsets)))):
        raise ValueError("a target's connections must stand sorted by their source")
    return program.offsets, splits, program.sources, program.activations, program.outputs
