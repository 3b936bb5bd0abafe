"""Exports whose workers die are sent again, as trials are, and given up after as many deaths."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from searches import Lab, spec

from nas_service.coordinator.retries import SURVIVABLE_FAILURES
from nas_service.store import Export, exports
from workers.dispatchers import InlineDispatcher
from workers.requests import EvaluationRequest, Report, ShouldStop
from workers.run import run


class Mortal:
    """Workers of which the first ones, `deaths` of them, do not survive an export."""

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths

    def __call__(self, request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        if request.kind == "evaluate":
            yield from run(request, should_stop)
            return
        made = (request.request_id, request.attempt, request.trials[0].trial_id)
        if self.deaths:
            self.deaths -= 1
            yield Report(*made, "failed", cause="crash", message="the worker process died")
        else:
            yield Report(*made, "completed")


def export(lab: Lab) -> Export:
    """Of the best network of a short search, once it has ended."""
    incumbent = lab.run(spec(2)).incumbent
    assert incumbent is not None
    with lab.store.write() as conn:
        wanted = exports.create(conn, "j", incumbent, 1, lab.clock.now)

    def now() -> Export:
        with lab.store.read() as conn:
            return exports.get(conn, wanted.id)

    lab.until(lambda _: now().ended_at is not None)
    return now()


@pytest.mark.parametrize("deaths", range(SURVIVABLE_FAILURES + 2))
def test_an_export_survives_as_many_workers_as_a_trial(make_lab: Callable[..., Lab], deaths: int) -> None:
    found = export(make_lab(dispatcher=InlineDispatcher(1, Mortal(deaths))))
    if deaths <= SURVIVABLE_FAILURES:
        assert (found.state, found.message) == ("completed", "")
    else:
        said = f"given up after {deaths} workers died on it; the last one: the worker process died"
        assert (found.state, found.message) == ("failed", said)
