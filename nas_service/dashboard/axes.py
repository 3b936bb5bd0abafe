"""Axes of charts as ECharts options, with labels of three significant digits at the most."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from .theme import BEHIND, DANGER, INK, LINE, MUTED, amount

LATENCY: Final = "latency_ms"  # a cost
UNITS: Final = {LATENCY: "ms", "macs": "MACs", "params": "parameters"}  # of costs
DIGITS = 3
SHORT = f"""value => {{
    const [size, unit] = [[1e9, ' G'], [1e6, ' M'], [1e3, ' k']].find(([size]) => Math.abs(value) >= size) || [1, ''];
    return Number((value / size).toPrecision({DIGITS})) + unit;
}}"""


def value_axis(name: str, gap: int, values: Iterable[float] = ()) -> dict[str, Any]:
    """A linear axis; it has no ticks so close that the labels of `values` would be equal."""
    return {
        "type": "value",
        "name": name,
        "nameLocation": "middle",
        "nameGap": gap,
        "minInterval": finest(values),
        "axisLine": {"lineStyle": {"color": BEHIND}},
        "axisTick": {"show": False},
        "axisLabel": {"color": MUTED, "hideOverlap": True, ":formatter": SHORT},
        "nameTextStyle": {"color": INK},
        "splitLine": {"lineStyle": {"color": LINE}},
    }


def finest(values: Iterable[float]) -> float:
    """The least step between numbers of this size that three digits can tell apart; 0 where there is none."""
    largest = max(map(abs, values), default=0.0)
    return float(f"1e{math.floor(math.log10(largest)) + 1 - DIGITS}") if largest else 0.0


def brief(value: float, digits: int = 5) -> float:
    """To so many significant digits, in which JSON is short."""
    return float(f"{value:.{digits}g}")


def limit_mark(cost: str, limit: float | None, *, position: str = "insideEndTop") -> dict[str, Any]:
    """The limit as a line across, to be added to a series; nothing without a limit."""
    if limit is None:
        return {}
    label = {"formatter": f"limit {amount(cost, limit)}", "color": DANGER, "position": position}
    line = {"color": DANGER, "type": "dashed"}
    mark = {
        "silent": True,
        "symbol": "none",
        "precision": -1,  # else the line stands where the limit would be with two decimals
        "label": label,
        "lineStyle": line,
        "data": [{"xAxis": limit, "name": cost}],
    }
    return {"markLine": mark}
