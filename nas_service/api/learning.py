"""How the finished trials of a job learned: a band of the newest ones, and the curve of the best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import Connection

from nas_service.store import Job, Trial, trials

from .curve_views import CurvesView
from .readings import finite

BAND = 100  # trials
QUANTILES = (0.1, 0.5, 0.9)

Curve = Sequence[Mapping[str, float]]


def curves(conn: Connection, job: Job) -> CurvesView:
    """One query for the trials, one for all of their curves."""
    metric = job.spec["task"]["metric"]
    newest = trials.newest_finished(conn, job.id, BAND)
    own = [] if job.incumbent is None else trials.of_candidate(conn, job.incumbent)
    best = next((one for one in reversed(own) if one.full and one.state == "completed"), None)
    read = {one.id: one for one in (*newest, *([best] if best else []))}
    found = {name: whole(read[name], curve) for name, curve in trials.learning_curves(conn, list(read)).items()}
    epochs, low, median, high = band((found[one.id] for one in newest), metric)
    line = [] if best is None else points(found[best.id], metric)
    return CurvesView(
        metric=metric,
        trials=len(newest),
        epochs=epochs,
        low=low,
        median=median,
        high=high,
        candidate_id=job.incumbent,
        best_epochs=[epoch for epoch, _ in line],
        best=[value for _, value in line],
    )


def whole(trial: Trial, curve: Curve) -> Curve:
    """The curve, or of a trial that told no epoch its result, as that of its last one.

    A curve that was begun stays as it is: a trial that was given up ends before its last epoch.
    """
    return curve or [{"epoch": float(trial.fidelity["epochs"]), **trial.metrics}]


def band(curves: Iterable[Curve], metric: str) -> tuple[list[float], list[float], list[float], list[float]]:
    """(epochs, low, median, high): the quantiles of what the curves say of each epoch that any of them has."""
    by_epoch: dict[float, list[float]] = defaultdict(list)
    for curve in curves:
        for epoch, value in points(curve, metric):
            by_epoch[epoch].append(value)
    epochs = sorted(by_epoch)
    shares = np.array([np.quantile(by_epoch[epoch], QUANTILES) for epoch in epochs]).reshape(-1, len(QUANTILES))
    low, median, high = shares.T.tolist()
    return epochs, low, median, high


def points(curve: Curve, metric: str) -> list[tuple[float, float]]:
    """(epoch, value) of each epoch that told the metric, as a number that there is."""
    told = map(finite, curve)
    return [(point["epoch"], point[metric]) for point in told if metric in point]
