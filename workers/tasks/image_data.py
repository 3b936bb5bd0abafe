"""Labelled images as arrays: what an image task supplies and the training recipe consumes. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """`images` (n, channels, height, width) in the data's own pixel values, `labels` (n,) from 0."""

    images: NDArray[np.generic]
    labels: Indices

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Augmentation:
    """How far training images may be moved without changing what they show.

    `shift` is a share of the side, `rotate` in degrees, `zoom` a share of the size; `flip` mirrors left and right.
    """

    shift: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0
    flip: bool = False


@dataclass(frozen=True)
class ImageData:
    """Three disjoint splits, and how pixels become inputs: `(pixel / pixel_max - mean) / std`, by channel."""

    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    pixel_max: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    augmentation: Augmentation


def stratified(labels: Indices, shares: Sequence[float], rng: np.random.Generator) -> list[Indices]:
    """Disjoint, shuffled index arrays that hold these shares of every class; shares of 1 in sum leave none out."""
    ends = np.cumsum(shares)
    parts: list[list[Indices]] = [[] for _ in shares]
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        cuts = np.round(ends * len(members)).astype(int)
        for part, start, end in zip(parts, [0, *cuts], cuts, strict=False):
            part.append(members[start:end])
    return [rng.permutation(np.concatenate(part)) for part in parts]


def normalisation(images: NDArray[np.generic], pixel_max: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of (n, channels, height, width), on the scale of 0 to 1."""
    scaled = images.astype(np.float64) / pixel_max
    return tuple(scaled.mean(axis=(0, 2, 3)).tolist()), tuple((scaled.std(axis=(0, 2, 3)) + 1e-6).tolist())
