"""NetAdapt in whole jobs: seed, iterations, family; what fails, stops or runs out; and what is refused at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from searches import SPACE, TABLES, Lab, spec
from sqlalchemy import select

from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.store import Store, jobs
from nas_service.store import artifacts as left
from nas_service.store.schema import proposals as proposal_table
from nas_service.store.schema import trials as trial_table
from nas_service.strategies import Outcome
from nas_service.strategies.netadapt_rules import NetAdaptOptions, Rule, family, winner
from search_spaces import Genotype
from search_spaces.choice_space import ChoiceSpace
from workers.dispatchers import InlineDispatcher
from workers.requests import EvaluationRequest, Report, ShouldStop
from workers.run import run

TASK = {"name": "landscape", "epochs": 4}
ONE = {
    "name": "mobilenetv3",
    "options": SPACE["options"]
    | {
        "resolution": [24],
        "ops": ["mbconv"],
        "width_factors": [2.0],
        "depth_offsets": [0],
        "se": [False],
        "skip": ["identity"],
        "activation": ["relu"],
        "kernel": [3],
        "expansion": [4],
    },
}  # a space with one network
CUTS = 7  # its widths


def wanted(budget: int = 400, **options: Any) -> dict[str, Any]:
    objective = {"reward": "metric", "cost": "macs"}
    strategy = {"name": "netadapt", "delta": 0.04, "target_share": 0.75, **options}
    return spec(budget, space=ONE, task=TASK, objective=objective, strategy=strategy)


Runner = Callable[[EvaluationRequest, ShouldStop], Iterator[Report]]


def leaving_weights(runner: Runner = run) -> Runner:
    """The runner, with weights that are named after their trial."""

    def leave(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        for report in runner(request, should_stop):
            names = {"weights": f"weights of {report.trial_id}"} if report.state == "completed" else {}
            yield replace(report, artifacts=names)

    return leave


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab(dispatcher=InlineDispatcher(1, leaving_weights()))


def made(lab: Lab, job_id: str = "j") -> list[Any]:
    """Proposals with their trials, in order."""
    columns = (
        proposal_table.c["number", "parents", "token", "status", "metrics", "candidate_id"],
        trial_table.c["id", "full", "fidelity", "initial_weights"],
    )
    query = select(*columns[0], *columns[1]).outerjoin(trial_table, trial_table.c.id == proposal_table.c.trial_id)
    with lab.store.read() as conn:
        return list(conn.execute(query.where(proposal_table.c.job_id == job_id).order_by(proposal_table.c.number)))


def history(lab: Lab, job_id: str = "j") -> list[tuple[Any, ...]]:
    return [(r.number, r.parents, r.token, r.status, r.metrics) for r in made(lab, job_id)]


def extend(lab: Lab, **budget: Any) -> None:
    with lab.store.write() as conn:
        job = jobs.get(conn, "j")
        jobs.extend(conn, job, job.spec["budget"] | budget, lab.clock())


def outcome(number: int, value: float, cost: float, **parts: Any) -> Outcome:
    return Outcome(number, "completed", {}, point=(value, cost), reward=value, **parts)


def test_a_network_is_cut_to_its_target_and_trained_from_scratch(lab: Lab) -> None:
    job = lab.run(wanted(target_share=0.6))
    seed, *cuts, last = made(lab)
    assert (job.state, job.failed) == ("finished", 0)
    assert (seed.full, seed.initial_weights, seed.parents) == (True, None, [])
    assert (last.full, last.initial_weights) == (True, None)
    assert last.metrics["macs"] <= 0.6 * seed.metrics["macs"]
    assert f"target of {0.6 * seed.metrics['macs']:.6g} is reached" in job.reason
    assert {(cut.full, cut.fidelity["epochs"]) for cut in cuts} == {(False, 1)}
    present = seed
    for iteration in range(1 + max(cut.token["iteration"] for cut in cuts)):
        tried = [cut for cut in cuts if cut.token["iteration"] == iteration]
        assert len(tried) == len({cut.token["cut"] for cut in tried}) >= 3
        assert {tuple(cut.parents) for cut in tried} == {(present.number,)}
        assert {cut.initial_weights for cut in tried} == {f"weights of {present.id}"}
        assert all(present.metrics["macs"] - cut.metrics["macs"] >= 0.04 * seed.metrics["macs"] for cut in tried)
        gained = [present.metrics["macs"] - cut.metrics["macs"] for cut in tried]
        lost = [cut.metrics["val_accuracy"] - present.metrics["val_accuracy"] for cut in tried]
        present = tried[max(range(len(tried)), key=lambda i: lost[i] / gained[i])]
    assert (last.candidate_id, last.parents) == (present.candidate_id, [present.number])
    with lab.store.read() as conn:
        assert jobs.best(conn, "j") is not None


def test_the_same_in_parallel_as_one_after_another(make_lab: Callable[..., Lab]) -> None:
    one, four = (make_lab(dispatcher=InlineDispatcher(n, leaving_weights())) for n in (1, 4))
    one.run(wanted())
    four.run(wanted() | {"workers": {"parallel": 4}})
    assert [(r.token, r.metrics) for r in made(one)] == [(r.token, r.metrics) for r in made(four)]


def test_a_new_coordinator_every_few_steps_changes_nothing(make_lab: Callable[..., Lab]) -> None:
    undisturbed, disturbed = (make_lab(dispatcher=InlineDispatcher(1, leaving_weights())) for _ in range(2))
    undisturbed.run(wanted(family=3))
    disturbed.submit(wanted(family=3))
    steps = iter(range(100_000))
    disturbed.until(lambda job: (next(steps) % 5 == 0 and disturbed.hire() is None) or job.state in jobs.FINAL)
    assert history(disturbed) == history(undisturbed)
    assert disturbed.job().reason == undisturbed.job().reason


def test_a_family_is_trained_from_scratch(lab: Lab) -> None:
    lab.run(wanted(family=3, target_share=0.5))
    seed, *rest = made(lab)
    finals = [row for row in rest if "final" in row.token]
    assert [row.full for row in finals] == [True] * 3
    costs = [row.metrics["macs"] for row in finals]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] <= 0.5 * seed.metrics["macs"] < costs[1] < costs[0] < seed.metrics["macs"]
    lineage = {row.number: row.parents for row in rest}
    number = finals[-1].parents[0]
    while number:
        (number,) = lineage[number]
    assert number == seed.number


def test_trials_without_weights_are_adapted_all_the_same(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    job = lab.run(wanted())
    assert job.state == "finished"
    assert "is reached" in job.reason
    assert {row.initial_weights for row in made(lab)} == {None}


def breaking_after(count: int) -> Runner:
    """Everything fails after so many trials."""
    begun = iter(range(10_000))

    def run_or_break(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        if next(begun) >= count:
            raise ValueError("it broke")
        yield from run(request, should_stop)

    return run_or_break


def test_a_cut_that_fails_loses(make_lab: Callable[..., Lab]) -> None:
    """Every second trial after the seed fails: the others decide."""
    begun = iter(range(10_000))

    def every_other(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        if (number := next(begun)) and number % 2 == 0 and request.trials[0].fidelity.epochs == 1:
            raise ValueError("it broke")
        yield from run(request, should_stop)

    lab = make_lab(dispatcher=InlineDispatcher(1, leaving_weights(every_other)))
    job = lab.run(wanted())
    assert job.state == "finished"
    assert job.failed > 5
    assert "is reached" in job.reason
    failed = {row.number for row in made(lab) if row.status == "failed"}
    assert failed.isdisjoint(parent for row in made(lab) for parent in row.parents)


def test_where_every_cut_fails_the_iterations_end(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(1, leaving_weights(breaking_after(1 + CUTS))))
    job = lab.run(wanted())
    assert job.state == "finished"
    assert job.reason.startswith("every cut of one more iteration failed or broke a limit; macs ")
    assert job.reason.endswith("after 1 iterations")
    assert "final" in made(lab)[-1].token


def test_a_seed_that_fails_ends_the_job(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(1, breaking_after(0)))
    job = lab.run(wanted())
    assert (job.state, job.trials) == ("failed", 1)
    assert "it broke" in job.reason


def test_a_known_seed_is_trained_again_for_its_weights(lab: Lab) -> None:
    lab.run(wanted(), "first")
    lab.run(wanted())
    again = made(lab)
    assert again[0].status == "completed"
    assert again[1].initial_weights == f"weights of {again[0].id}"
    assert again[-1].status == "reused"  # from scratch, it is the trial that the first job has made


def test_weights_that_are_gone_are_made_again(lab: Lab) -> None:
    lab.submit(wanted())
    lab.until(lambda job: job.trials == 1 + CUTS + 2)
    present = next(row for row in made(lab) if row.number == made(lab)[-1].parents[0])
    with lab.store.write() as conn:
        assert jobs.move(conn, "j", ["running"], "paused", "", lab.clock())
    lab.until(lambda job: job.completed == job.trials)
    with lab.store.write() as conn:
        left.forget(conn, [row.id for row in made(lab)])
        assert jobs.move(conn, "j", ["paused"], "running", "", lab.clock())
    assert lab.finish().state == "finished"
    trained = [row for row in made(lab) if row.token.get("training")]
    assert len(trained) == 2
    assert trained[1].full
    assert trained[1].number > present.number
    after = [row for row in made(lab) if row.number > trained[1].number and "cut" in row.token]
    assert after[0].initial_weights == f"weights of {trained[1].id}"


def test_a_budget_that_does_not_reach_the_target_still_brings_a_network(lab: Lab) -> None:
    job = lab.run(wanted(24, target_share=0.5))
    rows = made(lab)
    assert job.state == "exhausted"
    assert job.trials < 24
    assert "extend the budget to come closer to the target" in job.reason
    assert (rows[-1].full, "final" in rows[-1].token) == (True, True)
    extend(lab, trials=400)
    done = lab.finish()
    assert done.state == "finished"
    assert "is reached" in done.reason
    lab.run(wanted(target_share=0.5), "whole")
    assert [(r.token, r.metrics) for r in made(lab) if "cut" in r.token] == [
        (r.token, r.metrics) for r in made(lab, "whole") if "cut" in r.token
    ]


def test_cuts_that_were_stopped_are_made_again(sqlite: Store) -> None:
    begun, released = iter(range(10_000)), Event()

    def hold_one(request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        held = next(begun) == CUTS - 1
        while held and not (should_stop() or released.wait(0.005)):
            pass
        yield from run(request, should_stop)

    lab = Lab(sqlite, InlineDispatcher(2, leaving_weights(hold_one)))
    lab.submit(wanted() | {"budget": {"trials": 400, "hours": 1}, "workers": {"parallel": 2}})
    lab.until(lambda job: job.completed == CUTS)  # the last but one cut waits for the one that is held
    lab.clock.now += 3601
    assert lab.finish().reason == "the budget of 1 hours is used up"
    (stopped,) = [row for row in made(lab) if row.status == "stopped"]
    released.set()
    extend(lab, hours=3)
    assert "is reached" in lab.finish().reason
    again = [row for row in made(lab) if row.status != "stopped"]
    assert [row.token for row in again].count(stopped.token) == 1
    lab.run(wanted(), "whole")
    lab.dispatcher.close()
    assert {str(row.metrics) for row in again} == {str(row.metrics) for row in made(lab, "whole")}


@pytest.mark.parametrize(("rule", "best"), [("ratio", 1), ("accuracy", 2)])
def test_the_two_rules(rule: Rule, best: int) -> None:
    """Number 1 loses 0.02 for a gain of 10, number 2 loses 0.01 for 1; number 4 is as good as 2 and cheaper."""
    present = outcome(0, 0.9, 100)
    cuts = [outcome(1, 0.88, 90), outcome(2, 0.89, 99), outcome(3, 0.5, 80)]
    assert winner(rule, present, cuts).number == best
    assert winner("accuracy", present, [*cuts, outcome(4, 0.89, 98)]).number == 4
    assert winner(rule, present, [replace(each, point=None) for each in cuts]) is None
    assert winner(rule, present, [outcome(5, 0.99, 100)]) is None  # it gains nothing


def test_a_gain_in_accuracy_ranks_before_a_loss() -> None:
    cuts = [outcome(1, 0.91, 99), outcome(2, 0.895, 50)]
    assert winner("ratio", outcome(0, 0.9, 100), cuts).number == 1


@pytest.mark.parametrize(
    ("size", "chosen"), [(1, [60]), (2, [80, 60]), (4, [91, 80, 70, 60]), (99, [91, 85, 80, 70, 60])]
)
def test_a_family_is_evenly_spaced_in_cost(size: int, chosen: list[int]) -> None:
    winners = [outcome(number, 0.5, cost) for number, cost in enumerate((91, 85, 80, 70, 60))]
    assert [each.point[1] for each in family(winners, 100, size)] == chosen
    assert family([], 100, size) == []


def test_gains_may_decay() -> None:
    options = NetAdaptOptions(delta=0.025, decay=0.5)
    assert [options.gain(200, i) for i in range(3)] == [5, 2.5, 1.25]
    assert NetAdaptOptions().gain(200, 30) == 2
    assert NetAdaptOptions().cost_at(200) == 120
    assert NetAdaptOptions(target=33).cost_at(200) == 33


def smallest(space: Any) -> Genotype:
    bound = admit(spec(space=space), TABLES).bound
    assert isinstance(bound, ChoiceSpace)
    return {"choices": [0] * len(bound.choices)}


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"space": SPACE}, "strategy.seed_network", "refine: {name: netadapt"),
        ({"strategy": {"seed_network": {"choices": [1]}}}, "strategy.seed_network", "no network of the space"),
        ({"strategy": {"seed_network": [1]}}, "strategy.seed_network", "dictionary"),
        (
            {"strategy": {"target": 1e9, "target_share": None}},
            "strategy.target",
            "at the target already; lower the target",
        ),
        ({"strategy": {"target": 1e5, "target_share": 0.5}}, "strategy", "either target or target_share"),
        ({"strategy": {"target_share": 1}}, "strategy.target_share", "less than 1"),
        ({"strategy": {"delta": 0.99}}, "strategy.delta", "a smaller delta or step, or a larger network"),
        ({"strategy": {"short_epochs": 4}}, "strategy.short_epochs", "shorter than the whole one, of 4 epochs"),
        ({"strategy": {"rule": "best"}}, "strategy.rule", "'ratio' or 'accuracy'"),
        ({"objective": {"reward": "metric", "cost": "val_loss"}}, "objective.cost", "params"),
        ({"budget": {"trials": 1 + CUTS}}, "budget.trials", f"take {2 + CUTS} trials, and {1 + CUTS} are fewer"),
        ({"space": {"name": "tvn"}, "task": {"name": "landscape", "kind": "clip"}}, "strategy.name", "mobilenetv3"),
    ],
)
def test_refusals(changes: dict[str, Any], field: str, says: str) -> None:
    asked = wanted()
    strategy = asked["strategy"] | changes.pop("strategy", {})
    with pytest.raises(InvalidSpec) as refused:
        admit(asked | changes | {"strategy": strategy}, TABLES)
    assert refused.value.field == field
    assert says in refused.value.detail


def test_a_seed_over_its_own_limit_is_refused() -> None:
    """Other networks of the space meet it."""
    bound = admit(spec(space=SPACE), TABLES).bound
    assert isinstance(bound, ChoiceSpace)
    widest = {"choices": [n - 1 for n in bound.choices]}
    asked = wanted(seed_network=widest) | {"space": SPACE}
    admit(asked, TABLES)
    limited = asked | {"objective": {"reward": "metric", "cost": "macs", "limits": {"macs": 500_000}}}
    with pytest.raises(InvalidSpec, match=r"over a limit of the job.*raise or drop the limit") as refused:
        admit(limited, TABLES)
    assert refused.value.field == "strategy.seed_network"


def test_the_smallest_budget_makes_one_iteration(lab: Lab) -> None:
    job = lab.run(wanted(2 + CUTS))
    assert (job.state, job.trials) == ("finished", 2 + CUTS)
    assert [row.full for row in made(lab)] == [True] + [False] * CUTS + [True]
