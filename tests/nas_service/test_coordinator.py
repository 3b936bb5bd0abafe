"""Whole searches in one process: what is evaluated, what is reused, when it ends and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from searches import TINY, Checked, Lab, spec
from sqlalchemy import select

from nas_service import strategies
from nas_service.coordinator.proposing import crown
from nas_service.store import Job, asks, candidate_lists, candidates, events, fronts, jobs, requests, trials
from nas_service.store.candidate_lists import Listing
from nas_service.store.candidates import Result
from nas_service.store.schema import candidates as candidate_table
from nas_service.store.schema import proposals as proposal_table
from nas_service.strategies import Context, Outcome, Proposal, RandomSearch
from workers.dispatchers import InlineDispatcher
from workers.requests import Fidelity


class Broken(RandomSearch):
    """Raises at its fifth proposal."""

    name = "broken"

    def ask(self, n: int, context: Context) -> list[Proposal]:
        asked = super().ask(n, context)
        if self.rng.integers(5) == 0:
            raise ValueError("a strategy with a fault")
        return asked


class Exhausted(RandomSearch):
    """Raises whenever it has proposed before."""

    name = "out of ideas"

    def ask(self, n: int, context: Context) -> list[Proposal]:
        if context.next_number:
            raise ValueError("a strategy with a fault")
        return super().ask(n, context)


class Silent(RandomSearch):
    name = "silent"

    def ask(self, n: int, context: Context) -> list[Proposal]:  # noqa: ARG002
        return []


class Glancing(RandomSearch):
    """Twelve networks with a quarter of the epochs; then six of them, and six others, in full."""

    name = "glancing"

    def ask(self, n: int, context: Context) -> list[Proposal]:  # noqa: ARG002
        (wanted,) = super().ask(1, context)
        self.asked = [*getattr(self, "asked", []), wanted]
        count = len(self.asked)
        if count <= 12:
            return [replace(wanted, fidelity=Fidelity(1))]
        return [wanted if count > 18 else self.asked[count - 13]]


class Again(RandomSearch):
    """One network with one seed after another."""

    name = "again"
    asked = 0

    def ask(self, n: int, context: Context) -> list[Proposal]:  # noqa: ARG002
        self.asked += 1
        return [Proposal(self.space.sample(np.random.default_rng(0)), seed=self.asked - 1)]


class Renamed(RandomSearch):
    """One network under many names."""

    name = "renamed"
    asked = 0

    def ask(self, n: int, context: Context) -> list[Proposal]:  # noqa: ARG002
        self.asked += 1
        return [Proposal(self.space.sample(np.random.default_rng(0)) | {"origin": self.asked}, seed=self.asked // 2)]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        Checked.told += outcomes


class Brief(RandomSearch):
    """Done after five proposals."""

    name = "brief"
    parallel = 3
    asked = 0

    def ask(self, n: int, context: Context) -> list[Proposal]:
        asked = super().ask(min(n, 5 - self.asked), context)
        self.asked += len(asked)
        return asked

    @property
    def done(self) -> str:
        return "five are enough" if self.asked == 5 else ""


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """What the strategy `checked` is told."""
    for strategy in (Checked, Broken, Exhausted, Silent, Glancing, Again, Renamed, Brief):
        monkeypatch.setitem(strategies.strategy_classes(), strategy.name, strategy)
    Checked.told = []
    return Checked.told


@pytest.fixture(params=["sqlite", "postgresql"])
def kind_of_database(request: pytest.FixtureRequest) -> str:
    """A step is one transaction on PostgreSQL and two on SQLite."""
    kind: str = request.param
    return kind


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab()


def rows(lab: Lab, job_id: str = "j") -> list[Any]:
    query = select(proposal_table).where(proposal_table.c.job_id == job_id).order_by(proposal_table.c.number)
    with lab.store.read() as conn:
        return list(conn.execute(query))


@pytest.mark.parametrize("parallel", [1, 4])
def test_the_budget_is_spent_exactly(lab: Lab, checked: list[Outcome], parallel: int) -> None:
    job = lab.run(spec(30, strategy={"name": "checked"}, workers={"parallel": parallel}))
    assert (job.state, job.trials, job.completed, job.failed) == ("finished", 30, 30, 0)
    assert job.reason == "all 30 trials of the budget have ended"
    assert sorted(outcome.number for outcome in checked) == list(range(job.proposals))
    assert {row.number: row.status for row in rows(lab)} == {o.number: o.status for o in checked}


def test_at_no_time_more_runs_than_was_asked_for(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(8))
    lab.submit(spec(40, workers={"parallel": 3}))
    most = 0

    def done(job: Job) -> bool:
        nonlocal most
        with lab.store.read() as conn:
            most = max(most, len(trials.open_in(conn, "j")))
        return job.state == "finished"

    lab.until(done)
    assert most == 3


def test_what_breaks_a_limit_is_never_trained(lab: Lab) -> None:
    job = lab.run(spec(25, objective={"cost": "macs", "limits": {"macs": 450_000}}))
    assert job.infeasible > 0
    with lab.store.read() as conn:
        over = candidate_lists.page(conn, "j", Listing(state="infeasible"), limit=500)
        front = candidates.points(conn, "j")
    assert all(c.macs > 450_000 and "over the limit of 450,000" in c.reason for c in over)
    trained = {row.candidate_id for row in rows(lab) if row.trial_id}
    assert trained.isdisjoint(c.id for c in over)
    assert max(cost for _, _, cost in front) <= 450_000


def test_the_incumbent_is_the_best_of_all(lab: Lab) -> None:
    job = lab.run(spec(30))
    best = max((row for row in rows(lab) if row.reward is not None), key=lambda row: (row.reward, -row.number))
    assert (job.best_reward, job.incumbent) == (best.reward, best.candidate_id)


def test_an_architecture_is_trained_once(lab: Lab, checked: list[Outcome]) -> None:
    job = lab.run(spec(12, space=TINY, strategy={"name": "checked"}, workers={"parallel": 4}))
    with lab.store.read() as conn:
        found = candidate_lists.page(conn, "j", limit=500)
    assert len({c.hash for c in found}) == len(found) == job.trials
    reused = [outcome for outcome in checked if outcome.status == "reused"]
    assert len(reused) == job.reused > 0
    assert all(outcome.reward is not None for outcome in reused)


def test_a_second_equal_job_runs_no_trial(lab: Lab) -> None:
    first = lab.run(spec(20), "a")
    second = lab.run(spec(20), "b")
    with lab.store.read() as conn:
        assert jobs.best(conn, "b") == (second.incumbent, first.best_reward)
        assert conn.execute(select(requests.requests.c.id).where(requests.requests.c.job_id == "b")).all() == []
        assert candidates.get(conn, second.incumbent).hash == candidates.get(conn, first.incumbent).hash
    assert (second.state, second.trials, second.completed) == ("finished", 20, 20)
    assert [row.number for row in rows(lab, "a")] == [row.number for row in rows(lab, "b")]


def test_a_tiny_space_is_exhausted_with_a_reason(lab: Lab) -> None:
    job = lab.run(spec(500, space=TINY, strategy={"name": "random"}))
    assert job.state == "exhausted"
    assert f"{job.trials} of 500 trials were run" in job.reason
    assert "Widen the space" in job.reason


def test_pause_resume_and_cancel(lab: Lab) -> None:
    lab.submit(spec(40, workers={"parallel": 2}))
    lab.until(lambda job: job.completed >= 5)
    with lab.store.write() as conn:
        assert jobs.move(conn, "j", ["running"], "paused", "", lab.clock())
    paused = lab.until(lambda job: job.trials == job.completed)
    for _ in range(30):
        lab.step()
    assert lab.job() == paused
    assert paused.completed < 40
    with lab.store.write() as conn:
        assert jobs.move(conn, "j", ["paused"], "running", "", lab.clock())
    lab.until(lambda job: job.completed >= paused.completed + 5)
    with lab.store.write() as conn:
        assert jobs.move(conn, "j", jobs.LIVE, "cancelled", "enough", lab.clock())
        trials.cancel(conn, "j", "cancelled", lab.clock())
        requests.close(conn, "j")
    before = rows(lab)
    for _ in range(30):
        lab.step()
    assert rows(lab) == before
    assert (lab.job().state, lab.job().reason) == ("cancelled", "enough")
    assert None not in {row.status for row in before}


def test_a_deleted_job_is_let_go(lab: Lab) -> None:
    lab.submit(spec(40, workers={"parallel": 2}), "gone")
    lab.until(lambda job: job.completed >= 3, "gone")
    with lab.store.write() as conn:
        conn.execute(jobs.jobs.delete())
    assert lab.run(spec(5), "next").state == "finished"


def test_the_hours_of_a_budget(lab: Lab) -> None:
    lab.submit(spec(1000, budget={"trials": 1000, "hours": 0.5}))
    lab.until(lambda job: job.completed >= 3)
    lab.clock.now += 1799
    lab.step()
    assert lab.job().state == "running"
    lab.clock.now += 2
    job = lab.finish()
    assert (job.state, job.reason) == ("finished", "the budget of 0.5 hours is used up")
    assert job.active_seconds == pytest.approx(1801)
    assert None not in {row.status for row in rows(lab)}


def test_hours_do_not_pass_while_no_coordinator_runs(lab: Lab) -> None:
    lab.submit(spec(1000, budget={"trials": 1000, "hours": 0.5}))
    lab.until(lambda job: job.completed >= 3)
    lab.clock.now += 10_000
    lab.hire()
    lab.until(lambda job: job.completed >= 6)
    assert lab.job().state == "running"


def test_a_broken_strategy_ends_its_own_job_only(lab: Lab, checked: list[Outcome]) -> None:
    lab.submit(spec(50, strategy={"name": "broken"}), "bad")
    assert lab.run(spec(30), "good").state == "finished"
    job = lab.finish("bad")
    assert (job.state, job.reason) == (
        "failed",
        "the search cannot go on: ValueError: a strategy with a fault",
    )
    assert None not in {row.status for row in rows(lab, "bad")}


def test_what_was_under_way_counts_though_the_strategy_is_broken(lab: Lab, checked: list[Outcome]) -> None:
    lab.submit(spec(50, strategy={"name": "out of ideas"}, workers={"parallel": 4}))
    job = lab.finish()
    assert (job.state, job.trials, job.completed) == ("failed", 4, 4)


def test_a_strategy_that_says_nothing_waits_with_a_reason(lab: Lab, checked: list[Outcome]) -> None:
    lab.submit(spec(5, strategy={"name": "silent"}))
    for _ in range(10):
        lab.step()
    assert lab.job().state == "running"
    assert lab.job().reason == "the strategy waits for outcomes, but none is under way"


def test_a_job_that_waits_for_a_slot_says_so(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(1))
    slow = {"name": "landscape", "seconds": 3600}
    lab.submit(spec(5, task=slow), "first")
    lab.until(lambda job: job.trials == 1, "first")
    lab.submit(spec(5), "second")
    lab.until(lambda job: job.reason.startswith("no free slot"), "second")
    with lab.store.write() as conn:
        jobs.move(conn, "first", jobs.LIVE, "cancelled", "", 1.0)
    assert lab.finish("second").state == "finished"


def test_events_tell_the_story(lab: Lab) -> None:
    lab.run(spec(6, task={"name": "landscape", "epochs": 3}))
    with lab.store.read() as conn:
        told = events.after(conn, "j", 0)
        curve = trials.learning_curve(conn, "j.t0")
    assert [e.data["state"] for e in told if e.type == "job"] == ["queued", "running", "finished"]
    assert len([e for e in told if e.type == "trial" and e.data["state"] == "completed"]) == 6
    assert len([e for e in told if e.type == "epoch"]) == 18
    assert [point["epoch"] for point in curve] == [1, 2, 3]
    assert [e.seq for e in told] == list(range(1, len(told) + 1))


def test_results_of_less_than_full_fidelity_are_kept_and_do_not_count(lab: Lab, checked: list[Outcome]) -> None:
    """The first twelve trials train for one epoch of four, the other twelve are the same networks in full."""
    job = lab.run(spec(24, task={"name": "landscape", "epochs": 4}, strategy={"name": "glancing"}))
    with lab.store.read() as conn:
        found = candidate_lists.page(conn, "j", limit=500)
        front = {candidate_id for candidate_id, _, _ in candidates.points(conn, "j")}
        tried = trials.page(conn, "j", states=["completed"], limit=500)
    assert (job.completed, len(found)) == (24, 18)
    assert sum(candidate.full for candidate in found) == len(front) == 12
    assert {candidate.state for candidate in found} == {"completed"}
    assert {trial.fidelity["epochs"] for trial in tried if trial.full} == {4}
    assert job.incumbent in front
    for candidate in found:
        epochs = {t.fidelity["epochs"]: t.metrics for t in tried if t.candidate_id == candidate.id}
        assert candidate.metrics["val_accuracy"] == epochs[4 if candidate.full else 1]["val_accuracy"]


def test_a_second_equal_job_takes_partial_and_full_results_over(lab: Lab, checked: list[Outcome]) -> None:
    wanted = spec(24, task={"name": "landscape", "epochs": 4}, strategy={"name": "glancing"})
    first, second = lab.run(wanted, "a"), lab.run(wanted | {"budget": {"trials": 18}}, "b")
    with lab.store.read() as conn:
        assert len(candidates.points(conn, "a")) == len(candidates.points(conn, "b")) == 12
    assert (first.best_reward, second.best_reward) == (second.best_reward, first.best_reward)


def test_a_seed_of_its_own_is_another_trial(lab: Lab, checked: list[Outcome]) -> None:
    job = lab.run(spec(6, task={"name": "landscape", "noise": 0.1}, strategy={"name": "again"}))
    with lab.store.read() as conn:
        tried = trials.page(conn, "j", states=["completed"], limit=500)
    assert [trial.seed for trial in tried] == [0, 1, 2, 3, 4, 5]
    assert (job.proposals, len({trial.metrics["val_accuracy"] for trial in tried})) == (6, 6)
    assert len({trial.candidate_id for trial in tried}) == 1


def test_a_strategy_that_is_done_ends_its_job(lab: Lab, checked: list[Outcome]) -> None:
    job = lab.run(spec(50, strategy={"name": "brief"}))
    assert (job.state, job.reason, job.completed) == ("finished", "five are enough", 5)


def test_without_a_word_on_parallel_the_strategy_says(lab: Lab, checked: list[Outcome]) -> None:
    job = lab.run(spec(5, strategy={"name": "brief"}, workers={}))
    assert job.spec["workers"]["parallel"] == 3
    assert lab.run(spec(5, workers={}), "k").spec["workers"]["parallel"] == 1


def test_a_proposal_keeps_its_own_genotype(lab: Lab, checked: list[Outcome]) -> None:
    """Two genotypes of one architecture share a candidate, and each comes back as it was proposed."""
    lab.run(spec(5, strategy={"name": "renamed"}))
    told = {outcome.number: outcome.genotype for outcome in checked}
    with lab.store.read() as conn:
        looked_up = {outcome.number: outcome.genotype for outcome in asks.outcomes(conn, "j", list(told))}
        shared = {row.number: candidates.get(conn, row.candidate_id).genotype for row in rows(lab)}
    assert looked_up == told
    assert len({genotype["origin"] for genotype in told.values()}) == len(told) > 5
    assert {genotype["origin"] for genotype in shared.values()} == {1}


def test_a_job_whose_only_result_turned_out_to_break_a_limit_has_no_incumbent(lab: Lab) -> None:
    assert lab.run(spec(4)).incumbent is not None
    with lab.store.write() as conn:
        found = conn.execute(select(candidate_table.c.id, candidate_table.c.value, candidate_table.c.cost)).all()
        results = [Result(row.id, "completed", "", False, {}, row.value, row.cost, row.value) for row in found]  # noqa: FBT003
        candidates.save(conn, results)
        crown(conn, "j", fronts.of_job(conn, "j"), results)
        assert not fronts.of_job(conn, "j")
    job = lab.job()
    assert (job.incumbent, job.best_reward) == (None, None)
