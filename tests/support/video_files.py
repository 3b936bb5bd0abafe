"""Real video files, whole and broken, as people have them in class folders."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from clip_sets import CLASSES, videos
from numpy.typing import NDArray

CODECS = {".avi": "mjpeg", ".gif": "gif", ".mkv": "libx264", ".mov": "mpeg4", ".mp4": "libx264", ".webm": "libvpx"}
FORMATS = {"gif": "rgb8", "mjpeg": "yuvj420p"}


def write_video(
    path: Path,
    frames: NDArray[Any],
    rate: float = 10,
    *,
    codec: str = "",
    stamps: list[int] | None = None,
    **options: str,
) -> Path:
    """`frames` (n, height, width, 3) uint8; `stamps`, in units of 1/rate s, make their rate uneven."""
    name = codec or CODECS[path.suffix]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(name, rate=Fraction(rate).limit_denominator(1000), options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = FORMATS.get(name, "yuv420p")
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            frame.pts = stamps[number] if stamps else number
            frame.time_base = Fraction(1) / Fraction(rate).limit_denominator(1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_video_folders(root: Path, count: int = 16, *, frames: int = 12, suffix: str = ".mp4", **rest: Any) -> Path:
    """A folder for each class with `count` files of bars that move, in all, of several lengths and aspects."""
    x, y = videos(count, frames=frames + 3, side=32)
    for number, (pixels, label) in enumerate(zip(x, y, strict=True)):
        wide = np.repeat(pixels[: frames + number % 4], 1 + number % 2, axis=2)
        write_video(root / CLASSES[label] / f"{number:03}{suffix}", wide, **rest)
    return root


def write_sound(path: Path) -> Path:
    """A file in which there is sound only, whatever its name says."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000))
    return path


def counting(frames: int, side: int = 32) -> NDArray[np.uint8]:
    """Frames of one grey each, ten brighter than the one before."""
    grey = np.full((side, side, 3), 1, np.uint8)
    return np.stack([grey * (10 * number + 5) for number in range(frames)])
