"""A search that is refined: when the second stage begins, from which network, and what cannot be refined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from searches import SPACE, TABLES, Lab, spec
from sqlalchemy import select

from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.merge import changed_spec
from nas_service.spec import JobSpec
from nas_service.store import jobs
from nas_service.store.schema import proposals
from nas_service.store.schema import trials as trial_table
from workers.dispatchers import InlineDispatcher

TASK = {"name": "landscape", "epochs": 4}
REFINE = {"name": "netadapt", "trials": 60, "delta": 0.05, "target_share": 0.8}
SEARCHED = 12


def refined(trials: int = SEARCHED + 60, **parts: Any) -> dict[str, Any]:
    strategy = {"name": "evolution", "population": 8, "sample": 3}
    return (
        spec(trials, task=TASK, objective={"reward": "metric", "cost": "macs"}, strategy=strategy, refine=REFINE)
        | parts
    )


def rows(lab: Lab, job_id: str = "j") -> list[Any]:
    columns = proposals.c["number", "parents", "token", "status", "reward", "metrics", "candidate_id"]
    query = select(*columns, trial_table.c.full).outerjoin(trial_table, trial_table.c.id == proposals.c.trial_id)
    with lab.store.read() as conn:
        return list(conn.execute(query.where(proposals.c.job_id == job_id).order_by(proposals.c.number)))


def of(part: str, found: list[Any]) -> list[Any]:
    return [row for row in found if row.token["part"] == part]


@pytest.mark.parametrize("parallel", [1, 4])
def test_the_best_of_the_search_is_refined_with_what_is_left(make_lab: Callable[..., Lab], parallel: int) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(parallel))
    job = lab.run(refined(workers={"parallel": parallel}))
    searched, refining = of("search", rows(lab)), of("refine", rows(lab))
    assert job.state == "finished"
    assert "is reached" in job.reason
    assert len({row.candidate_id for row in searched}) == SEARCHED
    assert {row.full for row in searched} == {True}
    best = max((row for row in searched), key=lambda row: (row.reward, -row.number))
    first = refining[0]
    assert first.token["token"] == {"training": True}  # trials of this task leave no weights
    assert first.candidate_id == best.candidate_id
    assert first.number > max(row.number for row in searched)
    cheapest = refining[-1]
    assert cheapest.metrics["macs"] <= 0.8 * best.metrics["macs"]
    assert "final" in cheapest.token["token"]


def test_a_new_coordinator_every_few_steps_changes_nothing(make_lab: Callable[..., Lab]) -> None:
    undisturbed, disturbed = make_lab(), make_lab()
    undisturbed.run(refined())
    disturbed.submit(refined())
    steps = iter(range(100_000))
    disturbed.until(lambda job: (next(steps) % 5 == 0 and disturbed.hire() is None) or job.state in jobs.FINAL)
    assert rows(disturbed) == rows(undisturbed)


def test_a_larger_budget_is_the_search_s_until_the_refinement_begins(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    lab.submit(refined())
    lab.until(lambda job: job.completed == 5)
    with lab.store.write() as conn:
        job = jobs.get(conn, "j")
        jobs.extend(conn, job, job.spec["budget"] | {"trials": job.trials_budget + 6}, lab.clock())
    lab.finish()
    assert len({row.candidate_id for row in of("search", rows(lab))}) == SEARCHED + 6


def test_a_refinement_that_ran_out_of_trials_goes_on(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    few = REFINE | {"trials": 14, "target_share": 0.3, "step": 2}
    job = lab.run(refined(SEARCHED + 14, refine=few))
    assert "is reached" not in job.reason
    with lab.store.write() as conn:
        jobs.extend(conn, job, job.spec["budget"] | {"trials": 300}, lab.clock())
    assert "is reached" in lab.finish().reason
    assert len({row.candidate_id for row in of("search", rows(lab))}) == SEARCHED


def test_a_search_that_finds_nothing_new_is_refined_all_the_same(make_lab: Callable[..., Lab]) -> None:
    """The space has four networks."""
    lab = make_lab()
    tiny = {"ops": ["mbconv"], "width_factors": [1.0], "depth_offsets": [0], "se": [False], "skip": ["none"]}
    options = SPACE["options"] | tiny | {"resolution": [16, 24], "activation": ["relu"], "kernel": [3]}
    space = SPACE | {"options": options | {"expansion": [3], "last_stage": ["efficient", "original"]}}
    job = lab.run(refined(100, space=space, strategy={"name": "random"}))
    assert job.state == "finished"
    assert "is reached" in job.reason
    assert len({row.candidate_id for row in of("search", rows(lab))}) == 4


def test_nothing_within_the_limits_means_nothing_to_refine(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    job = lab.run(refined(objective={"reward": "metric", "cost": "macs", "limits": {"val_loss": 1e-9}}))
    assert (job.state, job.trials) == ("finished", SEARCHED)
    assert "nothing to refine" in job.reason


def test_what_the_search_keeps_for_itself_stays_its_own(make_lab: Callable[..., Lab]) -> None:
    """Tokens, parents and numbers of a part are those that it would have had alone."""
    lab = make_lab()
    lab.run(refined(), "both")
    lab.run(refined(SEARCHED, refine=None), "alone")
    searched = of("search", rows(lab, "both"))
    alone = rows(lab, "alone")
    assert [(row.number, row.parents, row.token["token"]) for row in searched] == [
        (row.number, row.parents, row.token) for row in alone
    ]


def test_the_best_stays_the_job_s_best(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    job = lab.run(refined())
    with lab.store.read() as conn:
        assert jobs.best(conn, "j") == (job.incumbent, job.best_reward)
    assert job.best_reward == max(row.reward for row in rows(lab) if row.full)


def test_defaults_are_filled_in_and_stay_as_they_are() -> None:
    search = admit(refined(refine={"name": "netadapt", "trials": 40}), TABLES)
    filled = search.filled_in
    assert filled["refine"]["delta"] == 0.01
    assert filled["refine"]["target_share"] == 0.6
    assert JobSpec.model_validate(filled).model_dump(mode="json") == filled
    assert admit(filled, TABLES).filled_in == filled
    without = admit(changed_spec(filled, {"refine": None, "budget": {"trials": 30}}), TABLES)
    assert without.filled_in["refine"] is None
    assert admit(changed_spec(filled, {"refine": {"delta": 0.02}}), TABLES).filled_in["refine"]["delta"] == 0.02


@pytest.mark.parametrize(
    ("refine", "parts", "field", "says"),
    [
        ({"name": "evolution"}, {}, "refine.name", "those that can: netadapt"),
        ({"name": "none"}, {}, "refine.name", "those that can: netadapt"),
        ({"trials": 0}, {}, "refine.trials", "greater than or equal to 1"),
        ({"trials": 72}, {}, "refine.trials", "the search needs 1 or more of its own"),
        ({"trials": 2}, {}, "refine.trials", "one iteration and the training of its winner from scratch"),
        ({"delta": 2}, {}, "refine.delta", "less than 1"),
        ({"depth": 2}, {}, "refine.depth", "options: seed_network"),
        ({"short_epochs": 4}, {}, "refine.short_epochs", "shorter than the whole one"),
        ({"seed_network": {"choices": [0] * 24}}, {}, "refine.seed_network", "starts from the best of the search"),
        (
            {"target": 5e5, "target_share": None},
            {"objective": {"reward": "metric", "cost": "macs", "limits": {"macs": 5e5}}},
            "refine.target",
            "whatever meets the limit of 500000 already is",
        ),
        (
            {},
            {"space": {"name": "tvn"}, "task": {"name": "landscape", "kind": "clip", "sizes": [8, 512]}},
            "refine.name",
            "spaces that fit: mobilenetv3",
        ),
    ],
)
def test_refusals(refine: dict[str, Any], parts: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        admit(refined(refine=REFINE | refine) | parts, TABLES)
    assert (refused.value.field, says in refused.value.detail) == (field, True), refused.value.detail
