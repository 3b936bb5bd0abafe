"""The accuracy-latency scatter of a job as ECharts options: candidates, front, limit, measurements. Pure, for the page.

The series are always the same ones, known by their ids, so that a change replaces what it concerns and leaves the rest
of the picture, the zoom included, as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from nas_service.window import Window

from ..axes import LATENCY, UNITS, brief, limit_mark, value_axis
from ..theme import ACCENT, BEHIND, INK, MUTED, SERIES
from .contours import Contour

CANDIDATES: Final = "candidates"
FRONT: Final = "Pareto front"
MEASURED: Final = "measured"
SELECTED: Final = "selected"
LIMIT: Final = "limit"
GAP: Final = (None, None)  # ends a line, and another one begins
DEVICE: Final = SERIES[1]  # what the device said
Point = tuple[Any, ...]  # and not a list, each of which NiceGUI would watch
STILL: Final = {"silent": True, "symbol": "none", "tooltip": {"show": False}}
HAND_ZOOM: Final = {  # by dragging, pinching and the wheel with the control key, for the wheel alone scrolls the page
    "type": "inside",
    "filterMode": "none",
    "zoomOnMouseWheel": "ctrl",
    "moveOnMouseWheel": False,
    "preventDefaultMouseMove": False,
}
LOOKS: Final[dict[str, dict[str, Any]]] = {
    CANDIDATES: {"type": "scatter", "symbolSize": 6, "itemStyle": {"color": BEHIND}, "z": 2},
    FRONT: {
        "type": "line",
        "step": "end",  # between two of its points the cheaper one is still the best that can be had
        "symbol": "circle",
        "symbolSize": 9,
        "itemStyle": {"color": ACCENT},
        "lineStyle": {"color": ACCENT, "width": 1.5},
        "z": 4,
    },
    MEASURED: {"type": "scatter", "symbol": "diamond", "symbolSize": 12, "itemStyle": {"color": DEVICE}, "z": 6},
    "to measurements": {"type": "line", "lineStyle": {"color": DEVICE, "width": 1.5}, "z": 5, **STILL},
    "error bars": {"type": "line", "lineStyle": {"color": MUTED, "width": 1, "opacity": 0.45}, "z": 1, **STILL},
    "contours": {"type": "line", "lineStyle": {"color": MUTED, "width": 1, "opacity": 0.5}, "z": 1, **STILL},
    "levels": {
        "type": "scatter",
        "symbolSize": 1,
        "itemStyle": {"color": "transparent"},
        "label": {"show": True, "position": [2, -12], "color": MUTED, "fontSize": 11, "formatter": "{@[2]}"},
        "z": 1,
        "silent": True,
        "tooltip": {"show": False},
    },
    LIMIT: {"type": "scatter", "symbolSize": 0, "tooltip": {"show": False}, "silent": True},  # keeps it on the axis
    SELECTED: {
        "type": "scatter",
        "symbolSize": 12,
        "itemStyle": {"color": "transparent", "borderColor": INK, "borderWidth": 1.5},
        "z": 7,
        "silent": True,
        "tooltip": {"show": False},
    },
}


@dataclass(frozen=True)
class Dot:
    """A completed candidate: its cost (x), its metric (y), whether it is on the front, and what else is known of it.

    `error` is that of an estimated latency, `measured` what the device really took, both in ms.
    """

    candidate: str
    cost: float
    value: float
    on_front: bool
    reward: float | None = None
    error: float | None = None
    measured: float | None = None

    @cached_property
    def point(self) -> Point:
        return brief(self.cost), brief(self.value), self.candidate


@dataclass(frozen=True)
class Picture:
    """What is drawn: dots, with contours and error bars where these are wanted, and the window that is selected."""

    dots: Sequence[Dot]
    cost: str
    metric: str
    limit: float | None = None
    contours: Sequence[Contour] = ()
    bars: bool = False
    selected: Window | None = None

    @property
    def front(self) -> list[Dot]:
        return sorted((dot for dot in self.dots if dot.on_front), key=lambda dot: dot.cost)

    @property
    def measured(self) -> list[tuple[Dot, float]]:
        """With their latencies; none where the axis is another cost."""
        if self.cost != LATENCY:
            return []
        return [(dot, dot.measured) for dot in self.dots if dot.measured is not None]


def inside(dots: Iterable[Dot], window: Window | None) -> list[Dot]:
    return [] if window is None else [dot for dot in dots if window.holds(dot.cost, dot.value)]


def whole(dots: Sequence[Dot]) -> Window | None:
    """The window of all."""
    if not dots:
        return None
    costs, values = [dot.cost for dot in dots], [dot.value for dot in dots]
    return Window(min(costs), max(costs), min(values), max(values))


def options(shown: Picture, zoom: Window | None = None) -> dict[str, Any]:
    """What ECharts draws. A point is (cost, value, candidate)."""
    return {
        "animation": False,
        "grid": {"left": 64, "right": 28, "top": 40, "bottom": 56},
        "tooltip": {":formatter": _tooltip(UNITS.get(shown.cost, ""))},
        "toolbox": {"show": False},
        "brush": _brush(),
        "dataZoom": [HAND_ZOOM | {"id": axis, f"{axis}AxisIndex": 0} | ends for axis, ends in _ends(zoom).items()],
        **around(shown),
        "series": [LOOKS[one["id"]] | {"name": one["id"]} | one for one in series(shown)],
    }


def around(shown: Picture) -> dict[str, Any]:
    """Axes and legend, which follow from what is shown too."""
    named = [CANDIDATES, FRONT, *([MEASURED] if shown.measured else [])]
    x = value_axis(shown.cost, 32, [dot.cost for dot in shown.dots])
    y = value_axis(shown.metric, 46, [dot.value for dot in shown.dots])
    return {
        "legend": {"top": 4, "right": 16, "textStyle": {"color": MUTED}, "data": named},
        "xAxis": x | {"scale": True},
        "yAxis": y | {"scale": True},
    }


def series(shown: Picture) -> list[dict[str, Any]]:
    """What of each series follows from what is shown: its data, the limit, the window that is selected."""
    measured, selected = shown.measured, shown.selected
    data: dict[str, Iterable[Point]] = {
        CANDIDATES: (dot.point for dot in shown.dots if not dot.on_front),
        FRONT: (dot.point for dot in shown.front),
        MEASURED: ((brief(ms), brief(dot.value), dot.candidate) for dot, ms in measured),
        "to measurements": _joined([dot.point[:2], (brief(ms), brief(dot.value))] for dot, ms in measured),
        "error bars": _joined(map(_bar, shown.dots)) if shown.bars else (),
        "contours": _joined([(brief(x), brief(y)) for x, y in one.points] for one in shown.contours),
        "levels": ((*map(brief, one.points[0]), f"{one.reward:g}") for one in shown.contours),
        LIMIT: _at_the_limit(shown),
        SELECTED: (dot.point for dot in inside(shown.dots, selected)),
    }
    marks = {FRONT: limit_mark(shown.cost, shown.limit), SELECTED: _area(selected)}
    return [{"id": name, "data": tuple(points), **marks.get(name, {})} for name, points in data.items()]


def rows(shown: Picture) -> list[dict[str, Any]]:
    """The numbers in the chart, a row a candidate."""
    cost = f"{shown.cost}, {UNITS[shown.cost]}" if shown.cost in UNITS and shown.cost != LATENCY else shown.cost
    return [
        {
            "candidate": dot.candidate,
            cost: dot.cost,
            shown.metric: dot.value,
            "reward": dot.reward,
            "latency_error_ms": dot.error,
            "measured_latency_ms": dot.measured,
            "on_front": dot.on_front,
        }
        for dot in shown.dots
    ]


def _at_the_limit(shown: Picture) -> Iterable[Point]:
    """A point that is not seen: ECharts ends an axis where there is no more to draw, and draws no line beyond."""
    if shown.limit is None or not shown.dots:
        return ()
    return ((shown.limit, brief(min(dot.value for dot in shown.dots))),)


def zoomed(zoom: Window | None) -> list[dict[str, Any]]:
    """What ECharts is to do to show this window; without one, the whole."""
    return [{"dataZoomId": axis, **ends} for axis, ends in _ends(zoom).items()]


def _ends(zoom: Window | None) -> dict[str, dict[str, float]]:
    if zoom is None:
        return {"x": {"start": 0, "end": 100}, "y": {"start": 0, "end": 100}}
    return {
        "x": {"startValue": zoom.left, "endValue": zoom.right},
        "y": {"startValue": zoom.low, "endValue": zoom.high},
    }


def _brush() -> dict[str, Any]:
    """The frame that is drawn while one selects; what it selects is shown by the page."""
    frame = {"color": "rgba(11,114,133,0.08)", "borderColor": ACCENT, "borderWidth": 1}
    unchanged = {"opacity": 1}
    return {
        "toolbox": [],
        "xAxisIndex": 0,
        "yAxisIndex": 0,
        "brushStyle": frame,
        "inBrush": unchanged,
        "outOfBrush": unchanged,
    }


def _area(window: Window | None) -> dict[str, Any]:
    corners: list[Any] = []
    if window is not None:
        corners = [[{"coord": [window.left, window.low]}, {"coord": [window.right, window.high]}]]
    style = {"color": ACCENT, "opacity": 0.06, "borderColor": ACCENT, "borderWidth": 1}
    return {"markArea": {"silent": True, "itemStyle": style, "data": corners}}


def _tooltip(unit: str) -> str:
    """Of ids and numbers alone, for it is read as HTML."""
    told = "${p.data[2]}<br>${p.seriesName}<br>${p.data[1]} at ${p.data[0]} " + unit
    return f"p => p.data && p.data[2] ? `{told}` : ''"


def _bar(dot: Dot) -> list[Point]:
    if dot.error is None:
        return []
    return [(brief(dot.cost - dot.error), brief(dot.value)), (brief(dot.cost + dot.error), brief(dot.value))]


def _joined(lines: Iterable[list[Point]]) -> Iterable[Point]:
    """Several lines as one series."""
    return (point for line in lines if line for point in (*line, GAP))
