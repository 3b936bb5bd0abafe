"""The cache of what was made from people's data: arrays that workers map into memory, and facts that were read once.

It lies in NAS_CACHE (default: `cache` in NAS_HOME) and holds up to NAS_CACHE_GB (default 20) of arrays; those that were
used least recently go first. Any number of processes may use it at once: one makes an array, the others wait for it.
"""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
HEADER = 128  # bytes by which an array's file is larger than the array


class CacheError(Exception):
    """The cache cannot hold what it should, with what would help."""


class DataCache:
    """Arrays of uint8 by name. `folder` is made when it is first written to.

    >>> DataCache(Path("cache"), 10**9).array("digits-16", (1797, 1, 16, 16), decode_into)
    """

    def __init__(self, folder: Path, most_bytes: float) -> None:
        self.folder = folder
        self.most_bytes = most_bytes

    @classmethod
    def of_environment(cls) -> DataCache:
        """The cache that the environment names. Raises CacheError for a size that is no number."""
        folder = os.environ.get("NAS_CACHE") or Path(os.environ.get("NAS_HOME") or "nas-data") / "cache"
        written = os.environ.get("NAS_CACHE_GB") or "20"
        try:
            return cls(Path(folder), float(written) * 1e9)
        except ValueError:
            raise CacheError(f"NAS_CACHE_GB is {written!r}; expected a number of gigabytes, such as 20") from None

    def array(self, name: str, shape: tuple[int, ...], fill: Callable[[Pixels], None]) -> Pixels:
        """The array of this name, read-only and not in memory; `fill` writes it where it is not there yet.

        Raises CacheError where there is no room for it; what `fill` raises leaves nothing behind.
        """
        self.refuse_too_large(shape)
        try:
            with self._locked(name):
                found = self._open(name, shape)
                return found if found is not None else self._make(name, shape, fill)
        except OSError as error:
            raise CacheError(
                f"the cache {self.folder} cannot be used: {error.strerror}; free space there, or name another folder "
                "in NAS_CACHE"
            ) from None

    def refuse_too_large(self, shape: tuple[int, ...]) -> None:
        """Raises CacheError where an array of this shape is larger than the whole cache may be."""
        if (size := _bytes(shape)) > self.most_bytes:
            raise CacheError(
                f"the decoded images need {size / 1e9:.3g} GB, and the cache may hold {self.most_bytes / 1e9:.3g}; "
                "raise NAS_CACHE_GB or lower task.size"
            )

    def _open(self, name: str, shape: tuple[int, ...]) -> Pixels | None:
        path = self._path(name)
        try:
            found: Pixels = np.load(path, mmap_mode="r")
            os.utime(path)
        except (FileNotFoundError, ValueError, EOFError):  # not made yet, evicted, or cut off by a full disk
            return None
        return found if found.shape == shape else None

    def _make(self, name: str, shape: tuple[int, ...], fill: Callable[[Pixels], None]) -> Pixels:
        """Written beside its place and moved there when whole."""
        self._make_room(_bytes(shape))
        partial = self._path(name).with_suffix(".partial")
        try:
            made = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
            _reserve(partial)
            fill(made)
            made.flush()
            partial.replace(self._path(name))
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        made.flags.writeable = False
        return made

    def _make_room(self, needed: int) -> None:
        """Remove what was used least recently until `needed` bytes fit; what is being made now stays."""
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total + needed <= self.most_bytes:
                return
            with self._locked(path.stem, wait=False) as mine:
                if mine:
                    path.unlink(missing_ok=True)  # who has it mapped keeps it
                    total -= size

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """When each entry was used last (ns), its bytes and its path, half-made ones included."""
        for path in (*self.folder.glob("*.npy"), *self.folder.glob("*.partial")):
            with suppress(FileNotFoundError):  # another process made room
                stat = path.stat()
                yield stat.st_mtime_ns, stat.st_size, path

    @contextmanager
    def _locked(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold the lock of an entry, which dies with its holder; False where another one has it and `wait` is off."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npy"


def _bytes(shape: tuple[int, ...]) -> int:
    return math.prod(shape) + HEADER


def _reserve(path: Path) -> None:
    """Give the file its blocks now: a disk that fills up later would kill a process that writes to mapped memory."""
    if not hasattr(os, "posix_fallocate"):  # macOS
        return
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
