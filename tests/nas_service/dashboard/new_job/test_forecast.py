"""What a preview says on the page: bars, limit and words."""

from __future__ import annotations

from typing import Any

import pytest

from nas_service.api.views import EstimateView, HistogramView, LimitView
from nas_service.dashboard.new_job.forecast import command_in, histogram, limit_in_words, rows, spends, takes

SAMPLES = HistogramView(name="latency_ms", edges=[1, 2, 3, 4], counts=[5, 4, 1], feasible=[5, 1, 0])


def estimate(**known: Any) -> EstimateView:
    unknown = {"seconds_per_trial": None, "cpu_hours": None, "gpu_hours": None, "hours": None}
    return EstimateView.model_validate(
        {"at_once": 2, "measured_trials": 3, "note": "unknown: nothing ran"} | unknown | known
    )


def test_bars_stand_on_each_other_within_the_limits_below() -> None:
    within, beyond = histogram(SAMPLES, 2.5)["series"]
    assert within["data"] == [[1.5, 5], [2.5, 1], [3.5, 0]]
    assert beyond["data"] == [[1.5, 0], [2.5, 3], [3.5, 1]]
    assert within["stack"] == beyond["stack"]
    assert within["markLine"]["data"][0]["xAxis"] == 2.5


@pytest.mark.parametrize(("limit", "seen"), [(None, set()), (2.5, set()), (9, {"max"}), (0.5, {"min"})])
def test_a_limit_beside_all_samples_is_still_on_the_axis(limit: float | None, seen: set[str]) -> None:
    drawn = histogram(SAMPLES, limit)["xAxis"]
    assert {"max", "min"} & drawn.keys() == seen
    assert limit is None or drawn.get("min", 0) < limit < drawn.get("max", 10)


def test_without_a_limit_there_is_no_line() -> None:
    assert "markLine" not in histogram(SAMPLES, None)["series"][0]


def test_limits_in_words() -> None:
    one = LimitView(name="macs", limit=5e6, share_over=0.25, lowest=1e6, median=3e6)
    assert limit_in_words(one) == "25.0% are over 5 M MACs; the lowest is 1 M MACs, the median 3 M MACs"


def test_what_is_not_known_is_said_with_its_reason() -> None:
    assert (takes(estimate()), spends(estimate())) == ("unknown", "nothing ran")


def test_time_and_cost_in_words() -> None:
    known = estimate(seconds_per_trial=30, cpu_hours=4.2, gpu_hours=0.0, hours=2.5, note="from 3 trials")
    assert takes(known) == "2.5 h"
    assert spends(known) == "4.2 CPU hours; 30 s a trial, 2 at once (from 3 trials)"
    assert " and 1.5 GPU hours;" in spends(known.model_copy(update={"gpu_hours": 1.5}))
    assert takes(known.model_copy(update={"hours": None})) == "never ends"


@pytest.mark.parametrize(
    ("message", "command"),
    [
        (
            "no table with 2 threads; measure one with: nas device profile pi --threads 2 --for SPEC.yaml",
            "nas device profile pi --threads 2 --for SPEC.yaml",
        ),
        (
            "other CPU; measure it again with: nas device profile pi4-b --threads 1 --for SPEC.yaml, or name under",
            "nas device profile pi4-b --threads 1 --for SPEC.yaml",
        ),
        ("there is no key 'nas' here", ""),
        ("nas device `<b>`", ""),
    ],
)
def test_the_command_that_a_message_advises(message: str, command: str) -> None:
    assert command_in(message) == command


def test_rows_are_the_bars_with_their_ranges() -> None:
    first, *_, last = rows(SAMPLES)
    assert first == {"latency_ms from": 1, "latency_ms to": 2, "within the limits": 5, "over a limit": 0}
    assert last == {"latency_ms from": 3, "latency_ms to": 4, "within the limits": 0, "over a limit": 1}
