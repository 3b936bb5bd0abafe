"""Small learning curves: the trial over the band of the finished ones, on one scale for all."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import pytest
from told_views import trial

from nas_service.api.curve_views import CurvesView
from nas_service.dashboard.job.small_curves import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Extent,
    behind,
    extent,
    marks,
    path,
    rows,
)

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


def test_what_all_drawings_have_is_the_band_the_median_and_the_best() -> None:
    told = behind(FINISHED, Extent(4, 0, 1))
    x1, x2 = (LEFT + (RIGHT - LEFT) * epoch / 4 for epoch in (1, 2))

    def y(value: float) -> str:
        return f"{round(BOTTOM - (BOTTOM - TOP) * value, 1):g}"

    assert told["band"] == f"M{x1:g} {y(0.75)}L{x2:g} {y(0.8)}L{x2:g} {y(0.5)}L{x1:g} {y(0.25)}"
    assert told["median"] == f"M{x1:g} {y(0.5)}L{x2:g} {y(0.6)}"
    assert told["best"] == f"M{x1:g} {y(0.7)}L{x2:g} {y(0.9)}"
    assert [one["text"] for one in told["values"]] == ["0", "0.5", "1"]
    assert told["epochs"] == "4"


def test_nothing_is_drawn_where_nothing_has_finished() -> None:
    told = behind(NONE, Extent(4, 0, 1))
    assert (told["band"], told["median"], told["best"]) == ("", "", "")


def test_a_curve_is_a_line_with_a_dot_for_each_epoch() -> None:
    points, shown = [[0, 0.0], [4, 1.0]], Extent(4, 0, 1)
    assert path(points, shown) == f"M{LEFT} {BOTTOM}L{RIGHT} {TOP}"
    assert marks(points, shown) == f"M{LEFT} {BOTTOM}h0M{RIGHT} {TOP}h0"
    assert path([], shown) == marks([], shown) == ""


def test_all_drawings_have_one_scale_that_holds_every_value() -> None:
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
