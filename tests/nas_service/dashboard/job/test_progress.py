"""The charts of how a search got on: what is a dot, a line, a hollow dot, a cross, and what the numbers beside say."""

from __future__ import annotations

from typing import Any

import pytest
from search_charts import arm, got_on

from nas_service.api.search_views import ProgressView
from nas_service.dashboard.job.progress import (
    ALONE,
    FAILED,
    NAMES,
    UNCOUNTED,
    hypervolumes,
    rewards,
    rows,
    scale,
    thinning,
    told,
    uncounted,
)


def drawn(found: ProgressView) -> dict[tuple[str, str], dict[str, Any]]:
    """The series by name and type."""
    return {(one["name"], one["type"]): one for one in rewards(found, "trials")["series"]}


def test_results_are_dots_under_the_line_of_the_best() -> None:
    series = drawn(got_on("rrr"))
    assert set(series) == {(ALONE, "scatter"), (ALONE, "line")}
    assert [point[:3] for point in series[ALONE, "scatter"]["data"]] == [[1, 0.1, 1], [2, 0.2, 2], [3, 0.3, 3]]
    assert series[ALONE, "line"]["data"] == [[1, 0.1], [2, 0.2], [3, 0.3]]
    assert series[ALONE, "line"]["step"] == "end"


def test_search_and_control_differ_in_colour_in_symbol_and_in_line() -> None:
    series = drawn(got_on("rrrr", "0101"))
    search, control = ([series[name, kind] for kind in ("scatter", "line")] for name in NAMES)
    assert [len(one["data"]) for one in (*search, *control)] == [2, 2, 2, 2]
    assert search[0]["symbol"] != control[0]["symbol"]
    assert search[1]["lineStyle"]["type"] != control[1]["lineStyle"]["type"]
    assert len({one["itemStyle"]["color"] for one in (*search, *control)}) == 2


def test_what_does_not_count_is_hollow_and_what_failed_is_a_cross_at_the_foot() -> None:
    series = drawn(got_on("rpfr"))
    assert [point[2] for point in series[ALONE, "scatter"]["data"]] == [1, 4]
    hollow, cross = series[UNCOUNTED, "scatter"], series[FAILED, "scatter"]
    assert hollow["symbol"].startswith("empty")
    assert hollow["data"][0][:2] == [2, 0.2]
    assert cross["data"] == [[3, 0.1, 3]]


def test_before_its_first_result_an_arm_has_no_line() -> None:
    found = got_on("pr", best=[None, 0.2], hypervolume=[None, 0.5])
    assert drawn(found)[ALONE, "line"]["data"] == [[2, 0.2]]
    assert hypervolumes(found, "trials")["series"][0]["data"] == [[2, 0.5]]


@pytest.mark.parametrize(
    ("seconds", "unit", "first"), [(1, "s", 1), (60, "min", 1), (3600, "h", 1), (86400, "d", 1), (90, "min", 1.5)]
)
def test_time_is_told_since_the_start_in_a_unit_that_fits(seconds: float, unit: str, first: float) -> None:
    axis = scale(got_on("rrr", seconds=seconds), "time")
    assert axis.name == f"time since the start, {unit}"
    assert axis.places[0] == first


def test_a_job_that_never_started_counts_from_its_first_step() -> None:
    assert scale(got_on("rr", started_at=None), "time").places == [0, 60]


def test_trials_of_two_arms_are_counted_for_each() -> None:
    assert scale(got_on("rrrr", "0101"), "trials") == ("trials of each", [1, 1, 2, 2])
    assert scale(got_on("rr"), "trials").name == "trials"


def test_nothing_yet_is_an_empty_chart() -> None:
    found = got_on("")
    assert [len(one["data"]) for one in rewards(found, "time")["series"]] == []
    assert [len(one["data"]) for one in hypervolumes(found, "trials")["series"]] == [0]
    assert rows(found) == []


def test_there_is_nothing_to_draw_before_the_first_reward() -> None:
    assert [told(got_on(kinds)) for kinds in ("", "ff", "fp", "r")] == [False, False, True, True]


def test_tooltips_have_numbers_only() -> None:
    for chart in (rewards(got_on("rpf"), "trials"), hypervolumes(got_on("rr"), "trials")):
        tips = [chart["tooltip"], *(one["tooltip"] for one in chart["series"] if "tooltip" in one)]
        assert all("name" not in tip[":formatter"].lower() for tip in tips)
        assert all(
            isinstance(value, int | float) for one in chart["series"] for point in one["data"] for value in point
        )


def test_the_rows_are_the_steps() -> None:
    first, second = rows(got_on("rp", "01", total=9))
    assert first == {
        "trial": 1,
        "candidate": "j.c0",
        "since the start (s)": 60.0,
        "arm": "search",
        "counts as": "result",
        "reward": 0.1,
        "best reward so far": 0.1,
        "hypervolume so far": 0.1,
    }
    assert (second["arm"], second["counts as"]) == ("random control", "partial")


def test_what_is_left_out_is_said() -> None:
    both = [arm(partial=1200, failed=1), arm(control=True, partial=34)]
    assert uncounted(got_on("r", arms=both)) == (
        "Not counted: 1,234 stopped early, at less than full fidelity; 1 failed."
    )
    assert uncounted(got_on("r")) == ""
    assert thinning(got_on("r")) == ""
    assert thinning(got_on("r", total=4000)).startswith("1 of 4,000 results are drawn")
