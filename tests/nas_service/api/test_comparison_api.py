"""Jobs beside each other over HTTP."""

from __future__ import annotations

import httpx
import pytest
from services import ENDLESS, SPEC, Live

from nas_service.client import ApiError, Client


@pytest.fixture(scope="module")
def longer(live: Live) -> str:
    """A finished job of more trials, with a looser limit."""
    objective = SPEC["objective"] | {"limits": {"macs": 6e6}}
    spec = SPEC | {"name": "longer", "budget": {"trials": 60}, "objective": objective, "seed": 5}
    with Client(live.url) as connected:
        return connected.wait(connected.submit(spec).id).id


def test_jobs_stand_in_one_frame_with_what_each_has_found(client: Client, finished: str, longer: str) -> None:
    found = client.compare([longer, finished])
    assert (found.comparable, found.note) == (True, "")
    assert [one.job.id for one in found.jobs] == [longer, finished]
    assert found.frame is not None
    assert found.frame.reference[1] == 6e6
    assert found.subset == min(one.found.candidates for one in found.jobs) // 2 >= 4
    for one in found.jobs:
        assert one.front.id == [candidate.id for candidate in client.pareto(one.job.id)]
        assert one.front.cost == sorted(one.front.cost)
        assert one.best == next(c for c in client.candidates(one.job.id, order="reward") if c.feasible)
        assert one.found.trials == one.job.trials
        assert 0 <= one.found.low < one.found.mean < one.found.high <= one.found.hypervolume <= 1
    assert client.compare([longer, finished]) == found
    again = client.compare([finished, longer])
    assert {one.job.id: one.found.hypervolume for one in again.jobs} == {
        one.job.id: one.found.hypervolume for one in found.jobs
    }


def test_their_specs_are_told_by_the_lines_that_differ(client: Client, finished: str, longer: str) -> None:
    lines = {one.path: one.values for one in client.compare([finished, longer]).differences}
    assert lines["budget.trials"] == ["20", "60"]
    assert lines["objective.limits.macs"] == ["5000000.0", "6000000.0"]
    assert "name" not in lines
    assert "task.name" not in lines


def test_jobs_of_other_axes_cannot_be_compared(client: Client, finished: str) -> None:
    other = client.wait(client.submit(SPEC | {"objective": {"cost": "params", "target": 1e5}, "seed": 3}).id)
    found = client.compare([finished, other.id])
    assert not found.comparable
    assert "val_accuracy and macs" in found.note
    assert "val_accuracy and params" in found.note
    assert (found.frame, found.subset) == (None, 0)
    assert [one.found.hypervolume for one in found.jobs] == [None, None]
    assert all(one.best is not None for one in found.jobs)


def test_a_job_without_a_result_stands_beside_others(client: Client, live: Live, finished: str) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 65}).id
    beside = client.compare([finished, job]).jobs[1]
    assert (beside.best, beside.front.id, beside.found.candidates, beside.found.hypervolume) == (None, [], 0, 0.0)
    client.cancel(job)
    live.workers.open.set()


def test_other_tasks_are_pointed_at(client: Client, live: Live, finished: str) -> None:
    live.workers.open.clear()
    job = client.submit(SPEC | {"task": {"name": "digits"}}).id
    found = client.compare([finished, job])
    assert found.comparable
    assert "The tasks differ (landscape, digits)" in found.note
    client.cancel(job)
    live.workers.open.set()


def test_all_lines_of_their_specs_are_told_where_they_are_wanted(client: Client, finished: str, longer: str) -> None:
    every = {one.path: one.values for one in client.compare([finished, longer], every=True).differences}
    assert every["task.name"] == ["landscape", "landscape"]
    assert every["budget.trials"] == ["20", "60"]


def test_one_job_stands_alone(client: Client, finished: str) -> None:
    found = client.compare([finished])
    assert [one.job.id for one in found.jobs] == [finished]
    assert (found.comparable, found.differences) == (True, [])


@pytest.mark.parametrize("named", ["", ",", "a,b,c,d,e,f,g"])
def test_one_to_six_different_jobs_are_named(http: httpx.Client, named: str) -> None:
    answer = http.get("/api/v1/comparison", params={"jobs": named})
    assert (answer.status_code, answer.json()["field"]) == (422, "jobs")
    assert "1 to 6 different jobs" in answer.json()["detail"]


@pytest.mark.parametrize(("unknown", "said"), [("nope", "there is no job 'nope'"), ("No!", "'No!' is no id")])
def test_an_unknown_one_is_named(client: Client, finished: str, unknown: str, said: str) -> None:
    with pytest.raises(ApiError, match=said) as refusal:
        client.compare([finished, unknown])
    assert refusal.value.status == 404
