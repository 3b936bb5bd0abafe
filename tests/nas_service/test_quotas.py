"""Quotas hold for all jobs of an owner together, also between coordinators, and jobs say that they wait for them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from searches import TABLES, Lab, Silence, spec

from nas_service.api import control
from nas_service.coordinator.proposing import propose
from nas_service.coordinator.run import Overtaken, Run
from nas_service.errors import Conflict
from nas_service.store import Lease, Quota, jobs, quotas, trials
from workers.dispatchers.base import ClusterStatus
from workers.requests import Resources


@pytest.fixture
def workers() -> Silence:
    """More than all jobs want."""
    silent = Silence()
    silent.cluster = lambda: ClusterStatus("silent", Resources(100), Resources(100))
    return silent


def limit(lab: Lab, owner: str = "ann", **most: int) -> None:
    with lab.store.write() as conn:
        quotas.put(conn, Quota(owner, **most))


def submit(lab: Lab, name: str, owner: str = "ann", parallel: int = 4) -> None:
    lab.submit(spec(50, workers={"parallel": parallel}), name, owner)


def open_trials(lab: Lab, *names: str) -> list[int]:
    for _ in range(6):
        lab.step()
    with lab.store.read() as conn:
        return [len(trials.open_in(conn, name)) for name in names]


def test_so_many_jobs_of_an_owner_run_at_a_time(make_lab: Callable[..., Lab], workers: Silence) -> None:
    lab = make_lab(dispatcher=workers)
    limit(lab, jobs=2)
    for name in ("a", "b", "c"):
        submit(lab, name)
    submit(lab, "z", owner="bob")
    for _ in range(6):
        lab.step()
    assert [lab.job(name).state for name in ("a", "b", "c", "z")] == ["running", "running", "queued", "running"]
    assert lab.job("c").reason == "the quota of 2 jobs at a time is used up, by a, b"
    with lab.store.write() as conn:
        jobs.move(conn, "a", jobs.LIVE, "cancelled", "", 1.0)
    lab.step()
    lab.step()
    assert (lab.job("c").state, lab.job("c").reason) == ("running", "")


def test_a_pause_is_no_way_around_the_quota(make_lab: Callable[..., Lab], workers: Silence) -> None:
    lab = make_lab(dispatcher=workers)
    service = SimpleNamespace(store=lab.store, clock=lab.clock)
    limit(lab, jobs=1)
    for name in ("a", "b"):
        submit(lab, name)
    lab.step()
    assert control.control(service, "b", "pause").state == "paused"
    with pytest.raises(Conflict, match="job b stays paused: the quota of 1 jobs at a time is used up, by a"):
        control.control(service, "b", "resume")
    assert lab.job("b").state == "paused"
    control.control(service, "a", "pause")
    assert control.control(service, "b", "resume").state == "running"


def test_so_many_trials_of_an_owner_are_under_way(make_lab: Callable[..., Lab], workers: Silence) -> None:
    lab = make_lab(dispatcher=workers)
    limit(lab, trials=3)
    submit(lab, "a")
    assert open_trials(lab, "a") == [3]
    submit(lab, "b")
    submit(lab, "z", owner="bob")
    assert open_trials(lab, "a", "b", "z") == [3, 0, 4]
    assert lab.job("b").reason == "the quota of 3 trials at a time is used up"
    for sent in list(workers.submitted):
        workers.say(sent, 0.5)
    assert sum(open_trials(lab, "a", "b")) == 3
    with lab.store.write() as conn:
        quotas.remove(conn, "ann")
    assert open_trials(lab, "a", "b") == [4, 4]


def test_a_search_within_a_quota_ends_as_any_other(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    limit(lab, owner="", trials=1, jobs=1)
    for name in ("a", "b"):
        lab.submit(spec(10, workers={"parallel": 4}), name)
    assert [lab.finish(name).completed for name in ("a", "b")] == [10, 10]


def test_two_coordinators_do_not_both_take_the_last_trial(make_lab: Callable[..., Lab], workers: Silence) -> None:
    """What one decided by a look at the rows is refused where the other was faster."""
    lab = make_lab(dispatcher=workers)
    submit(lab, "a", parallel=2)
    assert open_trials(lab, "a") == [2]
    job = lab.job("a")
    limit(lab, trials=2)
    used_up = pytest.raises(Overtaken, match="the quota of 2 trials of 'ann' was used up meanwhile")
    with used_up, lab.store.read() as conn:
        propose(conn, lab.store, Run.load(job, lab.store, TABLES), job, 1, 2000.0, Lease("1", 3000.0))
