"""Task `imagefolder`: people's own image files in class folders, decoded once into the cache."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from search_spaces import Signature

from ..failures import TrialError
from .base import TaskError, TaskOptions
from .class_folders import class_folders
from .data_cache import CacheError, DataCache, Pixels
from .data_facts import Facts
from .decoding import Form, ImageFileError, decode, fingerprint, in_parallel
from .image_data import Augmentation, ImageData, Split, normalisation
from .user_data import PARTS, UserDataOptions, refuse_untrainable, three_parts
from .user_images import UserImages


class ImageFolderOptions(UserDataOptions):
    """Images are kept at `size` x `size`: cropped to their middle, or padded with black."""

    size: Annotated[int, Field(ge=8, le=1024, description="the largest resolution that the space may ask for")] = 64
    channels: Literal[1, 3] = 3
    fit: Literal["crop", "pad"] = "crop"


class ImageFolder(UserImages):
    name: ClassVar[str] = "imagefolder"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "your own image files in class folders, of any size and aspect"
    Options: ClassVar[type[TaskOptions]] = ImageFolderOptions
    options: ImageFolderOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._refuse_too_large()

    @property
    def signature(self) -> Signature:
        return Signature("image", self.options.channels, len(self.facts.classes), (8, self.options.size))

    def files(self) -> list[Path]:
        folders = class_folders(self.path)
        return [*folders.parents, *folders.files]

    def inspect(self) -> Facts:
        root = self.path
        folders = class_folders(root)
        refuse_untrainable(folders.labels, folders.classes)
        files = folders.files
        digest = blake2b("\n".join(folders.classes).encode(), digest_size=16)
        try:
            for path, content in zip(files, in_parallel(fingerprint, files), strict=True):
                digest.update(f"{path.relative_to(root).as_posix()}\n{content}\n".encode())
        except ImageFileError as error:
            raise TaskError(f"{error}; replace or remove it", "task.path") from None
        return Facts(digest.hexdigest(), len(files), 0, 0, folders.classes)

    def read(self, moves: Augmentation) -> ImageData:
        """Train, validation and test stand one after another in the cache, so that each is a slice of one mapping."""
        folders = class_folders(self.path)
        labels = folders.labels
        chosen = [three_parts(labels, self.options)[part] for part in PARTS]
        files = [folders.parts[source][row][0] for source, rows in chosen for row in rows]
        images = self._decoded(files)
        ends = np.cumsum([len(rows) for _, rows in chosen])
        train, validation, test = (
            Split(images[end - len(rows) : end], labels[source][rows])
            for end, (source, rows) in zip(ends, chosen, strict=True)
        )
        mean, std = normalisation(train.images, 255)
        return ImageData(train, validation, test, folders.classes, 255, mean, std, moves, self.options.fit)

    def _decoded(self, files: list[Path]) -> Pixels:
        """Every file as (channels, size, size), from the cache where some worker has put it there."""
        o = self.options
        form = Form(o.size, o.channels, o.fit)
        key = f"{self.version} {self.content} {form} {o.val_share} {o.test_share}"
        name = blake2b(key.encode(), digest_size=16).hexdigest()
        try:
            return DataCache.of_environment().array(name, self._shape(len(files)), partial(_fill, files, form))
        except ImageFileError as error:
            raise TrialError("error", f"{error}; replace or remove it, and submit the job again") from None

    def _shape(self, count: int) -> tuple[int, ...]:
        return (count, self.options.channels, self.options.size, self.options.size)

    def _refuse_too_large(self) -> None:
        try:
            DataCache.of_environment().refuse_too_large(self._shape(self.facts.images))
        except CacheError as error:
            raise TaskError(str(error), "task.size") from None


def _fill(files: list[Path], form: Form, images: Pixels) -> None:
    for number, image in enumerate(in_parallel(lambda path: decode(path, form), files)):
        images[number] = image
