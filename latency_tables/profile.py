"""Profiling: measure on this machine what a search space's ops cost, and keep it in the device's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from numpy.random import Generator

from search_spaces import Architecture, BoundSpace, Op

from .calibration import FEWEST_NETWORKS
from .coverage import Coverage, cover
from .forecast import AnnounceCallback, Forecast, seconds_left
from .journal import Journal
from .machine import Device, Runtime
from .measure import INTERLEAVED, Measurement, Protocol, summary
from .rounds import ProgressCallback, measure_subjects
from .subjects import (
    COPIES,
    REFERENCE,
    REFERENCE_NETWORK,
    Subject,
    entry,
    measured_network,
    of_network,
    of_op,
    reference_entry,
)
from .table import Entry, LatencyTable, MeasuredNetwork, TableError, load

CALIBRATION_NETWORKS = 12
_TRIES_PER_NETWORK = 20

Measured = Callable[[Subject], Measurement]


@dataclass(frozen=True)
class Plan:
    """What a table still lacks for a space: ops, and whole networks to calibrate on."""

    ops: tuple[Op, ...]
    networks: tuple[Architecture, ...]

    @classmethod
    def of(cls, coverage: Coverage, sampled: list[Architecture], table: LatencyTable | None) -> Plan:
        """Ops that samples met and ops of the calibration networks, less what `table` has already."""
        found = {op.key: op for ops in (coverage.ops, *(n.ops for n in sampled)) for op in ops}
        entries = table.entries if table else {}
        hashes = {network.hash for network in table.networks} if table else set()
        ops = tuple(found[key] for key in sorted(found) if key not in entries)
        return cls(ops, tuple(network for network in sampled if network.hash not in hashes))

    @property
    def subjects(self) -> list[Subject]:
        """Everything to measure, the reference network beside it; empty where the table lacks nothing."""
        lacking = [of_op(op, n) for op in self.ops for n in (1, COPIES)]
        lacking += [of_network(network) for network in self.networks if network != REFERENCE_NETWORK]
        return [*lacking, REFERENCE] if self.ops or self.networks else []

    def entries(self, measured: Measured) -> dict[str, Entry]:
        return {op.key: entry(measured(of_op(op, 1)), measured(of_op(op, COPIES))) for op in self.ops}

    def measured_networks(self, measured: Measured) -> tuple[MeasuredNetwork, ...]:
        return tuple(measured_network(network, measured(of_network(network))) for network in self.networks)


def profile_space(
    space: BoundSpace,
    *,
    device: str,
    threads: int,
    path: Path,
    rng: Generator,
    progress: ProgressCallback,
    announce: AnnounceCallback | None = None,
    networks: int = CALIBRATION_NETWORKS,
    protocol: Protocol = INTERLEAVED,
    coverage: Coverage | None = None,
    fresh: bool = False,
) -> LatencyTable:
    """Measure the ops that `space` can meet and that the table at `path` lacks, and whole networks to calibrate on.

    The table is extended, or begun where there is none or `fresh` is set. Visits are journalled beside it: a call that
    was killed, made again with the same generator state, goes on with what it had. Raises TableError where the table
    at `path` cannot be extended here (it is damaged, or of another runtime or machine) and for a space that is too
    small to calibrate on. Before it begins to measure, `announce` hears how much there is to do.
    """
    here = Device.here(device), Runtime.here(threads)
    table = None if fresh or not path.exists() else _extendable(path, *here)
    plan = Plan.of(coverage or cover(space, rng), _calibration_networks(space, networks, rng), table)
    if table is not None and not plan.subjects:
        return table
    journal = Journal(path.with_suffix(".journal"), _facts(*here, protocol))
    if announce is not None:
        left = seconds_left(plan.subjects, threads=threads, protocol=protocol, journal=journal)
        announce(Forecast(len(plan.ops), len(plan.networks), left))
    measure_subjects(plan.subjects, threads=threads, protocol=protocol, rng=rng, journal=journal, progress=progress)

    def measured(subject: Subject) -> Measurement:
        return summary(journal.visits[subject.name], protocol)

    entries, whole, reference = plan.entries(measured), plan.measured_networks(measured), measured(REFERENCE)
    with_new = table.extended if table else partial(LatencyTable.measured, *here)
    table = with_new(entries, whole, reference_entry(reference))
    table.save(path)
    journal.discard()
    return table


def distinct_networks(
    space: BoundSpace, count: int, rng: Generator, *, without: frozenset[str] = frozenset()
) -> list[Architecture]:
    """Up to `count` sampled architectures that differ from each other and from the hashes in `without`."""
    found: dict[str, Architecture] = {}
    for _ in range(_TRIES_PER_NETWORK * count):
        architecture = space.architecture(space.sample(rng))
        if architecture.hash not in without:
            found.setdefault(architecture.hash, architecture)
        if len(found) == count:
            break
    return list(found.values())


def _calibration_networks(space: BoundSpace, count: int, rng: Generator) -> list[Architecture]:
    sampled = distinct_networks(space, count, rng)
    if len(sampled) < FEWEST_NETWORKS:
        raise TableError(
            f"only {len(sampled)} different networks were sampled from this space, and a calibration needs "
            f"{FEWEST_NETWORKS}: give the space more options"
        )
    return sampled


def _facts(device: Device, runtime: Runtime, protocol: Protocol) -> dict[str, dict[str, object]]:
    """What visits of an earlier process must have in common with those of this one to count beside them."""
    return {"device": asdict(device), "runtime": asdict(runtime), "protocol": asdict(protocol)}


def _extendable(path: Path, device: Device, runtime: Runtime) -> LatencyTable:
    table = load(path)
    problem = table.mismatch(threads=runtime.threads)
    if table.device.cpu != device.cpu:
        problem = f"the latency table of {device.name!r} was measured on {table.device.cpu}, and this is {device.cpu}"
    if problem:
        raise TableError(f"{problem}; measure everything anew (--fresh), or take another device name")
    return table
