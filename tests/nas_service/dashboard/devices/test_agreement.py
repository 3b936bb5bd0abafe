"""The chart of estimated against measured latencies: its range, its band, and what a point says."""

from __future__ import annotations

import pytest

from nas_service.api.table_views import ErrorsView, NetworkView
from nas_service.dashboard.devices.agreement import bounds, figures, options, rows


def network(measured: float, estimated: float) -> NetworkView:
    return NetworkView(
        hash="<b>", estimated_ms=estimated, error_ms=0.01, measured_ms=measured, spread_ms=0.002, inside=True
    )


def test_both_axes_have_the_same_range_in_which_every_point_and_its_band_lie() -> None:
    drawn = options([network(0.1, 0.11), network(0.4, 0.38)], [network(0.2, 0.5)])
    low, high = drawn["xAxis"]["min"], drawn["xAxis"]["max"]
    assert (low, high) == (drawn["yAxis"]["min"], drawn["yAxis"]["max"])
    assert low < 0.1 * 0.95
    assert high > 0.5 * 1.05


def test_the_band_is_five_percent_around_the_diagonal() -> None:
    below, width, diagonal, *_ = options([network(0.1, 0.11)], [])["series"]
    for (x, low), (_, wide), (_, same) in zip(below["data"], width["data"], diagonal["data"], strict=True):
        assert same == x
        assert (low, low + wide) == (pytest.approx(0.95 * x), pytest.approx(1.05 * x))


def test_points_are_numbers_alone_and_the_legend_names_what_is_drawn() -> None:
    drawn = options([network(1 / 3, 2 / 3)], [])
    assert drawn["series"][-2]["data"] == [[0.3333, 0.6667, 0.01, 0.002]]
    assert drawn["legend"]["data"] == ["calibration networks"]
    assert drawn["tooltip"]["renderMode"] == "richText"


def test_without_networks_there_is_a_range_all_the_same() -> None:
    assert bounds([]) == (0.0, 1.0)


def test_the_errors_are_told_in_percent() -> None:
    errors = ErrorsView(mape=0.012, within_5=0.95, within_10=1.0, tau=None, bias=-0.004)
    assert [value for _, value in figures(errors)] == ["1.2%", "95%", "100%", "–", "-0.4%"]
    assert figures(errors.model_copy(update={"bias": -0.0001}))[-1] == ("bias", "+0.0%")


def test_rows_are_the_networks_with_their_errors() -> None:
    calibration, finalist = rows([network(0.1, 0.11)], [network(0.2, 0.5)])
    assert (calibration["of"], finalist["of"]) == ("calibration", "finalist")
    assert (finalist["measured_ms"], finalist["estimated_ms"]) == (0.2, 0.5)
    assert (finalist["spread_ms"], finalist["error_ms"]) == (0.002, 0.01)
