"""Exports on their way to a worker and back: requests of jobs in any state, beside the searches."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from nas_service.store import Claim, Export, Job, Store, exports, jobs, requests
from workers.requests import EvaluationRequest, Report

from . import sending
from .flights import Flights
from .results import cleaned
from .run import Run

log = logging.getLogger(__name__)

EXPORTS_AT_ONCE = 2


class Exporting:
    """`run_of` gives a job's run, from memory or from the database."""

    def __init__(self, store: Store, flights: Flights, run_of: Callable[[Job], Run], artifacts: str) -> None:
        self._store = store
        self._flights = flights
        self._run_of = run_of
        self._artifacts = artifacts

    def take(self, at: float) -> None:
        """Take in what workers said of exports."""
        for report in self._flights.reports("export"):
            with self._store.write() as conn:
                if report.state != "progress":
                    if requests.settle(conn, {(report.request_id, report.attempt): 1}):
                        exports.finish(conn, cleaned(report), at)
                elif requests.held(conn, [report.request_id]).get(report.request_id) == report.attempt:
                    exports.progress(conn, cleaned(report))
            self._flights.forget([report])

    def send(self, holder: str, at: float, lease_until: float) -> None:
        """Claim exports that are queued, up to `EXPORTS_AT_ONCE` under way, and send them."""
        free = EXPORTS_AT_ONCE - self._flights.count("export")
        if free <= 0:
            return
        with self._store.write() as conn:
            claims = requests.claim(conn, holder, lease_until, free, kind="export")
        for claim in claims:
            self._send(claim, at)

    def _send(self, claim: Claim, at: float) -> None:
        with self._store.read() as conn:
            job = jobs.get(conn, claim.job_id)
            wanted = exports.of_request(conn, claim.request_id)
        try:
            request = self._request(claim, job, wanted)
        except OperationalError:
            raise
        except Exception as error:
            log.exception("an export could not be sent", extra={"job": job.id, "export": wanted.id})
            message = f"the export could not be sent to a worker: {error}".split("\n")[0]
            failed = Report(claim.request_id, claim.attempt, wanted.id, "failed", cause="error", message=message)
            with self._store.write() as conn:
                requests.settle(conn, {(claim.request_id, claim.attempt): 1})
                exports.finish(conn, failed, at)
        else:
            self._flights.submit(job.id, [request])

    def _request(self, claim: Claim, job: Job, wanted: Export) -> EvaluationRequest:
        run = self._run_of(job)
        with self._store.write() as conn:
            return sending.export(conn, run, claim.request_id, claim.attempt, wanted, self._artifacts)
