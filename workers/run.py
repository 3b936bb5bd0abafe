"""The entry of every worker: a request in, reports out, and exactly one ending report for each of its trials."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import lru_cache

from .failures import TrialError, cause_of, message_of, release_memory
from .open_trials import OpenTrials
from .requests import EvaluationRequest, Report, Runner, ShouldStop
from .tasks import Task, TaskError, task_of

Clock = Callable[[], float]


def run(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
    """The runner that workers use: evaluates with the request's task, or exports what it trained."""
    task = _task(json.dumps(request.task, sort_keys=True))
    runner = _runner(task) if request.kind == "evaluate" else _exporter(task)
    return runner(request, should_stop)


def reports_of(
    runner: Runner, request: EvaluationRequest, should_stop: ShouldStop, clock: Clock = time.monotonic
) -> Iterator[Report]:
    """The reports of `runner`, ended properly: an exception, a stop or the time-out fails what is still open."""
    deadline = clock() + request.timeout_s if request.timeout_s is not None else float("inf")
    trials = OpenTrials(request)
    try:
        for report in runner(request, lambda: should_stop() or clock() >= deadline):
            if trials.note(report):
                yield report
    except Exception as error:  # noqa: BLE001 - the contract: a runner may raise anything
        failures = trials.fail(cause_of(error), message_of(error))
    else:
        failures = _unfinished(trials, should_stop(), clock() >= deadline)
    release_memory()
    yield from failures


def _unfinished(trials: OpenTrials, stopped: bool, late: bool) -> list[Report]:
    if stopped:
        return trials.fail("cancelled", "the request was cancelled")
    if late:
        return trials.fail("timeout", timeout_message(trials.request))
    return trials.fail("error", "the task ended without a result for this trial; this is an error in the task's runner")


def timeout_message(request: EvaluationRequest) -> str:
    return f"not done after {request.timeout_s:g} s; raise workers.timeout_s or lower task.epochs"


@lru_cache(maxsize=8)
def _task(written: str) -> Task:
    try:
        return task_of(json.loads(written))
    except TaskError as error:  # data that this worker does not see, or that changed since the job was submitted
        raise TrialError("error", str(error)) from None


@lru_cache(maxsize=8)
def _runner(task: Task) -> Runner:
    """Kept between requests, so that a worker reads a task's data once."""
    return task.runner()


def _exporter(task: Task) -> Runner:
    try:
        return task.exporter()
    except TaskError as error:
        raise TrialError("error", str(error)) from None
