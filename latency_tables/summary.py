"""What a latency table holds and how well it fits its own measurements: for people who decide whether to trust it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from search_spaces.ops import Shape, op_from_key

from .check import Errors
from .table import Entry, LatencyTable
from .verdict import Beside

DEAREST = 10


@dataclass(frozen=True)
class Kind:
    """The ops of one kind: how many, how many of them flagged, and the smallest and largest map, (channels, ...).

    Maps are None for ops whose key does not tell theirs.
    """

    kind: str
    ops: int
    flagged: int
    smallest: Shape | None
    largest: Shape | None


@dataclass(frozen=True)
class Named:
    """An entry under its `op.key`."""

    op: str
    latency_ms: float
    spread_ms: float
    runs: int
    flag: str


@dataclass(frozen=True)
class Summary:
    """Kinds with most ops first; the `dearest` ops; every `flagged` entry, the largest relative spread first.

    `networks` are those that the calibration rests on, beside what it says of them.
    """

    kinds: tuple[Kind, ...]
    dearest: tuple[Named, ...]
    flagged: tuple[Named, ...]
    networks: tuple[Beside, ...]


def summary(table: LatencyTable) -> Summary:
    named = [_named(key, entry) for key, entry in table.entries.items()]
    return Summary(
        kinds=tuple(sorted(_kinds(named), key=lambda kind: (-kind.ops, kind.kind))),
        dearest=tuple(sorted(named, key=lambda one: (-one.latency_ms, one.op))[:DEAREST]),
        flagged=tuple(sorted(filter(_flagged, named), key=lambda one: (-one.spread_ms / one.latency_ms, one.op))),
        networks=tuple(_networks(table)),
    )


def errors_of(networks: Sequence[Beside]) -> Errors | None:
    """None of no network."""
    if not networks:
        return None
    return Errors.between(*np.array([(one.estimated_ms, one.measured_ms) for one in networks]).T)


def _named(key: str, entry: Entry) -> Named:
    return Named(key, entry.latency_ms, entry.spread_ms, entry.runs, entry.flag)


def _flagged(entry: Named) -> bool:
    return bool(entry.flag)


def _kinds(named: Sequence[Named]) -> Iterator[Kind]:
    of_kind: dict[str, list[Named]] = defaultdict(list)
    for one in named:
        of_kind[one.op.partition("(")[0]].append(one)
    for kind, entries in of_kind.items():
        maps = sorted((op.in_shape for one in entries if (op := op_from_key(one.op))), key=_size)
        smallest, largest = (maps[0], maps[-1]) if maps else (None, None)
        yield Kind(kind, len(entries), sum(map(_flagged, entries)), smallest, largest)


def _size(shape: Shape) -> tuple[int, int]:
    """By area (and length), then by channels."""
    return prod(shape[1:]), shape[0]


def _networks(table: LatencyTable) -> Iterator[Beside]:
    """Without those that have an op of which nothing in the table tells."""
    for network in table.networks:
        try:
            estimated = table.fitted_ms(network)
        except LookupError:
            continue
        error = estimated * table.calibration.relative_error
        inside = abs(estimated - network.latency_ms) <= error
        yield Beside(network.hash, estimated, error, network.latency_ms, network.spread_ms, inside)
