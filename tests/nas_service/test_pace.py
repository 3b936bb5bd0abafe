"""How fast a job goes, and when it ends at that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rows import add_job

from nas_service.pace import Pace, pace
from nas_service.store import Job, Store

AT = 1000.0


@pytest.fixture
def job(store: Store) -> Job:
    """Runs for a minute by its account and for another one since, with 8 of 20 trials done."""
    with store.write() as conn:
        added = add_job(conn)
    budget = {"budget": {"trials": 20, "hours": None}}
    return replace(
        added, spec=budget, state="running", active_seconds=60.0, active_since=AT - 60, completed=6, failed=2
    )


def test_the_rest_of_the_trials_takes_what_those_before_took(job: Job) -> None:
    assert pace(job, AT) == Pace(trials_per_minute=4.0, seconds_left=180.0)


def test_hours_end_a_job_before_its_trials_do(job: Job) -> None:
    hours = replace(job, spec={"budget": {"trials": 20, "hours": 150 / 3600}})
    assert pace(hours, AT).seconds_left == pytest.approx(30)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"state": "paused", "active_since": None}, Pace(8.0, None)),
        ({"completed": 0, "failed": 0}, Pace(None, None)),
        ({"active_seconds": 0.0, "active_since": None}, Pace(None, None)),
        ({"completed": 21, "failed": 0, "active_seconds": 66.0}, Pace(10.0, 0.0)),
    ],
    ids=["paused", "nothing done", "never ran", "beyond its budget"],
)
def test_at_the_edges(job: Job, change: dict[str, Any], expected: Pace) -> None:
    assert pace(replace(job, **change), AT) == expected


def test_a_second_more_changes_nothing_of_a_long_job(job: Job) -> None:
    long = replace(job, active_seconds=36_000.0, completed=1000, spec={"budget": {"trials": 3000, "hours": None}})
    assert pace(long, AT) == pace(long, AT + 1)
