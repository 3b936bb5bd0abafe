"""Trials that go wrong end as outcomes with their cause, and what cannot run says why it waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from digits_search import BY_MACS, SIMULATED, STEADY
from processes import Server

from nas_service.client import Client

Written = Callable[[Mapping[str, Any]], Path]


def failed(server: Server, client: Client, path: Path) -> tuple[str, set[str | None], str]:
    """Run a job that cannot succeed: what `nas show` says, the causes of its trials, and a trial's log."""
    job = server.nas("submit", path).strip()
    assert client.wait(job).state == "failed"
    trials = list(client.trials(job, state="failed"))
    return server.nas("show", job), {trial.cause for trial in trials}, client.trial_log(trials[0].id)


def test_a_killed_worker_costs_one_attempt_and_no_trial(server: Server, client: Client) -> None:
    task = SIMULATED | {"epochs": 10, "seconds": 2}
    job = client.submit(STEADY | {"task": task, "budget": {"trials": 2}, "seed": 3}).id
    events = client.events(job)
    first = next(event for event in events if event.type == "epoch")
    killed = server.busy_workers()
    for worker in killed:
        worker.kill()
    after = [event.data for event in events if event.type == "epoch"]
    done = client.job(job)
    assert killed
    assert [epoch["epoch"] for epoch in after if epoch["trial"] == first.data["trial"]][-10:] == list(range(1, 11))
    assert (done.state, done.completed, done.failed) == ("finished", 2, 0)
    assert all(
        [p["epoch"] for p in trial.curve] == list(range(1, 11)) for trial in client.trials(job, state="completed")
    )


def test_a_trial_past_its_time_says_so(server: Server, client: Client, written: Written) -> None:
    workers = {"parallel": 2, "timeout_s": 0.1}
    spec = STEADY | {"workers": workers, "budget": {"trials": 2}, "seed": 4}
    shown, causes, log = failed(server, client, written(spec))
    assert causes == {"timeout"}
    assert "raise workers.timeout_s" in shown
    assert "(timeout)" in log


def test_more_gpus_than_there_are_wait_with_their_reason(server: Server, client: Client, written: Written) -> None:
    job = server.nas("submit", written(BY_MACS | {"workers": {"gpus": 8}, "seed": 5})).strip()
    server.until(lambda: "8 GPUs asked for, the cluster has" in client.job(job).reason)
    assert "8 GPUs asked for, the cluster has" in server.nas("show", job)
    other = client.wait(client.submit(STEADY | {"budget": {"trials": 2}, "seed": 6}).id)
    assert other.state == "finished"  # who waits for what there is not holds up nobody
    assert "is cancelled" in server.nas("cancel", job)


def test_a_training_that_diverges_says_nan(server: Server, client: Client, written: Written) -> None:
    task = {"name": "digits", "epochs": 3, "learning_rate": 10, "weight_decay": 1}
    shown, causes, log = failed(server, client, written(BY_MACS | {"task": task, "budget": {"trials": 1}}))
    assert causes == {"nan"}
    assert "task.learning_rate" in shown
    assert "task.learning_rate" in log
