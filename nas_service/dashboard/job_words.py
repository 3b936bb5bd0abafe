"""A job in words: what it is, and how fast it goes."""

from __future__ import annotations

from nas_service.api.list_views import ListedJob
from nas_service.api.views import JobSummary, JobView
from nas_service.durations import spoken


def described(job: JobSummary) -> str:
    """What searches for what, where, and whose it is; to be followed by when it was made."""
    told = (job.space, job.task, job.strategy, job.device, job.owner)
    return "".join(f"{one} · " for one in told if one)


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
