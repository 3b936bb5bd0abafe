"""Profiling: measure on this machine what a search space's ops cost, and keep it in the device's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from numpy.random import Generator

from search_spaces import Architecture, BoundSpace

from .coverage import Coverage, cover
from .journal import Journal
from .machine import Device, Runtime
from .measure import INTERLEAVED, Measurement, Protocol, summary
from .rounds import ProgressCallback, measure_subjects
from .subjects import COPIES, entry, measured_network, of_network, of_op
from .table import LatencyTable, TableError, load

CALIBRATION_NETWORKS = 12
_TRIES_PER_NETWORK = 20

Measured = Callable[[str], Measurement]


def profile_space(
    space: BoundSpace,
    *,
    device: str,
    threads: int,
    path: Path,
    rng: Generator,
    progress: ProgressCallback,
    networks: int = CALIBRATION_NETWORKS,
    protocol: Protocol = INTERLEAVED,
    coverage: Coverage | None = None,
    fresh: bool = False,
) -> LatencyTable:
    """Measure the ops that `space` can meet and that the table at `path` lacks, and whole networks to calibrate on.

    The table is extended, or begun where there is none or `fresh` is set. Visits are journalled beside it: a call that
    was killed, made again with the same generator state, goes on with what it had. Raises TableError where the table
    at `path` cannot be extended here: it is damaged, or of another runtime or machine.
    """
    here = Device.here(device), Runtime.here(threads)
    table = None if fresh or not path.exists() else _extendable(path, *here)
    sampled = distinct_networks(space, networks, rng)
    found = {op.key: op for op in (coverage or cover(space, rng)).ops}
    found |= {op.key: op for network in sampled for op in network.ops}
    ops = [op for key, op in sorted(found.items()) if table is None or key not in table.entries]
    unmeasured = [n for n in sampled if table is None or n.hash not in {known.hash for known in table.networks}]

    subjects = [of_op(op, copies) for op in ops for copies in (1, COPIES)] + [of_network(n) for n in unmeasured]
    if table is not None and not subjects:
        return table
    facts = {"device": asdict(here[0]), "runtime": asdict(here[1]), "protocol": asdict(protocol)}
    journal = Journal(path.with_suffix(".journal"), facts)
    measure_subjects(subjects, threads=threads, protocol=protocol, rng=rng, journal=journal, progress=progress)

    def measured(name: str) -> Measurement:
        return summary(journal.visits[name], protocol)

    entries = {op.key: entry(measured(of_op(op, 1).name), measured(of_op(op, COPIES).name)) for op in ops}
    whole = tuple(measured_network(n, measured(of_network(n).name)) for n in unmeasured)
    table = table.extended(entries, whole) if table else LatencyTable.measured(*here, entries, whole)
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


def _extendable(path: Path, device: Device, runtime: Runtime) -> LatencyTable:
    table = load(path)
    problem = table.mismatch(threads=runtime.threads)
    if table.device.cpu != device.cpu:
        problem = f"the latency table of {device.name!r} was measured on {table.device.cpu}, and this is {device.cpu}"
    if problem:
        raise TableError(f"{problem}; measure everything anew (--fresh), or take another device name")
    return table
