"""Inline dispatcher: requests run in threads of this process, in the order in which they came.

For tests, small machines and deterministic runs. A thread cannot be killed: a request that never asks whether it should
stop runs on past its time-out, and a crash takes the whole process with it; the Ray dispatcher has neither weakness.
"""

from __future__ import annotations

import platform
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Thread

from ..open_trials import OpenTrials
from ..requests import EvaluationRequest, Report, Resources, Runner
from ..run import reports_of, run
from ..tasks import Task
from ..versions import versions
from .base import ClusterStatus, DataCheck, NodeStatus, T, Unanswered


@dataclass(eq=False)
class _Flight:
    """A request that waits or runs."""

    request: EvaluationRequest
    running: bool = False
    cancelled: bool = False


@dataclass
class _Shared:
    """What the threads and the caller share, all of it under one condition."""

    changed: Condition = field(default_factory=Condition)
    waiting: deque[_Flight] = field(default_factory=deque)
    flights: list[_Flight] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    closed: bool = False


class InlineDispatcher:
    """Up to `slots` requests run at once. `runner` evaluates them; tests pass their own."""

    def __init__(self, slots: int = 1, runner: Runner = run, clock: Callable[[], float] = time.monotonic) -> None:
        self._slots = slots
        self._runner = runner
        self._clock = clock
        self._shared = _Shared()
        self._threads = [Thread(target=self._serve, name=f"inline-{i}", daemon=True) for i in range(slots)]
        for thread in self._threads:
            thread.start()

    def submit(self, request: EvaluationRequest) -> None:
        shared = self._shared
        flight = _Flight(request)
        with shared.changed:
            shared.flights.append(flight)
            shared.waiting.append(flight)
            shared.changed.notify_all()

    def poll(self, timeout_s: float = 0) -> list[Report]:
        shared = self._shared
        with shared.changed:
            if timeout_s > 0:
                shared.changed.wait_for(lambda: shared.reports, timeout_s)
            arrived, shared.reports = shared.reports, []
        return arrived

    def cancel(self, request_id: str) -> None:
        shared = self._shared
        with shared.changed:
            for flight in [f for f in shared.flights if f.request.request_id == request_id]:
                flight.cancelled = True
                if not flight.running:
                    shared.waiting.remove(flight)
                    shared.flights.remove(flight)
                    shared.reports += OpenTrials(flight.request).fail("cancelled", "the request was cancelled")
            shared.changed.notify_all()

    def waiting_reason(self, request_id: str) -> str | None:
        with self._shared.changed:
            waits = any(f.request.request_id == request_id for f in self._shared.waiting)
        if not waits:
            return None
        return f"no free slot: {self._slots} of {self._slots} in use"

    def place(self, request_id: str) -> str | None:
        with self._shared.changed:
            runs = any(f.running for f in self._shared.flights if f.request.request_id == request_id)
        return platform.node() if runs else None

    def cluster(self) -> ClusterStatus:
        with self._shared.changed:
            running = sum(flight.running for flight in self._shared.flights)
        return ClusterStatus(
            "inline", Resources(self._slots), Resources(self._slots - running), self._slots, versions()
        )

    def nodes(self) -> tuple[NodeStatus, ...]:
        known = self.cluster()
        return (
            NodeStatus(platform.node(), known.total, known.free, self._slots, round(self._slots - known.free.cpus)),
        )

    def check_data(self, task: Task, resources: Resources) -> DataCheck:  # noqa: ARG002 - the contract
        return DataCheck()

    def on_worker(self, function: Callable[[], T]) -> T:
        try:
            return function()
        except Exception as error:  # as from a worker
            raise Unanswered(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        for flight in list(self._shared.flights):
            self.cancel(flight.request.request_id)
        with self._shared.changed:
            self._shared.closed = True
            self._shared.changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)

    def _serve(self) -> None:
        """One slot: take the next request, run it, until closed."""
        shared = self._shared
        while True:
            with shared.changed:
                shared.changed.wait_for(lambda: shared.waiting or shared.closed)
                if shared.closed:
                    return
                flight = shared.waiting.popleft()
                flight.running = True
            self._run(flight)

    def _run(self, flight: _Flight) -> None:
        shared = self._shared
        for report in reports_of(self._runner, flight.request, lambda: flight.cancelled, self._clock):
            with shared.changed:
                shared.reports.append(report)
                shared.changed.notify_all()
        with shared.changed:
            shared.flights.remove(flight)
