"""Workers that are simulated: a dispatcher of many slots, on a clock that skips the time in which nothing happens.

The clock runs with the real one while the coordinator works, and stands while the simulation does. So what the
coordinator takes passes for the slots too, and what the workers would take passes at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

import numpy as np

from workers.dispatchers import ClusterStatus, DataCheck, NodeStatus
from workers.dispatchers.base import T
from workers.open_trials import OpenTrials
from workers.requests import Cause, EvaluationRequest, Report, Resources
from workers.run import run
from workers.tasks import Task


class Clock:
    """Seconds since its making: real ones, less those spent in `stopped`, and those that were skipped."""

    def __init__(self) -> None:
        self._ahead = -time.perf_counter()

    def __call__(self) -> float:
        return time.perf_counter() + self._ahead

    def skip_to(self, at: float) -> None:
        """Be at a moment at once; nothing where that has passed."""
        self._ahead += max(0.0, at - self())

    @contextmanager
    def stopped(self) -> Iterator[float]:
        """No time passes; gives the time that it is."""
        now = self()
        yield now
        self._ahead += now - self()


@dataclass(frozen=True)
class Times:
    """How long trials take, in seconds: log-normal around a median. Shares of them fail, or lose their worker."""

    median_s: float
    sigma: float = 0.5
    failing: float = 0.02
    dying: float = 0.01
    replaced_s: float = 30  # after which a worker that died has a successor

    @classmethod
    def of_mean(cls, mean_s: float) -> Times:
        return cls(mean_s / cls(1).mean_s)

    @property
    def mean_s(self) -> float:
        """Of trials that complete."""
        return self.median_s * float(np.exp(self.sigma**2 / 2))

    def draw(self, rng: np.random.Generator) -> float:
        return self.median_s * float(np.exp(self.sigma * rng.standard_normal()))

    def of_generation(self, size: int) -> float:
        """The mean share of slots that are busy where `size` trials begin together and all wait for the slowest."""
        longest = np.exp(self.sigma * np.random.default_rng(0).standard_normal((100, size))).max(axis=1)
        return float(np.exp(self.sigma**2 / 2) / longest.mean())


@dataclass(eq=False)
class Flight:
    """A request that waits or runs; `over` is set when it has given its slot back."""

    request: EvaluationRequest
    begins: float = 0.0
    over: bool = False


@dataclass
class Tally:
    """How many trials ended in which way, and when slots were busy: (from, to)."""

    completed: int = 0
    failed: int = 0
    died: int = 0
    busy: list[tuple[float, float]] = field(default_factory=list)

    def busy_share(self, slots: int, begin: float, end: float) -> float:
        """Busy slot-seconds of all that there are from `begin` to `end`."""
        spans = np.clip(np.array(self.busy), begin, end)
        return float((spans[:, 1] - spans[:, 0]).sum() / (slots * (end - begin)))

    def a_second(self, begin: float, end: float) -> float:
        """Attempts at trials that ended from `begin` to `end`, in whichever way."""
        return sum(begin <= ended < end for _, ended in self.busy) / (end - begin)


class SimulatedDispatcher:
    """`slots` places, each for a request of one trial, which reports what its task does, spread over its time.

    As with Ray, a waiting request gets a slot that has become free when the coordinator next asks for news.
    """

    def __init__(self, slots: int, times: Times, clock: Clock, seed: int = 0) -> None:
        self.tally = Tally()
        self._slots = slots
        self._times = times
        self._clock = clock
        self._rng = np.random.default_rng(seed)
        self._free = slots
        self._waiting: deque[Flight] = deque()
        self._running: dict[str, Flight] = {}
        self._order = count()  # of what happens at one moment
        self._to_come: list[tuple[float, int, Flight | None, Report | None]] = []
        self._reports: list[Report] = []

    def submit(self, request: EvaluationRequest) -> None:
        with self._clock.stopped() as now:
            self._waiting.append(Flight(request))
            self._fill(now)

    def poll(self, timeout_s: float = 0) -> list[Report]:
        if timeout_s and self._to_come and not self._reports:
            self._clock.skip_to(min(self._clock() + timeout_s, self._to_come[0][0]))
        with self._clock.stopped() as now:
            while self._to_come and self._to_come[0][0] <= now:
                at, _, flight, report = heappop(self._to_come)
                self._happens(at, flight, report)
            self._fill(now)
            arrived, self._reports = self._reports, []
        return arrived

    def cancel(self, request_id: str) -> None:
        with self._clock.stopped() as now:
            flight = self._running.get(request_id)
            if flight is not None:
                self._end(flight, now)
                self._free += 1
            else:
                flight = next(f for f in self._waiting if f.request.request_id == request_id)
                self._waiting.remove(flight)
            self._reports += OpenTrials(flight.request).fail("cancelled", "the request was cancelled")

    def waiting_reason(self, request_id: str) -> str | None:
        return None if request_id in self._running else f"no free slot: {self._slots} of {self._slots} in use"

    def place(self, request_id: str) -> str | None:
        return "simulated" if request_id in self._running else None

    def cluster(self) -> ClusterStatus:
        return ClusterStatus("simulated", Resources(self._slots), Resources(self._free), self._slots)

    def nodes(self) -> tuple[NodeStatus, ...]:
        return ()

    def on_worker(self, function: Callable[[], T]) -> T:
        return function()

    def check_data(self, task: Task, resources: Resources) -> DataCheck:  # noqa: ARG002 - the contract
        return DataCheck()

    def close(self) -> None:
        for flight in list(self._running.values()):
            self._end(flight, self._clock())

    def _fill(self, now: float) -> None:
        while self._waiting and self._free:
            self._free -= 1
            self._begin(self._waiting.popleft(), now)

    def _begin(self, flight: Flight, now: float) -> None:
        """Decide what will become of a request, and when it will be heard of."""
        flight.begins = now
        self._running[flight.request.request_id] = flight
        takes = self._times.draw(self._rng)
        reports = list(run(flight.request, lambda: False))
        each_s = takes / len(reports)
        fate, part = self._rng.random(2)
        if fate < self._times.dying + self._times.failing:
            takes *= part
            reports = reports[: int(len(reports) * part)]
            cause: Cause = "crash" if fate < self._times.dying else "error"
            reports += OpenTrials(flight.request).fail(cause, "as simulated")
        for i, report in enumerate(reports[:-1], start=1):
            self._expect(now + i * each_s, flight, report)
        self._expect(now + takes, flight, reports[-1])

    def _expect(self, at: float, flight: Flight | None, report: Report | None) -> None:
        heappush(self._to_come, (at, next(self._order), flight, report))

    def _happens(self, at: float, flight: Flight | None, report: Report | None) -> None:
        """A report arrives, the last of which gives the slot back; or, without one, the successor of a worker does."""
        if flight is None or report is None:
            self._free += 1
            return
        if flight.over:
            return
        self._reports.append(report)
        if report.state == "progress":
            return
        self._end(flight, at)
        self.tally.completed += report.state == "completed"
        if report.cause == "crash":
            self.tally.died += 1
            self._expect(at + self._times.replaced_s, None, None)
        else:
            self.tally.failed += report.state == "failed"
            self._free += 1

    def _end(self, flight: Flight, at: float) -> None:
        flight.over = True
        del self._running[flight.request.request_id]
        self.tally.busy.append((flight.begins, at))
