"""Jobs that are extended, cloned and deleted over HTTP, and artifacts that are collected."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from services import ENDLESS, SPEC, Live

from nas_service.client import ApiError, Client


def test_a_finished_job_is_extended_and_ends_again(client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"seed": 21}).id)
    extended = client.extend(job.id, trials=5)
    assert extended.trials_budget == 25
    again = client.wait(job.id)
    assert (again.state, again.completed) == ("finished", 25)
    assert again.best_reward >= job.best_reward


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({}, "trials", "trials, hours or both"),
        ({"trials": 0}, "trials", "greater than or equal to 1"),
        ({"trials": 10_000_000}, "trials", "too large"),
        ({"hours": 1}, "hours", "no limit in hours"),
        ({"days": 1}, "days", "keys: trials, hours"),
    ],
)
def test_an_extension_that_means_nothing_is_refused(
    http: httpx.Client, finished: str, body: dict[str, Any], field: str, said: str
) -> None:
    answer = http.post(f"/api/v1/jobs/{finished}/extend", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert said in answer.json()["detail"]


@pytest.fixture(scope="module")
def ended(live: Live) -> dict[str, str]:
    """Ids of jobs by the state that they ended in."""
    with Client(live.url) as client:
        jobs = {
            state: client.submit(SPEC if state == "finished" else ENDLESS).id for state in ("finished", "cancelled")
        }
        client.cancel(jobs["cancelled"])
        client.wait(jobs["finished"])
    return jobs


@pytest.mark.parametrize(
    ("state", "verb", "body"),
    [
        ("finished", "pause", {}),
        ("finished", "resume", {}),
        ("finished", "cancel", {}),
        ("finished", "prioritise", {"priority": 1}),
        ("cancelled", "pause", {}),
        ("cancelled", "resume", {}),
        ("cancelled", "extend", {"trials": 1}),
        ("cancelled", "prioritise", {"priority": 1}),
    ],
)
def test_what_the_state_of_a_job_does_not_allow_is_refused_with_the_state(
    http: httpx.Client, ended: dict[str, str], state: str, verb: str, body: dict[str, Any]
) -> None:
    answer = http.post(f"/api/v1/jobs/{ended[state]}/{verb}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (409, "state")
    assert f"is {state}" in answer.json()["detail"]
    assert http.get(f"/api/v1/jobs/{ended[state]}").json()["state"] == state


def test_spent_trials_are_not_extended_by_hours_alone(client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"budget": {"trials": 3, "hours": 1}}).id)
    with pytest.raises(ApiError, match=r"all 3 trials of job .* are spent; add trials"):
        client.extend(job.id, hours=1)


def test_a_job_whose_strategy_is_done_is_started_anew_instead(client: Client) -> None:
    spec = SPEC | {
        "space": {"name": "wann"},
        "task": {"name": "landscape", "kind": "vector", "channels": 3, "outputs": 2, "sizes": [1, 1]},
        "objective": {"reward": "metric", "cost": "params"},
        "strategy": {"name": "wann", "population": 4, "generations": 2},
    }
    job = client.wait(client.submit(spec | {"budget": {"trials": 100}}).id)
    with pytest.raises(ApiError, match=r"all 2 generations have ended.*nas clone .* --set strategy") as refusal:
        client.extend(job.id, trials=100)
    assert refusal.value.status == 409
    longer = client.wait(client.clone(job.id, {"strategy": {"generations": 3}}).id)
    assert longer.reason == "all 3 generations have ended"
    changed = client.wait(client.clone(job.id, {"strategy": {"name": "evolution"}, "budget": {"trials": 5}}).id)
    assert (changed.strategy, changed.completed) == ("evolution", 5)


def test_a_job_gets_another_priority_while_it_lives(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 23, "priority": -5})
    assert job.priority == -5
    for _ in range(2):
        assert client.prioritise(job.id, 10).priority == 10
    for wrong in (101, -101):
        with pytest.raises(ApiError, match="100") as refusal:
            client.prioritise(job.id, wrong)
        assert (refusal.value.status, refusal.value.field) == (422, "priority")
    client.cancel(job.id)
    live.workers.open.set()
    assert [event.data for event in client.events(job.id) if event.type == "priority"] == [{"priority": 10}]
    with pytest.raises(ApiError, match="is cancelled: there is nothing left") as refusal:
        client.prioritise(job.id, 0)
    assert refusal.value.status == 409


def test_a_cancelled_job_is_not_extended_and_says_what_is_possible(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 22}).id
    client.cancel(job)
    live.workers.open.set()
    with pytest.raises(ApiError, match=f"nas clone {job}") as refusal:
        client.extend(job, trials=5)
    assert refusal.value.status == 409


def test_a_clone_is_a_new_job_with_the_changes(client: Client, http: httpx.Client, finished: str) -> None:
    changes = {"budget": {"trials": 4}, "strategy": {"name": "random"}, "name": "again"}
    made = client.clone(finished, changes)
    assert (made.id != finished, made.trials_budget, made.strategy, made.name) == (True, 4, "random", "again")
    assert made.spec["space"] == client.job(finished).spec["space"]
    assert client.wait(made.id).completed == 4
    once, twice = (
        http.post(f"/api/v1/jobs/{finished}/clone", json=changes, headers={"Idempotency-Key": "clone"}) for _ in "ab"
    )
    assert (once.status_code, twice.status_code) == (201, 200)
    assert once.headers["Location"] == f"/api/v1/jobs/{twice.json()['id']}"


def test_a_change_that_does_not_fit_is_refused_by_its_field(client: Client, finished: str) -> None:
    with pytest.raises(ApiError) as refusal:
        client.clone(finished, {"budget": {"trials": -1}})
    assert (refusal.value.status, refusal.value.field) == (422, "budget.trials")
    with pytest.raises(ApiError, match="no job 'nope'"):
        client.clone("nope")


def test_a_job_under_way_is_not_deleted(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 23}).id
    with pytest.raises(ApiError, match=f"nas cancel {job}") as refusal:
        client.delete(job)
    assert refusal.value.status == 409
    client.cancel(job)
    live.workers.open.set()
    client.delete(job)


def test_deleting_a_job_takes_what_only_it_needs(http: httpx.Client, client: Client, live: Live) -> None:
    artifacts = live.app.state.service.artifacts
    first, second = (client.wait(client.submit(SPEC | {"seed": seed}).id) for seed in (24, 25))
    exports = [client.wait_for_export(client.export_best(job.id).id) for job in (first, second)]
    files = len(list(artifacts.sizes()))
    answer = http.delete(f"/api/v1/jobs/{first.id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(list(artifacts.sizes())) == files  # the other job's export has the same bytes
    assert client.download(exports[1].id, "model.onnx")
    for read in (client.job, client.delete, client.trials_page):
        with pytest.raises(ApiError, match="no job"):
            read(first.id)
    with pytest.raises(ApiError, match="no export"):
        client.get_export(exports[0].id)
    assert first.id not in {job.id for job in client.jobs()}
    client.delete(second.id)
    assert len(list(artifacts.sizes())) < files


def test_a_job_whose_export_is_under_way_is_not_deleted(client: Client, live: Live) -> None:
    job = client.wait(client.submit(SPEC | {"seed": 26}).id).id
    live.workers.open.clear()
    export = client.export_best(job).id
    with pytest.raises(ApiError, match=rf"export {export} .* is under way") as refusal:
        client.delete(job)
    assert refusal.value.status == 409
    live.workers.open.set()
    client.wait_for_export(export)
    client.delete(job)


def test_collection_counts_and_keeps_what_is_needed(client: Client, finished: str) -> None:
    export = client.wait_for_export(client.export_best(finished).id)
    before = client.gc(dry_run=True)
    assert (before.dry_run, before.budget_bytes) == (True, None)
    assert before.kept >= 2
    assert client.gc().kept == before.kept
    assert client.download(export.id, "model.onnx")


def test_a_preview_tells_what_a_job_would_be_like_and_submits_nothing(client: Client, finished: str) -> None:
    jobs = len(list(client.jobs()))
    found = client.preview(SPEC)
    assert (found.sampled, found.bites, found.histogram.name) == (1000, "macs", "macs")
    assert 0 < found.feasible_share < 1
    assert found.estimate.measured_trials >= 20
    assert len(list(client.jobs())) == jobs
    with pytest.raises(ApiError) as refusal:
        client.preview(SPEC | {"budget": {}})
    assert (refusal.value.status, refusal.value.field) == (422, "budget.trials")


def test_webhooks_are_off_until_the_operator_allows_a_host(client: Client) -> None:
    for send in (client.submit, client.preview):
        with pytest.raises(ApiError, match=r"NAS_WEBHOOK_HOSTS=127\.0\.0\.1") as refusal:
            send(SPEC | {"webhook": {"url": "http://127.0.0.1:9/"}})
        assert (refusal.value.status, refusal.value.field) == (422, "webhook.url")


def test_a_job_is_judged_by_another_limit_without_training(client: Client, finished: str) -> None:
    job, cheapest = client.job(finished), client.pareto(finished)[0]
    found = client.retarget(finished, {"objective": {"limits": {"macs": cheapest.cost}}})
    assert (found.evaluated, found.feasible) == (job.completed, 1)
    assert found.best is not None
    assert found.best.id == cheapest.id
    assert client.job(finished) == job


@pytest.mark.parametrize(
    ("patch", "field"),
    [({}, "device"), ({"task": {"epochs": 2}}, "task"), ({"objective": {"cost": "joules"}}, "objective.cost")],
)
def test_a_retarget_that_means_nothing_is_refused(
    http: httpx.Client, finished: str, patch: dict[str, Any], field: str
) -> None:
    answer = http.post(f"/api/v1/jobs/{finished}/retarget", json=patch)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
