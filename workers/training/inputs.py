"""Images as a network takes them: scaled once to its resolution and normalised, as tensors that stay in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..tasks.image_data import CHUNK, ImageData, Split, stratified

SUBSET_SEED = 20260102  # the same share of the data for every trial of a fidelity


@dataclass(frozen=True)
class Labelled:
    """`images` (n, channels, height, width) float32, normalised and channels_last; `labels` (n,) int64."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Inputs:
    train: Labelled
    validation: Labelled


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
    (chosen,) = stratified(split.labels, (share,), np.random.default_rng(SUBSET_SEED))
    return Split(split.images[chosen], split.labels[chosen])
