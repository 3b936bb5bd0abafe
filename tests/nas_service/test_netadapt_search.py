"""NetAdapt with real training: a network for digits is cut, weights are inherited, latencies are interpolated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from digits_search import BY_MACS, SPACE
from searches import Lab
from sqlalchemy import select

from device_agent.machine import Device
from latency_tables import LatencyTable, cover, table_path
from latency_tables.runtime import Runtime
from latency_tables.table import Entry, MeasuredNetwork
from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.store import Store
from nas_service.store.schema import proposals, trials
from search_spaces import Architecture, NarrowableSpace, get_space
from search_spaces.narrowing import Narrowed
from workers.dispatchers import InlineDispatcher
from workers.tasks import get_task

FIXED = {"kernel": [5], "expansion": [4], "backbone": [{"width": 16, "stride": 2}], "resolution": [12]}
ONE = SPACE | {"options": SPACE["options"] | FIXED}
SEED = {"choices": [0] * 10}
CUT: dict[str, Any] = BY_MACS | {
    "space": ONE,
    "task": {"name": "digits", "epochs": 3},
    "objective": {"reward": "metric", "cost": "macs"},
    "strategy": {"name": "netadapt", "delta": 0.1, "target_share": 0.89},
    "budget": {"trials": 30},
    "workers": {"parallel": 1},
}


def test_a_network_for_digits_is_cut(sqlite: Store) -> None:
    lab = Lab(sqlite, InlineDispatcher(1))
    job = lab.run(CUT)
    lab.dispatcher.close()
    assert (job.state, job.failed) == ("finished", 0)
    columns = (proposals.c.token, proposals.c.metrics, trials.c.initial_weights, trials.c.full)
    with sqlite.read() as conn:
        rows = conn.execute(select(*columns).join(trials, trials.c.id == proposals.c.trial_id)).all()
    seed, *cuts, last = rows
    assert last.metrics["macs"] <= 0.89 * seed.metrics["macs"]
    assert (last.full, last.initial_weights) == (True, None)
    assert all(cut.initial_weights for cut in cuts)
    first = [cut.metrics["val_accuracy"] for cut in cuts if cut.token["iteration"] == 0]
    assert seed.metrics["val_accuracy"] > 0.8
    assert min(first) > 0.4  # one epoch from fresh weights brings less than 0.2


def priced(network: Architecture) -> tuple[list[str], float]:
    keys = [op.key for op in network.ops]
    return keys, sum(0.002 + op.macs / 1e7 for op in network.ops)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder with a table of the network at some random widths, not of all that a cut may bring."""
    space = get_space(ONE["name"], **ONE["options"]).bind(get_task("digits").signature)
    assert isinstance(space, NarrowableSpace)
    rng = np.random.default_rng(0)
    narrowed = Narrowed(space)
    networks = [space.architecture(SEED), *(space.architecture(narrowed.sample(rng)) for _ in range(8))]
    entries = {op.key: Entry(0.002 + op.macs / 1e7, 0.0, 9) for network in networks for op in network.ops}
    measured = tuple(MeasuredNetwork(n.hash, tuple(priced(n)[0]), priced(n)[1] + 0.01, 0.0, 9) for n in networks)
    table = LatencyTable.measured(Device.here("local"), Runtime.here(), entries, measured)
    assert len(cover(narrowed, rng, most=50).ops) > len(entries)
    table.save(table_path(tmp_path, "local"))
    return tmp_path


def test_cuts_are_priced_between_measured_widths(tables: Path) -> None:
    asked = CUT | {"device": {"name": "local", "threads": 1}, "objective": {"reward": "metric", "cost": "latency_ms"}}
    search = admit(asked, tables)
    space = search.bound
    assert isinstance(space, NarrowableSpace)
    for name, cut in space.narrowings(SEED, lambda g: search.costs(space.architecture(g))["latency_ms"], 1e-4):
        network = space.architecture(cut)
        found = search.costs(network)
        assert found["latency_ms"] == pytest.approx(priced(network)[1] + 0.01, rel=0.05), name
        assert found["latency_error_ms"] > 0
    unmeasured = space.architecture(space.with_width(SEED, "stage0.layer0.expanded", 29))
    assert search.costs(unmeasured)["latency_ms"] > 0
    options = asked["space"]["options"] | {"kernel": [7]}
    strange = asked | {"strategy": {"name": "random"}, "space": asked["space"] | {"options": options}}
    with pytest.raises(InvalidSpec, match="lacks"):
        admit(strange, tables)
