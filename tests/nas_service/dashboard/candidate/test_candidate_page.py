"""Why a candidate is in its state, and what its device took, in the words of its page."""

from __future__ import annotations

import pytest

from nas_service.api.device_views import BesideView, FinalistsView
from nas_service.api.views import CandidateDetail
from nas_service.dashboard.candidate.candidate_page import measurement, reason


def candidate(state: str = "completed", why: str = "") -> CandidateDetail:
    return CandidateDetail.model_construct(id="j.c1", state=state, reason=why)


@pytest.mark.parametrize(
    ("state", "why", "said"),
    [
        ("completed", "", ""),
        ("running", "", ""),
        ("proposed", "", "It waits for a worker."),
        ("infeasible", "macs 3 is over the limit of 2", "It was never trained: macs 3 is over the limit of 2."),
        ("failed", "not done after 1 s", "It failed: not done after 1 s"),
        ("stopped", "", "It was stopped early, for others did better by then."),
    ],
)
def test_every_state_has_its_reason(state: str, why: str, said: str) -> None:
    assert reason(candidate(state, why)) == said


def test_a_finalist_has_its_own_measurement_and_no_others() -> None:
    figures = {"estimated_ms": 0.1, "error_ms": 0.01, "measured_ms": 0.12, "spread_ms": 0.001, "inside": False}
    mine, other = (BesideView(candidate_id=f"j.c{n}", number=n, **figures) for n in (1, 2))
    assert measurement(candidate(), FinalistsView(state="completed", message="", networks=(other, mine))) == mine
    assert measurement(candidate(), FinalistsView(state="completed", message="", networks=(other,))) is None
    assert measurement(candidate(), FinalistsView(state="waiting", message="")) is None
    assert measurement(candidate(), None) is None
