"""How fast a job goes: trials a minute of the time that it ran, and how long the rest of its budget takes at that."""

from __future__ import annotations

from dataclasses import dataclass

from .store import Job


@dataclass(frozen=True)
class Pace:
    """`seconds_left` is of running time, and only of a job that runs; None where nothing has been seen yet.

    Both have two significant digits, so that an answer stays the same, and is not sent again, while little changes.
    """

    trials_per_minute: float | None
    seconds_left: float | None


def pace(job: Job, at: float) -> Pace:
    """At a time in seconds since the epoch. The end is that of the trials or of the hours, whichever comes first."""
    done = job.completed + job.failed
    ran = job.active_seconds + (0.0 if job.active_since is None else max(0.0, at - job.active_since))
    if not (done and ran):
        return Pace(None, None)
    per_minute = done / ran * 60
    if job.state != "running":
        return Pace(_rounded(per_minute), None)
    left = max(0, job.trials_budget - done) / per_minute * 60
    if job.hours_budget is not None:
        left = min(left, max(0.0, job.hours_budget * 3600 - ran))
    return Pace(_rounded(per_minute), _rounded(left))


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")
