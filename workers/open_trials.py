"""Which trials of a request have not ended yet, so that each ends exactly once whatever happens to its worker."""

from __future__ import annotations

from .requests import Cause, EvaluationRequest, Report


class OpenTrials:
    """The book of one request: `note` what its worker reports, `fail` whatever is still open."""

    def __init__(self, request: EvaluationRequest) -> None:
        self.request = request
        self._open = dict.fromkeys(trial.trial_id for trial in request.trials)

    def __len__(self) -> int:
        return len(self._open)

    def note(self, report: Report) -> bool:
        """Whether this report counts: its trial was still open. An ending report closes it."""
        if report.trial_id not in self._open:
            return False
        if report.state != "progress":
            del self._open[report.trial_id]
        return True

    def fail(self, cause: Cause, message: str) -> list[Report]:
        """A `failed` report for every open trial; none is open afterwards."""
        ended = [
            Report(self.request.request_id, self.request.attempt, trial_id, "failed", cause=cause, message=message)
            for trial_id in self._open
        ]
        self._open.clear()
        return ended
