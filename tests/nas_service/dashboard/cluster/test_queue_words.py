"""Jobs in the queue and trials under way, as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from told_views import job, trial

from nas_service.api.views import NodeView
from nas_service.dashboard.cluster.queue_words import job_row, parts_of, resources, trial_row, workers_of


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
    assert (row.state, row.since, row.epoch, row.done) == ("waiting", "30 s", "–", 0.0)


@pytest.mark.parametrize(("total", "free", "told"), [(0, 0, "none"), (8, 6.5, "6.5 of 8 free"), (2, 0, "0 of 2 free")])
def test_resources(total: float, free: float, told: str) -> None:
    assert resources(total, free) == told


def node(**known: Any) -> NodeView:
    has, free = {"cpus": 8.0, "gpus": 2.0}, {"cpus": 6.0, "gpus": 0.0}
    usual = {"name": "a", "total": has, "free": free, "workers": 3, "busy": 2, "accelerator": ""}
    return NodeView.model_validate(usual | known)


def test_a_machine_says_what_it_has_and_what_of_that_is_free() -> None:
    assert parts_of(node()) == [("CPUs", 8, 6), ("GPUs", 2, 0)]
    assert parts_of(node(accelerator="H100"))[1] == ("H100", 2, 0)
    assert parts_of(node(total={"cpus": 4, "gpus": 0})) == [("CPUs", 4, 6)]


@pytest.mark.parametrize(
    ("workers", "busy", "told"),
    [(0, 0, "no workers"), (1, 1, "1 of 1 workers is busy"), (3, 0, "0 of 3 workers are busy")],
)
def test_a_machine_says_how_many_of_its_workers_are_busy(workers: int, busy: int, told: str) -> None:
    assert workers_of(node(workers=workers, busy=busy)) == told


@pytest.mark.parametrize(
    ("known", "state", "place"),
    [
        ({"worker": "node-a"}, "running", "node-a"),
        ({}, "running", ""),
        ({"waits": "no free slot", "worker": None}, "waiting", "no free slot"),
        ({"state": "queued"}, "waiting", "paused by request"),
    ],
)
def test_a_trial_says_where_it_is_or_what_it_waits_for(known: dict[str, Any], state: str, place: str) -> None:
    row = trial_row(job(reason="paused by request"), trial(**known), now=100.0)
    assert (row.state, row.waits, row.place) == (state, state == "waiting", place)


def test_a_trial_says_which_part_of_a_training_it_is() -> None:
    half = trial(full=False, fidelity={"epochs": 4.0, "schedule": 8.0}, curve=[{"epoch": 3.0}])
    row = trial_row(job(), half, now=100.0)
    assert (row.rung, row.epoch, row.done) == ("the beginning of 8 epochs", "3 of 4", 0.75)
    assert [trial_row(job(), trial(full=full), now=1.0).rung for full in (True, False)] == ["", "not in full"]
