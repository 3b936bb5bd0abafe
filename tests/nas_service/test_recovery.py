"""A coordinator may be lost at any moment, and the database for a while: the search ends as if nothing had happened."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from searches import STEPS, Lab, Silence, spec
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from nas_service.store import Store, jobs, requests, trials
from nas_service.store.schema import proposals
from workers.dispatchers import InlineDispatcher

TRIALS = 10
LIMITED = {"cost": "macs", "limits": {"macs": 900_000}}  # so that some proposals are infeasible


class Crash(BaseException):
    """The end of a process; nothing may catch it."""


class CountedStore(Store):
    """Counts write transactions; at the chosen ones, raises `error` inside them or just after their commit."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.writes = 0
        self.before: Callable[[int], BaseException | None] = lambda _: None
        self.after: Callable[[int], BaseException | None] = lambda _: None

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        self.writes += 1
        number = self.writes
        with super().write() as connection:
            yield connection
            _raise(self.before(number))
        _raise(self.after(number))


def _raise(error: BaseException | None) -> None:
    if error is not None:
        raise error


def away() -> OperationalError:
    return OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))


@pytest.fixture(params=["sqlite", "postgresql"])
def kind_of_database(request: pytest.FixtureRequest) -> str:
    """A step is one transaction on PostgreSQL and two on SQLite."""
    kind: str = request.param
    return kind


@pytest.fixture
def kind_of_store() -> type[Store]:
    return CountedStore


def history(store: Store) -> list[tuple[Any, ...]]:
    """Every proposal with its outcome, in order."""
    names = ("number", "candidate_id", "parents", "status", "reward")
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(select(*(proposals.c[n] for n in names)).order_by("number"))]


def restart(lab: Lab) -> None:
    """What a new process has: the database, and workers that know of nothing."""
    lab.dispatcher.close()
    lab.dispatcher = InlineDispatcher()
    lab.hire()


def run_through_crashes(lab: Lab) -> int:
    """Step to the end, a new coordinator after each crash; how many there were."""
    crashes = 0
    for _ in range(STEPS):
        if lab.job().state in jobs.FINAL:
            return crashes
        try:
            lab.step()
        except Crash:
            crashes += 1
            restart(lab)
    raise TimeoutError(lab.job())


@pytest.fixture
def undisturbed(make_lab: Callable[..., Lab]) -> list[tuple[Any, ...]]:
    lab = make_lab()
    lab.run(spec(TRIALS, objective=LIMITED))
    return history(lab.store)


@pytest.mark.parametrize("every", [5, 7])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_crashes_in_writes_change_no_proposal(
    make_lab: Callable[..., Lab], undisturbed: list[tuple[Any, ...]], moment: str, every: int
) -> None:
    """Every so many writes the process dies: inside one, which is rolled back, or just after its commit.

    A life of five writes is the shortest that brings the search on: it takes over, claims, and records.
    """
    lab = make_lab()
    lab.submit(spec(TRIALS, objective=LIMITED))
    setattr(lab.store, moment, lambda number: Crash() if number % every == 0 else None)
    assert run_through_crashes(lab) > 2
    assert history(lab.store) == undisturbed
    job = lab.job()
    assert (job.state, job.trials, job.completed, job.failed) == ("finished", TRIALS, TRIALS, 0)
    assert job.proposals == len(undisturbed)


@pytest.mark.parametrize("every", [4, 7])
def test_a_new_coordinator_every_few_steps(
    make_lab: Callable[..., Lab], undisturbed: list[tuple[Any, ...]], every: int
) -> None:
    lab = make_lab()
    lab.submit(spec(TRIALS, objective=LIMITED))
    steps = 0

    def over(job: Any) -> bool:
        nonlocal steps
        steps += 1
        if steps % every == 0:
            lab.hire()
        return job.state in jobs.FINAL

    assert lab.until(over).completed == TRIALS
    assert history(lab.store) == undisturbed


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_database_that_is_away_for_a_while_loses_nothing(
    make_lab: Callable[..., Lab], undisturbed: list[tuple[Any, ...]], moment: str
) -> None:
    """Also when the commit went through and only its answer was lost."""
    lab = make_lab()
    lab.submit(spec(TRIALS, objective=LIMITED))
    rng = np.random.default_rng(0)
    setattr(lab.store, moment, lambda _: away() if rng.random() < 0.5 else None)
    troubles = 0
    for _ in range(STEPS):
        if lab.job().state in jobs.FINAL:
            break
        lab.clock.now += 10  # a claim whose answer was lost runs out with its lease
        try:
            lab.step()
        except OperationalError:
            troubles += 1
    job = lab.job()
    assert troubles > 10
    assert (job.state, job.trials, job.completed) == ("finished", TRIALS, TRIALS)
    assert history(lab.store) == undisturbed


def test_nothing_is_told_twice_in_parallel(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(4))
    lab.submit(spec(60, workers={"parallel": 4}))
    lab.store.after = lambda number: Crash() if number % 5 == 0 else None
    assert run_through_crashes(lab) > 5
    job = lab.job()
    ends = Counter(status for _, _, _, status, _ in history(lab.store))
    assert (job.state, job.trials, job.completed) == ("finished", 60, 60)
    assert ends["completed"] == 60
    assert sum(ends.values()) == job.proposals


def test_a_late_report_changes_nothing(make_lab: Callable[..., Lab]) -> None:
    """A worker that its coordinator did not survive reports under the first attempt, while the second one runs."""
    workers = Silence()
    lab = make_lab(dispatcher=workers)
    lab.submit(spec(1))
    lab.until(lambda _: len(workers.submitted) == 1)
    lab.hire()
    lab.until(lambda _: len(workers.submitted) == 2)
    first, second = workers.submitted
    assert (first.request_id, first.attempt, second.attempt) == (second.request_id, 1, 2)
    workers.say(first, 0.9)
    before = lab.job()
    for _ in range(3):
        lab.step()
    assert lab.job() == before
    workers.say(second, 0.1)
    workers.say(first, 0.9)
    workers.say(second, 0.1)
    assert lab.finish().completed == 1
    assert history(lab.store)[-1][3] == "completed"
    with lab.store.read() as conn:
        assert trials.get(conn, "j.t0").metrics == {"val_accuracy": 0.1}
        assert len(trials.learning_curve(conn, "j.t0")) == 1


@pytest.mark.parametrize("kind_of_database", ["sqlite"])
def test_a_second_store_does_not_step(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    lab.submit(spec(TRIALS))
    lab.step()
    other = Lab(Store(str(lab.store.engine.url)))
    assert not other.coordinator.step()
    assert not other.coordinator.leading
    assert lab.coordinator.leading
    lab.store.close()
    assert other.finish().completed == TRIALS
    other.dispatcher.close()
    other.store.close()


def test_leases_are_prolonged_while_a_trial_runs(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(lease_s=60)
    lab.submit(spec(1, task={"name": "landscape", "seconds": 3600}))
    lab.until(lambda job: job.trials == 1)
    for _ in range(10):
        lab.clock.now += 50
        lab.step()
        with lab.store.read() as conn:
            assert requests.held(conn, ["j.r0"]) == {"j.r0": 1}
