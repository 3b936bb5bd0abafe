"""Waiting for room on a full disk: nobody is to blame, nothing fails, and what waits goes on by itself.

Whoever meets the full disk says so here, and tries again when it is time: after a second, then after twice as long each
time, at most a minute. The log has one line when the waiting begins and one when it ends.
"""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class Room:
    """Room on one disk, as far as it is known. `problem` says what waits for it and what helps; empty: there is some.

    Between two full disks that are no further apart than `2 * LONGEST_PAUSE_S` the pauses go on growing, so that room
    for a moment does not make a busy loop.
    """

    def __init__(self) -> None:
        self.problem = ""
        self._pause_s = FIRST_PAUSE_S
        self._full_at = float("-inf")

    def lacks(self, why: str, now: float) -> None:
        """The disk was found full."""
        if not self.problem:
            log.error("%s", why)
        again = now - self._full_at <= 2 * LONGEST_PAUSE_S
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S) if again else FIRST_PAUSE_S
        self.problem, self._full_at = why, now

    def found(self) -> None:
        """Something could be written."""
        if self.problem:
            log.warning("there is room on the disk again; what waited for it goes on")
        self.problem = ""

    def waits(self, now: float) -> bool:
        """Whether it is too early to try again."""
        return bool(self.problem) and now < self._full_at + self._pause_s
