"""Task `npz`: people's own images as numpy arrays in one file, as `numpy.savez` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import ClassVar

import numpy as np

from search_spaces import Signature
from search_spaces.space import Kind

from .data_facts import Facts
from .image_data import Augmentation, ImageData, Split, normalisation
from .npz_file import read_npz
from .user_data import PARTS, refuse_untrainable, three_parts
from .user_images import UserImages

UPSCALED = 4  # networks may ask for images so many times larger than the data's


class Npz(UserImages):
    """uint8 images count from 0 to 255; floating-point ones are taken as they are, and normalised like all."""

    name: ClassVar[str] = "npz"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "your own images in a numpy .npz file: x and y, or x_train, y_train, x_test, y_test"
    variants: ClassVar[Mapping[Kind, str]] = {"image": "npz", "clip": "npz-clips"}

    @property
    def signature(self) -> Signature:
        facts = self.facts
        return Signature("image", facts.channels, len(facts.classes), (8, max(64, UPSCALED * facts.side)))

    def files(self) -> list[Path]:
        return [self.path]

    def inspect(self) -> Facts:
        path = self.path
        with path.open("rb") as file:
            content = file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
        given = read_npz(path)
        parts, classes = given.parts, given.classes
        refuse_untrainable({part: split.labels for part, split in parts.items()}, classes)
        channels, height, width = parts["train"].images.shape[1:]
        return Facts(content, sum(map(len, parts.values())), channels, max(height, width), classes)

    def read(self, moves: Augmentation) -> ImageData:
        content = read_npz(self.path)
        given, classes = content.parts, content.classes
        chosen = three_parts({part: split.labels for part, split in given.items()}, self.options)
        train, validation, test = (
            Split(given[source].images[rows], given[source].labels[rows])
            for source, rows in (chosen[part] for part in PARTS)
        )
        pixel_max = 255.0 if train.images.dtype == np.uint8 else 1.0
        mean, std = normalisation(train.images, pixel_max)
        return ImageData(train, validation, test, classes, pixel_max, mean, std, moves)
