"""Requests that carry several trials: each of them ends once, whatever happens to the request or to the job."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from searches import Lab, Silence, spec
from sqlalchemy import select

from nas_service.store import Event, events, jobs, requests, trials
from nas_service.store.schema import proposals
from nas_service.store.schema import requests as request_table
from workers.dispatchers import InlineDispatcher
from workers.failures import TrialError
from workers.requests import EvaluationRequest, Report, ShouldStop

CHUNK = 5
WIDE = {"parallel": 20}
OVER = slice(0, 2)  # of a chunk: the trials that end before something happens


def batched(n: int = 20, **parts: Any) -> dict[str, Any]:
    """A search whose task takes five trials a request, four requests a round."""
    return spec(n, task={"name": "landscape", "batch": CHUNK}, strategy={"name": "random"}, workers=WIDE) | parts


@pytest.fixture
def silence() -> Silence:
    return Silence()


@pytest.fixture
def lab(make_lab: Callable[..., Lab], silence: Silence) -> Lab:
    """A laboratory with a search whose first four requests were sent."""
    made = make_lab(dispatcher=silence)
    made.submit(batched())
    made.until(lambda _: len(silence.submitted) == 4)
    return made


def statuses(lab: Lab) -> list[str | None]:
    with lab.store.read() as conn:
        return list(conn.execute(select(proposals.c.status).order_by(proposals.c.number)).scalars())


def left(lab: Lab, request: EvaluationRequest) -> tuple[str, int]:
    """The state of a request and its count of open trials."""
    query = select(request_table.c.state, request_table.c.open_trials).where(request_table.c.id == request.request_id)
    with lab.store.read() as conn:
        return tuple(conn.execute(query).one())


def settle(lab: Lab, steps: int = 3) -> None:
    for _ in range(steps):
        lab.step()


def test_a_round_is_sent_in_chunks(lab: Lab, silence: Silence) -> None:
    assert [len(request.trials) for request in silence.submitted] == [CHUNK] * 4
    sent = [trial.trial_id for request in silence.submitted for trial in request.trials]
    assert sorted(sent) == sorted(f"j.t{n}" for n in range(20))
    for request in silence.submitted:
        silence.say(request, 0.5)
    assert lab.finish().completed == 20
    assert statuses(lab).count("completed") == 20


def test_a_chunk_may_end_in_part(lab: Lab, silence: Silence) -> None:
    first = silence.submitted[0]
    silence.say(first, 0.5, OVER)
    lab.until(lambda job: job.completed == 2)
    assert left(lab, first) == ("running", 3)
    silence.say(first, 0.5, slice(2, None))
    lab.until(lambda job: job.completed == CHUNK)
    assert left(lab, first) == ("done", 0)


def test_what_is_said_twice_counts_once(lab: Lab, silence: Silence) -> None:
    first = silence.submitted[0]
    silence.say(first, 0.5, OVER)
    silence.say(first, 0.5, OVER)
    settle(lab)
    silence.say(first, 0.5, OVER)
    settle(lab)
    assert (lab.job().completed, left(lab, first)) == (2, ("running", 3))


def test_the_lease_of_a_chunk_that_ended_in_part_is_prolonged(lab: Lab, silence: Silence) -> None:
    first = silence.submitted[0]
    silence.say(first, 0.5, OVER)
    for _ in range(5):
        lab.clock.now += 50
        settle(lab)
    with lab.store.read() as conn:
        assert requests.held(conn, [first.request_id]) == {first.request_id: 1}


def test_a_lost_coordinator_sends_what_is_left_of_a_chunk(lab: Lab, silence: Silence) -> None:
    first = silence.submitted[0]
    silence.say(first, 0.5, OVER)
    lab.until(lambda job: job.completed == 2)
    lab.hire()
    lab.until(lambda _: len(silence.submitted) == 8)
    again = next(r for r in silence.submitted[4:] if r.request_id == first.request_id)
    assert (again.attempt, again.trials) == (2, first.trials[2:])
    silence.say(first, 0.9)
    settle(lab)
    assert lab.job().completed == 2
    for request in silence.submitted[4:]:
        silence.say(request, 0.5)
    job = lab.finish()
    assert (job.completed, job.failed) == (20, 0)


def test_a_lease_that_ran_out_puts_back_what_is_left(lab: Lab, silence: Silence) -> None:
    first = silence.submitted[0]
    silence.say(first, 0.5, OVER)
    lab.until(lambda job: job.completed == 2)
    with lab.store.write() as conn:
        trials.restart(conn, requests.reap(conn, lab.clock.now + 1000))
        assert Counter(trial.state for trial in trials.open_in(conn, "j")) == {"queued": 18}
    lab.until(lambda _: len(silence.submitted) == 8)
    for request in silence.submitted[4:]:
        silence.say(request, 0.5)
    assert lab.finish().completed == 20


def test_pause_lets_a_chunk_end_and_sends_no_other(lab: Lab, silence: Silence) -> None:
    with lab.store.write() as conn:
        assert jobs.move(conn, "j", ["running"], "paused", "", lab.clock())
    silence.say(silence.submitted[0], 0.5, OVER)
    settle(lab)
    silence.say(silence.submitted[0], 0.5, slice(2, None))
    settle(lab)
    assert (lab.job().completed, len(silence.submitted)) == (CHUNK, 4)


def test_cancel_ends_what_is_left_of_a_chunk(lab: Lab, silence: Silence) -> None:
    silence.say(silence.submitted[0], 0.5, OVER)
    lab.until(lambda job: job.completed == 2)
    with lab.store.write() as conn:
        assert jobs.move(conn, "j", jobs.LIVE, "cancelled", "enough", lab.clock())
        trials.cancel(conn, "j", "cancelled", lab.clock())
        requests.close(conn, "j")
    silence.say(silence.submitted[0], 0.5, slice(2, None))
    settle(lab)
    assert Counter(statuses(lab)) == {"completed": 2, "cancelled": 18}


def test_hours_that_run_out_stop_what_is_left_of_a_chunk(make_lab: Callable[..., Lab], silence: Silence) -> None:
    lab = make_lab(dispatcher=silence)
    lab.submit(batched(budget={"trials": 20, "hours": 1}))
    lab.until(lambda _: len(silence.submitted) == 4)
    silence.say(silence.submitted[0], 0.5, OVER)
    lab.until(lambda job: job.completed == 2)
    lab.clock.now += 3601
    assert lab.finish().state == "finished"
    assert Counter(statuses(lab)) == {"completed": 2, "stopped": 18}


def test_a_deleted_job_takes_its_chunks_along(lab: Lab, silence: Silence) -> None:
    silence.say(silence.submitted[0], 0.5, OVER)
    with lab.store.write() as conn:
        jobs.remove(conn, "j")
    settle(lab)
    lab.submit(batched(5), "next")
    lab.until(lambda _: len(silence.submitted) > 4, "next")
    for request in silence.submitted[4:]:
        silence.say(request, 0.5)
    assert lab.finish("next").completed == 5


def mortal(deaths: int, after: int) -> tuple[Callable[[EvaluationRequest, ShouldStop], Iterator[Report]], Counter[str]]:
    """A runner whose worker dies `after` so many trials of each request, and what it evaluated."""
    evaluated: Counter[str] = Counter()
    lock, died = threading.Lock(), Counter[str]()

    def run(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        for position, trial in enumerate(request.trials):
            with lock:
                if position == after and died[request.request_id] < deaths:
                    died[request.request_id] += 1
                    raise TrialError("crash", "killed")
            evaluated[trial.trial_id] += 1
            yield Report(request.request_id, request.attempt, trial.trial_id, "completed", 1, {"val_accuracy": 0.5})

    return run, evaluated


def test_a_worker_that_dies_in_mid_chunk_loses_only_what_was_open(make_lab: Callable[..., Lab]) -> None:
    run, evaluated = mortal(deaths=1, after=2)
    job = make_lab(dispatcher=InlineDispatcher(1, run)).run(batched())
    assert (job.state, job.completed, job.failed) == ("finished", 20, 0)
    assert set(evaluated.values()) == {1}


def test_a_chunk_is_given_up_with_what_is_left_of_it(make_lab: Callable[..., Lab]) -> None:
    """One trial ends in each of three lives of a chunk, and two are left then."""
    run, evaluated = mortal(deaths=3, after=1)
    lab = make_lab(dispatcher=InlineDispatcher(1, run))
    job = lab.run(batched())
    assert (job.state, job.completed, job.failed) == ("finished", 12, 8)
    assert len(evaluated) == 12
    assert Counter(statuses(lab)) == {"completed": 12, "failed": 8}


def test_time_for_a_chunk_grows_with_its_trials(make_lab: Callable[..., Lab], silence: Silence) -> None:
    lab = make_lab(dispatcher=silence)
    lab.submit(batched(workers=WIDE | {"timeout_s": 3}))
    lab.until(lambda _: len(silence.submitted) == 4)
    assert {request.timeout_s for request in silence.submitted} == {3 * CHUNK}


def told_of_trials(lab: Lab) -> list[Event]:
    with lab.store.read() as conn:
        return [e for e in events.after(conn, "j", 0) if e.type in ("trial", "trials")]


def test_trials_that_completed_together_are_told_together(lab: Lab, silence: Silence) -> None:
    for request, trials_of in zip(silence.submitted, (OVER, slice(None)), strict=False):
        silence.say(request, 0.5, trials_of)
        lab.step()
    assert [(e.type, e.data["completed"]) for e in told_of_trials(lab)] == [("trials", 2), ("trials", CHUNK)]
    assert max(e.data["best"] for e in told_of_trials(lab)) == lab.job().best_reward


def test_trials_that_failed_are_told_one_by_one(make_lab: Callable[..., Lab]) -> None:
    run, _ = mortal(deaths=3, after=1)
    lab = make_lab(dispatcher=InlineDispatcher(1, run))
    lab.run(batched())
    failed = [e.data for e in told_of_trials(lab) if e.type == "trial"]
    assert [data["cause"] for data in failed] == ["crash"] * 8
