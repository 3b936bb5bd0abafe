"""Exports on their way to a worker and back: requests of jobs in any state, beside the searches."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from nas_service.retention import DiskBudget
from nas_service.store import Claim, Export, Job, Store, exports, jobs, requests
from workers.requests import EvaluationRequest, Report

from . import sending
from .flights import Flights
from .results import cleaned
from .retries import AGAIN, given_up, put_back
from .run import Run

log = logging.getLogger(__name__)

EXPORTS_AT_ONCE = 2


class Exporting:
    """`run_of` gives a job's run, from memory or from the database; `disk` has the files."""

    def __init__(
        self, store: Store, flights: Flights, run_of: Callable[[Job], Run], artifacts: str, disk: DiskBudget
    ) -> None:
        self._store = store
        self._disk = disk
        self._flights = flights
        self._run_of = run_of
        self._artifacts = artifacts

    def take(self, at: float) -> None:
        """Take in what workers said of exports. Those that lost their worker, or found no room, are sent again."""
        for report in self._flights.reports("export"):
            with self._store.write() as conn:
                if report.state == "progress":
                    if requests.held(conn, [report.request_id]).get(report.request_id) == report.attempt:
                        exports.progress(conn, cleaned(report))
                elif report.cause in AGAIN:
                    self._again(conn, report, at)
                elif requests.settle(conn, {(report.request_id, report.attempt): 1}):
                    exports.finish(conn, cleaned(report), at)
            self._disk.heed([report], at)
            self._flights.forget([report])

    def send(self, holder: str, at: float, lease_until: float) -> None:
        """Claim queued exports, up to `EXPORTS_AT_ONCE` under way, and send them; none while the disk is full."""
        free = EXPORTS_AT_ONCE - self._flights.count("export")
        if free <= 0 or self._disk.room.problem:
            return
        with self._store.write() as conn:
            claims = requests.claim(conn, holder, lease_until, free, kind="export")
        for claim in claims:
            self._send(claim, at)

    def _again(self, conn: Connection, report: Report, at: float) -> None:
        verdict, wanted = put_back(conn, report, self._store.measures), exports.of_request(conn, report.request_id)
        if verdict == "queued":
            exports.set_state(conn, wanted.id, "queued")
        elif verdict == "given up":
            exports.finish(conn, cleaned(given_up(report, wanted.id)), at)

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
