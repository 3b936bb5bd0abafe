"""The Pareto fronts of several jobs in one chart, and the networks that are compared, as ECharts options. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import Any

from nas_service.api.comparison_views import StandingView

from ..axes import brief, value_axis
from ..theme import INK, MORE_SERIES, MUTED, SHEET
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
SIDES = {"top": (0.0, 0.08), "left": (-0.05, 0.0), "bottom": (0.0, -0.08), "right": (0.05, 0.0)}
"""Where a ring's letter may stand, shares of the chart's width and height from it; first where no front has a line."""
NARROW = 560  # px; below that the legend has the numbers of jobs alone, whose names stand above the chart
SHORT = {":formatter": "name => name.split(' ')[0]", "itemWidth": 18, "itemGap": 7}

Point = tuple[float, float]


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
        "series": [
            *(_series(place, one) for place, one in enumerate(standings)),
            *_rings(placed, _sides(placed, list(zip(costs, values, strict=True)))),
        ],
        "media": [{"query": {"maxWidth": NARROW}, "option": {"legend": SHORT}}],
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


def _sides(placed: Sequence[tuple[float, float, str, str]], points: Sequence[Point]) -> list[str]:
    """Of each ring the first side where its letter is as far as can be from points, other rings and their letters."""
    scales = [(min(along), (max(along) - min(along)) or 1.0) for along in zip(*points, strict=True)]

    def share(point: Point) -> Point:
        x, y = ((value - least) / span for value, (least, span) in zip(point, scales, strict=True))
        return x, y

    crowd, sides = [share(point) for point in points], []
    for x, y in (share((cost, value)) for cost, value, *_ in placed):
        spots = {side: (x + right, y + up) for side, (right, up) in SIDES.items()}
        sides.append(max(SIDES, key=lambda side: min(_apart(spots[side], one) for one in crowd)))
        crowd.append(spots[sides[-1]])
    return sides


def _rings(placed: Sequence[tuple[float, float, str, str]], sides: Sequence[str]) -> list[dict[str, Any]]:
    """Around the networks, with their letters. Of one name, they have one place in the legend."""
    label = {"show": True, "color": INK, "fontWeight": 600, "formatter": "{@[3]}"}
    label |= {"textBorderColor": SHEET, "textBorderWidth": 3}
    return [
        {
            "name": COMPARED,
            "type": "scatter",
            "symbol": "circle",
            "symbolSize": 20,
            "itemStyle": {"color": "transparent", "borderColor": INK, "borderWidth": 1.5},
            "label": label | {"position": side},
            "z": 5,
            "data": [list(point)],
        }
        for point, side in zip(placed, sides, strict=True)
    ]


def _apart(one: Point, other: Point) -> float:
    """In distances of a letter from its ring, which are longer along the height than along the width."""
    apart = hypot((one[0] - other[0]) / SIDES["right"][0], (one[1] - other[1]) / SIDES["top"][1])
    return round(apart, 3)
