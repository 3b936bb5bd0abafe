"""Task `landscape`: an instant, closed-form accuracy of an architecture, for tests, simulations and benchmarks.

The score is read from the ops, so that a search can learn it: it grows with MACs and saturates, rewards MACs that are
spread over the network, and has a taste for certain values of every field of every op.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from hashlib import blake2b
from typing import Annotated, ClassVar
from zlib import crc32

import numpy as np
from pydantic import Field

from search_spaces import Architecture, Op, Signature
from search_spaces.space import Kind

from ..requests import EvaluationRequest, Fidelity, Report, Runner, ShouldStop, TrialRequest
from ..trial_runner import TrialRunner, reports_of_epoch
from .base import Metric, Task, TaskOptions

TICK_S = 0.01  # how often simulated work asks whether it should stop


class LandscapeOptions(TaskOptions):
    """`seconds` is simulated work a trial, `noise` the standard deviation of the accuracy over a trial's seeds.

    `batch` is the most trials that one request carries.
    """

    kind: Kind = "image"
    channels: Annotated[int, Field(ge=1, le=4096)] = 1
    outputs: Annotated[int, Field(ge=1, le=100_000)] = 10
    sizes: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=4096)]] = (8, 512)
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 1
    noise: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0
    batch: Annotated[int, Field(ge=1, le=10_000)] = 1


class Landscape(Task):
    name: ClassVar[str] = "landscape"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "an instant, closed-form accuracy of the architecture; reads no data"
    Options: ClassVar[type[TaskOptions]] = LandscapeOptions
    options: LandscapeOptions

    @property
    def signature(self) -> Signature:
        o = self.options
        return Signature(o.kind, o.channels, o.outputs, o.sizes)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (Metric("val_accuracy", "maximize", (0.0, 1.0)), Metric("val_loss", "minimize"))

    @property
    def fidelity(self) -> Fidelity:
        return Fidelity(self.options.epochs)

    @property
    def fingerprint(self) -> str:
        text = json.dumps([self.name, self.version, self.options.noise])
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def batch(self) -> int:
        return self.options.batch

    def runner(self) -> Runner:
        return LandscapeRunner(self.options)


class LandscapeRunner(TrialRunner):
    def __init__(
        self,
        options: LandscapeOptions,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options
        self._sleep = sleep
        self._clock = clock

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        top = self._score(trial)
        epochs = trial.fidelity.epochs
        for epoch in range(1, epochs + 1):
            if not self._work(self._options.seconds / epochs, should_stop):
                return
            accuracy = top * _learned(epoch, self._options.epochs)
            metrics = {"val_accuracy": accuracy, "val_loss": -math.log(max(accuracy, 1e-9))}
            yield from reports_of_epoch(request, trial, epoch, metrics)

    def _score(self, trial: TrialRequest) -> float:
        noise = (
            self._options.noise * np.random.default_rng(trial.seed).standard_normal() if self._options.noise else 0.0
        )
        return min(1.0, max(0.0, score(Architecture.from_json(trial.architecture)) + noise))

    def _work(self, seconds: float, should_stop: ShouldStop) -> bool:
        """Spend `seconds` asleep; False when told to stop."""
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0 and not should_stop():
            self._sleep(min(TICK_S, left))
        return not should_stop()


def score(architecture: Architecture) -> float:
    """The accuracy of a fully trained architecture, 0 to 1: half capacity, a fifth balance, the rest taste."""
    macs = np.array([op.macs for op in architecture.ops], dtype=float)
    capacity = 1 - math.exp(-macs.sum() / 1e6)
    shares = macs[macs > 0] / macs.sum()
    balance = float(-(shares * np.log(shares)).sum() / math.log(max(2, len(macs))))
    taste = sum(_taste(op) for op in architecture.ops) / len(architecture.ops)
    return 0.5 * capacity + 0.2 * balance + 0.3 * taste


def _taste(op: Op) -> float:
    """Mean over the op's fields of a fixed wave in each field's value, 0 to 1."""
    values = [f"{field.name}={getattr(op, field.name)}" for field in fields(op)[1:]]
    return sum(_preference(f"{op.kind}.{value}") for value in values) / max(1, len(values))


def _preference(text: str) -> float:
    return crc32(text.encode()) % 1000 / 999


def _learned(epoch: int, epochs: int) -> float:
    """Share of the final accuracy after `epoch` of `epochs`: a saturating curve that ends at 1."""
    return min(1.0, (1 - 2 ** (-4 * epoch / epochs)) / (1 - 2**-4))
