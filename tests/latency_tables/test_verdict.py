"""Verdicts on tables: networks that take what was estimated, and networks that do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latency_tables import LatencyTable, TableError, load
from latency_tables.table import Entry, MeasuredNetwork
from latency_tables.verdict import Verdict
from search_spaces import Architecture
from search_spaces.ops import Conv

USUAL = Entry(1.0, 0.01, 100)


@pytest.fixture
def table(made_up: LatencyTable) -> LatencyTable:
    return replace(made_up, reference=USUAL)


def took(table: LatencyTable, networks: list[Architecture], factor: float) -> list[MeasuredNetwork]:
    """Networks that take so many times what they were estimated to."""
    return [
        MeasuredNetwork(a.hash, tuple(op.key for op in a.ops), factor * table.estimate(a).latency_ms, 0.001, 60)
        for a in networks
    ]


def on(
    table: LatencyTable, networks: list[Architecture], factor: float = 1.0, reference: Entry = USUAL
) -> tuple[Verdict, list[MeasuredNetwork]]:
    measured = took(table, networks, factor)
    return Verdict.on(table, networks, measured, reference), measured


def test_networks_that_take_what_was_estimated_confirm_the_table(
    table: LatencyTable, all_networks: list[Architecture]
) -> None:
    verdict, _ = on(table, all_networks[:5])
    assert (verdict.inside, verdict.in_doubt, verdict.summary) == (5, False, "")
    assert verdict.errors.mape == pytest.approx(0, abs=1e-9)
    assert verdict.errors.tau == 1


def test_networks_outside_their_intervals_put_the_table_in_doubt(
    table: LatencyTable, all_networks: list[Architecture]
) -> None:
    verdict, measured = on(table, all_networks[:5], 1.3)
    assert (verdict.inside, verdict.in_doubt) == (0, True)
    assert verdict.errors.bias == pytest.approx(1 / 1.3 - 1)
    assert "0 of 5" in verdict.summary
    corrected = verdict.corrected(table, measured, USUAL)
    assert corrected.doubt is not None
    assert (corrected.doubt.networks, corrected.doubt.inside) == (5, 0)
    assert corrected.calibration.relative_error > table.calibration.relative_error
    pairs = zip(all_networks, measured, strict=False)
    assert np.mean([abs(corrected.estimate(a).latency_ms / m.latency_ms - 1) for a, m in pairs]) < 0.2 / 1.3


def test_a_device_that_is_slower_as_a_whole_is_no_error_of_the_table(
    table: LatencyTable, all_networks: list[Architecture]
) -> None:
    verdict, _ = on(table, all_networks[:5], 1.3, replace(USUAL, latency_ms=1.3))
    assert (verdict.inside, verdict.in_doubt) == (5, False)
    assert verdict.slowdown == pytest.approx(1.3)
    assert verdict.errors.bias == pytest.approx(0, abs=1e-9)
    assert verdict.summary == "the device takes 1.30 times as long as when its table was made"


@pytest.mark.parametrize(("networks", "in_doubt"), [(1, False), (2, False), (3, True)])
def test_few_networks_do_not_prove_much(
    table: LatencyTable, all_networks: list[Architecture], networks: int, in_doubt: bool
) -> None:
    assert on(table, all_networks[:networks], 2.0)[0].in_doubt is in_doubt


def test_of_one_network_there_is_no_rank_correlation(table: LatencyTable, all_networks: list[Architecture]) -> None:
    assert "tau" not in on(table, all_networks[:1])[0].to_json()
    assert on(table, all_networks[:2])[0].to_json()["tau"] == 1


def test_a_doubt_is_kept_in_the_file(table: LatencyTable, all_networks: list[Architecture], tmp_path) -> None:
    verdict, measured = on(table, all_networks[:5], 1.3)
    corrected = verdict.corrected(table, measured, USUAL)
    corrected.save(tmp_path / "table.json")
    assert load(tmp_path / "table.json") == corrected
    assert corrected.hash != replace(corrected, doubt=None).hash


def test_a_table_without_the_ops_is_no_judge(table: LatencyTable, all_networks: list[Architecture]) -> None:
    other = Architecture.chain([Conv((1, 8, 8), 8, 3)])
    measured = [MeasuredNetwork(other.hash, (other.ops[0].key,), 1.0, 0.1, 5)]
    with pytest.raises(TableError, match="no longer has ops of this job: conv"):
        Verdict.on(table, [other], measured, USUAL)
