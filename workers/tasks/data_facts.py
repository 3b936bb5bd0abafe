"""What is known of a data set once it was read: cheap to ask again as long as its files have not changed."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path

from .data_cache import DataCache

VERSION = 1  # rises when the same files would give other facts


@dataclass(frozen=True)
class Facts:
    """`content` is a hash of the data itself, `side` the longer side of its images in pixels (0: they differ).

    `images` counts all of them; `classes` are in the order of the labels. Of videos in arrays `frames` is how many each
    has; of those in files `videos` has for each path its frames, frames a second and seconds, and `damaged` for each
    that cannot be used says why.
    """

    content: str
    images: int
    channels: int
    side: int
    classes: tuple[str, ...]
    frames: int = 0
    videos: Mapping[str, Sequence[float]] = field(default_factory=dict)
    damaged: Mapping[str, str] = field(default_factory=dict)


def stamp(paths: Iterable[Path]) -> str:
    """A hash of path, size and time of change of every file: equal until one is touched. Raises OSError."""
    digest = blake2b(str(VERSION).encode(), digest_size=16)
    for path in paths:
        stat = path.stat()
        digest.update(os.fsencode(path) + f"\n{stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def facts_of(key: str, cache: DataCache, inspect: Callable[[], Facts]) -> Facts:
    """The facts of files with this stamp: from the cache, or from `inspect`, whose errors are not kept."""
    path = cache.folder / "facts" / f"{key}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Facts(**kept | {"classes": tuple(kept["classes"])})
    facts = inspect()
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, not the answer
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(asdict(facts)), encoding="utf-8")
        partial.replace(path)
    return facts
