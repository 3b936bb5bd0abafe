"""A space of eight tiny networks, a protocol that is over in a moment, and a table with made-up costs."""

from __future__ import annotations

import exported
import pytest

from device_agent.machine import Device
from device_agent.measure import Protocol
from latency_tables import LatencyTable
from latency_tables.runtime import Runtime
from latency_tables.table import Entry, MeasuredNetwork
from search_spaces import Architecture, BoundSpace, Signature, get_space

TINY = {
    "backbone": [{"width": 8, "depth": 1, "stride": 1}],
    "resolution": [8],
    "ops": ["mbconv"],
    "width_factors": [1.0],
    "depth_offsets": [0],
    "skip": ["identity"],
    "activation": ["relu"],
    "kernel": [3, 5],
    "expansion": [2, 4],
    "hidden": 16,
    "stem": 8,
}
MOMENT = Protocol(visits=3, dropped=1, shortest=2, longest=3)


@pytest.fixture(autouse=True)
def exported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    exported.once(monkeypatch)


@pytest.fixture
def tiny_space() -> BoundSpace:
    return get_space("mobilenetv3", **TINY).bind(Signature("image", 1, 10, (8, 64)))


@pytest.fixture
def all_networks(tiny_space) -> list[Architecture]:
    last = [{"choices": [0, 0, 0, 0, 0, se, 0, 0, k, e]} for se in (0, 1) for k in (0, 1) for e in (0, 1)]
    return [tiny_space.architecture(genotype) for genotype in last]


@pytest.fixture
def moment() -> Protocol:
    return MOMENT


@pytest.fixture
def made_up(all_networks) -> LatencyTable:
    """The n-th op costs n / 1000 ms; networks take twice their ops and 0.5 ms."""
    keys = sorted({op.key for network in all_networks for op in network.ops})
    entries = {key: Entry((n + 1) / 1000, 0.0001, 60) for n, key in enumerate(keys)}
    networks = tuple(
        MeasuredNetwork(a.hash, keys_of(a), 2 * sum(entries[k].latency_ms for k in keys_of(a)) + 0.5, 0.001, 60)
        for a in all_networks[:6]
    )
    device = Device("bench", "a CPU", 2, "Linux", "3.12.0")
    return LatencyTable.measured(device, Runtime.here(), entries, networks)


def keys_of(architecture: Architecture) -> tuple[str, ...]:
    return tuple(op.key for op in architecture.ops)
