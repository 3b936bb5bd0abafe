"""Small learning curves: the trial over the band of the finished ones, on one scale for all."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import pytest
from told_views import trial

from nas_service.api.curve_views import CurvesView
from nas_service.dashboard.job.small_curves import Extent, extent, options, rows

NONE = CurvesView(
    metric="acc", trials=0, epochs=[], low=[], median=[], high=[], candidate_id=None, best_epochs=[], best=[]
)
FINISHED = CurvesView(
    metric="acc",
    trials=2,
    epochs=[1, 2],
    low=[0.25, 0.5],
    median=[0.5, 0.6],
    high=[0.75, 0.8],
    candidate_id="j.c0",
    best_epochs=[1, 2],
    best=[0.7, 0.9],
)


def learning(*values: float, **changes: Any) -> Any:
    return trial(curve=[{"epoch": n + 1.0, "acc": value} for n, value in enumerate(values)], **changes)


def test_a_chart_draws_the_band_the_median_the_best_and_the_trial() -> None:
    shown = options(learning(0.3, 0.62), FINISHED, Extent(4, 0, 1))
    drawn = {series["name"]: series["data"] for series in shown["series"]}
    assert drawn == {
        "low": [[1, 0.25], [2, 0.5]],
        "band": [[1, 0.5], [2, 0.8 - 0.5]],
        "median": [[1, 0.5], [2, 0.6]],
        "best": [[1, 0.7], [2, 0.9]],
        "trial": [[1, 0.3], [2, 0.62]],
    }
    assert (shown["xAxis"]["max"], shown["yAxis"]["min"], shown["yAxis"]["max"]) == (4, 0, 1)


def test_all_charts_have_one_scale_that_holds_every_value() -> None:
    trials = [learning(0.1), learning(0.3, fidelity={"epochs": 9.0})]
    assert astuple(extent(trials, FINISHED, "acc")) == pytest.approx((9, 0.1, 0.9))
    assert astuple(extent(trials, NONE, "acc")) == pytest.approx((9, 0.1, 0.3))


def test_without_any_value_there_is_a_scale_all_the_same() -> None:
    assert extent([learning()], NONE, "acc") == Extent(4, 0, 1)
    same = extent([learning(0.5, 0.5)], NONE, "acc")
    assert same.low < same.high


def test_the_numbers_of_the_charts_are_rows() -> None:
    assert rows([learning(0.1, 0.2), learning()], "acc") == [
        {"trial": "j.t1", "candidate": "j.c1", "epoch": 1, "acc": 0.1},
        {"trial": "j.t1", "candidate": "j.c1", "epoch": 2, "acc": 0.2},
    ]
