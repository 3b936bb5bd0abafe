"""What the service says over HTTP of how the trials of a job learned."""

from __future__ import annotations

from .views import View


class CurvesView(View):
    """The learning curves of finished trials of full fidelity: `metric` by epoch.

    `low`, `median` and `high` are the quantiles 0.1, 0.5 and 0.9 of the newest `trials` of them at each of `epochs`;
    `best` is the curve of the incumbent `candidate_id` at `best_epochs`; empty where it was not trained here.
    """

    metric: str
    trials: int
    epochs: list[float]
    low: list[float]
    median: list[float]
    high: list[float]
    candidate_id: str | None
    best_epochs: list[float]
    best: list[float]
