"""An agent beside a service: it asks for orders, measures, and hands every visit over soon after it was made."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

import numpy as np

from .machine import Device, installed_onnxruntime
from .measure import NotOffered, Visit
from .orders import VERSION, Order
from .rounds import CannotRun, ProgressCallback, Subject, measure_subjects
from .server import Refused, Server

AT_ONCE = 64  # visits that are handed over together
IDLE_S = 5.0  # between two questions for an order
GONE = (404, 409)  # the order was cancelled, or is another agent's by now


class Posting:
    """Where visits go: to the service, many at once, and at least so often that the lease holds."""

    def __init__(self, server: Server, order: Order, clock: Callable[[], float] = time.monotonic) -> None:
        self._server, self._order, self._clock = server, order, clock
        self._first = order.made
        self._kept: list[tuple[str, Visit]] = []
        self._told = clock()

    def add(self, subject: str, visit: Visit) -> None:
        self._kept.append((subject, visit))
        if len(self._kept) >= AT_ONCE:
            self.flush()
        else:
            self.keep()

    def keep(self) -> None:
        """Let the service hear of this agent, where it did not for a third of the lease."""
        if self._clock() - self._told > self._order.lease_s / 3:
            self.flush()

    def flush(self) -> None:
        self._server.visits(self._order, self._first, self._kept)
        self._first += len(self._kept)
        self._kept = []
        self._told = self._clock()


def work(server: Server, name: str, agent: str, say: Callable[[str], None], progress: ProgressCallback) -> bool:
    """Ask once for an order and carry it out; whether there was one. Raises Refused, where this agent is not wanted."""
    machine = {
        "version": VERSION,
        "agent": agent,
        "device": asdict(Device.here(name)),
        "onnxruntime": installed_onnxruntime(),
    }
    order = server.order(machine)
    if order is None:
        return False
    say(f"campaign {order.campaign}: {len(order.lacking)} networks to measure with {order.setting.words}")
    try:
        carry_out(server, order, say, progress)
    except Refused as refused:
        if refused.status not in GONE:
            raise
        say(f"campaign {order.campaign}: {refused}")
    return True


def carry_out(server: Server, order: Order, say: Callable[[str], None], progress: ProgressCallback) -> None:
    """Make the visits that the order lacks. Raises Refused where it is no longer this agent's."""
    posting = Posting(server, order)

    def subject(name: str) -> Subject:
        def fetched() -> bytes:
            posting.keep()
            return server.network(order, name)

        return Subject(name, fetched)

    try:
        measure_subjects(
            [(subject(wanted.subject), wanted.visits) for wanted in order.lacking],
            subject(order.reference),
            setting=order.setting,
            protocol=order.protocol,
            rng=np.random.default_rng(),
            sink=posting,
            progress=progress,
        )
    except (CannotRun, NotOffered) as error:
        say(f"campaign {order.campaign}: {error}")
        server.cannot(order, error.subject if isinstance(error, CannotRun) else order.reference, str(error))
    else:
        posting.flush()
