"""The learning curves of a candidate's trials as ECharts options: a metric by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas_service.api.views import TrialView

from ..axes import value_axis
from ..theme import MUTED, SERIES


def metrics(trials: Sequence[TrialView], first: str) -> list[str]:
    """What the trials reported of their epochs, `first` before the others."""
    reported = {name for trial in trials for point in trial.curve for name in point if name != "epoch"}
    return sorted(reported, key=lambda name: (name != first, name))


def points(trial: TrialView, metric: str) -> list[list[float]]:
    """(epoch, value) of each epoch that told the metric."""
    return [[point["epoch"], point[metric]] for point in trial.curve if "epoch" in point and metric in point]


def options(trials: Sequence[TrialView], metric: str) -> dict[str, Any]:
    """A line a trial, named by its number and seed."""
    curves = [points(trial, metric) for trial in trials]
    values = [value for curve in curves for _, value in curve]
    names = [f"trial {trial.number}, seed {trial.seed}" for trial in trials]
    return {
        "animation": False,
        "color": list(SERIES),
        "grid": {"left": 64, "right": 24, "top": 40 if len(trials) > 1 else 16, "bottom": 48},
        "legend": {"show": len(trials) > 1, "top": 4, "right": 16, "icon": "circle", "textStyle": {"color": MUTED}},
        "tooltip": {"trigger": "axis"},
        "xAxis": value_axis("epoch", 28) | {"minInterval": 1, "splitLine": {"show": False}, "min": "dataMin"},
        "yAxis": value_axis(metric, 46, values) | {"scale": True},
        "series": [
            {"name": name, "type": "line", "symbolSize": 6, "data": curve}
            for name, curve in zip(names, curves, strict=True)
        ],
    }


def rows(trials: Sequence[TrialView], metric: str) -> list[dict[str, Any]]:
    """A row an epoch of each trial."""
    return [
        {"trial": trial.number, "seed": trial.seed, "epoch": epoch, metric: value}
        for trial in trials
        for epoch, value in points(trial, metric)
    ]
