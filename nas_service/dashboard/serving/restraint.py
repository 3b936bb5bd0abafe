"""How often open pages look: so often that they are live, so seldom that many of them leave a process to its work.

Pages share a process with the coordinator unless they are told not to. What fifty of them draw each second is more than
a processor does; the search would wait for its viewers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SHARE: Final = 0.03  # of a processor, for the event loop: it draws the pages, and answers requests
OVER_S: Final = 2.0  # for which at least its share is counted
EACH_S: Final = 0.5  # the pause grows to so much for every page, and so not at all for two
USUAL_S: Final = 1.0
SHRINKS: Final = 0.5  # at a time, for pages look together: the first of them finds that nobody has for a while


class Restraint:
    """`clock` gives seconds, `spent` those of the processor that the event loop took; both only grow."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, spent: Callable[[], float] = time.thread_time
    ) -> None:
        self._clock, self._spent = clock, spent
        self._wanted_s = USUAL_S
        self._at: tuple[float, float] | None = None  # by clock and processor, when its share was last counted

    def pause_s(self, pages: int) -> float:
        """How long a page that has looked leaves it at that, where so many are open. Asked in the loop's thread."""
        now, spent = self._clock(), self._spent()
        if self._at is None:
            self._at = now, spent
        took_s = now - self._at[0]
        if took_s >= max(OVER_S, self._wanted_s):
            share = (spent - self._at[1]) / took_s
            self._wanted_s *= max(SHRINKS, share / SHARE)
            self._at = now, spent
        self._wanted_s = min(max(self._wanted_s, USUAL_S), max(USUAL_S, EACH_S * pages))
        return self._wanted_s
