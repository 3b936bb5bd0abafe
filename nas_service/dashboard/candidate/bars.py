"""What each op costs, as a bar chart in ECharts options whose rows are those of the drawing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from nas_service.api.views import OpView

from ..axes import value_axis
from ..theme import ACCENT, BEHIND, INK, LINE, MUTED, count
from ..wording import details, shape, title
from .drawing import FOOT, HEAD, ROW

Cost = Literal["latency_ms", "params", "macs"]
LABELS: dict[Cost, str] = {"latency_ms": "milliseconds", "params": "parameters", "macs": "MACs"}
KIND_WIDTH = 96  # px
LABEL_WIDTHS = {False: 64, True: 116}  # px, of those without and with an error


def height(ops: Sequence[OpView]) -> int:
    """Of the chart, px."""
    return HEAD + ROW * len(ops) + FOOT


def options(ops: Sequence[OpView], cost: Cost) -> dict[str, Any]:
    """A bar an op, the first on top; one whose cost is not known has none, one that was not measured a pale one."""
    known = [float(value) for op in ops if (value := getattr(op, cost)) is not None]
    erring = cost == "latency_ms" and any(op.latency_error_ms for op in ops)
    axis = value_axis(LABELS[cost], 26, known) | {"position": "top", "splitNumber": 4}
    return {
        "animation": False,
        "grid": {"left": KIND_WIDTH + 12, "right": LABEL_WIDTHS[erring], "top": HEAD, "bottom": FOOT},
        "tooltip": {},
        "xAxis": axis,
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [f"{place} {op.kind}" for place, op in enumerate(ops, start=1)],
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": LINE}},
            "axisLabel": {"color": MUTED, "width": KIND_WIDTH, "overflow": "truncate"},
        },
        "series": [
            {
                "name": LABELS[cost],
                "type": "bar",
                "barWidth": 14,
                "itemStyle": {"color": ACCENT, "borderRadius": [0, 3, 3, 0]},
                "label": {"show": True, "position": "right", "color": INK},
                "data": [_bar(op, cost) for op in ops],
            }
        ],
    }


def rows(ops: Sequence[OpView]) -> list[dict[str, Any]]:
    """Each op in its order: what it is, the maps that it reads and gives, and all of its costs."""
    costs = ("latency_ms", "latency_error_ms", "params", "macs")
    return [
        {
            "op": place,
            "kind": op.kind,
            "what": title(op),
            "properties": details(op),
            "in_shape": shape(op.in_shape),
            "out_shape": shape(op.out_shape),
        }
        | {cost: getattr(op, cost) for cost in costs}
        for place, op in enumerate(ops, start=1)
    ]


def _bar(op: OpView, cost: Cost) -> dict[str, Any]:
    """Its label is a number and a unit, nothing that ECharts would take for a template."""
    value: float | None = getattr(op, cost)
    if value is None:
        return {"value": 0, "label": {"formatter": "not measured", "color": MUTED}}
    if cost != "latency_ms":
        return {"value": value, "label": {"formatter": count(value)}}
    if not op.latency_error_ms:
        return {"value": value, "label": {"formatter": f"{value:.3g}"}}
    label = {"formatter": f"{value:.3g} ± {op.latency_error_ms:.1g}"}
    return {"value": value, "label": label, "itemStyle": {"color": BEHIND}}
