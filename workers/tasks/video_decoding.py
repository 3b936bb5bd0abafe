"""Video files to arrays of one shape: some frames from the middle of each, at one rate and size.

Frames are written where they belong as they are decoded, so that no more than one of a file is held at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from .data_cache import Pixels
from .video_probe import VideoFileError, opened

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SEEK_FROM_S = 2.0  # what lies further into a file is jumped to
_LATE_S = 0.001  # containers round stamps to milliseconds: a moment between two frames is that of the later one


@dataclass(frozen=True)
class VideoForm:
    """What is kept of every video: `frames`, `frame_rate` of them a second, each `size` x `size` with 1 or 3 channels.

    `crop` scales the shorter side to `size` and cuts the middle out; `pad` scales the longer side and fills up with
    black.
    """

    frames: int
    frame_rate: float
    size: int
    channels: Literal[1, 3]
    fit: Literal["crop", "pad"]

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.frames, self.size, self.size, self.channels)


def decode_into(kept: Pixels, path: Path, form: VideoForm, seconds: float) -> None:
    """Write the frames in the middle of a file of so many seconds to `kept`, of the form's shape.

    Each is the one on screen at its moment. Where a file turns out to be damaged further on, what could be read of it
    is repeated. Raises VideoFileError where that is nothing.
    """
    start = max(0.0, (seconds - form.frames / form.frame_rate) / 2)
    moments = start + (np.arange(form.frames) + 0.5) / form.frame_rate + _LATE_S
    count = _filled(kept, path, form, moments.tolist(), seek=start > SEEK_FROM_S)
    if count is None:  # the file was not where its index said, so it is read from its beginning
        count = _filled(kept, path, form, moments.tolist(), seek=False)
    if not count:
        raise VideoFileError("has no frame that can be decoded")
    kept[count:] = kept[np.arange(count, len(kept)) % count]


def _filled(kept: Pixels, path: Path, form: VideoForm, moments: Sequence[float], *, seek: bool) -> int | None:
    """How many frames were written; None where jumping into the file led past the first one."""
    done = 0
    try:
        with opened(path) as (container, stream):
            origin = float((stream.start_time or 0) * (stream.time_base or 0))
            frames = _from(container, stream, origin + moments[0] if seek else None)
            for frame, begin, end in _shown(frames, stream):
                if seek and not done and begin - origin > moments[0]:
                    return None
                while done < len(kept) and moments[done] < end - origin:
                    kept[done] = _fitted(frame, form)
                    done += 1
                if done == len(kept):
                    break
    except VideoFileError:
        return done or (None if seek else 0)
    return done


def _from(container: InputContainer, stream: VideoStream, moment: float | None) -> Iterator[VideoFrame]:
    """Frames from the last key frame before a moment on, or all."""
    if moment is not None and stream.time_base:
        container.seek(int(moment / stream.time_base), stream=stream)
    yield from container.decode(stream)


def _shown(frames: Iterator[VideoFrame], stream: VideoStream) -> Iterator[tuple[VideoFrame, float, float]]:
    """Each frame with the seconds from and to which it is on screen; the last one as long as those before it."""
    step = 1 / float(stream.average_rate or 25)
    before: tuple[VideoFrame, float] | None = None
    for number, frame in enumerate(frames):
        time = frame.time if frame.time is not None else number * step
        if before is not None:
            yield (*before, time)
            step = max(time - before[1], 1e-6)
        before = frame, time
    if before is not None:
        yield (*before, before[1] + 2 * step)


def _fitted(frame: VideoFrame, form: VideoForm) -> Pixels:
    """(size, size, channels), turned as the file says."""
    sides = frame.width, frame.height
    scale = form.size / (min(sides) if form.fit == "crop" else max(sides))
    width, height = (max(1, round(side * scale)) for side in sides)
    colours = "rgb24" if form.channels == 3 else "gray"
    scaled = frame.reformat(width=width, height=height, format=colours, interpolation="BILINEAR")
    pixels = np.atleast_3d(scaled.to_ndarray())
    turned = np.rot90(pixels, (frame.rotation or 0) // 90)
    return _cropped(turned, form.size) if form.fit == "crop" else _padded(turned, form.size)


def _cropped(pixels: Pixels, size: int) -> Pixels:
    top, left = ((side - size) // 2 for side in pixels.shape[:2])
    return pixels[top : top + size, left : left + size]


def _padded(pixels: Pixels, size: int) -> Pixels:
    whole = np.zeros((size, size, pixels.shape[2]), np.uint8)
    height, width = pixels.shape[:2]
    top, left = (size - height) // 2, (size - width) // 2
    whole[top : top + height, left : left + width] = pixels
    return whole
