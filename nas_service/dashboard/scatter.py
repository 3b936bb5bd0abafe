"""The accuracy-latency scatter of a job as ECharts options: candidates, front, limit. Pure, for the page to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .axes import value_axis
from .theme import ACCENT, BEHIND, DANGER, MUTED, amount

SHOWN = 4000  # points drawn at the most; the front is drawn whole


@dataclass(frozen=True)
class Dot:
    """A completed candidate: its cost (x), its metric (y), and whether it is on the front."""

    candidate: str
    cost: float
    value: float
    on_front: bool


def options(dots: Sequence[Dot], *, cost: str, metric: str, limit: float | None) -> dict[str, Any]:
    """What ECharts draws. Beyond `SHOWN` candidates every n-th one of those behind the front is drawn."""
    front = sorted((d for d in dots if d.on_front), key=lambda d: d.cost)
    behind = [d for d in dots if not d.on_front]
    thinned = behind[:: max(1, -(-len(behind) // SHOWN))]
    return {
        "animation": False,
        "grid": {"left": 64, "right": 24, "top": 40, "bottom": 56},
        "legend": {"top": 4, "right": 16, "icon": "circle", "textStyle": {"color": MUTED}},
        "tooltip": {":formatter": "p => p.data && p.data[2] ? `${p.data[2]}<br>${p.data[1]} at ${p.data[0]}` : ''"},
        "xAxis": value_axis(cost, 32, [d.cost for d in dots]) | {"scale": True} | _room_for(limit, dots),
        "yAxis": value_axis(metric, 46, [d.value for d in dots]) | {"scale": True},
        "series": [
            _series("candidates", thinned, color=BEHIND, size=6),
            _series("Pareto front", front, color=ACCENT, size=9) | _front_line() | limit_mark(cost, limit),
        ],
    }


def _room_for(limit: float | None, dots: Sequence[Dot]) -> dict[str, Any]:
    """Ends the axis a little beyond the limit, so that its line is seen even where no candidate comes near."""
    if limit is None or any(d.cost > limit for d in dots):
        return {}
    return {"max": _short(limit * 1.02)}


def _series(name: str, dots: Sequence[Dot], *, color: str, size: int) -> dict[str, Any]:
    return {
        "name": name,
        "type": "scatter",
        "symbolSize": size,
        "itemStyle": {"color": color},
        "data": [[_short(d.cost), _short(d.value), d.candidate] for d in dots],
    }


def _front_line() -> dict[str, Any]:
    """The front as steps: between two of its points the cheaper one is still the best that can be had."""
    return {"type": "line", "step": "end", "symbol": "circle", "lineStyle": {"color": ACCENT, "width": 1.5}}


def limit_mark(cost: str, limit: float | None, *, position: str = "insideEndTop") -> dict[str, Any]:
    """The limit as a line across, to be added to a series; nothing without a limit."""
    if limit is None:
        return {}
    label = {"formatter": f"limit {amount(cost, limit)}", "color": DANGER, "position": position}
    line = {"color": DANGER, "type": "dashed"}
    mark = {
        "silent": True,
        "symbol": "none",
        "label": label,
        "lineStyle": line,
        "data": [{"xAxis": limit, "name": cost}],
    }
    return {"markLine": mark}


def _short(value: float) -> float:
    return float(f"{value:.5g}")
