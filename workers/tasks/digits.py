"""Task `digits`: the 1,797 real 8x8 images of handwritten digits that scikit-learn carries. Needs no download."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import ClassVar

import numpy as np

from search_spaces import Signature
from search_spaces.space import Kind

from .image_classification import ImageClassification
from .image_data import Augmentation, ImageData, Split, normalisation, stratified

CONTENT = "eb6da2ce72169055db3026c6bf2fd393"  # of pixels and labels; a test holds it to the installed data
SHARES = (0.6, 0.2, 0.2)  # training, validation, test
SPLIT_SEED = 20260101


class Digits(ImageClassification):
    name: ClassVar[str] = "digits"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "scikit-learn's 1,797 handwritten digits, one channel, scaled to the network's input"
    variants: ClassVar[Mapping[Kind, str]] = {"image": "digits", "vector": "digits-vector"}

    @property
    def signature(self) -> Signature:
        return Signature("image", 1, 10, (8, 64))

    @property
    def content(self) -> str:
        return CONTENT

    def load(self) -> ImageData:
        return load()


@cache
def load() -> ImageData:
    """The images and their splits, read once."""
    from sklearn.datasets import load_digits  # takes a second, and only workers need it

    images, labels = load_digits().images[:, None].astype(np.uint8), load_digits().target.astype(np.int64)
    train, validation, test = (
        Split(images[part], labels[part]) for part in stratified(labels, SHARES, np.random.default_rng(SPLIT_SEED))
    )
    mean, std = normalisation(train.images, 16)
    moves = Augmentation(shift=0.08, rotate=8, zoom=0.08)
    return ImageData(train, validation, test, tuple("0123456789"), 16, mean, std, moves)
