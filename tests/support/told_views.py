"""Jobs, candidates, trials and events as the service tells them, for tests of what is said of them."""

from __future__ import annotations

from typing import Any

from nas_service.api.views import CandidateView, EventView, JobView, TrialView

COUNTS = dict.fromkeys(("proposals", "trials", "completed", "failed", "infeasible", "reused", "active_seconds"), 0)
TIMES = dict.fromkeys(("created_at", "started_at", "ended_at"), 100.0)


def job(**changes: Any) -> JobView:
    known: dict[str, Any] = {"id": "j", "name": "digits", "state": "running", "final": False, "reason": ""}
    known |= {"strategy": "random", "space": "tvn", "task": "clips", "device": None, "trials_budget": 8}
    known |= {"hours_budget": None, "best_reward": None, "incumbent": None}
    known |= {"metric": "val_accuracy", "cost": "macs", "limits": {}, "spec": {}, "fingerprints": {}}
    return JobView.model_validate(known | COUNTS | TIMES | changes)


def candidate(**changes: Any) -> CandidateView:
    known: dict[str, Any] = {"id": "j.c1", "job_id": "j", "number": 1, "hash": "h", "genotype": {}, "parents": []}
    known |= {"state": "completed", "reason": "", "feasible": True, "params": 10, "macs": 20, "metrics": {}}
    known |= dict.fromkeys(("latency_ms", "latency_error_ms", "value", "cost", "reward"))
    return CandidateView.model_validate(known | changes)


def trial(**changes: Any) -> TrialView:
    known: dict[str, Any] = {"id": "j.t1", "job_id": "j", "number": 1, "candidate_id": "j.c1", "state": "running"}
    known |= {"fidelity": {"epochs": 4.0}, "full": True, "seed": 0, "metrics": {}, "cause": None, "message": ""}
    return TrialView.model_validate(known | TIMES | changes)


def event(kind: str, **data: Any) -> EventView:
    return EventView(job_id="j", seq=1, at=100.0, type=kind, data=data)
