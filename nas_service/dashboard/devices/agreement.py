"""Estimated against measured latencies as ECharts options: a scatter with the diagonal and the band of ±5 %. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas_service.api.table_views import ErrorsView, NetworkView

from ..axes import brief, value_axis
from ..theme import ACCENT, INK, LINE, MUTED, WARNING

DIGITS = 4
BAND = 0.05
MARGIN = 0.06  # of the range of what was measured, beyond the first and the last
TELL = """p => p.data && p.data.length > 2
    ? `measured ${p.data[0]} ± ${p.data[3]} ms\\nestimated ${p.data[1]} ± ${p.data[2]} ms` : ''"""


def options(calibration: Sequence[NetworkView], finalists: Sequence[NetworkView]) -> dict[str, Any]:
    """Both axes have the same range, so that what is estimated as it was measured lies on the diagonal."""
    networks = (*calibration, *finalists)
    low, high = bounds(networks)
    return {
        "animation": False,
        "grid": {"left": 64, "right": 20, "top": 40, "bottom": 52},
        "legend": {"top": 4, "right": 12, "textStyle": {"color": MUTED}, "data": _legend(calibration, finalists)},
        "tooltip": {"renderMode": "richText", ":formatter": TELL},
        "xAxis": _axis("measured, ms", 30, low, high),
        "yAxis": _axis("estimated, ms", 46, low, high),
        "series": [
            *_band(low, high),
            _diagonal(low, high),
            _scatter("calibration networks", calibration, ACCENT, "circle"),
            _scatter("finalists", finalists, WARNING, "diamond"),
        ],
    }


def rows(calibration: Sequence[NetworkView], finalists: Sequence[NetworkView]) -> list[dict[str, Any]]:
    """A row a network."""
    named = (("calibration", calibration), ("finalist", finalists))
    return [
        {
            "network": one.hash,
            "of": group,
            "measured_ms": one.measured_ms,
            "spread_ms": one.spread_ms,
            "estimated_ms": one.estimated_ms,
            "error_ms": one.error_ms,
        }
        for group, networks in named
        for one in networks
    ]


def bounds(networks: Sequence[NetworkView]) -> tuple[float, float]:
    """Of both axes, in milliseconds; the band fits in. 0 and 1 where there is no network."""
    values = [value for one in networks for value in (one.estimated_ms, one.measured_ms)]
    if not values:
        return 0.0, 1.0
    low, high = min(values) * (1 - BAND), max(values) * (1 + BAND)
    margin = MARGIN * (high - low)
    return max(0.0, brief(low - margin, DIGITS)), brief(high + margin, DIGITS)


def figures(errors: ErrorsView) -> list[tuple[str, str]]:
    """The statistics of errors in words and numbers, as `nas device check` names them."""
    return [
        ("mean error", f"{errors.mape:.1%}"),
        ("within 5 %", f"{errors.within_5:.0%}"),
        ("within 10 %", f"{errors.within_10:.0%}"),
        ("Kendall's tau", "–" if errors.tau is None else f"{errors.tau:.2f}"),
        ("bias", f"{round(errors.bias, 3) + 0.0:+.1%}"),  # -0.0 + 0.0 is 0.0
    ]


def _legend(*series: Sequence[NetworkView]) -> list[str]:
    return [name for name, networks in zip(("calibration networks", "finalists"), series, strict=True) if networks]


def _axis(name: str, gap: int, low: float, high: float) -> dict[str, Any]:
    axis = value_axis(name, gap, (low, high)) | {"min": low, "max": high, "splitNumber": 5}
    return axis | {"axisLabel": axis["axisLabel"] | {"showMinLabel": False, "showMaxLabel": False}}


def _band(low: float, high: float) -> list[dict[str, Any]]:
    """Two lines on top of each other, of which the upper one fills what is between them."""
    common = {"type": "line", "stack": "band", "symbol": "none", "silent": True, "lineStyle": {"opacity": 0}, "z": 0}
    lower = [[x, (1 - BAND) * x] for x in (low, high)]
    width = [[x, 2 * BAND * x] for x in (low, high)]
    return [
        common | {"name": "below the band", "data": lower},
        common | {"name": "±5 %", "data": width, "areaStyle": {"color": LINE, "opacity": 0.7}},
    ]


def _diagonal(low: float, high: float) -> dict[str, Any]:
    line = {"color": INK, "width": 1, "opacity": 0.5}
    ends = [[low, low], [high, high]]
    return {"name": "equal", "type": "line", "symbol": "none", "silent": True, "lineStyle": line, "data": ends}


def _scatter(name: str, networks: Sequence[NetworkView], color: str, symbol: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "scatter",
        "symbol": symbol,
        "symbolSize": 9,
        "itemStyle": {"color": color, "opacity": 0.8},
        "data": [
            [brief(ms, DIGITS) for ms in (n.measured_ms, n.estimated_ms, n.error_ms, n.spread_ms)] for n in networks
        ],
    }
