"""Jobs that get a larger budget: running ones, finished ones and exhausted ones."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest
from rows import add_job
from searches import SPACE, Lab, spec
from sqlalchemy import select

from nas_service.store import Job, Store, events, jobs, requests, trials
from nas_service.store.schema import proposals
from workers.dispatchers import InlineDispatcher
from workers.requests import EvaluationRequest, Report, ShouldStop

FEW = SPACE | {
    "options": SPACE["options"]
    | {
        "resolution": [16],
        "ops": ["mbconv"],
        "width_factors": [1.0],
        "depth_offsets": [0],
        "se": [False],
        "skip": ["none"],
        "activation": ["relu"],
        "kernel": [3, 5],
        "expansion": [3],
    }
}


@pytest.fixture
def lab(sqlite: Store) -> Iterator[Lab]:
    opened = Lab(sqlite)
    yield opened
    opened.dispatcher.close()


def extend(lab: Lab, job_id: str = "j", **budget: float | None) -> Job:
    with lab.store.write() as conn:
        job = jobs.get(conn, job_id)
        jobs.extend(conn, job, job.spec["budget"] | budget, lab.clock())
        return jobs.get(conn, job_id)


def proposed(lab: Lab, job_id: str) -> list[tuple[object, ...]]:
    columns = (proposals.c.number, proposals.c.parents, proposals.c.status, proposals.c.metrics)
    with lab.store.read() as conn:
        query = select(*columns).where(proposals.c.job_id == job_id).order_by(proposals.c.number)
        return [tuple(row) for row in conn.execute(query)]


def test_a_finished_job_goes_on_as_if_it_had_never_ended(lab: Lab) -> None:
    strategy = {"name": "evolution", "population": 5, "sample": 3}
    once = lab.run(spec(25, strategy=strategy), "once")
    whole = proposed(lab, "once")
    with lab.store.write() as conn:
        jobs.remove(conn, "once")  # so that its results are not taken over
    lab.run(spec(10, strategy=strategy))
    extended = extend(lab, trials=25)
    assert (extended.state, extended.ended_at) == ("queued", None)
    done = lab.finish()
    assert (done.state, done.trials, done.reason) == ("finished", 25, "all 25 trials of the budget have ended")
    assert proposed(lab, "j") == whole
    assert done.best_reward == once.best_reward


def test_a_running_job_goes_on_for_longer(lab: Lab) -> None:
    lab.submit(spec(10))
    lab.until(lambda job: job.completed >= 5)
    assert extend(lab, trials=15).state == "running"
    assert lab.finish().completed == 15


def test_an_extension_wins_over_an_end_that_was_decided_before_it(lab: Lab) -> None:
    lab.submit(spec(10))
    stale = lab.until(lambda job: job.completed == 10 or job.state == "finished")
    if stale.state == "running":
        extend(lab, trials=12)
        lab.coordinator._end(stale, "finished", "all 10 trials of the budget have ended", lab.clock())
        assert lab.job().state == "running"
        assert lab.finish().completed == 12


def test_an_exhausted_job_tries_again(lab: Lab) -> None:
    ended = lab.run(spec(100, space=FEW))
    assert ended.state == "exhausted"
    assert extend(lab, trials=200).fruitless == 0
    again = lab.finish()
    assert again.state == "exhausted"
    assert again.proposals > ended.proposals


def test_trials_stopped_for_want_of_hours_are_told_and_the_search_goes_on(sqlite: Store) -> None:
    released = Event()

    def hold(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        yield Report(request.request_id, request.attempt, request.trials[0].trial_id, "progress", 1, {})
        while not should_stop() and not released.wait(0.005):
            pass
        if not should_stop():
            metrics = {"val_accuracy": 0.5, "val_loss": 0.5}
            yield Report(request.request_id, request.attempt, request.trials[0].trial_id, "completed", 1, metrics)

    lab = Lab(sqlite, InlineDispatcher(1, hold))
    lab.submit(spec(3, budget={"trials": 3, "hours": 1}))
    lab.until(lambda job: job.trials == 1)
    lab.clock.now += 3601
    assert lab.finish().reason == "the budget of 1 hours is used up"
    assert [row[2] for row in proposed(lab, "j")] == ["stopped"]
    with sqlite.read() as conn:
        assert len(trials.open_in(conn, "j")) == 0
        assert not requests.any_queued(conn, "evaluate")
    released.set()
    extend(lab, hours=2.0, trials=3)
    done = lab.finish()
    lab.dispatcher.close()
    assert (done.state, done.trials, done.completed) == ("finished", 3, 2)


def test_a_budget_of_hours_counts_only_the_time_that_a_job_ran(lab: Lab) -> None:
    lab.run(spec(5, budget={"trials": 5, "hours": 1}))
    lab.clock.now += 10 * 3600
    extend(lab, trials=8, hours=1)
    assert lab.finish().completed == 8


def test_extending_is_the_same_on_both_databases(store: Store) -> None:
    with store.write() as conn:
        add_job(conn)
        jobs.move(conn, "j", ("queued",), "running", "", 2.0)
        jobs.move(conn, "j", ("running",), "finished", "", 5.0)
        jobs.extend(conn, jobs.get(conn, "j"), {"trials": 7, "hours": None}, 9.0)
        extended = jobs.get(conn, "j")
        assert (extended.state, extended.ended_at, extended.active_seconds) == ("queued", None, 3.0)
        assert (extended.trials_budget, extended.hours_budget) == (7, None)
        assert [event.type for event in events.after(conn, "j", 3)] == ["extended", "job"]
