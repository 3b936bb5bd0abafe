"""The chart of several fronts: told apart by shape and by colour, each point with its candidate."""

from __future__ import annotations

from typing import Any

from compared_views import network
from listed_jobs import listed

from nas_service.api.comparison_views import MOST, FrontView, StandingView
from nas_service.api.views import ArmView
from nas_service.dashboard.compare.front_chart import LONGEST, MARKS, SIDES, SYMBOLS, options, rows
from nas_service.dashboard.compare.measures import Network
from nas_service.dashboard.theme import MORE_SERIES

ARM = ArmView(trials=9, candidates=2, best_reward=0.5, hypervolume=0.5, mean=None, low=None, high=None)


def standing(name: str = "a job", points: int = 2) -> StandingView:
    """A job whose front has so many points, of growing cost and value."""
    numbers = range(1, points + 1)
    front = FrontView(id=[f"j.c{n}" for n in numbers], value=[n / 3 for n in numbers], cost=[n * 1e6 for n in numbers])
    return StandingView(job=listed(name=name), metric="val_accuracy", cost="macs", found=ARM, front=front, best=None)


def rings_of(networks: list[Network]) -> list[dict[str, Any]]:
    return [one for one in options([standing()], networks)["series"] if one["type"] == "scatter"]


def test_fronts_differ_in_shape_and_in_colour() -> None:
    series = options([standing() for _ in MARKS])["series"]
    assert len({one["symbol"] for one in series}) == len({one["itemStyle"]["color"] for one in series}) == len(MARKS)
    assert len(SYMBOLS) == len(MARKS) == len(MORE_SERIES) == MOST


def test_a_front_is_steps_of_points_that_name_their_candidates() -> None:
    [series] = options([standing()])["series"]
    assert series["step"] == "end"
    assert series["data"] == [[1e6, 0.33333, "j.c1"], [2e6, 0.66667, "j.c2"]]


def test_jobs_of_one_name_are_two_series_and_long_names_are_cut() -> None:
    names = [one["name"] for one in options([standing("x" * 99), standing("x" * 99)])["series"]]
    assert len(set(names)) == 2
    assert all(name.endswith("…") and len(name) <= LONGEST + 3 for name in names)


def test_no_name_reaches_the_tooltip_which_is_read_as_html() -> None:
    chart = options([standing("<b>bold</b>")])
    assert "seriesName" not in chart["tooltip"][":formatter"]
    assert all("<" not in str(point) for one in chart["series"] for point in one["data"])


def test_a_job_without_a_result_is_an_empty_series() -> None:
    chart = options([standing(points=0), standing()])
    assert [len(one["data"]) for one in chart["series"]] == [0, 2]


def test_networks_are_ringed_with_their_letters_where_they_have_a_result() -> None:
    compared = [network(value=0.5, cost=3e6), network(id="j.c2"), network(id="j.c3", value=0.25, cost=2e6)]
    front, *rings = options([standing()], compared)["series"]
    assert [ring["data"] for ring in rings] == [[[3e6, 0.5, "j.c1", "A"]], [[2e6, 0.25, "j.c3", "C"]]]
    assert {ring["label"]["formatter"] for ring in rings} == {"{@[3]}"}
    assert [one["name"] for one in options([standing()], [network()])["series"]] == [front["name"]]


def test_letters_stand_where_there_is_room() -> None:
    alike = [network(id=f"j.c{n}", value=0.5, cost=3e6) for n in range(4)]
    assert {ring["label"]["position"] for ring in rings_of(alike)} == set(SIDES)
    far = [network(value=0.4, cost=1.5e6), network(id="j.c2", value=0.5, cost=3e6)]
    assert [ring["label"]["position"] for ring in rings_of(far)] == ["top", "top"]
    near = [network(value=0.5, cost=2.9e6), network(id="j.c2", value=0.52, cost=2.9e6)]
    assert [ring["label"]["position"] for ring in rings_of(near)] == ["left", "top"]


def test_a_narrow_legend_has_the_numbers_of_jobs_alone() -> None:
    [narrow] = options([standing()])["media"]
    assert narrow["query"]["maxWidth"] > 390
    assert "split(' ')[0]" in narrow["option"]["legend"][":formatter"]
    assert options([standing()])["series"][0]["name"].split(" ")[0] == "1"


def test_rows_are_the_points_with_their_jobs() -> None:
    first, second = rows([standing("<b>", 1), standing(points=1)])
    assert first == {"job": first["job"], "name": "<b>", "candidate": "j.c1", "macs": 1e6, "val_accuracy": 1 / 3}
    assert second["name"] == "a job"
