"""Task `mnist16`: gray images of single characters, such as MNIST's, scaled to 16x16 and made upright."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from search_spaces import Signature

from .base import TaskError, TaskOptions
from .image_data import CHUNK, ImageData
from .npz import Npz
from .user_data import SplitShare
from .vector_classification import VectorClassification, VectorClassificationOptions, Vectors

SIDE = 16
LARGEST_SIDE = 64  # scaling takes four pixels about each new one: of larger images it would skip most


class Mnist16Options(VectorClassificationOptions):
    """Where the data is and how it is split, as for task `npz`."""

    path: Path
    content: Annotated[
        str | None, Field(description="hash of the data; filled in at submission, and every trial is held to it")
    ] = None
    val_share: SplitShare = 0.15
    test_share: SplitShare = 0.15


class Mnist16(VectorClassification):
    """The file is read, checked and split as task `npz` does it."""

    name: ClassVar[str] = "mnist16"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "28x28 gray images in a numpy .npz file as 256 numbers, for weight agnostic networks"
    Options: ClassVar[type[TaskOptions]] = Mnist16Options
    NO_RESULT: ClassVar[frozenset[str]] = VectorClassification.NO_RESULT | {"path", "content"}
    inputs: ClassVar[int] = SIDE * SIDE
    reads_path: ClassVar[bool] = True
    options: Mnist16Options

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        shared = self.options.model_dump(include={"path", "content", "val_share", "test_share"})
        self._file = Npz(**shared)
        facts = self._file.facts
        if facts.channels != 1 or not SIDE <= facts.side <= LARGEST_SIDE:
            raise TaskError(
                f"{self.options.path.name} holds {facts.side}-pixel images with {facts.channels} channel(s); "
                f"expected gray images of {SIDE} to {LARGEST_SIDE} pixels, such as MNIST's 28x28",
                "task.path",
            )
        found = {"path": self._file.options.path, "content": facts.content}
        self.options = self.options.model_copy(update=found)

    @property
    def data_spec(self) -> dict[str, Any]:
        return super().data_spec | {"content": None}

    @property
    def signature(self) -> Signature:
        return Signature("vector", channels=self.inputs, outputs=len(self._file.facts.classes), sizes=(1, 1))

    @property
    def content(self) -> str:
        return self._file.content

    def images(self) -> ImageData:
        return self._file.load()

    def vectors(self, images: NDArray[np.generic], pixel_max: float) -> Vectors:
        from ..wann.deskew import deskewed, resized

        found = np.empty((len(images), self.inputs), np.float32)
        for start in range(0, len(images), CHUNK):
            pixels = images[start : start + CHUNK, 0].astype(np.float64) / pixel_max
            found[start : start + CHUNK] = deskewed(resized(pixels, SIDE)).reshape(len(pixels), -1)
        return found
