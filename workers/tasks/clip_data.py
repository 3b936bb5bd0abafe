"""Labelled videos as arrays, and which of their frames a network takes. Needs no torch.

A network takes a clip: some frames of a video, at a rate of its own. A video that is shorter than a clip starts again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .data_cache import Pixels
from .image_data import Augmentation, Fit, Indices, normalisation

PIXEL_MAX = 255.0
_MOST_PIXELS = 2**23  # that mean and deviation are taken from


@dataclass(frozen=True)
class ClipSplit:
    """The `rows` of `videos` (n, frames, height, width, channels), with `labels` (rows,) from 0.

    The videos may lie in a file that is mapped into memory; all splits share them.
    """

    videos: Pixels
    rows: Indices
    labels: Indices

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class ClipData:
    """Three disjoint splits of videos with `frame_rate` frames a second.

    Pixels become inputs as `(pixel / 255 - mean) / std`, by channel. `fit` says how a frame became square.
    """

    train: ClipSplit
    validation: ClipSplit
    test: ClipSplit
    classes: tuple[str, ...]
    frame_rate: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    augmentation: Augmentation
    fit: Fit = "stretch"

    @property
    def frames(self) -> int:
        """Of each video."""
        return int(self.train.videos.shape[1])


@dataclass(frozen=True)
class Sampling:
    """Which frames of a video of `video_frames` make a clip of `frames`: each `step` frames after the one before.

    `step` need not be whole: the nearest frame is taken.

    >>> Sampling(frames=4, step=2.5, video_frames=16).times(1)
    array([1, 3, 6, 8])
    """

    frames: int
    step: float
    video_frames: int

    @classmethod
    def of(cls, frames: int, frame_rate: float | None, data: ClipData) -> Sampling:
        """For a network of so many frames at `frame_rate` a second, None for the rate of the videos."""
        return cls(frames, data.frame_rate / (frame_rate or data.frame_rate), data.frames)

    @property
    def last_start(self) -> int:
        """The last frame that a clip can start with and end within the video; 0 where none does."""
        return max(0, self.video_frames - 1 - int(self._offsets[-1]))

    @property
    def centre(self) -> int:
        """Where the clip in the middle of the video starts."""
        return self.last_start // 2

    def times(self, start: int | Indices) -> Indices:
        """The frames of the clip that starts here; past its end the video starts again.

        Starts (n, 1) give frames (n, frames).
        """
        times: Indices = (start + self._offsets) % self.video_frames
        return times

    def spread(self, count: int) -> tuple[int, ...]:
        """Starts of up to `count` different clips, evenly spread over the video; the one in the middle for 1."""
        if count == 1:
            return (self.centre,)
        return tuple(sorted({round(start) for start in np.linspace(0, self.last_start, count)}))

    @property
    def _offsets(self) -> Indices:
        offsets: Indices = np.floor(np.arange(self.frames) * self.step + 0.5).astype(np.int64)
        return offsets


def clip_normalisation(split: ClipSplit) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel on the scale of 0 to 1, from frames that are spread over a split."""
    frames, height, width, _ = split.videos.shape[1:]
    count = min(len(split) * frames, max(1, _MOST_PIXELS // (height * width)))
    chosen = np.linspace(0, len(split) * frames - 1, count).astype(np.int64)
    pixels: NDArray[np.uint8] = split.videos[split.rows[chosen // frames], chosen % frames]
    return normalisation(pixels.transpose(0, 3, 1, 2), PIXEL_MAX)
