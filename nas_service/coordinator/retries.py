"""Requests that go back into the queue for what is not their fault: a worker that died under them, a full disk."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from sqlalchemy import Connection

from nas_service.measures import Measures
from nas_service.store import requests
from workers.requests import Report

SURVIVABLE_FAILURES = 2  # how often a request is sent again after the worker that ran it died
AGAIN = ("crash", "disk_full")  # causes for which it is

Verdict = Literal["void", "queued", "given up"]


def put_back(conn: Connection, report: Report, measures: Measures) -> Verdict:
    """Queue the request of a report with such a cause; after too many deaths of its worker, end it instead.

    A full disk may send it back any number of times. `void`: the report is of an attempt that does not count any more,
    and nothing was changed.
    """
    crashed = report.cause == "crash"
    failures = requests.requeue(conn, report.request_id, report.attempt, failures=int(crashed))
    if failures is None:
        return "void"
    if crashed and failures > SURVIVABLE_FAILURES:
        requests.give_up(conn, report.request_id)
        return "given up"
    measures.requeued.labels(report.cause).inc()
    return "queued"


def given_up(report: Report, trial_id: str) -> Report:
    """How a trial ends, or an export, of a request that was given up with this report."""
    message = f"given up after {SURVIVABLE_FAILURES + 1} workers died on it; the last one: {report.message}"
    return replace(report, trial_id=trial_id, message=message)
