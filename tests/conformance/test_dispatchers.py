"""Every dispatcher, inline and Ray, through one suite: each trial of a request ends exactly once, whatever happens."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from threading import Event

import pytest
import ray

from workers.dispatchers.base import Dispatcher, Unanswered
from workers.dispatchers.inline import InlineDispatcher
from workers.dispatchers.ray_dispatcher import RayDispatcher
from workers.requests import EvaluationRequest, Fidelity, Report, Resources, ShouldStop, TrialRequest

PATIENCE_POLLS = 240  # in vain, of at most half a second each: a hang fails instead of lasting for ever


def scripted(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
    """A runner whose trials do what `task["acts"]` says, one act a trial."""
    for trial, act in zip(request.trials, request.task["acts"], strict=True):
        if should_stop():
            return
        yield from ACTS[act](request, trial.trial_id, should_stop)


def _report(request: EvaluationRequest, trial_id: str, state: str, epoch: int) -> Report:
    return Report(request.request_id, request.attempt, trial_id, state, epoch, {"val_accuracy": epoch / 10})


def _succeed(request: EvaluationRequest, trial_id: str, should_stop: ShouldStop) -> Iterator[Report]:
    yield _report(request, trial_id, "progress", 1)
    yield _report(request, trial_id, "progress", 2)
    yield _report(request, trial_id, "completed", 3)


def _raise(request: EvaluationRequest, trial_id: str, should_stop: ShouldStop) -> Iterator[Report]:
    yield _report(request, trial_id, "progress", 1)
    raise RuntimeError("the data went away")


def _exhaust(request: EvaluationRequest, trial_id: str, should_stop: ShouldStop) -> Iterator[Report]:
    raise MemoryError
    yield


def _nan(request: EvaluationRequest, trial_id: str, should_stop: ShouldStop) -> Iterator[Report]:
    from workers.failures import TrialError

    raise TrialError("nan", "the loss became nan")
    yield


def _forget(request: EvaluationRequest, trial_id: str, should_stop: ShouldStop) -> Iterator[Report]:
    yield _report(request, trial_id, "progress", 1)


def _hang(request: EvaluationRequest, trial_id: str, should_stop: ShouldStop) -> Iterator[Report]:
    yield _report(request, trial_id, "progress", 1)
    while not should_stop():
        Event().wait(0.005)


def _ignore(request: EvaluationRequest, trial_id: str, should_stop: ShouldStop) -> Iterator[Report]:
    yield _report(request, trial_id, "progress", 1)
    Event().wait()


def _die(request: EvaluationRequest, trial_id: str, should_stop: ShouldStop) -> Iterator[Report]:
    yield _report(request, trial_id, "progress", 1)
    while not Path(request.task["heard"]).exists():
        Event().wait(0.005)
    os._exit(1)


ACTS = {
    "succeed": _succeed,
    "raise": _raise,
    "exhaust": _exhaust,
    "nan": _nan,
    "forget": _forget,
    "hang": _hang,
    "ignore": _ignore,
    "die": _die,
}

ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test


@pytest.fixture(scope="module")
def ray_dispatcher() -> Iterator[RayDispatcher]:
    dispatcher = RayDispatcher(cpus=2, runner=scripted, grace_s=1)
    yield dispatcher
    dispatcher.close()


@pytest.fixture(params=["inline", "ray"])
def dispatcher(request: pytest.FixtureRequest) -> Iterator[Dispatcher]:
    if request.param == "ray":
        yield request.getfixturevalue("ray_dispatcher")
        return
    inline = InlineDispatcher(slots=2, runner=scripted)
    yield inline
    inline.close()


@pytest.fixture
def mortal(ray_dispatcher: RayDispatcher) -> RayDispatcher:
    """A dispatcher whose workers are processes that can be killed."""
    return ray_dispatcher


def request_of(name: str, *acts: str, timeout_s: float | None = None, **resources: float) -> EvaluationRequest:
    trials = tuple(TrialRequest(f"{name}.{i}", {}, Fidelity(3), i) for i in range(len(acts)))
    task = {"name": "scripted", "acts": acts}
    return EvaluationRequest(name, 7, "evaluate", task, trials, "", Resources(**resources), timeout_s)


def until_ended(dispatcher: Dispatcher, trials: int) -> list[Report]:
    """All reports up to the end of so many trials."""
    reports: list[Report] = []
    while sum(report.state != "progress" for report in reports) < trials:
        reports += until_progress(dispatcher)
    return reports


def until_progress(dispatcher: Dispatcher) -> list[Report]:
    for _ in range(PATIENCE_POLLS):
        reports = dispatcher.poll(0.5)
        if reports:
            return reports
    pytest.fail("no report came back")


def until(dispatcher: Dispatcher, holds: Callable[[], bool]) -> None:
    for _ in range(PATIENCE_POLLS):
        if holds():
            return
        dispatcher.poll(0.5)
    pytest.fail("waited in vain")


def test_progress_streams_and_success_ends_it(dispatcher: Dispatcher) -> None:
    dispatcher.submit(request_of("good", "succeed"))
    reports = until_ended(dispatcher, 1)
    assert [(r.state, r.epoch) for r in reports] == [("progress", 1), ("progress", 2), ("completed", 3)]
    assert reports[-1].metrics == {"val_accuracy": 0.3}


def test_reports_carry_request_and_attempt(dispatcher: Dispatcher) -> None:
    dispatcher.submit(request_of("carried", "succeed", "raise"))
    assert {(r.request_id, r.attempt) for r in until_ended(dispatcher, 2)} == {("carried", 7)}


@pytest.mark.parametrize(
    ("act", "cause", "says"),
    [
        ("raise", "error", "RuntimeError: the data went away"),
        ("nan", "nan", "the loss became nan"),
        ("exhaust", "out_of_memory", "lower task.batch_size"),
        ("forget", "error", "without a result"),
    ],
)
def test_what_a_runner_raises_becomes_a_failed_report(dispatcher: Dispatcher, act: str, cause: str, says: str) -> None:
    dispatcher.submit(request_of("bad", act))
    last = until_ended(dispatcher, 1)[-1]
    assert (last.state, last.cause) == ("failed", cause)
    assert says in last.message


def test_a_request_may_end_in_part(dispatcher: Dispatcher) -> None:
    dispatcher.submit(request_of("part", "succeed", "succeed", "raise", "succeed"))
    ended = [(r.trial_id, r.state) for r in until_ended(dispatcher, 4) if r.state != "progress"]
    assert ended == [
        ("part.0", "completed"),
        ("part.1", "completed"),
        ("part.2", "failed"),
        ("part.3", "failed"),
    ]


def test_many_trials_in_one_request_all_end_once(dispatcher: Dispatcher) -> None:
    dispatcher.submit(request_of("many", *["succeed"] * 100))
    reports = until_ended(dispatcher, 100)
    completed = [r.trial_id for r in reports if r.state == "completed"]
    assert completed == [f"many.{i}" for i in range(100)]
    assert len(reports) == 300


def test_a_message_is_not_sent_for_each_of_many_trials(mortal: RayDispatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    take = mortal._take
    monkeypatch.setattr(mortal, "_take", lambda flight, message: (taken.append(message), take(flight, message)))
    mortal.submit(request_of("bundled", *["succeed"] * 200))
    until_ended(mortal, 200)
    assert len(taken) < 100


def test_many_requests_all_end_once(dispatcher: Dispatcher) -> None:
    for i in range(20):
        dispatcher.submit(request_of(f"one{i}", "succeed"))
    completed = sorted(r.request_id for r in until_ended(dispatcher, 20) if r.state == "completed")
    assert completed == sorted(f"one{i}" for i in range(20))


def test_cancel_in_mid_trial(dispatcher: Dispatcher) -> None:
    dispatcher.submit(request_of("long", "hang", "succeed"))
    until_progress(dispatcher)
    dispatcher.cancel("long")
    ended = until_ended(dispatcher, 2)
    assert {(r.trial_id, r.state, r.cause) for r in ended} == {
        ("long.0", "failed", "cancelled"),
        ("long.1", "failed", "cancelled"),
    }
    dispatcher.submit(request_of("next", "succeed"))
    assert {r.request_id for r in until_ended(dispatcher, 1)} == {"next"}


def test_cancel_of_a_request_that_waits(dispatcher: Dispatcher) -> None:
    for name in ("first", "second", "waits"):
        dispatcher.submit(request_of(name, "hang"))
    dispatcher.cancel("waits")
    assert [(r.request_id, r.cause) for r in until_ended(dispatcher, 1) if r.state == "failed"] == [
        ("waits", "cancelled")
    ]
    assert dispatcher.waiting_reason("waits") is None
    dispatcher.cancel("first")
    dispatcher.cancel("second")
    until_ended(dispatcher, 2)


def test_what_is_cancelled_on_its_way_to_a_worker_blocks_nobody(dispatcher: Dispatcher) -> None:
    for round_ in range(3):
        for name in ("a", "b"):
            dispatcher.submit(request_of(f"{name}{round_}", "hang"))
        for name in ("a", "b"):
            dispatcher.cancel(f"{name}{round_}")
        until_ended(dispatcher, 2)
        for name in ("c", "d"):
            dispatcher.submit(request_of(f"{name}{round_}", "succeed"))
        assert {r.state for r in until_ended(dispatcher, 2)} == {"progress", "completed"}


def test_cancel_of_what_is_unknown_or_over_is_ignored(dispatcher: Dispatcher) -> None:
    dispatcher.submit(request_of("over", "succeed"))
    until_ended(dispatcher, 1)
    dispatcher.cancel("over")
    dispatcher.cancel("never submitted")
    assert dispatcher.poll() == []


def test_time_out_fails_what_is_open(dispatcher: Dispatcher) -> None:
    dispatcher.submit(request_of("slow", "succeed", "hang", "succeed", timeout_s=1))
    ended = {r.trial_id: (r.state, r.cause) for r in until_ended(dispatcher, 3) if r.state != "progress"}
    assert ended == {
        "slow.0": ("completed", None),
        "slow.1": ("failed", "timeout"),
        "slow.2": ("failed", "timeout"),
    }


def test_a_full_dispatcher_says_so(dispatcher: Dispatcher) -> None:
    for name in ("a", "b", "c"):
        dispatcher.submit(request_of(name, "hang"))
    assert "no free slot: 2 of 2" in (dispatcher.waiting_reason("c") or "")
    until(dispatcher, lambda: dispatcher.cluster().free.cpus == 0)
    assert (dispatcher.cluster().total.cpus, dispatcher.cluster().problem) == (2, "")
    (node,) = dispatcher.nodes()
    assert (node.name, node.total.cpus, node.free.cpus, node.workers, node.busy) == (platform.node(), 2, 0, 2, 2)
    until(dispatcher, lambda: None not in (dispatcher.place("a"), dispatcher.place("b")))
    assert [dispatcher.place(name) for name in ("a", "c", "unknown")] == [platform.node(), None, None]
    for name in ("a", "b", "c"):
        dispatcher.cancel(name)
    until_ended(dispatcher, 3)


def test_cluster_names_versions(dispatcher: Dispatcher) -> None:
    assert {"python", "nas-service", "torch"} <= dispatcher.cluster().versions.keys()


def test_a_small_function_runs_on_a_worker(dispatcher: Dispatcher) -> None:
    """Beside trials that have taken every slot; what it raises is told in a sentence."""
    assert dispatcher.on_worker(lambda: 6 * 7) == 42
    with pytest.raises(Unanswered, match="division by zero"):
        dispatcher.on_worker(lambda: 1 / 0)


def test_a_worker_that_dies_fails_its_trials_and_is_replaced(mortal: RayDispatcher, tmp_path: Path) -> None:
    """It dies once its word of the second trial was heard, for what is on its way is lost with it."""
    heard, request = tmp_path / "heard", request_of("killed", "succeed", "die", "succeed")
    mortal.submit(replace(request, task=request.task | {"heard": str(heard)}))
    reports: list[Report] = []
    while not any(report.trial_id == "killed.1" for report in reports):
        reports += until_progress(mortal)
    heard.touch()
    while sum(report.state != "progress" for report in reports) < 3:
        reports += until_progress(mortal)
    ended = {r.trial_id: (r.state, r.cause) for r in reports if r.state != "progress"}
    assert ended == {
        "killed.0": ("completed", None),
        "killed.1": ("failed", "crash"),
        "killed.2": ("failed", "crash"),
    }
    mortal.submit(request_of("after", "succeed"))
    assert until_ended(mortal, 1)[-1].state == "completed"


def test_a_runner_that_will_not_stop_loses_its_worker(mortal: RayDispatcher) -> None:
    mortal.submit(request_of("deaf", "ignore", timeout_s=0.1))
    assert until_ended(mortal, 1)[-1].cause == "timeout"
    mortal.submit(request_of("after", "succeed"))
    assert until_ended(mortal, 1)[-1].state == "completed"


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ({"gpus": 8}, "8 GPUs asked for, the cluster has 0"),
        ({"cpus": 64}, "64 CPUs asked for, the cluster has 2"),
    ],
)
def test_what_no_node_can_hold_waits_with_that_reason(
    mortal: RayDispatcher, resources: dict[str, float], reason: str
) -> None:
    mortal.submit(request_of("huge", "succeed", **resources))
    mortal.submit(request_of("modest", "succeed"))
    assert {r.request_id for r in until_ended(mortal, 1)} == {"modest"}
    assert mortal.waiting_reason("huge") == reason
    mortal.cancel("huge")
    assert until_ended(mortal, 1)[-1].cause == "cancelled"


def test_why_a_request_waits_is_told_without_ray(mortal: RayDispatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any thread, which Ray must not hold up where it is slow, or gone."""
    mortal.submit(request_of("huge", "succeed", gpus=8))
    with monkeypatch.context() as patched:
        patched.setattr(mortal._nodes, "_look", lambda: pytest.fail("Ray was asked"))
        mortal._nodes.seen_at = float("-inf")
        assert mortal.waiting_reason("huge") == "8 GPUs asked for, the cluster has 0"
        assert mortal.place("huge") is None
    mortal.cancel("huge")
    assert until_ended(mortal, 1)[-1].cause == "cancelled"


