"""The charts of what a search chose: shades, shares, courses, and that no name of a space is ever read as HTML."""

from __future__ import annotations

from typing import Any

import pytest
from search_charts import chosen, gene, trait

from nas_service.dashboard.job.generations import (
    FEW,
    NAME,
    OPTION,
    amount_rows,
    amounts,
    column_words,
    course,
    heat,
    heat_rows,
    height,
    labels,
    most_changed,
    note,
    share_rows,
    shares,
)

HOSTILE = "<img src=x onerror=alert(1)>"


def formatters(options: Any) -> list[str]:
    """Every piece of code in a chart."""
    if isinstance(options, dict):
        own = [value for key, value in options.items() if key == ":formatter"]
        return own + [found for value in options.values() for found in formatters(value)]
    return [found for value in options for found in formatters(value)] if isinstance(options, list) else []


def values(chart: dict[str, Any]) -> list[list[Any]]:
    return [one["value"] if isinstance(one, dict) else one for one in chart["series"][0]["data"]]


def test_a_cell_has_the_share_of_the_most_chosen_option() -> None:
    cells = values(heat(chosen()))
    assert [cell[:5] for cell in cells] == [[0, 0, 0.75, 1, 4], [1, 0, 0.8, 2, 5]]
    assert [cell[5] for cell in cells] == ["conv", "mbconv"]


def test_a_gene_that_no_network_of_a_column_has_leaves_its_cell_empty() -> None:
    assert [cell[0] for cell in values(heat(chosen([gene("a", (1, 2), [0, 0], [2, 0])])))] == [1]


@pytest.mark.parametrize(
    ("columns", "option", "written"), [(FEW, "short", True), (FEW + 1, "short", False), (FEW, "much longer", False)]
)
def test_cells_say_what_was_chosen_where_there_is_room(columns: int, option: str, written: bool) -> None:
    chart = heat(chosen([gene("a", (option, "b"), *([[1, 0]] * columns))]))
    assert chart["series"][0]["label"]["show"] is written
    assert isinstance(chart["series"][0]["data"][0], dict) is written


def test_numbers_are_shaded_from_the_lowest_of_their_row_to_the_highest() -> None:
    chart = amounts(chosen([], [trait("a", 4.0, None, 8.0, 5.0), trait("b", 3.0, 3.0, 3.0, 3.0)]))
    assert [cell[2] for cell in values(chart)] == [0, 1, 0.25, 0.5, 0.5, 0.5, 0.5]
    assert values(chart)[0][3:] == [4.0, 3.0, 5.0]


def test_shares_of_a_column_make_up_the_whole() -> None:
    series = shares(chosen(), gene())["series"]
    assert [one["name"] for one in series] == ["conv", "mbconv"]
    assert [one["data"] for one in series] == [[[0, 0.75, 3], [1, 0.2, 1]], [[0, 0.25, 1], [1, 0.8, 4]]]
    assert {one["stack"] for one in series} == {"all"}


@pytest.mark.parametrize(
    "options", [("a", "b", "c"), (1, 2, 3), (True, False), tuple("abcdefghij"), tuple(range(30)), (0.5,)]
)
def test_every_option_has_a_colour_of_its_own(options: tuple[Any, ...]) -> None:
    one = gene("a", options, [1] * len(options))
    colours = [each["itemStyle"]["color"] for each in shares(chosen([one]), one)["series"]]
    assert len(set(colours)) == len(options)


def test_numbers_go_from_dark_to_light_in_their_order() -> None:
    one = gene("a", (5, 1, 3), [1, 1, 1])
    colours = [each["itemStyle"]["color"] for each in shares(chosen([one]), one)["series"]]
    brightness = [sum(bytes.fromhex(colour[1:])) for colour in colours]
    assert brightness[1] < brightness[2] < brightness[0]


