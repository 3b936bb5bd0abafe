"""The entry of every worker: each trial ends once, with its cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, cycle

import pytest

from workers.failures import TrialError, cause_of, message_of
from workers.open_trials import OpenTrials
from workers.requests import EvaluationRequest, Report, ShouldStop, TrialRequest
from workers.run import reports_of, run
from workers.trial_runner import TrialRunner
from workers.versions import versions

MakeRequest = Callable[..., EvaluationRequest]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (TrialError("nan", "the loss became nan"), "nan"),
        (MemoryError(), "out_of_memory"),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory"),
            "out_of_memory",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 20 GiB"), "out_of_memory"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "error"),
        (ValueError("no"), "error"),
    ],
)
def test_exceptions_name_their_cause(error: Exception, cause: str) -> None:
    assert cause_of(error) == cause


def test_messages_are_one_line_and_say_what_helps() -> None:
    assert message_of(ValueError("first line\nsecond line")) == "ValueError: first line"
    assert "lower task.batch_size" in message_of(MemoryError())
    assert message_of(TrialError("nan", "the loss became nan")) == "the loss became nan"


def test_a_trial_ends_only_once(make_request: MakeRequest) -> None:
    request = make_request({"name": "landscape"}, trials=2)
    trials = OpenTrials(request)
    done = Report("r0", 1, "t0", "completed")
    assert trials.note(done)
    assert not trials.note(done)
    assert not trials.note(Report("r0", 1, "somebody else's", "completed"))
    assert [(r.trial_id, r.cause) for r in trials.fail("crash", "it died")] == [("t1", "crash")]
    assert trials.fail("crash", "again") == []
    assert len(trials) == 0


class EverySecondRaises(TrialRunner):
    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        if trial.seed % 2 and not should_stop():
            raise TrialError("nan", f"seed {trial.seed}")
        yield Report(request.request_id, request.attempt, trial.trial_id, "completed")


def test_one_trial_that_fails_leaves_the_others_alone(make_request: MakeRequest) -> None:
    request = make_request({"name": "landscape"}, trials=4)
    ended = [(r.trial_id, r.state, r.message) for r in EverySecondRaises()(request, lambda: False)]
    assert ended == [
        ("t0", "completed", ""),
        ("t1", "failed", "seed 1"),
        ("t2", "completed", ""),
        ("t3", "failed", "seed 3"),
    ]


def test_a_late_stop_keeps_what_was_completed(make_request: MakeRequest) -> None:
    request = make_request({"name": "landscape"}, trials=3)
    answers = chain([False, False], cycle([True]))
    seen = list(reports_of(run, request, lambda: next(answers)))
    assert [(r.trial_id, r.state, r.cause) for r in seen] == [
        ("t0", "completed", None),
        ("t1", "failed", "cancelled"),
        ("t2", "failed", "cancelled"),
    ]


def test_a_task_that_workers_do_not_know_fails_the_trials(make_request: MakeRequest) -> None:
    (only,) = reports_of(run, make_request({"name": "mine"}), lambda: False)
    assert (only.state, only.cause) == ("failed", "error")
    assert "there is no task 'mine'" in only.message


def test_versions_name_what_decides_a_result() -> None:
    assert {"python", "torch", "onnxruntime", "nas-service"} <= versions().keys()
