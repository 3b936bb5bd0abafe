"""Errors of estimates, and a check that measures real networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from device_agent.machine import Device
from latency_tables import LatencyTable, TableError, check_table
from latency_tables.check import Errors, kendall_tau
from latency_tables.table import Entry


@pytest.fixture
def made_up(made_up: LatencyTable) -> LatencyTable:
    """As if it had been measured here."""
    return replace(made_up, device=Device.here("bench"))


def test_errors_of_known_estimates():
    errors = Errors.between(np.array([1.0, 2.06, 2.8]), np.array([1.0, 2.0, 4.0]))
    assert errors.mape == pytest.approx((0 + 0.03 + 0.3) / 3)
    assert errors.within_5 == pytest.approx(2 / 3)
    assert errors.within_10 == pytest.approx(2 / 3)
    assert errors.bias == pytest.approx((0 + 0.03 - 0.3) / 3)
    assert errors.tau == 1.0


def test_kendall_tau():
    a = np.arange(4.0)
    assert kendall_tau(a, -a) == -1.0
    assert kendall_tau(a, np.array([0.0, 2.0, 1.0, 3.0])) == pytest.approx(4 / 6)


def test_checks_on_networks_that_calibration_has_not_seen(made_up, tiny_space, all_networks, moment):
    seen, slow = [], replace(made_up, calibration=replace(made_up.calibration, base_ms=1000.0))
    result = check_table(
        slow, tiny_space, rng=np.random.default_rng(0), progress=seen.append, networks=10, protocol=moment
    )
    assert {a.hash for a in result.architectures} == {a.hash for a in all_networks[6:]}
    assert all(measured > 0 for measured in result.measured_ms)
    assert list(result.estimated_ms) == [slow.estimate(a).latency_ms for a in result.architectures]
    assert result.errors.bias > 1  # a second is made up
    assert result.covered == 0
    assert result.noise_floor > 0
    assert seen[-1].done == seen[-1].total


def test_errors_at_the_speed_of_the_table(made_up, tiny_space, moment):
    """By a reference that took a nanosecond, the machine is far slower now, and each estimate is raised with it."""
    hurried = replace(made_up, reference=Entry(1e-6, 0.0, 20))
    result = check_table(
        hurried, tiny_space, rng=np.random.default_rng(0), progress=lambda _: None, networks=2, protocol=moment
    )
    assert result.slowdown > 100
    assert 1 + result.at_table_speed.bias == pytest.approx(result.slowdown * (1 + result.errors.bias))


def test_tables_that_cannot_be_checked(made_up, tiny_space, all_networks):
    old = replace(made_up, runtime=replace(made_up.runtime, onnxruntime="1.0"))
    all_seen = replace(made_up, networks=tuple(replace(made_up.networks[0], hash=n.hash) for n in all_networks))
    for table, message in (
        (old, r"onnxruntime '1\.0'.*--fresh"),
        (replace(made_up, device=replace(made_up.device, cpu="a toaster")), "on a toaster, and this is .*--fresh"),
        (replace(made_up, entries={}), r"lacks \d+ op\(s\).*nas device profile bench"),
        (all_seen, "seen in calibration"),
    ):
        with pytest.raises(TableError, match=message):
            check_table(table, tiny_space, rng=np.random.default_rng(0), progress=lambda _: None)
