"""The agent for the device that the service itself runs on: `local` is measured like every other device.

It takes orders as agents elsewhere do, and carries each out in a process of its own, for what runs in the service would
disturb the clock.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from device_agent.bundle import result_of, write_bundle
from device_agent.machine import Device, installed_onnxruntime
from device_agent.measure import Visit
from device_agent.orders import Order
from device_agent.rounds import Subject
from latency_tables.table import LOCAL

from .agents import Agent
from .campaigns import Campaigns
from .errors import ServiceError
from .rounds import Rounds

log = logging.getLogger(__name__)

LOOK_S = 2.0  # between two questions for an order
PAUSE_S = 0.2  # between two looks at what measures


class LocalAgent:
    """Measures this machine, where onnxruntime is installed.

    `leads` says whether this process is the one that does; `clock` gives seconds since the epoch.
    """

    def __init__(self, campaigns: Campaigns, clock: Callable[[], float], leads: Callable[[], bool]) -> None:
        self._campaigns, self._clock = campaigns, clock
        self._id = uuid.uuid4().hex
        self._kept = 0.0  # when the lease of the order at hand was last extended
        self._said = ""
        self._rounds = Rounds("local agent", self.round, LOOK_S, leads)
        self._stop = self._rounds.stopping

    def start(self) -> None:
        if installed_onnxruntime():
            self._rounds.start()

    def stop(self) -> None:
        """End soon, with what it measures: the campaign goes on when a service is there again."""
        self._rounds.stop(wait_s=5)

    def round(self) -> None:
        """Carry out one order, where there is one."""
        agent = Agent(self._id, Device.here(LOCAL), installed_onnxruntime())
        try:
            order = self._campaigns.order(agent, self._clock())
            if order is not None:
                self._kept = self._clock()
                self._carry_out(order)
        except ServiceError as error:  # it was cancelled, is another agent's, or no worker answers: the next one asks
            self._say(str(error))

    def _say(self, problem: str) -> None:
        """Into the log, once: a problem that lasts is met again every round."""
        if problem != self._said:
            log.warning("this machine is not measured: %s", problem)
        self._said = problem

    def _carry_out(self, order: Order) -> None:
        with TemporaryDirectory() as folder:
            bundle = Path(folder) / f"{LOCAL}.pyz"
            names = [order.reference, *(wanted.subject for wanted in order.lacking)]
            subjects = [self._subject(order, name) for name in names]
            with bundle.open("w+b") as file:
                write_bundle(file, order, {"device": LOCAL}, subjects, lambda *_: self._keep(order))
            if problem := self._run(order, bundle):
                self._campaigns.give_up(order.campaign, order.agent, order.attempt, problem, self._clock())
            elif not self._stop.is_set():
                made = json.loads(result_of(bundle).read_text())["visits"]
                visits = [(subject, Visit(latency_ms, runs)) for subject, latency_ms, runs in made]
                self._take(order, visits)

    def _subject(self, order: Order, name: str) -> Subject:
        return Subject(name, partial(self._campaigns.network, order.campaign, order.agent, order.attempt, name))

    def _take(self, order: Order, visits: Sequence[tuple[str, Visit]]) -> None:
        self._kept = self._clock()
        self._campaigns.take(order.campaign, order.agent, order.attempt, order.made, visits, self._kept)

    def _run(self, order: Order, bundle: Path) -> str:
        """Let a process of its own measure, keeping the lease; why it could not, or nothing."""
        command, quiet = [sys.executable, str(bundle)], subprocess.DEVNULL
        told = bundle.with_suffix(".told")
        with (
            told.open("wb") as said,
            subprocess.Popen(  # noqa: S603 - our own command
                command, stdin=quiet, stdout=quiet, stderr=said
            ) as process,
        ):
            try:
                while process.poll() is None and not self._stop.wait(PAUSE_S):
                    self._keep(order)
            finally:
                process.kill()
        if process.returncode == 0 or self._stop.is_set():
            return ""
        return (told.read_text(errors="replace").strip() or f"it ended with {process.returncode}").splitlines()[-1]

    def _keep(self, order: Order) -> None:
        """Extend the lease, where a third of it is gone. Raises Conflict and NotFound where it is lost."""
        if self._clock() - self._kept > order.lease_s / 3:
            self._take(order, ())
