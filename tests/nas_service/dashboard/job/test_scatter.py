"""The scatter's options: what is drawn of candidates and measurements, and where the limit stands."""

from __future__ import annotations

from typing import Any

import pytest

from nas_service.dashboard.job.contours import Contour
from nas_service.dashboard.job.scatter import GAP, Dot, Picture, inside, options, rows, whole, zoomed
from nas_service.window import Window

MEASURED = Dot("m", 2.0, 0.5, on_front=True, reward=0.4, error=0.25, measured=2.5)


def drawn(count: int, *, every: int = 1, limit: float | None = None) -> Picture:
    """`count` candidates of growing cost, of which every n-th is on the front."""
    dots = [Dot(f"c{i}", i + 1.0, i / count, i % every == 0) for i in reversed(range(count))]
    return Picture(dots, "latency_ms", "val_accuracy", limit)


def series(shown: Picture) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in options(shown)["series"]}


def names(one: dict[str, Any]) -> list[str]:
    return [point[2] for point in one["data"]]


def test_the_front_is_a_line_from_the_cheapest_to_the_best() -> None:
    front = series(drawn(10, every=3))["Pareto front"]
    assert names(front) == ["c0", "c3", "c6", "c9"]
    assert (front["type"], front["step"]) == ("line", "end")


def test_every_candidate_is_drawn_once() -> None:
    found = series(drawn(30, every=10))
    both = names(found["candidates"]) + names(found["Pareto front"])
    assert sorted(both) == sorted(f"c{i}" for i in range(30))


def test_the_limit_is_a_line_with_its_unit() -> None:
    mark = series(drawn(10, limit=0.25))["Pareto front"]["markLine"]
    assert mark["data"][0]["xAxis"] == 0.25
    assert mark["label"]["formatter"] == "limit 0.25 ms"
    assert mark["precision"] == -1


@pytest.mark.parametrize("limit", [50, 5])
def test_a_limit_is_on_the_axis_wherever_candidates_are(limit: float) -> None:
    (at,) = series(drawn(10, limit=limit))["limit"]["data"]
    assert at[0] == limit
    assert at[1] == pytest.approx(min(dot.value for dot in drawn(10).dots))
    assert not series(drawn(0, limit=limit))["limit"]["data"]


def test_ticks_are_no_closer_than_their_labels_can_tell() -> None:
    assert options(drawn(10))["xAxis"]["minInterval"] == 0.1
    assert options(drawn(10))["yAxis"]["minInterval"] == 0.001


def test_without_a_limit_there_is_no_line() -> None:
    assert "markLine" not in series(drawn(10))["Pareto front"]


def test_no_candidates_make_an_empty_chart() -> None:
    assert {len(one["data"]) for one in options(drawn(0))["series"]} == {0}


def test_numbers_are_short_enough_to_send_by_the_thousand() -> None:
    found = series(Picture([Dot("c", 1 / 3, 2 / 3, on_front=True)], cost="macs", metric="f1"))
    assert found["Pareto front"]["data"] == ((0.33333, 0.66667, "c"),)


def test_a_measurement_stands_beside_its_estimate_and_a_line_joins_them() -> None:
    found = series(Picture([MEASURED], "latency_ms", "f1"))
    assert found["measured"]["data"] == ((2.5, 0.5, "m"),)
    assert found["to measurements"]["data"] == ((2.0, 0.5), (2.5, 0.5), GAP)


def test_a_measured_latency_has_no_place_among_other_costs() -> None:
    found = series(Picture([MEASURED], "macs", "f1"))
    assert found["measured"]["data"] == found["to measurements"]["data"] == ()


def test_error_bars_reach_from_the_low_to_the_high_end_of_those_that_have_any() -> None:
    shown = Picture([MEASURED, Dot("c", 1.0, 0.1, on_front=False)], "latency_ms", "f1", bars=True)
    assert series(shown)["error bars"]["data"] == ((1.75, 0.5), (2.25, 0.5), GAP)
    assert series(Picture([MEASURED], "latency_ms", "f1"))["error bars"]["data"] == ()


def test_contours_are_lines_apart_with_their_with_their_reward_where_they_begin() -> None:
    lines = [Contour(0.4, ((1.0, 0.5), (2.0, 0.6))), Contour(0.5, ((1.0, 0.7), (2.0, 0.8)))]
    found = series(Picture([], "latency_ms", "f1", contours=lines))
    assert found["contours"]["data"] == ((1.0, 0.5), (2.0, 0.6), GAP, (1.0, 0.7), (2.0, 0.8), GAP)
    assert found["levels"]["data"] == ((1.0, 0.5, "0.4"), (1.0, 0.7, "0.5"))


def test_what_is_selected_is_ringed_and_its_window_drawn() -> None:
    shown = Picture(drawn(10).dots, "latency_ms", "f1", selected=Window(2, 4, 0, 1))
    selected = series(shown)["selected"]
    assert sorted(names(selected)) == ["c1", "c2", "c3"]
    assert selected["markArea"]["data"] == [[{"coord": [2, 0]}, {"coord": [4, 1]}]]
    assert series(drawn(10))["selected"]["markArea"]["data"] == []


def test_the_same_series_stand_in_the_same_order_whatever_is_shown() -> None:
    one, other = options(drawn(0)), options(Picture([MEASURED], "latency_ms", "f1", bars=True))
    assert [s["id"] for s in one["series"]] == [s["id"] for s in other["series"]]


def test_a_zoom_is_in_the_options_or_done_to_the_chart_in_the_same_words() -> None:
    zoom = Window(1, 2, 0.3, 0.4)
    assert [(z["startValue"], z["endValue"]) for z in options(drawn(3), zoom)["dataZoom"]] == [(1, 2), (0.3, 0.4)]
    assert [(z["start"], z["end"]) for z in options(drawn(3))["dataZoom"]] == [(0, 100)] * 2
    assert zoomed(zoom) == [
        {"dataZoomId": "x", "startValue": 1, "endValue": 2},
        {"dataZoomId": "y", "startValue": 0.3, "endValue": 0.4},
    ]


def test_the_whole_is_all_and_nothing_where_there_is_none() -> None:
    dots = drawn(4).dots
    assert whole(dots) == Window(1, 4, 0, 0.75)
    assert inside(dots, whole(dots)) == list(dots)
    assert whole([]) is None
    assert inside(dots, None) == []


def test_rows_have_the_numbers_under_names_with_units() -> None:
    assert rows(Picture([MEASURED], "latency_ms", "f1")) == [
        {
            "candidate": "m",
            "latency_ms": 2.0,
            "f1": 0.5,
            "reward": 0.4,
            "latency_error_ms": 0.25,
            "measured_latency_ms": 2.5,
            "on_front": True,
        }
    ]
