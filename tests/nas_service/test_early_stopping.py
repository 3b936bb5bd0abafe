"""Whole searches that stop trials early: what is trained, what resumes, what counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from digits_search import BY_MACS
from searches import TABLES, Lab, spec
from sqlalchemy import select

from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.store import Store, candidates, trials
from nas_service.store.records import Trial
from nas_service.store.schema import trials as trial_table
from search_spaces import get_space
from workers.requests import EvaluationRequest, Fidelity, TrialRequest
from workers.tasks import get_task

SPACE_OF_DIGITS: dict[str, Any] = {"name": BY_MACS["space"]["name"], **BY_MACS["space"]["options"]}
RUNGS = {"early_stopping": {"method": "asha", "factor": 2, "rungs": 3}}


def all_trials(store: Store) -> list[Trial]:
    with store.read() as conn:
        ids = conn.execute(select(trial_table.c.id).order_by(trial_table.c.number)).scalars().all()
        return [trials.get(conn, each) for each in ids]


def epochs_of(store: Store, trial: Trial) -> list[float]:
    with store.read() as conn:
        return [point["epoch"] for point in trials.learning_curve(conn, trial.id)]


@pytest.mark.parametrize("method", ["asha", "predicted"])
def test_a_search_trains_few_networks_to_the_end_and_crowns_one_of_them(
    make_lab: Callable[..., Lab], method: str
) -> None:
    lab = make_lab()
    rungs = {"early_stopping": RUNGS["early_stopping"] | {"method": method}}
    job = lab.run(spec(trials=70, task={"name": "landscape", "epochs": 4}, **rungs))
    assert job.state == "finished"
    assert job.completed == 70
    run = all_trials(lab.store)
    by_epochs = {epochs: [t for t in run if t.fidelity["epochs"] == epochs] for epochs in (1, 2, 4)}
    assert len(by_epochs[1]) > len(by_epochs[2]) > len(by_epochs[4]) > 0
    assert [trial.full for trial in run] == [trial.fidelity["epochs"] == 4 for trial in run]
    assert job.incumbent in {trial.candidate_id for trial in by_epochs[4]}


@pytest.mark.parametrize("method", ["asha", "predicted"])
def test_a_coordinator_that_was_replaced_goes_on_with_the_same_trials(
    make_lab: Callable[..., Lab], method: str
) -> None:
    rungs = {"early_stopping": RUNGS["early_stopping"] | {"method": method}}
    wanted = spec(trials=70, task={"name": "landscape", "epochs": 4}, **rungs)
    undisturbed, disturbed = make_lab(), make_lab()
    undisturbed.run(wanted)
    disturbed.submit(wanted)
    for completed in range(3, 70, 9):
        disturbed.until(lambda job, n=completed: job.completed >= n)  # type: ignore[misc]
        disturbed.hire()
    disturbed.finish()

    def told(lab: Lab) -> list[Any]:
        return [(trial.candidate_id, trial.fidelity, trial.metrics) for trial in all_trials(lab.store)]

    assert told(disturbed) == told(undisturbed)


def test_a_network_that_reaches_the_top_has_the_result_of_a_training_that_was_never_paused(
    make_lab: Callable[..., Lab],
) -> None:
    lab = make_lab()
    task = {"name": "digits", "epochs": 4}
    parts = {"task": task, "strategy": {"name": "random"}, "budget": {"trials": 7}, "workers": {"parallel": 1}}
    lab.run(BY_MACS | parts | RUNGS)
    run = all_trials(lab.store)
    lowest, middle, (top,) = ([t for t in run if t.fidelity["epochs"] == epochs] for epochs in (1, 2, 4))
    assert [trial.checkpoint for trial in lowest] == [None] * 4
    assert {trial.checkpoint for trial in middle} <= {trial.artifacts["checkpoint"] for trial in lowest}
    assert top.checkpoint in {trial.artifacts["checkpoint"] for trial in middle}
    assert [epochs_of(lab.store, trial) for trial in (*middle, top)] == [[2], [2], [3, 4]]

    with lab.store.read() as conn:
        genotype = candidates.get(conn, top.candidate_id).genotype
    architecture = get_space(**SPACE_OF_DIGITS).bind(get_task(**task).signature).architecture(genotype)
    request = EvaluationRequest(
        "r", 1, "evaluate", task, (TrialRequest("alone", architecture.to_json(), Fidelity(4), top.seed),), "memory://"
    )
    alone = list(get_task(**task).runner()(request, lambda: False))[-1]
    assert {**alone.metrics, "train_seconds": 0} == {**top.metrics, "train_seconds": 0}
    assert alone.artifacts["weights"] == top.artifacts["weights"]


def test_children_begin_with_the_weights_of_their_parents_and_are_nobody_else_s_result(
    make_lab: Callable[..., Lab],
) -> None:
    lab = make_lab()
    evolution = {"name": "evolution", "population": 3, "sample": 2, "inherit": True}
    parts = {"task": {"name": "digits", "epochs": 1}, "strategy": evolution, "budget": {"trials": 6}}
    lab.run(BY_MACS | parts | {"workers": {"parallel": 1}})
    run = all_trials(lab.store)
    first, children = run[:3], run[3:]
    assert [trial.initial_weights for trial in first] == [None] * 3
    for place, child in enumerate(children, 3):
        assert child.initial_weights in {trial.artifacts["weights"] for trial in run[:place]}
    with lab.store.read() as conn:
        keys = conn.execute(select(trial_table.c.key).order_by(trial_table.c.number)).scalars().all()
    assert [key is None for key in keys] == [False] * 3 + [True] * 3


@pytest.mark.parametrize(
    ("wanted", "field", "message"),
    [
        ({"task": {"name": "landscape", "epochs": 2}}, "early_stopping.rungs", r"raise task\.epochs to 4"),
        ({"budget": {"trials": 6}}, "early_stopping.rungs", r"in trial 7, and a budget of 6 trials"),
        ({"early_stopping": {"factor": 1}}, "early_stopping.factor", "greater than or equal to 2"),
    ],
)
def test_rungs_that_make_no_sense_are_refused(wanted: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidSpec, match=message) as refused:
        admit(spec(**({"task": {"name": "landscape", "epochs": 4}} | RUNGS | wanted)), TABLES)
    assert refused.value.field == field


def test_the_number_of_rungs_is_filled_in() -> None:
    search = admit(spec(task={"name": "landscape", "epochs": 4}, early_stopping={"factor": 2}), TABLES)
    assert search.filled_in["early_stopping"] == {"method": "asha", "over": "epochs", "factor": 2, "rungs": 3}
