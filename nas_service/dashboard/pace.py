"""How fast a job goes, in words."""

from __future__ import annotations

from nas_service.api.list_views import ListedJob
from nas_service.api.views import JobView
from nas_service.durations import spoken


def pace(job: ListedJob | JobView) -> str:
    """Rate and time left, or how long it took; empty before its first result."""
    if job.trials_per_minute is None:
        return ""
    rate = f"{rounded(job.trials_per_minute)} a minute"
    if job.seconds_left is not None:
        return f"{rate}, {spoken(job.seconds_left)} left"
    return f"{rate}, took {spoken(job.active_seconds)}" if job.final else rate


def rounded(rate: float) -> str:
    """Two significant digits, and whole from ten on."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
