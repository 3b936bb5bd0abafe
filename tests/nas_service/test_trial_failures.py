"""Trials that fail, in whole searches: what is kept of them, what is tried again, and what becomes of the job."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from searches import Checked, Lab, spec
from sqlalchemy import select

from nas_service import strategies
from nas_service.store import Store, candidates, events, requests, trials
from nas_service.strategies import Outcome
from workers.dispatchers import InlineDispatcher
from workers.failures import TrialError
from workers.requests import Cause, EvaluationRequest, Report, ShouldStop


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """What the strategy `checked` is told."""
    monkeypatch.setitem(strategies.strategy_classes(), Checked.name, Checked)
    Checked.told = []
    return Checked.told


def failing(cause: Cause) -> Callable[[EvaluationRequest, ShouldStop], Iterator[Report]]:
    def run(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        raise TrialError(cause, f"it was {cause}")
        yield

    return run


def reporting(metrics: dict[str, float]) -> Callable[[EvaluationRequest, ShouldStop], Iterator[Report]]:
    def run(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        for trial in request.trials:
            yield Report(request.request_id, request.attempt, trial.trial_id, "progress", 1, metrics)
            yield Report(request.request_id, request.attempt, trial.trial_id, "completed", 1, metrics)

    return run


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        ({"val_accuracy": float("nan"), "val_loss": 1.0}, "a value of val_accuracy that is not finite"),
        ({"val_loss": 1.0}, "did not report val_accuracy"),
    ],
)
def test_useless_metrics_fail_the_trial_and_then_the_job(
    make_lab: Callable[..., Lab], metrics: dict[str, float], says: str
) -> None:
    job = make_lab(dispatcher=InlineDispatcher(runner=reporting(metrics))).run(spec(50))
    assert (job.state, job.completed, job.failed) == ("failed", 0, 10)
    assert says in job.reason


def test_a_number_that_nobody_needs_may_be_infinite(make_lab: Callable[..., Lab]) -> None:
    metrics = {"val_accuracy": 0.5, "val_loss": float("inf")}
    lab = make_lab(dispatcher=InlineDispatcher(runner=reporting(metrics)))
    assert lab.run(spec(5)).state == "finished"
    with lab.store.read() as conn:
        assert trials.get(conn, "j.t0").metrics == {"val_accuracy": 0.5}


@pytest.mark.parametrize("cause", ["nan", "out_of_memory", "timeout", "error"])
def test_a_failure_keeps_its_cause(make_lab: Callable[..., Lab], cause: Cause) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(runner=failing(cause)))
    job = lab.run(spec(3))
    assert (job.state, job.failed) == ("failed", 3)
    assert job.reason == f"none of 3 trials succeeded; the last one failed so: it was {cause}"
    with lab.store.read() as conn:
        assert trials.get(conn, "j.t0").cause == cause
        assert candidates.get(conn, "j.c0").state == "failed"
        told = [e.data for e in events.after(conn, "j", 0) if e.type == "trial"]
    assert [data["cause"] for data in told] == [cause] * 3


def test_a_message_that_no_database_keeps_is_made_one(make_lab: Callable[..., Lab]) -> None:
    def run(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        raise ValueError("read \0 from caf\u00e9\udce9.bin\nand no more")
        yield from reporting({})(request, should_stop)

    lab = make_lab(dispatcher=InlineDispatcher(runner=run))
    assert lab.run(spec(2)).state == "failed"
    with lab.store.read() as conn:
        assert "read ? from caf\u00e9?.bin" in trials.get(conn, "j.t0").message


def test_names_of_metrics_that_no_database_keeps_cost_no_result(store: Store) -> None:
    lab = Lab(store, InlineDispatcher(runner=reporting({"val_accuracy": 0.5, "odd\0\udce9": 1.0})))
    assert lab.run(spec(2)).state == "finished"
    with store.read() as conn:
        assert trials.get(conn, "j.t0").metrics == {"val_accuracy": 0.5, "odd??": 1.0}
    lab.dispatcher.close()


def test_a_worker_that_dies_gets_two_more_attempts(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(runner=failing("crash")))
    job = lab.run(spec(1))
    assert (job.state, job.failed) == ("failed", 1)
    assert "given up after 3 workers died on it" in job.reason
    with lab.store.read() as conn:
        assert conn.execute(select(requests.requests.c.attempt)).scalar_one() == 3


def test_a_worker_that_dies_once_costs_nothing(make_lab: Callable[..., Lab], checked: list[Outcome]) -> None:
    died: set[str] = set()

    def run(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        if request.request_id not in died:
            died.add(request.request_id)
            raise TrialError("crash", "killed")
        yield from reporting({"val_accuracy": 0.5})(request, should_stop)

    job = make_lab(dispatcher=InlineDispatcher(2, run)).run(
        spec(8, strategy={"name": "checked"}, workers={"parallel": 2})
    )
    assert (job.state, job.trials, job.completed) == ("finished", 8, 8)
    assert len(checked) == job.proposals
