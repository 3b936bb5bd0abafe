"""Jobs in the queue and trials under way, as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from nas_service.api.views import JobSummary, TrialView
from nas_service.dashboard.queue_words import job_row, resources, trial_row

COUNTS = dict.fromkeys(("proposals", "trials", "completed", "failed", "infeasible", "reused", "active_seconds"), 0)
TIMES = dict.fromkeys(("created_at", "started_at", "ended_at"), 100.0)


def job(**changes: Any) -> JobSummary:
    known: dict[str, Any] = {"id": "j", "name": "digits", "state": "queued", "final": False, "reason": ""}
    known |= {"strategy": "random", "space": "tvn", "task": "clips", "device": None, "trials_budget": 8}
    known |= {"hours_budget": None, "best_reward": None, "incumbent": None}
    return JobSummary.model_validate(known | COUNTS | TIMES | changes)


def trial(**changes: Any) -> TrialView:
    known: dict[str, Any] = {"id": "j.t1", "job_id": "j", "number": 1, "candidate_id": "j.c1", "state": "running"}
    known |= {"fidelity": {"epochs": 4.0}, "full": True, "seed": 0, "metrics": {}, "cause": None, "message": ""}
    return TrialView.model_validate(known | TIMES | changes)


def test_a_job_says_what_it_waits_for() -> None:
    row = job_row(job(reason="no free slot", completed=3, failed=1, owner="ann", priority=-2))
    assert (row.waits, row.done, row.trials) == ("no free slot", 0.5, "4 of 8 trials")
    assert row.facts == "ann · priority -2 · tvn · random"


def test_a_trial_says_how_long_it_has_run_and_how_far_it_is() -> None:
    row = trial_row(job(), trial(curve=[{"epoch": 1.0}, {"epoch": 2.0}]), now=225.4)
    assert (row.job, row.since, row.epoch) == ("digits", "2 min", "2 of 4")
    assert trial_row(job(), trial(), now=99.0).since == "0 s"


def test_a_trial_that_has_not_begun_waits_since_it_was_made() -> None:
    row = trial_row(job(), trial(state="queued", started_at=None, created_at=130.0, fidelity={}), now=160.0)
    assert (row.state, row.since, row.epoch) == ("queued", "30 s", "–")


@pytest.mark.parametrize(("total", "free", "told"), [(0, 0, "none"), (8, 6.5, "6.5 of 8 free"), (2, 0, "0 of 2 free")])
def test_resources(total: float, free: float, told: str) -> None:
    assert resources(total, free) == told
