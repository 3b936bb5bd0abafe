"""The scatter's options: what is drawn of many candidates, and where the limit stands."""

from __future__ import annotations

from typing import Any

import pytest

from nas_service.dashboard.scatter import SHOWN, Dot, options


def drawn(count: int, *, every: int = 1, limit: float | None = None) -> dict[str, Any]:
    """Options for `count` candidates of growing cost, of which every n-th is on the front."""
    dots = [Dot(f"c{i}", i + 1.0, i / count, i % every == 0) for i in reversed(range(count))]
    return options(dots, cost="latency_ms", metric="val_accuracy", limit=limit)


def names(series: dict[str, Any]) -> list[str]:
    return [point[2] for point in series["data"]]


def test_the_front_is_a_line_from_the_cheapest_to_the_best() -> None:
    front = drawn(10, every=3)["series"][1]
    assert names(front) == ["c0", "c3", "c6", "c9"]
    assert (front["type"], front["step"]) == ("line", "end")


@pytest.mark.parametrize("count", [SHOWN, SHOWN + 1, 10 * SHOWN + 7])
def test_of_many_candidates_a_part_is_drawn_and_the_whole_front(count: int) -> None:
    behind, front = drawn(count, every=100)["series"]
    assert names(front) == [f"c{i}" for i in range(0, count, 100)]
    assert SHOWN / 2 <= len(behind["data"]) <= SHOWN


def test_few_candidates_are_all_drawn() -> None:
    behind, front = drawn(30, every=10)["series"]
    assert {*names(behind), *names(front)} == {f"c{i}" for i in range(30)}
    assert not {*names(behind)} & {*names(front)}


def test_the_limit_is_a_line_with_its_unit() -> None:
    mark = drawn(10, limit=0.25)["series"][1]["markLine"]
    assert mark["data"][0]["xAxis"] == 0.25
    assert mark["label"]["formatter"] == "limit 0.25 ms"


def test_a_limit_beyond_all_candidates_is_still_on_the_axis() -> None:
    assert drawn(10, limit=50)["xAxis"]["max"] > 50
    assert "max" not in drawn(10, limit=5)["xAxis"]


def test_ticks_are_no_closer_than_their_labels_can_tell() -> None:
    assert drawn(10)["xAxis"]["minInterval"] == 0.1
    assert drawn(10)["yAxis"]["minInterval"] == 0.001


def test_without_a_limit_there_is_no_line() -> None:
    assert "markLine" not in drawn(10)["series"][1]


def test_no_candidates_make_an_empty_chart() -> None:
    assert [series["data"] for series in drawn(0)["series"]] == [[], []]


def test_numbers_are_short_enough_to_send_by_the_thousand() -> None:
    found = options([Dot("c", 1 / 3, 2 / 3, on_front=True)], cost="macs", metric="f1", limit=None)
    assert found["series"][1]["data"] == [[0.33333, 0.66667, "c"]]
