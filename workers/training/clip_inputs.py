"""Clips as a network takes them: cut from videos batch by batch, scaled, normalised, and moved where they train.

Nothing is kept but the videos themselves, which may lie in a file: memory does not grow with the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from search_spaces import Architecture

from ..failures import TrialError
from ..tasks.clip_data import PIXEL_MAX, ClipData, ClipSplit, Sampling
from ..tasks.image_data import Augmentation, Indices
from .augment import shifted
from .inputs import EVALUATION_BATCH

EVALUATION_PIXELS = EVALUATION_BATCH * 64 * 64  # a batch, as the videos hold them or as the network takes them
SCALED_PIXELS = 2**18  # that are held as floats at once while they are scaled


@dataclass(frozen=True)
class Clips:
    """The clips of a split, (n, channels, frames, height, width) with height and width of `size`, on a device.

    For evaluation each is cut at `start` from its video; training draws starts. `resident` holds the split's videos
    where they stay in the device's memory.
    """

    split: ClipSplit
    sampling: Sampling
    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    device: str = "cpu"
    start: int = 0
    resident: Tensor | None = None

    def __len__(self) -> int:
        return len(self.split)

    @property
    def nbytes(self) -> int:
        return 0 if self.resident is None else self.resident.nbytes

    @cached_property
    def labels(self) -> Tensor:
        return torch.from_numpy(self.split.labels).to(self.device)

    def starting(self, start: int) -> Clips:
        """The same videos, cut elsewhere for evaluation."""
        return replace(self, start=start)

    def drawn(self, chosen: Tensor, moves: Augmentation | None, generator: Generator) -> Tensor:
        rows = chosen.cpu().numpy()
        if moves is None:
            return self._clips(rows, np.full(len(rows), self.sampling.centre))
        starts = torch.randint(self.sampling.last_start + 1, (len(rows),), generator=generator).numpy()
        return self._clips(rows, starts, moves, generator)

    def batches(self) -> Iterator[Tensor]:
        frame = max(prod(self.size), prod(self.split.videos.shape[2:4]))
        most = max(1, EVALUATION_PIXELS // (self.sampling.frames * frame))
        for first in range(0, len(self), most):
            rows = np.arange(first, min(first + most, len(self)))
            yield self._clips(rows, np.full(len(rows), self.start))

    def _clips(
        self, rows: Indices, starts: Indices, moves: Augmentation | None = None, generator: Generator | None = None
    ) -> Tensor:
        """Clips that start at `starts`. In memory frames come first, then places, then channels: what ops work on."""
        clips = self._pixels(self.split.rows[rows], self.sampling.times(starts[:, None]))
        if moves is not None and generator is not None:
            clips = shifted(clips, moves, generator)
        images = self._scaled(clips.flatten(0, 1).permute(0, 3, 1, 2))
        normal = images.float().contiguous(memory_format=torch.channels_last)
        lines = normal.permute(0, 2, 3, 1).view(len(normal), self.size[0], -1)  # three channels alone are no vector
        lines.div_(PIXEL_MAX).sub_(self._line(self.mean)).div_(self._line(self.std))
        return normal.view(len(rows), -1, *normal.shape[1:]).transpose(1, 2)

    def _pixels(self, videos: Indices, times: Indices) -> Tensor:
        """uint8 (clips, frames, height, width, channels) of these videos at `times` (clips, frames)."""
        if self.resident is None:
            return torch.from_numpy(self.split.videos[videos[:, None], times]).to(self.device)
        return self.resident[torch.from_numpy(videos[:, None]), torch.from_numpy(times)]

    def _scaled(self, images: Tensor) -> Tensor:
        """Bilinear, antialiased where it shrinks. Videos may be far larger than what a network takes of them."""
        if tuple(images.shape[2:]) == self.size:
            return images
        parts = torch.split(images, max(1, SCALED_PIXELS // prod(images.shape[2:])))
        return torch.cat([functional.interpolate(p.float(), self.size, mode="bilinear", antialias=True) for p in parts])

    def _line(self, channels: tuple[float, ...]) -> Tensor:
        return torch.tensor(channels, device=self.device).repeat(self.size[1])


def clips_of(
    data: ClipData, split: ClipSplit, architecture: Architecture, device: str = "cpu", resident: Tensor | None = None
) -> Clips:
    """A split as this architecture takes it; for evaluation the clip in the middle of each video.

    Raises TrialError for frames that come faster than those of the videos.
    """
    _, frames, height, width = architecture.input_shape
    sampling = Sampling.of(frames, architecture.frame_rate, data)
    if sampling.step < 1 and frames > 1:
        raise TrialError(
            "error",
            f"the network takes {architecture.frame_rate:g} frames a second, and the videos have {data.frame_rate:g}; "
            "raise task.frame_rate, or lower space.options.frame_rate",
        )
    return Clips(split, sampling, (height, width), data.mean, data.std, device, sampling.centre, resident)
