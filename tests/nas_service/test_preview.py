"""What a job would be like: shares, histogram and estimate."""

from __future__ import annotations

from typing import Any

import pytest
from rows import add_trials, report
from searches import TABLES, spec, submit

from nas_service.admission import parse
from nas_service.preview import SAMPLED, Estimate, estimate, preview
from nas_service.search import Search
from nas_service.store import Store, trials
from nas_service.store.trials import Measured
from workers.requests import Resources

CLUSTER = Resources(4, 0)


def search(**parts: Any) -> Search:
    return Search.prepare(parse(spec(60, **parts)), TABLES)


def test_shares_and_histogram_count_the_same_samples() -> None:
    found = preview(search(objective={"cost": "macs", "limits": {"macs": 600_000, "params": 9e9}}), [], CLUSTER)
    macs, params = found.limits
    assert found.sampled == SAMPLED == sum(found.histogram.counts)
    assert found.feasible_share == pytest.approx(1 - macs.share_over)
    assert 0 < macs.share_over < 1
    assert (params.share_over, found.bites) == (0.0, "macs")
    assert sum(found.histogram.feasible) == round(found.feasible_share * SAMPLED)
    assert found.histogram.name == "macs"
    assert macs.lowest == found.histogram.edges[0]


def test_impossible_limits_are_an_answer_and_no_limit_bites_nothing() -> None:
    impossible = preview(search(objective={"cost": "macs", "limits": {"macs": 10}}), [], CLUSTER)
    assert (impossible.feasible_share, impossible.bites) == (0.0, "macs")
    free = preview(search(), [], CLUSTER)
    assert (free.feasible_share, free.bites, free.limits) == (1.0, None, [])


def measured(wanted: Search, seconds: float, epochs: int = 1, **parts: Any) -> Measured:
    return Measured(wanted.filled_in | parts, epochs, seconds)


def test_seconds_come_from_similar_trials_only() -> None:
    wanted = search(task={"name": "landscape", "epochs": 4}, workers={"parallel": 2, "cpus": 2})
    others = [
        measured(wanted, 1e6, task={**wanted.filled_in["task"], "seconds": 9.0}),
        measured(wanted, 1e6, space={"name": "another"}),
        measured(wanted, 1e6, workers={"cpus": 1, "gpus": 0}),
    ]
    unknown = estimate(wanted, others, CLUSTER)
    assert unknown.seconds_per_trial is None
    assert unknown.hours is None
    assert "no trial of this task" in unknown.note
    known = estimate(wanted, [*others, *(measured(wanted, s, epochs=2) for s in (10, 20, 90))], CLUSTER)
    assert known == Estimate(2, 3, 40, 60 * 40 / 3600 * 2, 0, 60 * 40 / 3600 / 2, known.note)


def test_hours_of_the_budget_end_the_estimate() -> None:
    wanted = search(budget={"trials": 60, "hours": 0.5})
    assert estimate(wanted, [measured(wanted, 3600.0)], CLUSTER).hours == 0.5


def test_a_cluster_without_room_is_told() -> None:
    wanted = search(workers={"parallel": 9, "gpus": 2})
    assert "needs 2 GPUs and the cluster has 0" in estimate(wanted, [], CLUSTER).note
    assert estimate(wanted, [measured(wanted, 5.0)], CLUSTER).hours is None
    crowded = estimate(search(workers={"parallel": 9, "cpus": 2}), [], CLUSTER)
    assert (crowded.at_once, crowded.note) == (2, "the cluster has room for 2 of 9 at once")


def test_measured_seconds_are_those_of_completed_full_trials(store: Store) -> None:
    submit(store, spec(3))
    with store.write() as conn:
        add_trials(conn, [0, 1])
        trials.start(conn, ["j.t0", "j.t1"], 10.0)
        trials.finish(conn, [report(0, 1), report(1, 1, "failed")], 14.0)
        (found,) = trials.measured(conn)
    assert (found.seconds, found.epochs, found.spec["task"]["name"]) == (4.0, 1, "landscape")


def test_trials_that_share_requests_are_not_estimated_one_by_one() -> None:
    wanted = search(task={"name": "landscape", "batch": 10}, workers={"parallel": 500})
    found = estimate(wanted, [measured(wanted, 5.0)], CLUSTER)
    assert (found.at_once, found.hours, found.seconds_per_trial) == (40, None, None)
    assert "many trials together" in found.note
