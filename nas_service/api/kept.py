"""Answers that take long to work out for a large job, kept for as long as the job is where it was."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

Answer = TypeVar("Answer")
MOST = 64  # answers; of a chart a few hundred kilobytes at the most
SLACK = 200  # of so many results one may be missing while a job runs: a large one is not read whole for each


@dataclass
class _Entry:
    lock: Lock = field(default_factory=Lock)
    reached: int | None = None
    answer: Any = None


class Kept:
    """The answers asked for last, by name. Whoever asks for one that is being worked out waits for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, name: Hashable, reached: int, work_out: Callable[[], Answer], *, exact: bool) -> Answer:
        """The answer of a job that has `reached` so many results; unless `exact`, of slightly fewer."""
        with self._lock:
            entry = self._entries.setdefault(name, _Entry())
            self._entries.move_to_end(name)
            while len(self._entries) > MOST:
                self._entries.popitem(last=False)
        with entry.lock:
            slack = 0 if exact else reached // SLACK
            if entry.reached is None or not 0 <= reached - entry.reached <= slack:
                entry.answer = work_out()
                entry.reached = reached
            answer: Answer = entry.answer  # of the kind that goes with the name
            return answer
