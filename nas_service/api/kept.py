"""Answers that take long to work out for a large job, kept for as long as they are good enough.

Who polls shares a process with the search, and must not take it from it. So an answer of a large job that runs rests
for as long as it took to work out, many times over, however many ask for it. Other jobs are told exactly.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

Answer = TypeVar("Answer")
MOST = 64  # answers; of a chart a few hundred kilobytes at the most
LARGE = 2_000  # results from which on an answer of a job that runs may lack some
SLACK = 200  # of so many results one may be missing while a large job runs: it is not read whole for each
REST = 50  # times the processor time that an answer took: so long it is good enough while a large job runs
LONGEST_S = 10.0  # of rest: what is new is read then anyway, and costs the more the later


@dataclass
class _Entry:
    lock: Lock = field(default_factory=Lock)
    reached: int | None = None
    answer: Any = None
    rests_until: float = 0.0


class Kept:
    """The answers asked for last, by name. Whoever asks for one that is being worked out waits for it.

    `clock` gives seconds that never go back, `spent` the processor time of the thread that asks.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, spent: Callable[[], float] = time.thread_time
    ) -> None:
        self._clock, self._spent = clock, spent
        self._lock = Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, name: Hashable, reached: int, work_out: Callable[[], Answer], *, exact: bool) -> Answer:
        """The answer of a job that has `reached` so many results; unless `exact`, of a large one an earlier answer."""
        entry = self._entry(name)
        exact = exact or reached < LARGE
        with entry.lock:
            if not self._stands(entry, reached, exact=exact):
                before = self._spent()
                entry.answer = work_out()
                entry.reached = reached
                entry.rests_until = self._clock() + min(REST * (self._spent() - before), LONGEST_S)
            answer: Answer = entry.answer  # of the kind that goes with the name
            return answer

    def _entry(self, name: Hashable) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(name, _Entry())
            self._entries.move_to_end(name)
            while len(self._entries) > MOST:
                self._entries.popitem(last=False)
            return entry

    def _stands(self, entry: _Entry, reached: int, *, exact: bool) -> bool:
        """Never one of more results than there are: those of a job may become fewer when it is read from a backup."""
        if entry.reached is None or reached < entry.reached:
            return False
        more = reached - entry.reached
        return more == 0 if exact else more <= reached // SLACK or self._clock() < entry.rests_until
