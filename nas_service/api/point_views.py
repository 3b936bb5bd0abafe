"""The candidates of a job as points of a scatter, as they look from outside."""

from __future__ import annotations

from pydantic import Field

from .views import View


class MeasuredPoints(View):
    """Finalists that were measured on the device: their positions `at` among the points, and what they took, in ms."""

    at: list[int] = Field(default_factory=list)
    latency_ms: list[float] = Field(default_factory=list)
    spread_ms: list[float] = Field(default_factory=list)


class Points(View):
    """Candidates with a result of full fidelity, as columns of equal length for a scatter; six significant digits.

    `value` is to be maximised: the metric, or its negative where less is better. `latency_ms` is an estimate with its
    error. `feasible` holds 0 and 1; `front` the positions of the Pareto front, cheapest first. `number` is that of the
    proposal. Of `total` such candidates `matching` lie within what was asked for, of which these may be a choice.
    """

    job_id: str
    metric: str
    cost_name: str
    id: list[str]
    value: list[float]
    cost: list[float]
    reward: list[float | None]
    latency_ms: list[float | None]
    latency_error_ms: list[float | None] = Field(default_factory=list)
    number: list[int] = Field(default_factory=list)
    feasible: list[int]
    front: list[int]
    measured: MeasuredPoints = MeasuredPoints()
    total: int = 0
    matching: int = 0