def test_what_has_not_begun_on_a_node_that_went_away_waits_for_another(mortal: RayDispatcher) -> None:
    mortal._pool.nodes = {"a" * 56: Resources(1, 1)}
    mortal._nodes.seen_at = mortal._clock()
    mortal.submit(request_of("moved", "succeed", gpus=1))
    assert mortal.waiting_reason("moved") == "a worker process is starting"
    mortal._nodes.seen_at = float("-inf")
    until(mortal, lambda: mortal.waiting_reason("moved") == "1 GPUs asked for, the cluster has 0")
    assert mortal.poll() == []
    mortal.cancel("moved")
    assert until_ended(mortal, 1)[-1].cause == "cancelled"


def test_workers_of_another_size_take_the_place_of_idle_ones(mortal: RayDispatcher) -> None:
    mortal.submit(request_of("narrow", "succeed"))
    until_ended(mortal, 1)
    mortal.submit(request_of("wide", "succeed", cpus=2))
    assert until_ended(mortal, 1)[-1].state == "completed"
    assert mortal.cluster().workers == 1


def test_a_request_may_come_again_before_its_last_attempt_has_ended(dispatcher: Dispatcher) -> None:
    first = request_of("again", "succeed", "hang")
    dispatcher.submit(first)
    dispatcher.submit(replace(first, attempt=8, task={"name": "scripted", "acts": ("succeed", "succeed")}))
    reports = [r for r in until_ended(dispatcher, 3) if r.state == "completed"]
    assert sorted((r.attempt, r.trial_id) for r in reports) == [(7, "again.0"), (8, "again.0"), (8, "again.1")]
    dispatcher.cancel("again")
    assert until_ended(dispatcher, 1)[-1].attempt == 7


