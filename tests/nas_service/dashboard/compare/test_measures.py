"""The table of measures: figures with units and digits, each beside what it is of the first one's."""

from __future__ import annotations

from compared_views import network
from told_views import job

from nas_service.dashboard.compare.measures import Figure, Measure, measures, rows

PI = {"device": {"name": "pi4", "threads": 1}}


def line(found: list[Measure], what: str) -> list[Figure]:
    return next(list(one.figures) for one in found if one.what == what)


def test_metrics_differ_in_points_and_costs_in_percent() -> None:
    found = measures(
        [
            network(metrics={"val_accuracy": 0.9}, params=1_000_000, macs=5_000_000, reward=0.5),
            network(metrics={"val_accuracy": 0.9125}, params=1_500_000, macs=5_000_000, reward=0.25),
            network(metrics={}, params=800_000, macs=0),
        ]
    )
    assert line(found, "val_accuracy") == [Figure("90.00%"), Figure("91.25%", "+1.25 points"), Figure("–")]
    assert line(found, "parameters") == [Figure("1 M"), Figure("1.5 M", "+50.0%"), Figure("800 k", "-20.0%")]
    assert line(found, "MACs") == [Figure("5 M"), Figure("5 M", "the same"), Figure("0", "-100.0%")]
    assert line(found, "reward") == [Figure("0.5000"), Figure("0.2500"), Figure("–")]


def test_a_metric_that_is_no_share_differs_by_its_own_unit() -> None:
    found = measures([network(job(metric="score"), metrics={"score": 120.0}), network(metrics={"score": 150.5})])
    assert line(found, "score") == [Figure("120"), Figure("150.5", "+30.5")]


def test_latencies_stand_beside_each_other_but_are_related_on_one_device_alone() -> None:
    here, there = job(spec=PI, device="pi4"), job(id="k", spec={"device": {"name": "zero"}}, device="zero")
    found = measures(
        [
            network(here, 2.0, latency_ms=1.0, latency_error_ms=0.1),
            network(here, 3.0, latency_ms=1.5, latency_error_ms=0.1),
            network(there, latency_ms=9.0),
        ]
    )
    assert line(found, "latency estimated, ms") == [
        Figure("1.000 ± 0.100"),
        Figure("1.500 ± 0.100", "+50.0%"),
        Figure("9.000"),
    ]
    assert line(found, "latency measured, ms") == [
        Figure("2.000 ± 0.010"),
        Figure("3.000 ± 0.010", "+50.0%"),
        Figure("–"),
    ]
    assert line(found, "device") == [Figure("pi4"), Figure("pi4"), Figure("zero")]


def test_what_is_known_of_none_has_no_line() -> None:
    assert [one.what for one in measures([network(), network()])] == ["state", "input", "parameters", "MACs"]


def test_what_qualifies_a_result_stands_with_its_state() -> None:
    found = measures([network(job(incumbent="j.c1")), network(id="j.c2", value=0.5, full=False), network(id="j.c3")])
    assert line(found, "state") == [
        Figure("completed", "the best of its job"),
        Figure("completed", "not in full"),
        Figure("completed"),
    ]


def test_rows_hold_the_numbers_themselves() -> None:
    (row,) = rows([network(measured_ms=2.5, metrics={"val_accuracy": 0.912345}, latency_ms=1.25)])
    assert (row["network"], row["candidate"], row["val_accuracy"]) == ("A", "j.c1", 0.912345)
    assert (row["latency_ms"], row["measured_latency_ms"], row["params"]) == (1.25, 2.5, 10)
