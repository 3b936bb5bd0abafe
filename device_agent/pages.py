"""Memory that is new for every session.

How long a network takes depends on which pages of memory its weights lie on, for these decide what shares a place in
the caches. A C library that keeps freed memory gives one session after the other the same pages, so that all visits in
a process agree with one another and two processes differ. A network in use lies on some pages or others; what is
measured with new pages for every session is what it takes on the whole.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MMAP_THRESHOLD = -3  # of mallopt: blocks of this size have pages of their own, given back when they are freed
SMALL, USUAL = 128 * 1024, 32 * 1024 * 1024  # what it is at first, and what glibc lets it grow to as blocks are freed


@contextmanager
def fresh_pages() -> Iterator[None]:
    """While this lasts, what sessions allocate lies on other pages each time. Without glibc nothing changes."""
    if (mallopt := _mallopt()) is None:
        yield
        return
    mallopt(MMAP_THRESHOLD, SMALL)
    try:
        yield
    finally:
        mallopt(MMAP_THRESHOLD, USUAL)


def _mallopt() -> Callable[[int, int], int] | None:
    return getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
