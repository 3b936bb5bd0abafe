"""Axes of charts as ECharts options, with labels of three significant digits at the most."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from .theme import BEHIND, INK, LINE, MUTED

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
