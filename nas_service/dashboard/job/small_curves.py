"""A small learning curve of a trial under way, beside those of finished ones, as ECharts options. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nas_service.api.curve_views import CurvesView
from nas_service.api.views import TrialView

from ..axes import value_axis
from ..candidate import curves
from ..theme import ACCENT, BEHIND, SERIES

BEST = SERIES[1]
BAND = {"color": BEHIND, "opacity": 0.35}


@dataclass(frozen=True)
class Extent:
    """What all small charts of a page show, so that they can be compared: the last epoch, and the values between."""

    epochs: float
    low: float
    high: float


def extent(trials: Iterable[TrialView], finished: CurvesView, metric: str) -> Extent:
    shown = list(trials)
    points = [point for trial in shown for point in curves.points(trial, metric)]
    values = [*(value for _, value in points), *finished.best, *finished.low, *finished.high]
    planned = [trial.fidelity.get("epochs", 0.0) for trial in shown]
    epochs = max((*planned, *finished.epochs, *finished.best_epochs, *(epoch for epoch, _ in points)), default=1.0)
    return Extent(epochs, *_rounded(min(values, default=0.0), max(values, default=1.0)))


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Outward, to halves of the largest power of ten between them."""
    span = high - low or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span)) / 2
    lowest, highest = math.floor(round(low / step, 9)), math.ceil(round(high / step, 9))
    return lowest * step, max(highest, lowest + 1) * step


def options(trial: TrialView, finished: CurvesView, shown: Extent) -> dict[str, Any]:
    """The curve of the trial over the band of the finished ones, their median and the best of them."""
    metric = finished.metric
    median = list(zip(finished.epochs, finished.median, strict=True))
    best = list(zip(finished.best_epochs, finished.best, strict=True))
    return {
        "animation": False,
        "grid": {"left": 42, "right": 10, "top": 10, "bottom": 22},
        "tooltip": {"show": False},
        "xAxis": value_axis("", 0) | {"minInterval": 1, "min": 0, "max": shown.epochs, "splitLine": {"show": False}},
        "yAxis": value_axis("", 0) | {"min": shown.low, "max": shown.high, "interval": (shown.high - shown.low) / 2},
        "series": [
            *_band(finished),
            _line("median", median, {"color": BEHIND, "width": 1.5}),
            _line("best", best, {"color": BEST, "width": 1.5, "type": "dashed"}),
            _line("trial", curves.points(trial, metric), {"color": ACCENT, "width": 2.5}, size=5),
        ],
    }


def rows(trials: Iterable[TrialView], metric: str) -> list[dict[str, Any]]:
    """The points of the trials under way, one a row."""
    return [
        {"trial": trial.id, "candidate": trial.candidate_id, "epoch": epoch, metric: value}
        for trial in trials
        for epoch, value in curves.points(trial, metric)
    ]


def _band(finished: CurvesView) -> list[dict[str, Any]]:
    """Two stacked lines that are not drawn, and the area between them."""
    low = list(zip(finished.epochs, finished.low, strict=True))
    above = [(e, high - low) for e, low, high in zip(finished.epochs, finished.low, finished.high, strict=True)]
    hidden = {"opacity": 0}
    stacked = {"stack": "band", "stackStrategy": "all"}
    return [_line("low", low, hidden) | stacked, _line("band", above, hidden) | stacked | {"areaStyle": BAND}]


def _line(name: str, points: Sequence[Any], style: dict[str, Any], size: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "data": [list(point) for point in points],
        "lineStyle": style,
        "itemStyle": {"color": style.get("color", BEHIND)},
        "symbolSize": size,
        "showSymbol": size > 0,
        "silent": True,
    }
