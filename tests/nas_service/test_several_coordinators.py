"""Several coordinators on one PostgreSQL: each job has one holder, and who lost a job can write nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from postgres_server import Postgres
from searches import TABLES, Clock, Lab, Silence, spec
from sqlalchemy import func, select

from nas_service.coordinator.collecting import collect
from nas_service.coordinator.proposing import propose
from nas_service.coordinator.run import Overtaken, Run
from nas_service.store import Job, Lease, Store, jobs, requests
from nas_service.store.invariants import broken
from nas_service.store.schema import proposals
from workers.dispatchers import InlineDispatcher
from workers.requests import Report

TRIALS = 10
LEASE_S = 60
STEPS = 5000


@pytest.fixture
def clock() -> Clock:
    """One for all, as that of the database is."""
    return Clock()


@pytest.fixture
def hire(postgres: Postgres, clock: Clock) -> Iterator[Callable[..., Lab]]:
    """Laboratories on one database, each as a process of its own would be."""
    url, opened = postgres.fresh(), []

    def start(dispatcher: InlineDispatcher | None = None) -> Lab:
        store = Store(url)
        store.migrate()
        opened.append(Lab(store, dispatcher or InlineDispatcher(), clock, LEASE_S))
        return opened[-1]

    yield start
    with opened[0].store.read() as conn:
        assert list(broken(conn)) == []
    for lab in opened:
        lab.dispatcher.close()
        lab.store.close()


def holder(lab: Lab, job_id: str = "j") -> str | None:
    return lab.job(job_id).holder


def name(lab: Lab) -> str:
    return lab.store.presence.name


def until(labs: list[Lab], over: Callable[[], bool]) -> None:
    for _ in range(STEPS):
        if over():
            return
        for lab in labs:
            lab.step()
    raise TimeoutError


def is_over(lab: Lab, *job_ids: str) -> bool:
    return all(lab.job(job_id).state in jobs.FINAL for job_id in job_ids)


def proposed(lab: Lab) -> int:
    with lab.store.read() as conn:
        return conn.execute(select(func.count()).select_from(proposals)).scalar_one()


def test_jobs_are_shared_and_each_is_run_by_one(hire: Callable[..., Lab]) -> None:
    one, other = hire(), hire()
    one.step()
    other.step()
    for number in range(4):
        one.submit(spec(TRIALS), f"j{number}")
    one.step()
    other.step()
    held = [holder(one, f"j{number}") for number in range(4)]
    assert sorted(held) == sorted(2 * [name(one), name(other)])
    until([one, other], lambda: is_over(one, *(f"j{number}" for number in range(4))))
    found = [one.job(f"j{number}") for number in range(4)]
    assert {(job.state, job.completed, job.holder, job.fence) for job in found} == {("finished", TRIALS, None, 1)}


def test_a_dead_coordinator_loses_its_jobs_at_once(hire: Callable[..., Lab]) -> None:
    """And what it had under way runs again, without counting as a failure of its worker."""
    silent = Silence()
    one, other = hire(silent), hire()
    one.submit(spec(TRIALS))
    one.until(lambda _: bool(silent.submitted))
    other.step()
    assert holder(one) == name(one)
    one.store.close()
    until([other], lambda: is_over(other, "j"))
    job = other.job()
    assert (job.state, job.completed, job.fence) == ("finished", TRIALS, 2)
    assert other.store.measures.requeued.labels("takeover")._value.get() == len(silent.submitted)


def test_one_that_hangs_loses_its_jobs_within_a_lease(hire: Callable[..., Lab], clock: Clock) -> None:
    """Its session lives, so that only the lease tells; once it wakes, it finds out and leaves the job alone."""
    silent = Silence()
    one, other = hire(silent), hire()
    one.submit(spec(TRIALS))
    one.until(lambda _: bool(silent.submitted))
    clock.now += LEASE_S - 1
    other.step()
    assert holder(one) == name(one)
    clock.now += 2
    other.step()
    assert holder(one) == name(other)
    other.finish()
    assert one.store.measures.losses._value.get() == 0
    before = proposed(one)
    silent.say(silent.submitted[0], 0.5)
    one.step()
    assert proposed(one) == before
    assert one.job().completed == TRIALS


def test_a_heartbeat_keeps_jobs_for_as_long_as_they_take(hire: Callable[..., Lab], clock: Clock) -> None:
    one, other = hire(Silence()), hire()
    one.submit(spec(TRIALS))
    one.step()
    for _ in range(10):
        clock.now += LEASE_S / 2
        one.step()
        other.step()
    assert holder(one) == name(one)
    assert one.job().fence == 1


@pytest.fixture
def overtaken(hire: Callable[..., Lab], clock: Clock) -> tuple[Lab, Run, Job, Silence]:
    """A run in the memory of a coordinator whose job another one has taken and goes on with."""
    silent = Silence()
    one, other = hire(silent), hire(Silence())
    one.submit(spec(TRIALS))
    one.until(lambda _: bool(silent.submitted))
    job = one.job()
    run = Run.load(job, one.store, TABLES)
    clock.now += LEASE_S + 1
    other.step()
    assert (holder(one), one.job().state) == (name(other), "running")
    return one, run, job, silent


def test_results_that_come_to_who_lost_the_job_are_refused(overtaken: tuple[Lab, Run, Job, Silence]) -> None:
    lab, run, _, silent = overtaken
    sent = silent.submitted[0]
    report = Report(sent.request_id, sent.attempt, sent.trials[0].trial_id, "completed", 1, {"val_accuracy": 0.9})
    before = lab.job()
    with pytest.raises(Overtaken, match="was taken 1 times since"), lab.store.write() as conn:
        collect(conn, run, [report, replace(report, attempt=2)], 2000.0, lab.store.measures)
    assert lab.job() == before


def test_proposals_of_who_lost_the_job_are_refused(overtaken: tuple[Lab, Run, Job, Silence]) -> None:
    lab, run, job, _ = overtaken
    before = proposed(lab)
    with pytest.raises(Overtaken), lab.store.read() as conn:
        propose(conn, lab.store, run, job, 1, 2000.0, Lease(name(lab), 3000.0))
    assert proposed(lab) == before


def test_who_lost_a_job_ends_it_no_more(overtaken: tuple[Lab, Run, Job, Silence]) -> None:
    lab, _, job, _ = overtaken
    with lab.store.read() as conn:
        lab.coordinator._end(conn, job, "failed", "for a reason of the past", 2000.0)
    assert lab.job().state == "running"


def test_who_lost_a_job_stops_its_trials_and_says_so(overtaken: tuple[Lab, Run, Job, Silence]) -> None:
    lab, _, _, silent = overtaken
    cancelled: list[str] = []
    silent.cancel = cancelled.append
    lab.step()
    assert cancelled == [silent.submitted[0].request_id]
    assert lab.store.measures.losses._value.get() == 1
    with lab.store.read() as conn:
        assert requests.held(conn, cancelled) == {cancelled[0]: 2}


def test_one_of_them_keeps_house(hire: Callable[..., Lab], clock: Clock) -> None:
    one, other = hire(), hire()
    for _ in range(2):
        clock.now += LEASE_S
        one.step()
        other.step()
    kept = [lab.coordinator.keeps_house for lab in (one, other)]
    assert sorted(kept) == [False, True]
    keeper, heir = (one, other) if kept[0] else (other, one)
    keeper.store.close()
    clock.now += LEASE_S
    heir.step()
    assert heir.coordinator.keeps_house
