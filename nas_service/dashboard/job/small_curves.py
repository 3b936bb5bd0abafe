"""Small learning curves of trials under way, beside those of finished ones, as paths of SVG. Pure.

There are up to a dozen on a page, which change with every epoch: as charts they would be most of what the page costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nas_service.api.curve_views import CurvesView
from nas_service.api.views import TrialView

from ..candidate import curves
from ..once import once
from ..theme import ACCENT, BEHIND, LINE, MUTED, SERIES

BEST: Final = SERIES[1]
WIDTH, HEIGHT = 260, 112  # of a drawing
LEFT, RIGHT, TOP, BOTTOM = 40, 252, 8, 92  # of its axes
STYLE: Final = f"""
.curve {{ display: block; width: 100%; }}
.curve path {{ fill: none; stroke-linejoin: round; stroke-linecap: round; }}
.curve .axis {{ stroke: {LINE}; stroke-width: 1; }}
.curve .band {{ fill: {BEHIND}; opacity: 0.35; }}
.curve .median {{ stroke: {BEHIND}; stroke-width: 1.5; }}
.curve .best {{ stroke: {BEST}; stroke-width: 1.5; stroke-dasharray: 5 4; }}
.curve .own {{ stroke: {ACCENT}; stroke-width: 2.5; }}
.curve .marks {{ stroke: {ACCENT}; stroke-width: 5; }}
.curve text {{ fill: {MUTED}; font-size: 10.5px; }}
"""


@dataclass(frozen=True)
class Extent:
    """What all drawings of a page show, so that they can be compared: the last epoch, and the values between."""

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


@once
def behind(finished: CurvesView, shown: Extent) -> dict[str, Any]:
    """What all drawings have: paths of the band of the finished ones, their median and the best of them, and scales."""
    band = [
        *zip(finished.epochs, finished.high, strict=True),
        *reversed([*zip(finished.epochs, finished.low, strict=True)]),
    ]
    return {
        "band": path(band, shown),
        "median": path(zip(finished.epochs, finished.median, strict=True), shown),
        "best": path(zip(finished.best_epochs, finished.best, strict=True), shown),
        "values": [
            {"y": _y(value, shown), "text": f"{value:.3g}"}
            for value in (shown.low, (shown.low + shown.high) / 2, shown.high)
        ],
        "epochs": f"{shown.epochs:g}",
    }


def path(points: Iterable[Sequence[float]], shown: Extent) -> str:
    """Of (epoch, value) in the drawing, as SVG has it."""
    places = [f"{_x(epoch, shown):g} {_y(value, shown):g}" for epoch, value in points]
    return "M" + "L".join(places) if places else ""


def marks(points: Iterable[Sequence[float]], shown: Extent) -> str:
    """A dot for each point, as a path whose lines have no length."""
    return "".join(f"M{_x(epoch, shown):g} {_y(value, shown):g}h0" for epoch, value in points)


def rows(trials: Iterable[TrialView], metric: str) -> list[dict[str, Any]]:
    """The points of the trials under way, one a row."""
    return [
        {"trial": trial.id, "candidate": trial.candidate_id, "epoch": epoch, metric: value}
        for trial in trials
        for epoch, value in curves.points(trial, metric)
    ]


def _x(epoch: float, shown: Extent) -> float:
    return round(LEFT + (RIGHT - LEFT) * epoch / (shown.epochs or 1.0), 1)


def _y(value: float, shown: Extent) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * (value - shown.low) / (shown.high - shown.low), 1)
