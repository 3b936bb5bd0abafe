"""How a search got on and what it chose, over HTTP."""

from __future__ import annotations

import hostile_space
import httpx
import pytest
from services import ENDLESS, SPEC, Live

from nas_service.client import ApiError, Client

WANN = SPEC | {
    "space": {"name": "wann"},
    "task": {"name": "landscape", "kind": "vector", "channels": 3, "outputs": 2, "sizes": [1, 1]},
    "objective": {"reward": "metric", "cost": "params"},
    "strategy": {"name": "wann", "population": 6, "generations": 3, "tournament": 2, "check_every": 1, "finalists": 2},
    "budget": {"trials": 40},
}


@pytest.fixture(scope="module")
def controlled(live: Live) -> str:
    """A finished job with a control."""
    with Client(live.url) as connected:
        spec = SPEC | {"control": {"share": 0.4}, "budget": {"trials": 40}, "seed": 4}
        return connected.wait(connected.submit(spec).id).id


def test_the_last_figures_of_either_arm_are_those_of_the_comparison(client: Client, controlled: str) -> None:
    found, compared = client.progress(controlled), client.comparison(controlled)
    assert found.frame == compared.frame
    assert found.total == len(found.id) == len(found.best) > 30
    for arm, judged in zip(found.arms, (compared.search, compared.control), strict=True):
        own = [i for i, control in enumerate(found.control) if bool(control) == arm.control]
        assert (arm.trials, arm.result) == (judged.trials, judged.candidates)
        assert arm.hypervolume == pytest.approx(judged.hypervolume, rel=1e-9)
        assert arm.best_reward == judged.best_reward
        assert found.hypervolume[own[-1]] == pytest.approx(judged.hypervolume, rel=1e-5)
        assert found.trial[own[-1]] == arm.trials
        results = [i for i in own if found.kind[i] == "result"]
        assert len({found.id[i] for i in results}) == len(results) == judged.candidates


def test_steps_are_in_the_order_of_time_and_the_best_only_rises(client: Client, controlled: str) -> None:
    found = client.progress(controlled)
    assert found.at == sorted(found.at)
    assert found.at[0] >= found.started_at > 0
    for control in (0, 1):
        figures = [
            figure
            for column in (found.best, found.hypervolume)
            for figure in [[one for one, c in zip(column, found.control, strict=True) if c == control]]
        ]
        assert all(figure == sorted(figure) for figure in figures)


def test_a_job_without_a_control_has_one_arm_with_its_best(client: Client, finished: str) -> None:
    found, job = client.progress(finished), client.job(finished)
    assert [arm.control for arm in found.arms] == [False]
    assert found.arms[0].trials == job.completed + job.failed
    assert found.arms[0].best_reward == job.best_reward
    assert set(found.control) == {0}


def test_what_a_cancellation_stops_is_told_though_it_is_no_result(client: Client, live: Live) -> None:
    live.workers.open.clear()
    try:
        job = client.submit(ENDLESS | {"seed": 31}).id
        while not client.trials_page(job).items:
            pass
        before = client.progress(job)
        client.cancel(job)
    finally:
        live.workers.open.set()
    assert client.wait(job).state == "cancelled"
    after = client.progress(job)
    assert (before.arms[0].stopped, before.total) == (0, 0)
    assert after.arms[0].stopped == after.total > 0


def test_of_many_steps_those_that_were_better_stay(client: Client, controlled: str) -> None:
    every, few = client.progress(controlled), client.progress(controlled, most=4)
    assert (few.total, few.arms) == (every.total, every.arms)
    assert len(few.id) < len(every.id)
    assert set(few.best) == set(every.best)
    assert set(few.hypervolume) == set(every.hypervolume)


def test_what_stopped_early_does_not_count(client: Client) -> None:
    early = {"method": "asha", "over": "epochs", "factor": 2}
    task = {"name": "landscape", "epochs": 4}
    job = client.wait(client.submit(SPEC | {"task": task, "early_stopping": early, "budget": {"trials": 30}}).id)
    found = client.progress(job.id)
    [arm] = found.arms
    assert arm.partial > 0 < arm.result
    assert found.kind.count("partial") == arm.partial
    full = [one for one in client.candidates(job.id, order="reward") if one.feasible]
    assert arm.result == len(full)
    assert arm.best_reward == max(one.reward for one in full)


def test_choices_are_counted_by_generation(client: Client, finished: str) -> None:
    found = client.choices(finished)
    job = client.job(finished)
    assert (found.by, found.population) == ("population", job.spec["strategy"]["population"])
    assert (found.first[0], found.last[-1], found.note) == (1, job.trials, "")
    genes = {gene.name: gene for gene in found.genes}
    assert genes["resolution"].values == [16, 24, 32]
    assert [sum(counts) for counts in genes["resolution"].counts] == found.networks
    assert genes["stage1.se"].values == [False, True]
    assert found.fixed > 0


def test_a_control_is_no_part_of_what_the_search_chose(client: Client, controlled: str) -> None:
    found = client.choices(controlled)
    searched = client.comparison(controlled).search.trials
    assert found.last[-1] == searched < client.job(controlled).trials


def test_a_search_of_growing_networks_tells_traits_by_its_own_generations(client: Client) -> None:
    job = client.wait(client.submit(WANN).id)
    assert job.state == "finished", job.reason
    found = client.choices(job.id)
    assert (found.by, found.size, found.generation) == ("generation", 1, [0, 1, 2, 3])
    assert found.genes == []
    assert {"hidden nodes", "connections"} <= {trait.name for trait in found.traits}
    assert len(client.choices(job.id, most=2).first) == 2


def test_before_the_first_trial_there_is_nothing_yet(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 66}).id
    found = client.progress(job)
    assert (found.id, found.total, found.frame, found.arms[0].hypervolume) == ([], 0, None, None)
    client.cancel(job)
    live.workers.open.set()


def test_options_are_told_as_they_are(client: Client) -> None:
    with hostile_space.registered():
        job = client.wait(client.submit(SPEC | hostile_space.PARTS).id)
        found = client.choices(job.id)
    assert [gene.name for gene in found.genes] == [hostile_space.KERNEL, hostile_space.WIDTH, "depth"]
    assert found.genes[0].values == list(hostile_space.KERNELS)
    with pytest.raises(ApiError, match="hostile") as refusal:
        client.choices(job.id, most=7)
    assert refusal.value.status == 409


@pytest.mark.parametrize("what", ["progress", "choices"])
def test_answers_are_named_and_not_sent_again(http: httpx.Client, finished: str, what: str) -> None:
    path = f"/api/v1/jobs/{finished}/{what}"
    tag = http.get(path).headers["etag"]
    again = http.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [("nope/progress", 404), ("nope/choices", 404), ("{job}/progress?most=1", 422), ("{job}/choices?most=201", 422)],
)
def test_what_cannot_be_asked_is_refused(http: httpx.Client, finished: str, path: str, status: int) -> None:
    assert http.get("/api/v1/jobs/" + path.format(job=finished)).status_code == status
