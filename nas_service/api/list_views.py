"""What lists of jobs say beyond the jobs themselves."""

from __future__ import annotations

from .views import JobSummary


class ListedJob(JobSummary):
    """A job in a list, with the figures of its incumbent and how fast it goes.

    `best_value` is the incumbent's `metric`, `best_latency_ms` its estimate. `trials_per_minute` is of the time that
    the job ran, `seconds_left` what the rest of its budget takes at that; null unless it runs.
    """

    metric: str
    best_value: float | None
    best_latency_ms: float | None
    trials_per_minute: float | None
    seconds_left: float | None
