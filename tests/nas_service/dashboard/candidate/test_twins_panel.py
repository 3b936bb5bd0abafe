"""What is said of a network that other jobs have tried too."""

from __future__ import annotations

import pytest
from listed_jobs import listed
from told_views import candidate

from nas_service.api.candidate_views import TwinView
from nas_service.dashboard.candidate.twins_panel import result, shared


@pytest.mark.parametrize(
    ("mine", "theirs", "said"),
    [
        (None, None, ""),
        ("k.t3", None, "Its result stands here too: it was not trained again."),
        (None, "j.t5", "It has the result of this one, and was not trained again."),
        ("l.t1", "l.t1", "Both have the result of a third job."),
        ("l.t1", "m.t1", ""),
    ],
)
def test_who_has_whose_result_is_said(mine: str | None, theirs: str | None, said: str) -> None:
    this = candidate(reused_from=mine)
    assert shared(this, candidate(id="k.c2", job_id="k", reused_from=theirs)) == said


def test_a_result_names_its_metric_for_other_jobs_judge_by_others() -> None:
    job = listed(id="k")

    def told(**changes: object) -> str:
        return result(TwinView(job=job, metric="f1", candidate=candidate(**changes)))

    assert told(metrics={"f1": 0.5}, latency_ms=0.25) == "f1 50.00%, 0.250 ms"
    assert told(state="infeasible", latency_ms=0.25) == "infeasible, 0.250 ms"
    assert told(state="failed") == "failed"
