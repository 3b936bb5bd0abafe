"""Lines of equal reward: on them the job's own objective gives that reward, and they stay within the picture."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from nas_service.dashboard.job.contours import LINES, Rule, contours, levels
from nas_service.objective import mnasnet_reward
from nas_service.spec import Exponents
from nas_service.window import Window

SEEN = Window(1, 4, 0.2, 0.9)


def spec(**objective: Any) -> dict[str, Any]:
    usual = {"reward": "mnasnet", "cost": "macs", "target": 2.0, "limits": {}, "exponents": {"under": 0, "over": -1}}
    return {"objective": usual | objective}


@pytest.mark.parametrize("exponents", [Exponents(under=-0.07, over=-0.07), Exponents(under=0, over=-1)])
def test_on_a_line_the_reward_is_the_lines(exponents: Exponents) -> None:
    found = contours(Rule(2.0, exponents.under, exponents.over), SEEN)
    assert len(found) > 2
    for line in found:
        for cost, metric in line.points:
            assert mnasnet_reward(metric, cost, 2.0, exponents) == pytest.approx(line.reward)
            assert SEEN.holds(cost, metric)


def test_a_line_has_its_corner_at_the_target() -> None:
    line = contours(Rule(2.0, 0, -1), SEEN)[0]
    assert (2.0, pytest.approx(line.reward)) in line.points


def test_a_closer_look_shows_lines_closer_together() -> None:
    far, near = (contours(Rule(2.0, -0.07, -0.07), seen) for seen in (SEEN, Window(1.5, 1.6, 0.5, 0.51)))
    steps = [min(b.reward - a.reward for a, b in pairwise(lines)) for lines in (far, near)]
    assert steps[1] < steps[0] / 10
    assert len(near) > 2


def test_a_window_reaching_below_zero_cost_is_drawn_from_where_costs_are_positive() -> None:
    found = contours(Rule(2.0, -0.07, -0.07), Window(-1, 4, 0.2, 0.9))
    assert found
    assert all(cost > 0 for line in found for cost, _ in line.points)


def test_a_window_without_positive_costs_has_no_lines() -> None:
    assert contours(Rule(2.0, -0.07, -0.07), Window(-4, -1, 0.2, 0.9)) == []


def test_the_rule_is_that_of_the_spec() -> None:
    assert Rule.of(spec()) == Rule(2.0, 0, -1)
    assert Rule.of(spec(target=None, limits={"macs": 3.0})) == Rule(3.0, 0, -1)


def test_there_is_no_rule_where_the_reward_is_the_metric_or_no_number() -> None:
    assert Rule.of(spec(reward="metric")) is None
    assert Rule.of(spec(reward="pareto")) is None


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.9), (0.912, 0.934), (-3, 250), (1e-9, 3e-9)])
def test_levels_are_round_and_about_as_many_as_are_legible(low: float, high: float) -> None:
    found = levels([low, high])
    assert LINES / 2 <= len(found) <= LINES + 1
    assert all(low - 1e-12 <= level <= high + 1e-12 for level in found)
    assert max(len(f"{level:g}") for level in found) <= 7


def test_one_reward_has_no_levels() -> None:
    assert levels([0.5, 0.5]) == levels([0.5]) == levels([]) == []
