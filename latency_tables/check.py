"""How far a table's estimates are from what networks really take: measured on networks it was not calibrated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator

from device_agent.journal import Journal
from device_agent.machine import Device
from device_agent.measure import INTERLEAVED, Protocol, Visit, summary
from device_agent.rounds import ProgressCallback, measure_subjects
from search_spaces import Architecture, BoundSpace

from .drift import steadied
from .profile import distinct_networks
from .subjects import REFERENCE, of_network, reference_entry, to_measure
from .survey import Plan, Survey
from .table import LOCAL, Estimate, LatencyTable, TableError

CHECKED_NETWORKS = 40

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Errors:
    """Of predicted against measured latencies, as shares: 0.02 is 2 %. `bias` is positive where they are too high."""

    mape: float
    within_5: float
    within_10: float
    tau: float
    bias: float

    @classmethod
    def between(cls, predicted: Floats, measured: Floats) -> Errors:
        """Both of shape (networks,)."""
        errors = predicted / measured - 1
        size = np.abs(errors)
        return cls(
            mape=float(size.mean()),
            within_5=float((size <= 0.05).mean()),
            within_10=float((size <= 0.10).mean()),
            tau=kendall_tau(predicted, measured),
            bias=float(errors.mean()),
        )


@dataclass(frozen=True)
class Check:
    """Estimates beside measurements of the same networks, in milliseconds.

    `slowdown` says how much slower the machine was than when the table was made (1.02: by 2 %), and `at_table_speed`
    are the errors without that common factor.
    `noise_floor` is the mean difference between two measurements of one network in separate sessions, as a share;
    `covered` the share of networks whose measurement lies in its estimate's interval.
    """

    architectures: tuple[Architecture, ...]
    measured_ms: tuple[float, ...]
    estimated_ms: tuple[float, ...]
    errors: Errors
    at_table_speed: Errors
    slowdown: float
    noise_floor: float
    covered: float


def check_table(
    table: LatencyTable,
    space: BoundSpace,
    *,
    rng: Generator,
    progress: ProgressCallback,
    networks: int = CHECKED_NETWORKS,
    protocol: Protocol = INTERLEAVED,
) -> Check:
    """Measure up to `networks` unseen ones, twice each, as calibration networks were. Needs the table's own device.

    Raises TableError where the table does not speak for what runs
    here, was measured on another CPU, lacks an op, or saw the whole space.
    """
    if problem := table.mismatch(setting=table.runtime.setting) or table.of_another(Device.here(LOCAL).cpu):
        raise TableError(f"{problem}; measure it again with: {_profile(table)} --fresh")
    chosen = _unseen(table, space, networks, rng)
    twice = replace(protocol, visits=2 * protocol.visits)
    journal = Journal()
    setting = table.runtime.setting
    subjects = to_measure(Survey(Plan((), tuple(chosen)), twice).lacking(()), setting.precision)
    measure_subjects(*subjects, setting=setting, protocol=twice, rng=rng, sink=journal, progress=progress)
    visits = steadied(journal.made, REFERENCE.name).best
    first, second = np.array([_halves(visits[of_network(a).name], protocol) for a in chosen]).T
    slowdown = table.slowdown(reference_entry(summary(visits[REFERENCE.name], protocol)))
    estimates = [table.estimate(architecture) for architecture in chosen]
    return _compared(chosen, estimates, first, second, slowdown)


def _halves(visits: Sequence[Visit], protocol: Protocol) -> tuple[float, float]:
    """What a network took, by the visits that were made first and by those that were made last."""
    half = len(visits) // 2
    return summary(visits[:half], protocol).latency_ms, summary(visits[half:], protocol).latency_ms


def _profile(table: LatencyTable) -> str:
    return f"nas device profile {table.device.name} --for SPEC.yaml {table.runtime.setting.options}"


def _unseen(table: LatencyTable, space: BoundSpace, networks: int, rng: Generator) -> list[Architecture]:
    chosen = distinct_networks(space, networks, rng, without=frozenset(n.hash for n in table.networks))
    if not chosen:
        raise TableError("every network of this space was seen in calibration: there is none left to check on")
    missing = {key for architecture in chosen for key in table.estimate(architecture).missing}
    if missing:
        raise TableError(
            f"the table of {table.device.name!r} lacks {len(missing)} op(s) of this space, for example {min(missing)}; "
            f"measure them with: {_profile(table)}"
        )
    return chosen


def _compared(
    chosen: Sequence[Architecture], estimates: Sequence[Estimate], first: Floats, second: Floats, slowdown: float
) -> Check:
    estimated = np.array([e.latency_ms for e in estimates])
    measured = (first + second) / 2
    covered = np.abs(estimated - measured) <= [e.error_ms for e in estimates]
    return Check(
        tuple(chosen),
        tuple(measured.tolist()),
        tuple(estimated.tolist()),
        Errors.between(estimated, measured),
        Errors.between(estimated * slowdown, measured),
        slowdown,
        float(np.abs(second / first - 1).mean()),
        float(covered.mean()),
    )


def kendall_tau(a: Floats, b: Floats) -> float:
    """Kendall's tau-a of two arrays (n,): pairs in the same order minus pairs in opposite order, over all pairs."""
    n = len(a)
    if n < 2:
        return 1.0
    agreement = np.sign(a[:, None] - a) * np.sign(b[:, None] - b)
    return float(agreement.sum() / (n * (n - 1)))
