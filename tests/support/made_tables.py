"""A latency table that nobody had to measure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from services import SPEC

from device_agent.machine import Device
from latency_tables import LatencyTable
from latency_tables.runtime import Runtime
from latency_tables.table import Entry, MeasuredNetwork
from search_spaces import Architecture, get_space
from workers.tasks import get_task

SAMPLES, NETWORKS = 400, 20


def sampled() -> list[Architecture]:
    """Architectures of the example space."""
    space = get_space("mobilenetv3", **SPEC["space"]["options"]).bind(get_task("landscape").signature)
    rng = np.random.default_rng(0)
    return [space.architecture(space.sample(rng)) for _ in range(SAMPLES)]


def made_table(name: str = "pi") -> LatencyTable:
    """For the ops of the example space, a microsecond for a thousand MACs."""
    architectures = sampled()
    entries = {op.key: Entry(op.macs / 1e6 + 0.001, 0.0001, 100) for a in architectures for op in a.ops}
    networks = tuple(
        MeasuredNetwork(
            a.hash, tuple(op.key for op in a.ops), sum(entries[op.key].latency_ms for op in a.ops), 0.001, 9
        )
        for a in architectures[:NETWORKS]
    )
    return LatencyTable.measured(Device.here(name), Runtime.here(), entries, networks)


def document(table: LatencyTable, folder: Path) -> dict[str, Any]:
    """A table as it is sent."""
    table.save(folder / "table.json")
    read: dict[str, Any] = json.loads((folder / "table.json").read_text())
    return read
