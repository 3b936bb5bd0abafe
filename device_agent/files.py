"""Writing a file so that a crash leaves the old one or the new one, and keeping other processes out meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows, where nobody is kept out
    fcntl = None  # type: ignore[assignment]


class Taken(ValueError):
    """Another process is at it already; says which."""


def write_atomically(path: Path, text: str) -> None:
    """Replace `path`, making its folder where needed; the text is on the disk before the name points to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def alone(path: Path, work: str) -> Iterator[None]:
    """Do the block's `work` while nobody else on this machine does; `path` names this process as long as it lasts.

    A process that is killed holds nothing any more. Raises Taken where another one is at it.
    """
    if fcntl is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path, work) as file:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _locked(path: Path, work: str) -> IO[str]:
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return file
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "of a number not known yet"
            file.close()
            raise Taken(f"another {work} is under way, process {holder}; wait for its end, or end it") from None
        file.close()  # of a process that has just ended, and has removed its file meanwhile
