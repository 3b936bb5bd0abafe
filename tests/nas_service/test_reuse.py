"""Results that are there already: which proposals take them, from which trial, and how many seconds that saves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from searches import TINY, Clock, Lab, spec
from sqlalchemy import select

from nas_service.store import candidate_lists, candidates, trials
from nas_service.store.candidate_lists import Listing
from nas_service.store.schema import proposals
from workers.dispatchers import InlineDispatcher


@dataclass
class Ticking(Clock):
    """Every look at it takes a second, so that trials take some."""

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab(clock=Ticking(), dispatcher=InlineDispatcher(2))


def rows(lab: Lab, job_id: str) -> list[Any]:
    with lab.store.read() as conn:
        return list(conn.execute(select(proposals).where(proposals.c.job_id == job_id).order_by(proposals.c.number)))


def seconds(lab: Lab, job_id: str) -> dict[str, float]:
    """Candidate id to what its trial took."""
    with lab.store.read() as conn:
        done = trials.page(conn, job_id, states=["completed"], limit=500)
    return {trial.candidate_id: (trial.ended_at or 0) - (trial.started_at or 0) for trial in done}


def test_a_job_that_takes_everything_over_saves_what_that_took(lab: Lab) -> None:
    first, second = lab.run(spec(12), "a"), lab.run(spec(12), "b")
    took = seconds(lab, "a")
    assert min(took.values()) > 0
    assert (first.saved_seconds, second.saved_seconds) == (0, pytest.approx(sum(took.values())))
    with lab.store.read() as conn:
        listed = candidate_lists.page(conn, "b", Listing(state="completed"), limit=99)
        for candidate in listed:
            assert candidate.reused_from is not None
            source = candidates.get(conn, trials.get(conn, candidate.reused_from).candidate_id)
            assert (source.job_id, source.hash, source.reward) == ("a", candidate.hash, candidate.reward)
            assert source.reused_from is None
    assert len(listed) == 12


def test_a_job_saves_what_its_own_repetitions_would_have_taken(lab: Lab) -> None:
    """Repeated after the trial had ended, and while it ran."""
    job = lab.run(spec(7, space=TINY, strategy={"name": "random"}, workers={"parallel": 4}))
    took, made = seconds(lab, "j"), rows(lab, "j")
    reused = [row.candidate_id for row in made if row.status == "reused"]
    assert {row.trial_id is None for row in made if row.status == "reused"} == {True, False}
    assert job.saved_seconds == pytest.approx(sum(took[candidate_id] for candidate_id in reused))
    assert job.reused == len(reused)
    with lab.store.read() as conn:
        assert {candidates.get(conn, candidate_id).reused_from for candidate_id in reused} == {None}


def test_as_many_proposals_took_a_trial_as_the_budget_counts(lab: Lab) -> None:
    wanted = spec(space=TINY, objective={"cost": "macs", "target": 1e6, "limits": {"macs": 550_000}})
    for job_id, trials_ in (("a", 3), ("b", 5)):  # b takes three results over
        job = lab.run(wanted | {"strategy": {"name": "random"}, "budget": {"trials": trials_}}, job_id)
        made = rows(lab, job_id)
        assert sum(row.spent for row in made) == job.trials == trials_
        assert {row.status for row in made if not row.spent} >= {"infeasible", "reused"}
        assert not any(row.control for row in made)


def test_a_repetition_of_less_does_not_replace_what_more_epochs_said(lab: Lab) -> None:
    """The first rung of a network comes again, from its own trial, after the second has ended."""
    rungs = {"method": "asha", "factor": 2, "rungs": 3}
    wanted = spec(20, space=TINY, task={"name": "landscape", "epochs": 4}, strategy={"name": "random"})
    job = lab.run(wanted | {"early_stopping": rungs})
    assert job.reused
    with lab.store.read() as conn:
        done = trials.page(conn, "j", states=["completed"], limit=500)
        longest = {t.candidate_id: t for t in sorted(done, key=lambda trial: trial.fidelity["epochs"])}
        assert any(1 < trial.fidelity["epochs"] < 4 for trial in longest.values())
        for candidate_id, trial in longest.items():
            assert candidates.get(conn, candidate_id).metrics.items() >= trial.metrics.items()
