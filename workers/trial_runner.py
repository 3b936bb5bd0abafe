"""A runner for tasks that evaluate one trial after another: what most tasks are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

from .failures import cause_of, message_of, release_memory
from .requests import EvaluationRequest, Report, ShouldStop, TrialRequest


class TrialRunner(ABC):
    """Runs the trials of a request in order; one that raises fails alone, and the next one still runs."""

    def __call__(self, request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        for trial in request.trials:
            if should_stop():
                return
            yield from self._guarded(request, trial, should_stop)

    @abstractmethod
    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        """The reports of one trial. Returns without an ending report when told to stop; may raise."""

    def _guarded(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        try:
            yield from self.run_trial(request, trial, should_stop)
        except Exception as error:  # noqa: BLE001 - whatever a task raises ends its trial, with the cause
            failure = Report(
                request.request_id,
                request.attempt,
                trial.trial_id,
                "failed",
                cause=cause_of(error),
                message=message_of(error),
            )
        else:
            return
        release_memory()
        yield failure


def reports_of_epoch(
    request: EvaluationRequest, trial: TrialRequest, epoch: int, metrics: Mapping[str, float]
) -> Iterator[Report]:
    """An epoch as a point of the trial's learning curve and, the last one, as its result too.

    Of a trial of one epoch the result is all that there is to say.
    """
    who, last = (request.request_id, request.attempt, trial.trial_id), trial.fidelity.epochs
    if last > 1:
        yield Report(*who, "progress", epoch, dict(metrics))
    if epoch == last:
        yield Report(*who, "completed", epoch, dict(metrics))
