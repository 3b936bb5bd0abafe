"""What the demo asks for: specs that can run, and a limit that binds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from device_agent.machine import Device
from latency_tables import LatencyTable, cover, table_path
from latency_tables.calibration import Calibration
from latency_tables.runtime import Runtime
from latency_tables.table import Entry
from nas_service.admission import admit
from nas_service.demo import spec as demo
from nas_service.demo.story import EVOLUTION, RANDOM
from nas_service.search import Search
from search_spaces import get_space
from workers.tasks import get_task


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table of made-up costs for every op of the demo's space."""
    folder: Path = tmp_path_factory.mktemp("tables")
    space = get_space(demo.SPACE["name"], **demo.SPACE["options"]).bind(get_task("digits").signature)
    entries = {op.key: Entry(1e-3 + op.macs / 1e8, 0.0, 1) for op in cover(space, np.random.default_rng(0)).ops}
    table = LatencyTable(Device.here("local"), Runtime.here(), entries, (), Calibration(1.0, 0.01, 0.03, 12))
    table.save(table_path(folder, "local"))
    return folder


@pytest.fixture(scope="module")
def search(tables: Path) -> Search:
    return admit(demo.spec(EVOLUTION, 1.0, parallel=2), tables)


def test_the_limit_is_the_percentile_of_other_architectures_too(search: Search) -> None:
    limit_ms = demo.binding_limit(search)
    rng = np.random.default_rng(1)
    sampled = [search.bound.architecture(search.bound.sample(rng)) for _ in range(1000)]
    costs = [search.costs(architecture) for architecture in sampled]
    within = np.mean([c["latency_ms"] + c["latency_error_ms"] <= limit_ms for c in costs])
    assert within == pytest.approx(demo.PERCENTILE / 100, abs=0.05)


def test_the_limit_is_the_same_each_time(search: Search) -> None:
    assert demo.binding_limit(search) == demo.binding_limit(search)


@pytest.mark.parametrize("strategy", [EVOLUTION, RANDOM])
def test_both_searches_are_admitted_under_the_limit(tables: Path, search: Search, strategy: dict[str, object]) -> None:
    limit_ms = demo.binding_limit(search)
    admitted = admit(demo.spec(strategy, limit_ms, parallel=2), tables)
    assert admitted.objective.spec.limits == {"latency_ms": limit_ms}
    assert admitted.objective.spec.target == limit_ms


def test_the_control_differs_in_its_strategy_alone() -> None:
    ours, control = (demo.spec(strategy, 0.3, parallel=2) for strategy in (EVOLUTION, RANDOM))
    assert {key for key in ours if ours[key] != control[key]} == {"name", "strategy"}
    assert EVOLUTION["population"] < demo.TRIALS  # so that there is a second generation