def test_options_that_read_alike_stay_apart() -> None:
    one = gene("a", ("x" * 99, "x" * 98, 1, "1"), [1, 1, 1, 1])
    names = [each["name"] for each in shares(chosen([one]), one)["series"]]
    assert len(set(names)) == 4
    assert max(map(len, names)) <= OPTION + 3


def test_a_course_is_a_mean_between_its_least_and_its_most() -> None:
    least_to_most = {one["name"]: one["data"] for one in course(chosen([], [trait()]), trait())["series"]}
    assert least_to_most == {"most": [[0, 5.0], [1, 9.0]], "mean": [[0, 4.0], [1, 8.0]], "least": [[0, 3.0], [1, 7.0]]}


def test_what_changed_most_is_shown_first() -> None:
    still, moved = gene("still", (1, 2), [2, 2], [3, 3]), gene("moved", (1, 2), [4, 0], [1, 3])
    assert most_changed(chosen([still, moved], [trait()])) == "moved"
    assert most_changed(chosen([], [trait()])) == "connections"
    assert most_changed(chosen([])) is None
    assert most_changed(chosen([gene("never", (1, 2), [0, 0])])) == "never"


@pytest.mark.parametrize(
    ("columns", "named", "said"),
    [
        ({}, ["1", "2"], "generation"),
        ({"size": 4}, ["1", "5"], "generation, 4 a column"),
        ({"by": "generation", "generation": [0, 3], "size": 3}, ["1", "4"], "generation, 3 a column"),
        ({"by": "trials", "size": 50}, ["1", "6"], "trial of the search"),
    ],
)
def test_columns_are_named_by_what_they_are(columns: dict[str, Any], named: list[str], said: str) -> None:
    found = chosen(**columns)
    assert (labels(found), column_words(found)) == (named, said)


def test_the_note_says_what_a_column_is_and_what_is_left_out() -> None:
    assert note(chosen()) == "A generation is 5 trials here, as many as the population has members."
    assert note(chosen(by="trials", size=50, fixed=2)) == (
        "A column is 50 trials of the search. Choices of one option alone are left out: 2."
    )
    assert note(chosen(by="generation", generation=[0, 1])) == ""


def test_names_and_options_reach_no_code_and_no_tooltip() -> None:
    one, other = gene(HOSTILE, (HOSTILE, "b"), [3, 1], [1, 4]), trait(HOSTILE)
    found = chosen([one], [other])
    for chart in (heat(found), amounts(found), shares(found, one), course(found, other)):
        assert not any("<img" in code for code in formatters(chart))
        assert "name" not in chart["tooltip"][":formatter"].lower()
    assert "value[5]" not in heat(found)["tooltip"][":formatter"], "which is the option in words"


def test_long_names_are_cut() -> None:
    found = chosen([gene("x" * 300)])
    assert [len(name) for name in heat(found)["yAxis"]["data"]] == [NAME]


def test_a_map_is_as_high_as_it_has_rows() -> None:
    assert height(30) - height(29) == height(2) - height(1) > 10


def test_nothing_is_an_empty_map() -> None:
    assert heat(chosen([]))["series"][0]["data"] == []
    assert amounts(chosen())["series"][0]["data"] == []
    assert heat_rows(chosen([])) == amount_rows(chosen()) == []


def test_the_rows_are_the_cells_and_the_parts() -> None:
    found = chosen([gene()], [trait()])
    assert heat_rows(found)[1] == {
        "generation": "2",
        "first trial": 6,
        "last trial": 10,
        "networks in all": 5,
        "choice": "stage1.op",
        "most chosen": "mbconv",
        "share": 0.8,
        "networks with this choice": 5,
    }
    assert [(row["option"], row["networks"]) for row in share_rows(found, found.genes[0])] == [
        ("conv", 3),
        ("mbconv", 1),
        ("conv", 1),
        ("mbconv", 4),
    ]
    assert amount_rows(found)[0]["mean"] == 4.0
    assert "generation" not in share_rows(chosen(by="trials"), gene())[0]
