"""The Pareto fronts of several jobs in one chart, and the networks that are compared, as ECharts options. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas_service.api.comparison_views import StandingView

from ..axes import brief, value_axis
from ..theme import INK, MORE_SERIES, MUTED
from ..wording import cut
from .measures import LETTERS, Network

SYMBOLS = (  # beside the colours, for who tells these apart by no colour
    *("circle", "rect", "triangle", "diamond"),
    "path://M0,0L10,0L5,9Z",
    "path://M5,0L6.5,3.5L10,3.8L7.4,6.2L8.2,10L5,8L1.8,10L2.6,6.2L0,3.8L3.5,3.5Z",
)
MARKS = ("●", "■", "▲", "◆", "▼", "★")  # the same as characters
LONGEST = 32  # characters of a name in the legend
TOOLTIP = "p => `${p.data[2]}<br>${p.data[1]} at ${p.data[0]}`"  # of ids and numbers: it is read as HTML
COMPARED = "compared below"
SIDES = ("top", "right", "bottom", "left")  # of a ring, for letters: networks may be as good as equal


def options(standings: Sequence[StandingView], networks: Sequence[Network] = ()) -> dict[str, Any]:
    """Jobs of the same axes, as many as there are marks; each point is (cost, value, candidate)."""
    placed = _placed(networks)
    costs = [cost for one in standings for cost in one.front.cost] + [cost for cost, *_ in placed]
    values = [value for one in standings for value in one.front.value] + [value for _, value, *_ in placed]
    return {
        "animation": False,
        "grid": {"left": 64, "right": 24, "top": 48, "bottom": 56},
        "legend": {"top": 4, "left": 16, "right": 16, "type": "scroll", "textStyle": {"color": MUTED}},
        "tooltip": {":formatter": TOOLTIP},
        "xAxis": value_axis(standings[0].cost, 32, costs) | {"scale": True},
        "yAxis": value_axis(standings[0].metric, 46, values) | {"scale": True},
        "series": [*(_series(place, one) for place, one in enumerate(standings)), *_rings(placed)],
    }


def rows(standings: Sequence[StandingView]) -> list[dict[str, Any]]:
    """The points of all fronts, with their jobs."""
    return [
        {"job": one.job.id, "name": one.job.name, "candidate": name, one.cost: cost, one.metric: value}
        for one in standings
        for cost, value, name in zip(one.front.cost, one.front.value, one.front.id, strict=True)
    ]


def _placed(networks: Sequence[Network]) -> list[tuple[float, float, str, str]]:
    """Cost, value, candidate and letter of those that have a result."""
    return [
        (brief(one.candidate.cost), brief(one.candidate.value), one.candidate.id, letter)
        for letter, one in zip(LETTERS, networks, strict=False)
        if one.candidate.value is not None and one.candidate.cost is not None
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
        "itemStyle": {"color": MORE_SERIES[place]},
        "lineStyle": {"color": MORE_SERIES[place], "width": 1.5},
        "data": [[brief(cost), brief(value), name] for cost, value, name in points],
    }


def _rings(placed: Sequence[tuple[float, float, str, str]]) -> list[dict[str, Any]]:
    """Around the networks, with their letters. Of one name, they have one place in the legend."""
    label = {"show": True, "color": INK, "fontWeight": 600, "formatter": "{@[3]}"}
    return [
        {
            "name": COMPARED,
            "type": "scatter",
            "symbol": "circle",
            "symbolSize": 20,
            "itemStyle": {"color": "transparent", "borderColor": INK, "borderWidth": 1.5},
            "label": label | {"position": SIDES[place % len(SIDES)]},
            "z": 5,
            "data": [list(point)],
        }
        for place, point in enumerate(placed)
    ]