def test_a_worker_of_another_version_leaves_its_request_waiting_and_says_so(ray_dispatcher: RayDispatcher) -> None:
    now, own = [0.0], {"nas-service": version("nas-service"), "nas.tasks:scripted": "1.3", "nas.tasks:other": "9"}
    careful = RayDispatcher(runner=scripted, clock=lambda: now[0], own=own)
    for other in list(ray_dispatcher._pool.workers):
        ray_dispatcher._kill(other)
    careful.submit(request_of("newer", "succeed"))
    lacks = (
        "the worker has nas.tasks:scripted not at all where the coordinator has 1.3; install the same versions on both"
    )
    until(careful, lambda: careful.waiting_reason("newer") == lacks)
    assert careful.poll() == []
    assert careful.cluster().workers == 0
    del own["nas.tasks:scripted"]  # as if it had been installed on the workers meanwhile
    now[0] = 31
    assert until_ended(careful, 1)[-1].state == "completed"
    careful.submit(request_of("mine", "hang"))
    own["nas.tasks:scripted"] = "1.4"
    careful.submit(request_of("held", "succeed"))
    until(careful, lambda: "where the coordinator has 1.4" in str(careful.waiting_reason("held")))
    careful.cancel("held")
    careful.cancel("mine")
    assert {r.cause for r in until_ended(careful, 2) if r.state != "progress"} == {"cancelled"}
    careful.close()


def test_idle_and_used_workers_are_given_back(ray_dispatcher: RayDispatcher) -> None:
    now = [0.0]
    brief = RayDispatcher(runner=scripted, idle_s=10, recycle_after=2, clock=lambda: now[0])
    for other in list(ray_dispatcher._pool.workers):
        ray_dispatcher._kill(other)
    brief.submit(request_of("one", "succeed"))
    until_ended(brief, 1)
    assert brief.cluster().workers == 1
    until(brief, lambda: brief.cluster().free.cpus == 2)
    now[0] = 11
    brief.poll()
    assert brief.cluster().workers == 0
    for name in ("two", "three"):
        brief.submit(request_of(name, "succeed"))
        until_ended(brief, 1)
        until(brief, lambda: brief.cluster().free.cpus == 2)
    until(brief, lambda: brief.cluster().workers == 0)
    brief.close()
