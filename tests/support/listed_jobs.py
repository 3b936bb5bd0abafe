"""Jobs as lists have them, made up for tests of what is shown."""

from __future__ import annotations

from typing import Any

from nas_service.api.list_views import ListedJob

JOB: dict[str, Any] = {
    "id": "j",
    "name": "a job",
    "owner": "ann",
    "state": "running",
    "final": False,
    "reason": "",
    "strategy": "evolution",
    "space": "mobilenetv3",
    "task": "digits",
    "device": None,
    "trials_budget": 20,
    "hours_budget": None,
    "created_at": 1.0,
    "started_at": 2.0,
    "ended_at": None,
    "active_seconds": 90.0,
    "proposals": 9,
    "trials": 9,
    "completed": 6,
    "failed": 2,
    "infeasible": 1,
    "reused": 0,
    "best_reward": 0.5,
    "incumbent": "j.c3",
    "metric": "val_accuracy",
    "best_value": 0.9,
    "best_latency_ms": 0.2,
    "trials_per_minute": 4.0,
    "seconds_left": 180.0,
}


def listed(**change: Any) -> ListedJob:
    """The job above, but for the fields that are given."""
    return ListedJob.model_validate(JOB | change)
