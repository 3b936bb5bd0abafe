"""What networks that were chosen by their estimates really take: how good the estimates were, and what follows.

A job's finalists are measured on its device. Where far more of them lie outside their intervals than intervals of 90 %
allow, the table is in doubt: it says so, and is calibrated anew with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import comb
from typing import Any

import numpy as np

from search_spaces import Architecture

from .check import Errors
from .table import Doubt, Entry, LatencyTable, MeasuredNetwork, TableError

INSIDE = 0.9  # of networks lie in their interval, if the table is right
UNLIKELY = 0.009  # so few inside, by chance; two of two outside are not enough
SPEED_TOLERATED = 0.1  # by which a device may be slower or faster than when its table was made


@dataclass(frozen=True)
class Beside:
    """A network's estimate, with the half width of its 90 % interval, beside its measurement, all in milliseconds.

    `inside` is whether one lies in the interval of the other, once the device's speed of the day is allowed for.
    """

    hash: str
    estimated_ms: float
    error_ms: float
    measured_ms: float
    spread_ms: float
    inside: bool


@dataclass(frozen=True)
class Verdict:
    """Estimates beside measurements; `errors` without the common factor `slowdown`, which is 1.02 on a device that is
    2 % slower than when its table was made.

    `in_doubt` says that the table's intervals do not hold.
    """

    networks: tuple[Beside, ...]
    errors: Errors
    slowdown: float

    @classmethod
    def on(
        cls,
        table: LatencyTable,
        architectures: Sequence[Architecture],
        measured: Sequence[MeasuredNetwork],
        reference: Entry,
    ) -> Verdict:
        """The verdict on a table, by networks in the same order. Raises TableError where it does not price them."""
        slowdown = table.slowdown(reference)
        found = [_beside(table, *pair, slowdown) for pair in zip(architectures, measured, strict=True)]
        estimated = np.array([one.estimated_ms for one in found]) * slowdown
        return cls(tuple(found), Errors.between(estimated, np.array([one.measured_ms for one in found])), slowdown)

    @property
    def inside(self) -> int:
        return sum(one.inside for one in self.networks)

    @property
    def in_doubt(self) -> bool:
        n = len(self.networks)
        chance = sum(comb(n, k) * INSIDE**k * (1 - INSIDE) ** (n - k) for k in range(self.inside + 1))
        return chance < UNLIKELY

    @property
    def summary(self) -> str:
        """What follows, in a sentence or two; empty where nothing does."""
        told = []
        if abs(self.slowdown - 1) > SPEED_TOLERATED:
            told.append(f"the device takes {self.slowdown:.2f} times as long as when its table was made")
        if self.in_doubt:
            told.append(
                f"only {self.inside} of {len(self.networks)} networks took what their intervals said, so the table was "
                "calibrated anew with them"
            )
        return "; ".join(told)

    def corrected(self, table: LatencyTable, measured: Sequence[MeasuredNetwork], reference: Entry) -> LatencyTable:
        """The table, calibrated with these networks too, and saying why."""
        doubt = Doubt(len(self.networks), self.inside, self.errors.bias)
        return replace(table.extended({}, tuple(measured), reference), doubt=doubt)

    def to_json(self) -> dict[str, Any]:
        errors = {name: value for name, value in asdict(self.errors).items() if len(self.networks) > 1 or name != "tau"}
        told = {"slowdown": self.slowdown, "inside": self.inside, "in_doubt": self.in_doubt, "summary": self.summary}
        return {"networks": [asdict(one) for one in self.networks], **errors, **told}


def _beside(table: LatencyTable, architecture: Architecture, measured: MeasuredNetwork, slowdown: float) -> Beside:
    estimate = table.estimate(architecture)
    if estimate.missing:
        raise TableError(f"the table of {table.device.name!r} no longer has ops of this job: {estimate.missing[0]}")
    inside = abs(estimate.latency_ms * slowdown - measured.latency_ms) <= estimate.error_ms * slowdown
    return Beside(
        architecture.hash, estimate.latency_ms, estimate.error_ms, measured.latency_ms, measured.spread_ms, inside
    )
