"""Labelled images as arrays: what an image task supplies and the training recipe consumes. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Fit = Literal["stretch", "crop", "pad"]

CHUNK = 1024  # images that are converted at once, so that a large set never stands in memory twice
_EXACT_VALUES = 2**20  # of float64 that are in memory at once


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
    """Three disjoint splits, and how pixels become inputs: `(pixel / pixel_max - mean) / std`, by channel.

    `fit` says how an image became square: stretched, its middle cut out, or its short side filled up with zeros.
    """

    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    pixel_max: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    augmentation: Augmentation
    fit: Fit = "stretch"


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


def split_off(labels: Indices, shares: Sequence[float], rng: np.random.Generator) -> list[Indices]:
    """What stays, then one part a share (each up to 0.3, two at the most): disjoint, shuffled index arrays.

    Of every class at least one member is in each part, so a class needs one more member than there are shares.
    """
    parts: list[list[Indices]] = [[] for _ in (None, *shares)]
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        sizes = [max(1, round(share * len(members))) for share in shares]
        *taken, rest = np.split(members, np.cumsum(sizes))
        for part, piece in zip(parts, [rest, *taken], strict=True):
            part.append(piece)
    return [rng.permutation(np.concatenate(part)) for part in parts]


def normalisation(images: NDArray[np.generic], pixel_max: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of (n, channels, height, width), on the scale of 0 to 1."""
    pixels = images.size // images.shape[1]
    mean = sum(chunk.sum(axis=(0, 2, 3)) for chunk in _scaled(images, pixel_max)) / pixels
    centre = np.reshape(mean, (1, -1, 1, 1))
    variance = sum(np.square(chunk - centre).sum(axis=(0, 2, 3)) for chunk in _scaled(images, pixel_max)) / pixels
    return tuple(np.asarray(mean).tolist()), tuple((np.sqrt(variance) + 1e-6).tolist())


def _scaled(images: NDArray[np.generic], pixel_max: float) -> Iterator[NDArray[np.float64]]:
    at_once = max(1, min(CHUNK, _EXACT_VALUES * len(images) // images.size))
    for start in range(0, len(images), at_once):
        yield images[start : start + at_once].astype(np.float64, order="C") / pixel_max
