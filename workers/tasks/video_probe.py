"""What video files are, without decoding them: how many frames, how fast, and whether they can be used at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from .base import TaskError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

FEWEST_FRAMES = 3


class VideoFileError(Exception):
    """Why a file is no video that can be used."""


@dataclass(frozen=True)
class Probe:
    """A file's hash, and its `frames`, their mean rate a second and the seconds that they last, or why there are none.

    A file is `damaged` too where it holds no frames, or fewer than three.
    """

    content: str
    frames: int = 0
    frame_rate: float = 0.0
    seconds: float = 0.0
    damaged: str = ""


def require_av() -> None:
    """Raises TaskError where PyAV is not installed."""
    try:
        import av  # noqa: F401
    except ModuleNotFoundError:
        raise TaskError(
            "task 'videofolder' reads videos with PyAV, which is not installed; run: pip install 'nas-service[video]'",
            "task.name",
        ) from None


def probe(path: Path) -> Probe:
    """The file is read as a whole and its first frame decoded. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        content = file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
    if not path.stat().st_size:
        return Probe(content, damaged="is empty")
    try:
        frames, rate, seconds = _timing(path)
    except VideoFileError as error:
        return Probe(content, damaged=str(error))
    if frames < FEWEST_FRAMES:
        return Probe(content, damaged=f"holds {frames} frame(s) only")
    return Probe(content, frames, rate, seconds)


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file and its first video stream. Raises VideoFileError for whatever is wrong with it, here and in the block.

    One thread decodes: files are what is decoded in parallel.
    """
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise VideoFileError("has no pictures, only sound" if container.streams.audio else "has no video in it")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            yield container, stream
    except (av.FFmpegError, EOFError, UnicodeError) as error:
        raise VideoFileError(f"is no video, or a damaged one ({getattr(error, 'strerror', None) or error})") from None


def _timing(path: Path) -> tuple[int, float, float]:
    """Frames, frames a second, seconds."""
    with opened(path) as (container, stream):
        if next(container.decode(stream), None) is None:
            raise VideoFileError("holds no frames")
    with opened(path) as (container, stream):
        packets = [packet for packet in container.demux(stream) if packet.size]
        stamps = sorted(stamp for packet in packets if (stamp := _stamp(packet.pts, packet.dts)) is not None)
        span = float((stamps[-1] - stamps[0]) * (stream.time_base or 0)) if stamps else 0.0
        stated = float(stream.average_rate or stream.guessed_rate or 0)
    rate = (len(stamps) - 1) / span if span > 0 else stated
    if rate <= 0:
        raise VideoFileError("does not say how fast its frames follow each other")
    return len(packets), rate, len(packets) / rate


def _stamp(shown: int | None, decoded: int | None) -> int | None:
    return decoded if shown is None else shown
