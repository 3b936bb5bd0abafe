"""The measuring protocol, on real sessions of onnxruntime and with a clock that is moved by hand."""

from __future__ import annotations

import os
from itertools import count

import pytest

from device_agent.measure import (
    MOST_MS,
    MOST_RUNS,
    NotOffered,
    Protocol,
    Visit,
    measure_network,
    pinned,
    refuse_lacking,
    summary,
    visit,
)
from device_agent.setting import USUAL, Setting
from latency_tables.subjects import export_network
from search_spaces import Architecture
from search_spaces.ops import Classifier, Conv


@pytest.fixture(scope="module")
def model():
    return export_network(Architecture.chain([Conv((1, 8, 8), 8, 3), Classifier((8, 8, 8), 3)]))


def ticking(milliseconds: float):
    """A clock that moves by so much each time it is read."""
    ticks = count(step=int(milliseconds * 1e6))
    return lambda: next(ticks)


def test_measures_a_network(model, moment):
    measured = measure_network(model, protocol=moment)
    assert 0 < measured.latency_ms < 1000
    assert measured.spread_ms >= 0
    assert measured.runs == 3 * 3


def test_two_threads(model, moment):
    assert measure_network(model, setting=Setting(2), protocol=moment).latency_ms > 0


def test_a_visit_is_the_median_of_its_runs(model):
    looked = visit(model, USUAL, Protocol(longest=7), ticking(0.5))
    assert looked == Visit(0.5, 7)


def test_a_slow_network_gets_fewer_runs(model):
    looked = visit(model, USUAL, Protocol(shortest=5, longest=25, visit_ms=30), ticking(10))
    assert looked == Visit(10, 5)


def test_a_slow_network_gets_fewer_visits(model):
    measured = measure_network(model, protocol=Protocol(visits=100), clock=ticking(200))
    assert measured.runs == 12 * 5


def test_disturbed_visits_do_not_count():
    quiet, disturbed = [Visit(1.0, 20)] * 5, [Visit(3.0, 20)] * 5
    assert summary(quiet + disturbed, Protocol()).latency_ms == 1.0
    assert summary(quiet + disturbed, Protocol()).spread_ms == 2.0
    assert summary(quiet + disturbed, Protocol()).runs == 200


def test_pinning_ends_with_the_block():
    before = os.sched_getaffinity(0)
    with pinned(USUAL):
        assert os.sched_getaffinity(0) == {max(before)}
    assert os.sched_getaffinity(0) == before


def test_pinning_ends_with_an_error():
    before = os.sched_getaffinity(0)
    with pytest.raises(ValueError, match="no network"), pinned(USUAL):
        raise ValueError("no network")
    assert os.sched_getaffinity(0) == before


def test_more_threads_than_cpus():
    before = os.sched_getaffinity(0)
    with pinned(Setting(4096)):
        assert os.sched_getaffinity(0) == before


def test_a_system_without_affinity(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity")
    with pinned(USUAL):
        pass


def test_all_cores(model, moment):
    assert measure_network(model, setting=Setting("all"), protocol=moment).latency_ms > 0
    before = os.sched_getaffinity(0)
    with pinned(Setting("all")):
        assert os.sched_getaffinity(0) == before


def test_a_provider_that_the_runtime_lacks_is_not_replaced_by_another(model, moment):
    lacking = Setting(provider="SlideRuleExecutionProvider")
    with pytest.raises(NotOffered, match=r"has no SlideRuleExecutionProvider; it offers: .*CPUExecutionProvider"):
        refuse_lacking(lacking)
    with pytest.raises(NotOffered, match="has no SlideRuleExecutionProvider"):
        measure_network(model, setting=lacking, protocol=moment)


@pytest.mark.parametrize(
    ("made", "flaw"),
    [
        (Visit(0.5, 3), ""),
        (Visit(0.0, 3), "0.0 ms"),
        (Visit(-1.0, 3), "-1.0 ms"),
        (Visit(float("nan"), 3), "nan ms"),
        (Visit(float("inf"), 3), "inf ms"),
        (Visit(MOST_MS, 3), "600000.0 ms"),
        (Visit(0.5, 0), "0 runs"),
        (Visit(0.5, MOST_RUNS + 1), "1000001 runs"),
    ],
)
def test_what_no_session_can_show(made, flaw):
    assert made.flaw == flaw
