"""What a table is summed up as: kinds with their maps, the dearest and the doubtful ops, and how well it fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_tables import made_table

from latency_tables import LatencyTable
from latency_tables.summary import DEAREST, errors_of, summary
from latency_tables.table import Entry, MeasuredNetwork


@pytest.fixture(scope="module")
def table() -> LatencyTable:
    return made_table()


def test_kinds_have_their_counts_and_maps(table: LatencyTable) -> None:
    kinds = {kind.kind: kind for kind in summary(table).kinds}
    assert sum(kind.ops for kind in kinds.values()) == len(table.entries)
    assert next(iter(kinds)) == "mbconv"
    assert kinds["conv"].largest == (1, 32, 32)
    assert kinds["classifier"].ops == sum(key.startswith("classifier(") for key in table.entries)


def test_the_dearest_ops_come_first(table: LatencyTable) -> None:
    dearest = [one.latency_ms for one in summary(table).dearest]
    assert dearest == sorted((entry.latency_ms for entry in table.entries.values()), reverse=True)[:DEAREST]


def test_flagged_entries_are_listed_by_their_spread_and_counted(table: LatencyTable) -> None:
    first, second, *_ = table.entries
    doubtful = {first: Entry(1.0, 0.1, 9, "noisy"), second: Entry(1.0, 0.3, 9, "implausible")}
    found = summary(replace(table, entries={**table.entries, **doubtful}))
    assert [(one.op, one.flag) for one in found.flagged] == [(second, "implausible"), (first, "noisy")]
    assert sum(kind.flagged for kind in found.kinds) == 2


def test_the_calibration_is_told_beside_what_was_measured(table: LatencyTable) -> None:
    networks = summary(table).networks
    assert [one.hash for one in networks] == [network.hash for network in table.networks]
    errors = errors_of(networks)
    assert errors is not None
    assert (errors.mape, errors.within_5) == (pytest.approx(0.0, abs=1e-6), 1.0)
    off = replace(table, calibration=replace(table.calibration, scale=2 * table.calibration.scale))
    assert not any(one.inside for one in summary(off).networks)


def test_a_network_that_nothing_tells_of_is_left_out(table: LatencyTable) -> None:
    strange = MeasuredNetwork("strange", ("no such op",), 1.0, 0.1, 9)
    found = summary(replace(table, networks=(*table.networks, strange)))
    assert len(found.networks) == len(table.networks)
    assert errors_of(()) is None
