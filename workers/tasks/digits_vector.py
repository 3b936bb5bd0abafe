"""Task `digits-vector`: the digits of task `digits`, with the same splits, as 64 numbers each."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from . import digits
from .image_data import ImageData
from .vector_classification import VectorClassification, Vectors


class DigitsVector(VectorClassification):
    name: ClassVar[str] = "digits-vector"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "scikit-learn's 1,797 handwritten digits as 64 numbers, for weight agnostic networks"
    inputs: ClassVar[int] = 64
    outputs: ClassVar[int] = 10

    @property
    def content(self) -> str:
        return digits.CONTENT

    def images(self) -> ImageData:
        return digits.load()

    def vectors(self, images: NDArray[np.generic], pixel_max: float) -> Vectors:
        return images.reshape(len(images), -1).astype(np.float32) / np.float32(pixel_max)
