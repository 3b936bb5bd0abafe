"""Warm starts, controls and reuse over HTTP: what is stored, what is refused, and what is shown of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from services import SPEC, Live

from nas_service.client import ApiError, Client

OTHER_SPACE = {
    "space": {"name": "wann"},
    "task": {"name": "landscape", "kind": "vector", "channels": 3, "outputs": 2, "sizes": [1, 1]},
    "objective": {"reward": "metric", "cost": "params"},
    "strategy": {"name": "wann", "population": 4, "generations": 2},
    "budget": {"trials": 20},
}


@pytest.fixture(scope="module")
def of_another_space(client: Client) -> str:
    return client.wait(client.submit(OTHER_SPACE).id).id


def test_a_job_begins_with_the_best_of_another_and_reuses_their_results(client: Client, finished: str) -> None:
    wanted = SPEC | {"warm_start": {"jobs": [finished], "top": 6}}
    assert client.preview(wanted).warm_start == f"6 networks of job {finished}"
    job = client.wait(client.submit(wanted).id)
    best = sorted(client.pareto(finished), key=lambda c: (-c.reward, c.number))
    rest = [c for c in client.candidates(finished, order="reward") if c.feasible and c not in best]
    begun = sorted(client.candidates(job.id), key=lambda c: c.number)[:6]
    assert [c.hash for c in begun] == [c.hash for c in [*best, *rest][:6]]
    assert job.spec["warm_start"]["resolved"] == [c.genotype for c in begun]
    for candidate in begun:
        assert candidate.reused_from.startswith(f"{finished}.t")
        source = client.trial(candidate.reused_from)
        assert source.metrics["val_accuracy"] == candidate.metrics["val_accuracy"]
        twin = next(one for one in client.twins(candidate.id) if one.job.id == finished)
        assert (twin.candidate.id, twin.candidate.hash) == (source.candidate_id, candidate.hash)
        assert (twin.job.name, twin.metric) == (client.job(finished).name, "val_accuracy")
    sources = [client.trial(c.reused_from) for c in client.candidates(job.id) if c.reused_from]
    assert job.reused >= len(sources) >= 6
    assert job.saved_seconds >= 0.99 * sum(trial.ended_at - trial.started_at for trial in sources) > 0
    assert next(listed for listed in client.jobs() if listed.id == job.id).saved_seconds == job.saved_seconds
    told = [event.data for event in client.events(job.id) if event.type == "warm_start"]
    assert told == [{"message": f"6 networks of job {finished}"}]


def test_it_needs_the_other_job_no_longer(client: Client) -> None:
    """Whether it is extended or cloned; another top, or another space, asks for the job again."""
    source = client.wait(client.submit(SPEC | {"seed": 61}).id).id
    job = client.submit(SPEC | {"seed": 62, "warm_start": {"jobs": [source], "top": 3}})
    client.wait(job.id)
    resolved = job.spec["warm_start"]["resolved"]
    client.delete(source)
    assert client.wait(client.extend(job.id, trials=3).id).completed == 23
    assert client.clone(job.id, {"seed": 63}).spec["warm_start"]["resolved"] == resolved
    for changes in ({"warm_start": {"top": 2}}, {"space": {"options": {"resolution": [16]}}}):
        with pytest.raises(ApiError, match=f"no job '{source}'") as refusal:
            client.clone(job.id, changes)
        assert (refusal.value.status, refusal.value.field) == (422, "warm_start.jobs.0")
    assert client.clone(job.id, {"warm_start": None}).spec["warm_start"] is None


def test_given_genotypes_are_not_taken_for_others_of_another_space(client: Client, finished: str) -> None:
    given = [candidate.genotype for candidate in client.pareto(finished)]
    job = client.submit(SPEC | {"warm_start": {"genotypes": given}})
    with pytest.raises(ApiError, match=r"give them anew, or leave them out: warm_start.genotypes=\[\]") as refusal:
        client.clone(job.id, {"space": {"options": {"resolution": [24, 16]}}})
    assert (refusal.value.status, refusal.value.field) == (422, "warm_start.genotypes")
    changes = {"space": {"options": {"resolution": [24, 16]}}, "warm_start": {"genotypes": [], "jobs": [finished]}}
    found = client.clone(job.id, changes).spec["warm_start"]["resolved"]
    assert {genotype["choices"][0] for genotype in found} <= {0, 1}
    assert found != given


def test_a_whole_front_is_begun_with_from_its_roomiest_places(client: Client) -> None:
    source = client.wait(client.submit(SPEC | {"objective": {"reward": "pareto", "cost": "macs"}, "seed": 64}).id).id
    front = client.pareto(source)
    job = client.submit(
        SPEC | {"warm_start": {"jobs": [source], "top": 2}, "objective": {"cost": "macs", "target": 2e6}}
    )
    assert job.spec["warm_start"]["resolved"] == [front[0].genotype, front[-1].genotype]


@pytest.mark.parametrize(
    ("parts", "field", "said"),
    [
        ({"warm_start": {"jobs": ["nope"]}}, "warm_start.jobs.0", "no job 'nope'; `nas jobs` lists"),
        ({"warm_start": {"jobs": ["{wann}"]}}, "warm_start.jobs.0", "its own space. Name jobs of space 'mobilenetv3'"),
        ({"warm_start": {"jobs": "{wann}"}}, "warm_start.jobs", "valid list"),
        ({"warm_start": {"top": 0}}, "warm_start.top", "greater than or equal to 1"),
        ({"warm_start": {"best": 3}}, "warm_start.best", "keys: jobs, top, genotypes"),
        ({"warm_start": {}}, "warm_start", "or leave it out"),
        (
            {"warm_start": {"genotypes": [{"choices": [99]}]}},
            "warm_start.genotypes.0",
            "Take genotypes from candidates",
        ),
        ({"control": "evolution"}, "control.name", "random"),
        ({"control": 3}, "control", "{name: random, share: 0.2}"),
        ({"control": {"share": 0}}, "control.share", "greater than 0"),
        ({"control": {"share": 1}}, "control.share", "less than 1"),
        ({"control": {"share": 0.04}}, "control.share", "raise budget.trials to 25 or more"),
        ({"control": {"part": 0.2}}, "control.part", "keys: name, share"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    http: httpx.Client, of_another_space: str, parts: dict[str, Any], field: str, said: str
) -> None:
    if (named := parts.get("warm_start", {}).get("jobs")) in ("{wann}", ["{wann}"]):
        parts = {"warm_start": {"jobs": of_another_space if isinstance(named, str) else [of_another_space]}}
    for path in ("jobs", "jobs/preview") if "share" not in field else ("jobs",):
        answer = http.post(f"/api/v1/{path}", json=SPEC | parts)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
        assert said in answer.json()["detail"]


def test_a_control_is_compared_with_its_search(client: Client, http: httpx.Client) -> None:
    job = client.wait(client.submit(SPEC | {"control": "random", "budget": {"trials": 50}}).id)
    assert job.spec["control"] == {"name": "random", "share": 0.2}
    found = client.comparison(job.id)
    assert (found.share, found.metric, found.cost) == (0.2, "val_accuracy", "macs")
    assert (found.search.trials, found.control.trials) == (40, 10)
    assert found.subset == min(found.search.candidates, found.control.candidates) // 2 >= 4
    assert found.frame.reference[1] == SPEC["objective"]["limits"]["macs"]
    assert max(found.search.best_reward, found.control.best_reward) == job.best_reward
    for arm in (found.search, found.control):
        assert 0 <= arm.low < arm.mean < arm.high <= arm.hypervolume <= 1
    assert client.comparison(job.id) == found
    assert http.get(f"/api/v1/jobs/{job.id}/control").json()["overlap"] == found.overlap


def test_a_job_without_a_control_says_how_to_have_one(client: Client, finished: str) -> None:
    with pytest.raises(ApiError, match=f"nas clone {finished} --set control=random") as refusal:
        client.comparison(finished)
    assert refusal.value.status == 404


def test_a_control_has_nothing_to_compare_at_first(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(SPEC | {"control": {"share": 0.5}, "seed": 65}).id
    found = client.comparison(job)
    assert (found.frame, found.overlap, found.search.best_reward, found.control.hypervolume) == (None, None, None, None)
    assert "0 of the search, 0 of the control" in found.note
    client.cancel(job)
    live.workers.open.set()
