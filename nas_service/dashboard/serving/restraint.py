"""How often open pages look: so often that they are live, so seldom that they leave a process to its work.

Pages share a process with the coordinator unless they are told not to. What fifty of them draw each second is more than
a processor does, and of a search that ends thousands of trials a second a single page reads as much; the search would
wait for its viewers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

SHARE: Final = 0.03  # of a processor, for the event loop, which draws the pages, and for the threads that read for them
OVER_S: Final = 2.0  # for which at least it is counted what looks take
USUAL_S: Final = 1.0
LONGEST_S: Final = 4.0  # that one page pauses
EACH_S: Final = 0.5  # and so much longer for each one more
READERS: Final = "AnyIO worker thread"  # the name of threads in which requests are answered


class Restraint:
    """`clock` gives seconds, `spent` those of the processor that serving took; both only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, spent: Callable[[], float] | None = None) -> None:
        self._clock, self._spent = clock, spent or Serving().spent
        self._look_s = 0.0  # of the processor, that a look takes with all that was done beside it
        self._looks = 0  # since they were last counted
        self._at: tuple[float, float] | None = None  # by clock and processor, when that was

    def looked(self) -> None:
        """A page has looked. To be told in the event loop's thread.

        What a look costs is remembered while nobody looks: pages that all begin at once do not begin too quickly.
        """
        self._looks += 1
        now = self._clock()
        if self._at is None:
            self._at = now, self._spent()
        elif now - self._at[0] >= OVER_S:
            spent = self._spent()
            self._look_s = (spent - self._at[1]) / self._looks
            self._looks, self._at = 0, (now, spent)

    def pause_s(self, pages: int) -> float:
        """From one look to the next, where so many pages are open."""
        return min(max(USUAL_S, self._look_s * pages / SHARE), LONGEST_S + EACH_S * max(0, pages - 1))


class Serving:
    """The processor time of the event loop, in whose thread it is asked, and of readers, which come and go."""

    def __init__(self) -> None:
        self._total = 0.0
        self._seen: dict[threading.Thread, float] = {}

    def spent(self) -> float:
        """Seconds since it was first asked. What a thread took after the last time and before its end is lost."""
        before, self._seen = self._seen, {thread: seconds(thread) for thread in serving()}
        self._total += sum(now - before.get(thread, 0.0) for thread, now in self._seen.items())
        return self._total


def serving() -> list[threading.Thread]:
    """Those of this process."""
    own = threading.current_thread()
    return [thread for thread in threading.enumerate() if thread is own or thread.name.startswith(READERS)]


def seconds(thread: threading.Thread) -> float:
    """Of the processor; 0 where the system does not tell, and of a thread that has just ended."""
    if thread is threading.current_thread():
        return time.thread_time()
    try:
        return int(Path(f"/proc/self/task/{thread.native_id}/schedstat").read_bytes().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
