"""The bars of `nas watch`, without a server."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from nas_service.api.views import JobView, TrialView
from nas_service.commands.watch import Bars


def job(**parts: object) -> JobView:
    names = ("id", "name", "state", "reason", "strategy", "space", "task", "metric", "cost")
    counts = ("proposals", "trials", "completed", "failed", "infeasible", "reused", "created_at", "active_seconds")
    absent = ("device", "hours_budget", "started_at", "ended_at", "best_reward", "incumbent")
    values = dict.fromkeys(names, "x") | dict.fromkeys(counts, 0) | dict.fromkeys(absent)
    mappings: dict[str, object] = {"limits": {}, "spec": {}, "fingerprints": {}}
    return JobView.model_validate(values | mappings | {"final": False, "trials_budget": 20, "metric": "acc"} | parts)


def trial(number: int, accuracies: list[float]) -> TrialView:
    values = {"id": f"t{number}", "candidate_id": f"c{number}", "job_id": "x", "number": number, "state": "running"}
    curve = [{"epoch": i + 1, "acc": accuracy} for i, accuracy in enumerate(accuracies)]
    shown = {
        "fidelity": {"epochs": 4},
        "full": True,
        "seed": 0,
        "metrics": {},
        "cause": None,
        "message": "",
        "curve": curve,
    }
    return TrialView.model_validate(values | shown | {"created_at": 0, "started_at": 0, "ended_at": None})


@pytest.fixture
def progress() -> Progress:
    return Progress(console=Console(file=io.StringIO()), disable=True)


def test_running_trials_have_bars_that_go_with_them(progress: Progress) -> None:
    bars = Bars(progress, job())
    bars.show(job(completed=3, failed=1, best_reward=0.5), [trial(1, [0.1, 0.2]), trial(2, [])])
    whole, first, second = progress.tasks
    assert (whole.completed, whole.total, whole.fields["best"]) == (4, 20, "best reward 0.5000")
    assert (first.completed, first.total, first.fields["best"]) == (2, 4, "acc 0.2000")
    assert (second.completed, second.fields["best"]) == (0, "")
    bars.show(job(completed=4, trials_budget=30), [trial(2, [0.3])])
    assert [task.completed for task in progress.tasks] == [4, 1]
    assert progress.tasks[0].total == 30
    bars.show(job(completed=30, trials_budget=30), [])
    assert len(progress.tasks) == 1
