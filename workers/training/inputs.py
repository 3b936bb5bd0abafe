"""What a training takes: samples with labels. Images are scaled once to a network's resolution and stay in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from ..tasks.image_data import CHUNK, Augmentation, ImageData, Indices, Split, stratified
from .augment import augment

SUBSET_SEED = 20260102  # the same share of the data for every trial of a fidelity
EVALUATION_BATCH = 256


class Samples(Protocol):
    """Samples as a network takes them: normalised float32 (n, *input_shape), with `labels` (n,) int64."""

    @property
    def labels(self) -> Tensor: ...

    @property
    def nbytes(self) -> int:
        """Memory that they hold."""
        ...

    def __len__(self) -> int: ...

    def drawn(self, chosen: Tensor, moves: Augmentation | None, generator: Generator) -> Tensor:
        """Those at the indices `chosen`, for training; moved at random unless `moves` is None."""
        ...

    def batches(self) -> Iterator[Tensor]:
        """All of them in order and unmoved, for evaluation."""
        ...


@dataclass(frozen=True)
class Labelled:
    """`images` (n, channels, height, width) float32, normalised and channels_last; `labels` (n,) int64."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def nbytes(self) -> int:
        return self.images.nbytes

    def drawn(self, chosen: Tensor, moves: Augmentation | None, generator: Generator) -> Tensor:
        images = self.images[chosen]
        return images if moves is None else augment(images, moves, generator)

    def batches(self) -> Iterator[Tensor]:
        yield from torch.split(self.images, EVALUATION_BATCH)


@dataclass(frozen=True)
class Inputs:
    train: Samples
    validation: Samples


def prepare(data: ImageData, split: Split, size: tuple[int, int], device: str = "cpu") -> Labelled:
    """A split at (height, width) = `size`: bilinear, antialiased where it shrinks, then normalised."""
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (data.mean, data.std))
    shape = (len(split), len(data.mean), *size)
    normal = torch.empty(shape, memory_format=torch.channels_last)
    for start in range(0, len(split), CHUNK):
        pixels = np.array(split.images[start : start + CHUNK], dtype=np.float32)
        images = torch.from_numpy(pixels) / data.pixel_max
        if tuple(images.shape[2:]) != size:
            images = functional.interpolate(images, size, mode="bilinear", antialias=True)
        normal[start : start + CHUNK] = (images - mean) / std
    return Labelled(normal.to(device), torch.from_numpy(split.labels).to(device))


def subset(split: Split, share: float) -> Split:
    """A share of a split, of every class alike; the whole split for 1."""
    if share >= 1:
        return split
    chosen = chosen_share(split.labels, share)
    return Split(split.images[chosen], split.labels[chosen])


def chosen_share(labels: Indices, share: float) -> Indices:
    """Positions of a share of every class."""
    (chosen,) = stratified(labels, (share,), np.random.default_rng(SUBSET_SEED))
    return chosen
