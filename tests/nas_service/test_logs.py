"""Logs: a line a record, with what it concerns as fields; and what the coordinator has to say."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable

import pytest
from searches import Lab, Silence, spec

from nas_service import logs


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_json_has_every_field_and_the_traceback(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    log = logging.getLogger("nas_service.somewhere")
    log.debug("nobody asked")
    log.warning("a trial %s", "failed", extra={"job": "j", "trial": "j.t0"})
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        log.exception("a step failed", extra={"job": "j"})
    logging.getLogger("library").info("nobody asked")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("time").endswith("+00:00")
    named = {"level": "warning", "logger": "nas_service.somewhere", "message": "a trial failed"}
    assert first == named | {"job": "j", "trial": "j.t0"}
    assert "ZeroDivisionError" in second["error"]


def test_text_has_them_too(stream: io.StringIO) -> None:
    logs.configure("text", "warning", stream)
    logging.getLogger("nas_service").warning("a trial failed", extra={"job": "j", "trial": "j.t0"})
    assert stream.getvalue().endswith(" WARNING a trial failed (job=j, trial=j.t0)\n")


def test_the_coordinator_says_what_concerns_which_trial(stream: io.StringIO, make_lab: Callable[..., Lab]) -> None:
    logs.configure("json", "debug", stream)
    lab = make_lab()
    lab.run(spec(2))
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {record["job"] for record in said} == {"j"}
    assert [record.get("trial") for record in said] == [None, "j.t0", "j.t1", None]
    assert (said[-1]["state"], said[-1]["level"]) == ("finished", "info")


def test_what_was_put_back_or_came_late_is_counted_and_said(stream: io.StringIO, make_lab: Callable[..., Lab]) -> None:
    logs.configure("json", "info", stream)
    workers = Silence()
    lab = make_lab(dispatcher=workers)
    lab.submit(spec(1))
    lab.until(lambda _: len(workers.submitted) == 1)
    lab.hire()
    lab.until(lambda _: len(workers.submitted) == 2)
    workers.say(workers.submitted[0], 0.9)
    lab.step()
    measured = lab.store.measures.registry.get_sample_value
    assert measured("nas_requests_requeued_total", {"cause": "takeover"}) == 1
    assert measured("nas_reports_late_total") == 2
    put_back = [json.loads(line) for line in stream.getvalue().splitlines() if "went back" in line]
    assert [(record["request"], record["cause"]) for record in put_back] == [("j.r0", "takeover")]
