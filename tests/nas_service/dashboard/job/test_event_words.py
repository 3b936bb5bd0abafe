"""Events as people read them, with their causes."""

from __future__ import annotations

from typing import Any

import pytest
from told_views import event

from nas_service.dashboard.job.event_words import Told, told


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("job", {"state": "queued", "reason": "waits"}, Told("The job is queued", "waits")),
        ("job", {"state": "running"}, Told("The job runs")),
        ("job", {"state": "failed", "reason": "no disk"}, Told("The job failed", "no disk", "danger")),
        (
            "trial",
            {"trial": "j.t3", "candidate": "j.c4", "state": "completed", "reward": 0.51234},
            Told("Trial t3 completed, reward 0.5123", candidate="j.c4"),
        ),
        ("trial", {"trial": "j.t3", "state": "completed"}, Told("Trial t3 completed")),
        (
            "trial",
            {
                "trial": "j.t3",
                "candidate": "j.c4",
                "state": "failed",
                "cause": "out_of_memory",
                "message": "<b>full</b>",
            },
            Told("Trial t3 failed", "out of memory: <b>full</b>", "danger", "j.c4", "j.t3"),
        ),
        (
            "trial",
            {"trial": "j.t3", "state": "failed"},
            Told("Trial t3 failed", "error: it said nothing", "danger", "", "j.t3"),
        ),
        ("trials", {"completed": 1200, "best": 0.5}, Told("1,200 trials completed, the best reward 0.5000")),
        ("screened", {"infeasible": 3}, Told("Proposals that need no training: 3 over a limit")),
        (
            "screened",
            {"infeasible": 3, "reused": 2},
            Told("Proposals that need no training: 3 over a limit, 2 known already"),
        ),
        ("epoch", {"trial": "j.t3", "epoch": 2, "metrics": {}}, Told("Trial t3, epoch 2")),
        ("export", {"export": "j.e1", "state": "completed"}, Told("Export j.e1 completed")),
        (
            "export",
            {"export": "j.e1", "state": "failed", "message": "parity"},
            Told("Export j.e1 failed", "parity", "danger"),
        ),
        ("finalists", {"networks": 5, "problem": ""}, Told("5 finalists wait to be measured")),
        ("finalists", {"networks": 0, "problem": "no result"}, Told("No finalist will be measured", "no result")),
        ("finalists", {"state": "failed", "problem": "gone"}, Told("Measuring the finalists failed", "gone", "danger")),
        (
            "webhook",
            {"delivered": True, "attempts": 1, "message": "200"},
            Told("The webhook was told that the job has ended", "200"),
        ),
        (
            "webhook",
            {"delivered": False, "attempts": 5, "message": "503"},
            Told("The webhook could not be told, after 5 attempts", "503", "danger"),
        ),
        ("extended", {"budget": {"trials": 2000, "hours": 1.5}}, Told("The budget is now 2,000 trials, 1.5 hours")),
        ("priority", {"priority": 10}, Told("The priority is now +10")),
        (
            "data",
            {"message": "node a said nothing"},
            Told("Whether all workers see the data is not known", "node a said nothing"),
        ),
        ("warm_start", {"message": "5 of k"}, Told("It begins with networks of other jobs", "5 of k")),
        ("new", {"a": "é"}, Told('new: {"a": "é"}')),
    ],
)
def test_events_in_words(kind: str, data: dict[str, Any], words: Told) -> None:
    assert told(event(kind, **data)) == words
