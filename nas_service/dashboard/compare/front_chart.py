"""The Pareto fronts of several jobs in one chart, as ECharts options. Pure, for the page to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas_service.api.comparison_views import StandingView

from ..axes import brief, value_axis
from ..theme import MUTED, SERIES
from ..wording import cut

SYMBOLS = ("circle", "rect", "triangle", "diamond")  # beside the colours, for who tells these apart by no colour
MARKS = ("●", "■", "▲", "◆")  # the same as characters
LONGEST = 32  # characters of a name in the legend
TOOLTIP = "p => `${p.data[2]}<br>${p.data[1]} at ${p.data[0]}`"  # of ids and numbers: it is read as HTML


def options(standings: Sequence[StandingView]) -> dict[str, Any]:
    """Up to four jobs of the same axes; each point is (cost, value, candidate)."""
    costs = [cost for one in standings for cost in one.front.cost]
    values = [value for one in standings for value in one.front.value]
    return {
        "animation": False,
        "grid": {"left": 64, "right": 24, "top": 48, "bottom": 56},
        "legend": {"top": 4, "left": 16, "right": 16, "type": "scroll", "textStyle": {"color": MUTED}},
        "tooltip": {":formatter": TOOLTIP},
        "xAxis": value_axis(standings[0].cost, 32, costs) | {"scale": True},
        "yAxis": value_axis(standings[0].metric, 46, values) | {"scale": True},
        "series": [_series(place, one) for place, one in enumerate(standings)],
    }


def rows(standings: Sequence[StandingView]) -> list[dict[str, Any]]:
    """The points of all fronts, with their jobs."""
    return [
        {"job": one.job.id, "name": one.job.name, "candidate": name, one.cost: cost, one.metric: value}
        for one in standings
        for cost, value, name in zip(one.front.cost, one.front.value, one.front.id, strict=True)
    ]


def _series(place: int, one: StandingView) -> dict[str, Any]:
    """As steps: between two of its points the cheaper one is still the best that can be had."""
    points = zip(one.front.cost, one.front.value, one.front.id, strict=True)
    return {
        "name": f"{place + 1}  {cut(one.job.name, LONGEST)}",  # two jobs may have one name
        "type": "line",
        "step": "end",
        "symbol": SYMBOLS[place],
        "symbolSize": 10,
        "itemStyle": {"color": SERIES[place]},
        "lineStyle": {"color": SERIES[place], "width": 1.5},
        "data": [[brief(cost), brief(value), name] for cost, value, name in points],
    }
