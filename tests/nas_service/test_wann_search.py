"""Searches of weight agnostic networks through the coordinator: how they end, and what does not change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import empty_stores
import pytest
from searches import Lab, spec
from sqlalchemy import select

from nas_service.store import candidate_lists, jobs
from nas_service.store.schema import proposals, trials

LANDSCAPE = {"kind": "vector", "channels": 5, "outputs": 1, "sizes": [1, 1], "epochs": 2, "batch": 4, "noise": 0.1}
SMALL = {"population": 10, "generations": 9, "repetitions": 1, "tournament": 2, "check_every": 4}


def growing(budget: int = 1000, workers: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """A search whose first generation has 64 networks at the most: a bias and five inputs to one output."""
    return spec(
        budget,
        space={"name": "wann"},
        task={"name": "landscape"} | LANDSCAPE,
        objective={"reward": "metric", "cost": "params"},
        strategy={"name": "wann"} | SMALL | options,
        workers=workers or {},
    )


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[Callable[[str], Lab]]:
    opened: list[Lab] = []

    def make(name: str) -> Lab:
        opened.append(Lab(empty_stores.opened(tmp_path / f"{name}.sqlite")))
        return opened[-1]

    yield make
    for lab in opened:
        lab.dispatcher.close()
        lab.store.close()


@pytest.fixture
def lab(make_lab: Callable[[str], Lab]) -> Lab:
    return make_lab("nas")


def history(lab: Lab) -> tuple[list[Any], list[Any], list[Any]]:
    """All proposals, candidates and trials of the job, without what depends on when they ended."""
    asked, tried = proposals.c, trials.c
    proposed = select(asked.number, asked.candidate_id, asked.genotype, asked.parents, asked.token, asked.reward)
    run = select(tried.number, tried.candidate_id, tried.fidelity, tried.seed, tried.metrics)
    with lab.store.read() as conn:
        found = candidate_lists.page(conn, "j", limit=1000)
        asked_for = [tuple(row) for row in conn.execute(proposed.order_by(asked.number))]
        return asked_for, found, [tuple(row) for row in conn.execute(run.order_by(tried.number))]


def test_trials_at_once_change_nothing_of_what_is_found(make_lab: Callable[[str], Lab]) -> None:
    told = []
    for parallel in (None, 1, 3, 200):
        lab = make_lab(f"nas{parallel}")
        job = lab.run(growing(workers={"parallel": parallel} if parallel else {}))
        assert (job.state, job.reason) == ("finished", "all 9 generations have ended")
        told.append(history(lab))
    assert len(told[0][0]) > 90
    assert told[1:] == told[:1] * 3


def test_a_generation_larger_than_the_networks_that_there_are_goes_on(lab: Lab) -> None:
    """1,500 members are at most 64 networks, so that most of the generation brings no trial; children are new ones."""
    job = lab.run(growing(10_000, population=1500, generations=2))
    assert (job.state, job.reason) == ("finished", "all 2 generations have ended")
    assert job.proposals > 3000


def test_a_search_that_only_copies_ends(lab: Lab) -> None:
    job = lab.run(growing(100, population=4, elite=1.0, cull=0.0, generations=None))
    assert (job.state, job.trials) == ("finished", 100)


def test_the_smallest_budget_brings_a_best_candidate(lab: Lab) -> None:
    job = lab.run(growing(11, generations=None))
    assert (job.state, job.trials) == ("finished", 11)
    assert job.incumbent is not None


@pytest.mark.parametrize("options", [{"population": 2}, {"tournament": 5000}, {"cull": 0.99}, {"crossover": 1.0}])
def test_extremes_of_the_options_come_to_their_end(lab: Lab, options: dict[str, Any]) -> None:
    job = lab.run(growing(**options))
    assert (job.state, job.reason) == ("finished", "all 9 generations have ended")
    assert job.incumbent is not None


def test_a_larger_budget_goes_on_as_if_it_had_been_there_from_the_start(make_lab: Callable[[str], Lab]) -> None:
    at_once, extended = make_lab("once"), make_lab("extended")
    at_once.run(growing())
    extended.run(growing(25))
    assert extended.job().state == "finished"
    with extended.store.write() as conn:
        jobs.extend(conn, extended.job(), {"trials": 1000, "hours": None}, at=0.0)
    assert extended.finish().reason == "all 9 generations have ended"
    assert history(extended) == history(at_once)
