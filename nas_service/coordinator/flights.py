"""Requests under way: what this process holds of each job, and the reports that are not in the database yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nas_service.measures import Measures
from workers.dispatchers import Dispatcher
from workers.requests import EvaluationRequest, Kind, Report


@dataclass(frozen=True)
class Flight:
    """A submitted request: whose it is, what for, under which fencing number, and which trials have not ended."""

    job_id: str
    kind: Kind
    attempt: int
    open: set[str]


class Flights:
    """A book over the dispatcher. All of it may be lost: what it names is running in the database, under a lease."""

    def __init__(self, dispatcher: Dispatcher, measures: Measures) -> None:
        self._dispatcher = dispatcher
        self._measures = measures
        self._flights: dict[str, Flight] = {}
        self._reports: list[Report] = []

    @property
    def ids(self) -> list[str]:
        return list(self._flights)

    @property
    def landed(self) -> bool:
        """Whether there are reports that nobody has taken in."""
        return bool(self._reports)

    def submit(self, job_id: str, ready: Sequence[EvaluationRequest]) -> None:
        for request in ready:
            trials = {trial.trial_id for trial in request.trials}
            self._flights[request.request_id] = Flight(job_id, request.kind, request.attempt, trials)
            self._dispatcher.submit(request)

    def poll(self, timeout_s: float = 0) -> None:
        """Fetch what the workers said; waits up to `timeout_s` for the first word. Late reports are dropped here."""
        arrived = self._dispatcher.poll(timeout_s)
        current = list(filter(self._is_current, arrived))
        self._measures.late.inc(len(arrived) - len(current))
        self._reports += current

    def count(self, kind: Kind) -> int:
        return sum(flight.kind == kind for flight in self._flights.values())

    def reports(self, kind: Kind, job_id: str | None = None) -> list[Report]:
        """Reports on requests of a kind (and of one job), oldest first; they stay until `forget`."""
        mine = {i for i, f in self._flights.items() if f.kind == kind and job_id in (None, f.job_id)}
        return [report for report in self._reports if report.request_id in mine]

    def forget(self, reports: Sequence[Report]) -> None:
        """These reports are in the database; a request of which they ended the last trial is no longer held."""
        taken = set(map(id, reports))
        self._reports = [report for report in self._reports if id(report) not in taken]
        for report in reports:
            flight = self._flights.get(report.request_id)
            if report.state != "progress" and flight is not None:
                flight.open.discard(report.trial_id)
                if not flight.open:
                    del self._flights[report.request_id]

    def drop_dead(self, live: Collection[str]) -> None:
        """Stop evaluations for jobs that have ended; what they report means nothing any more."""
        for request_id, flight in list(self._flights.items()):
            if flight.kind == "evaluate" and flight.job_id not in live:
                self._dispatcher.cancel(request_id)
                del self._flights[request_id]
        self._reports = [report for report in self._reports if self._is_current(report)]

    def waiting_reason(self, job_id: str) -> str:
        """Why nothing of this job runs although requests of it are under way; empty where something runs."""
        first = ""
        for request_id in [request_id for request_id, flight in self._flights.items() if flight.job_id == job_id]:
            reason = self._dispatcher.waiting_reason(request_id)
            if not reason:
                return ""
            first = first or reason
        return first

    def _is_current(self, report: Report) -> bool:
        flight = self._flights.get(report.request_id)
        return flight is not None and flight.attempt == report.attempt
