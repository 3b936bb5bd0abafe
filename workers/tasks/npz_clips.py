"""Task `npz-clips`: people's own videos as numpy arrays in one file. It is what task `npz` is for spaces of clips."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from search_spaces import Signature
from search_spaces.space import Kind

from .base import TaskError, TaskOptions
from .clip_classification import clip_signature
from .clip_data import ClipData, ClipSplit, clip_normalisation
from .data_cache import Pixels
from .data_facts import Facts
from .image_data import Augmentation, Indices
from .npz_file import Content, Form, read_npz
from .user_clips import UserClipOptions, UserClips
from .user_data import PARTS, refuse_untrainable, three_parts

UPSCALED = 4  # networks may ask for frames so many times larger than the data's


class NpzClipOptions(UserClipOptions):
    frame_rate: Annotated[
        float, Field(gt=0, le=1000, allow_inf_nan=False, description="frames a second that the arrays hold")
    ] = 25.0
    test_fold: Annotated[
        int | None, Field(description="which number in the file's array `fold` marks the test part")
    ] = None


class NpzClips(UserClips):
    name: ClassVar[str] = "npz-clips"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "your own videos in a numpy .npz file: x (videos, frames, height, width, channels) and y"
    variants: ClassVar[Mapping[Kind, str]] = {"image": "npz", "clip": "npz-clips"}
    Options: ClassVar[type[TaskOptions]] = NpzClipOptions
    options: NpzClipOptions

    @property
    def signature(self) -> Signature:
        facts, rate = self.facts, self.options.frame_rate
        sizes = (8, max(64, UPSCALED * facts.side))
        return clip_signature(facts.channels, len(facts.classes), sizes, frames=facts.frames, frame_rate=rate)

    def files(self) -> list[Path]:
        return [self.path]

    @property
    def inspected_as(self) -> str:
        return f"fold-{self.options.test_fold}"

    def inspect(self) -> Facts:
        path = self.path
        with path.open("rb") as file:
            content = file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
        given = read_npz(path, VIDEOS)
        refuse_untrainable(self._labels(given), given.classes, VIDEOS.samples)
        frames, height, width, channels = given.parts["train"].images.shape[1:]
        count = sum(map(len, given.parts.values()))
        return Facts(content, count, channels, max(height, width), given.classes, frames=frames)

    def read(self, moves: Augmentation) -> ClipData:
        given = read_npz(self.path, VIDEOS)
        rows, labels = self._rows(given), self._labels(given)
        chosen = three_parts(labels, self.options)
        train, validation, test = (
            ClipSplit(_pixels(part, given), rows[part][picked], labels[part][picked])
            for part, picked in (chosen[part] for part in PARTS)
        )
        mean, std = clip_normalisation(train)
        return ClipData(train, validation, test, given.classes, self.options.frame_rate, mean, std, moves)

    def _labels(self, given: Content) -> dict[str, Indices]:
        return {part: given.parts[_source(part, given)].labels[rows] for part, rows in self._rows(given).items()}

    def _rows(self, given: Content) -> dict[str, Indices]:
        """Which rows belong to each part that is given, by the file or by `test_fold`."""
        whole = {part: np.arange(len(split)) for part, split in given.parts.items()}
        fold, test_fold = given.fold, self.options.test_fold
        if test_fold is None:
            return whole
        if fold is None or "test" in whole:
            what = "has a test part of its own" if fold is not None else "has no array `fold` beside x"
            raise TaskError(f"{self.path.name} {what}; leave test_fold out", "task.test_fold")
        if test_fold not in fold:
            there = ", ".join(map(str, np.unique(fold)[:20]))
            raise TaskError(f"no video is in fold {test_fold}; there are: {there}", "task.test_fold")
        return whole | {"train": np.flatnonzero(fold != test_fold), "test": np.flatnonzero(fold == test_fold)}


def _source(part: str, given: Content) -> str:
    """The part of the file that holds it: a test fold lies among the training videos."""
    return part if part in given.parts else "train"


def _pixels(part: str, given: Content) -> Pixels:
    """The array that holds the part."""
    return given.parts[_source(part, given)].images.view(np.uint8)


def _videos(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype != np.uint8:
        raise TaskError(f"{name} is of type {array.dtype}; expected uint8", "task.path")
    if array.ndim != 5 or array.shape[4] not in (1, 3):
        hint = "; move the channels last" if array.ndim == 5 and {1, 3} & {array.shape[1], array.shape[2]} else ""
        raise TaskError(
            f"{name} has shape {array.shape}; expected (videos, frames, height, width, channels) with 1 or 3 "
            f"channels{hint}",
            "task.path",
        )
    if array.shape[1] < 2 or min(array.shape[2:4]) < 1:
        raise TaskError(
            f"{name} has shape {array.shape}: {array.shape[1]} frame(s) of {array.shape[2]}x{array.shape[3]}; a video "
            "needs two frames, and pixels",
            "task.path",
        )
    return array


VIDEOS = Form("videos", _videos, "use class folders and task videofolder")
