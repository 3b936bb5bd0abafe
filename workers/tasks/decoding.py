"""Image files to arrays of one size, many at a time: Pillow gives up the interpreter's lock, so threads are enough."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from PIL import Image, ImageOps
from PIL.Image import DecompressionBombError, Resampling

from .data_cache import Pixels

THREADS = 8  # at the most, and no more than there are processors
AT_ONCE = 256  # files that are under way together

# what Pillow's decoders raise for damaged files, whatever the format
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, DecompressionBombError)

Item = TypeVar("Item")
Result = TypeVar("Result")


class ImageFileError(Exception):
    """A file that is no image, or one that is damaged."""


@dataclass(frozen=True)
class Form:
    """What every image becomes: `size` x `size` with 1 or 3 channels.

    `crop` scales the shorter side to `size` and cuts the middle out; `pad` scales the longer side and fills up with
    black.
    """

    size: int
    channels: Literal[1, 3]
    fit: Literal["crop", "pad"]


def decode(path: Path, form: Form) -> Pixels:
    """The image as (channels, size, size). Raises ImageFileError that names the file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageFileError(f"{path} cannot be read: {error.strerror}") from None
    try:
        with Image.open(BytesIO(data)) as opened:
            upright = _upright(opened, "RGB" if form.channels == 3 else "L")
            fit = ImageOps.fit if form.fit == "crop" else ImageOps.pad
            pixels = np.asarray(fit(upright, (form.size, form.size), Resampling.BILINEAR))
    except _DAMAGE as error:
        raise ImageFileError(_damaged(path, error)) from None
    return np.ascontiguousarray(np.atleast_3d(pixels).transpose(2, 0, 1))


def fingerprint(path: Path) -> str:
    """Hash of a file that begins as an image does. Raises ImageFileError that names the file, and OSError."""
    data = path.read_bytes()
    try:
        with Image.open(BytesIO(data)) as opened:
            opened.verify()
    except _DAMAGE as error:
        raise ImageFileError(_damaged(path, error)) from None
    return blake2b(data, digest_size=16).hexdigest()


def in_parallel(do: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """`do` for every path or the like, in order, on as many threads as there are processors, up to `THREADS`."""
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        for start in range(0, len(items), AT_ONCE):
            yield from pool.map(do, items[start : start + AT_ONCE])


def _upright(image: Image.Image, mode: str) -> Image.Image:
    """Turned as the camera says, in the wanted mode; 16-bit gray keeps its upper 8 bits, transparency its colours."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):
        return Image.fromarray((np.asarray(turned).astype(np.uint32) >> 8).astype(np.uint8)).convert(mode)
    if turned.mode == "P" and "transparency" in turned.info:
        turned = turned.convert("RGBA")
    return turned.convert(mode)


def _damaged(path: Path, error: BaseException) -> str:
    return (
        f"{path} is no image, or a damaged one ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    )
