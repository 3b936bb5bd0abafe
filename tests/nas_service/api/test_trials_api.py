"""Trials over HTTP: where those under way are, and how finished ones learned."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from services import ENDLESS, SPEC, Live

from nas_service.api.learning import band, whole
from nas_service.api.views import TrialView
from nas_service.client import Client

TRIES, PAUSE_S = 600, 0.05


@pytest.fixture
def held(live: Live, client: Client) -> Iterator[str]:
    """A job of three trials at once, on two workers that begin none."""
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 61, "workers": {"parallel": 3}}).id
    yield job
    client.cancel(job)
    live.workers.open.set()


def until(client: Client, job: str, holds: Callable[[list[TrialView]], bool]) -> list[TrialView]:
    for _ in range(TRIES):
        found = client.trials_page(job).items
        if holds(found):
            return found
        time.sleep(PAUSE_S)
    raise AssertionError("the trials never came to be so")


def test_trials_under_way_say_where_they_are_or_what_they_wait_for(client: Client, held: str) -> None:
    found = until(client, held, lambda trials: len(trials) == 3 and all(one.worker or one.waits for one in trials))
    assert [one.worker for one in found] == [platform.node(), platform.node(), None]
    assert [one.waits for one in found] == ["", "", "no free slot: 2 of 2 in use"]


def test_a_trial_that_has_ended_is_nowhere(client: Client, finished: str) -> None:
    ended = client.trials_page(finished, state="completed").items
    assert {(one.worker, one.waits) for one in ended} == {(None, "")}


def test_the_curves_of_finished_trials_are_a_band_and_the_best(client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"seed": 62, "task": {"name": "landscape", "epochs": 3}}).id)
    curves, ended = client.curves(job.id), list(client.trials(job.id, state="completed"))
    assert (curves.metric, curves.trials, curves.epochs) == ("val_accuracy", len(ended), [1, 2, 3])
    for place, told in enumerate(zip(*(one.curve for one in ended), strict=True)):
        shown = (curves.low[place], curves.median[place], curves.high[place])
        assert shown == pytest.approx(np.quantile([one["val_accuracy"] for one in told], (0.1, 0.5, 0.9)))
    best = client.candidate(job.incumbent or "").trials[-1]
    assert curves.candidate_id == job.incumbent
    assert curves.best_epochs == [1, 2, 3]
    assert curves.best == [point["val_accuracy"] for point in best.curve]
    assert curves.best[-1] == best.metrics["val_accuracy"]


def test_the_curve_of_trials_that_told_no_epoch_is_their_result(client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"seed": 63, "budget": {"trials": 3}}).id)
    curves, ended = client.curves(job.id), list(client.trials(job.id, state="completed"))
    assert [one.curve for one in ended] == [[], [], []]
    assert (curves.epochs, curves.median) == ([1], [np.median([one.metrics["val_accuracy"] for one in ended])])


def test_a_curve_that_was_begun_ends_where_it_was_given_up() -> None:
    trial = SimpleNamespace(fidelity={"epochs": 4}, metrics={"acc": 0.2})
    told = [{"epoch": 1.0, "acc": 0.1}, {"epoch": 2.0, "acc": 0.2}]
    assert whole(trial, told) == told
    assert whole(trial, []) == [{"epoch": 4.0, "acc": 0.2}]


def test_curves_of_a_job_without_results_are_empty(client: Client, held: str) -> None:
    curves = client.curves(held)
    assert (curves.trials, curves.epochs, curves.best, curves.candidate_id) == (0, [], [], None)


def test_a_band_has_every_epoch_that_any_curve_has() -> None:
    curves = [[{"epoch": 1.0, "acc": 0.1}, {"epoch": 2.0, "acc": 0.5}], [{"epoch": 1.0, "acc": 0.3}, {"epoch": 2.0}]]
    epochs, low, median, high = band(curves, "acc")
    assert epochs == [1, 2]
    assert median == pytest.approx([0.2, 0.5])
    assert low == pytest.approx([0.12, 0.5])
    assert high == pytest.approx([0.28, 0.5])
    assert band([[{"epoch": 1.0, "acc": float("nan")}]], "acc") == ([], [], [], [])
