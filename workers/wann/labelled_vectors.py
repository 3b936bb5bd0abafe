"""Labelled samples as vectors, and as the blocks that compiled kernels read 32 samples side by side from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .lanes import WIDTH

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class LabelledVectors:
    """`inputs` (samples, inputs), `labels` (samples,) from 0."""

    inputs: Vectors
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, size: int, seed: int) -> LabelledVectors:
        """`size` samples drawn without replacement by a generator of this seed; all of them where there are fewer."""
        if size >= len(self):
            return self
        rows = np.random.default_rng(seed).choice(len(self), size, replace=False)
        return LabelledVectors(self.inputs[rows], self.labels[rows])

    @cached_property
    def blocks(self) -> Vectors:
        """(blocks, 1 + inputs, WIDTH), the row of the bias first; lanes after the last sample hold zeros."""
        samples, inputs = self.inputs.shape
        padded = np.zeros((-(-samples // WIDTH) * WIDTH, 1 + inputs), np.float32)
        padded[:, 0] = 1
        padded[:samples, 1:] = self.inputs
        return np.ascontiguousarray(padded.reshape(-1, WIDTH, 1 + inputs).transpose(0, 2, 1))
