"""What is refused at the door, with the field at fault, and what a job looks like once it is in."""

from __future__ import annotations

from typing import Any

import pytest
from searches import TABLES, spec

from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.search import Search
from nas_service.spec import JobSpec
from nas_service.strategies import strategy_classes
from search_spaces.wann.space import BoundWann


@pytest.mark.parametrize(
    ("parts", "field", "says"),
    [
        ({"space": {"name": "none"}}, "space.name", "mobilenetv3"),
        ({"space": {"name": "mobilenetv3", "options": {"depht": 2}}}, "space.options.depht", "resolution"),
        ({"task": {"name": "none"}}, "task.name", "landscape"),
        ({"task": {"name": "landscape", "epoch": 3}}, "task.epoch", "epochs"),
        ({"task": {"name": "landscape", "kind": "clip"}}, "space.name", "image"),
        ({"task": {"name": "landscape", "metric": "val_f1"}}, "task.metric", "val_accuracy"),
        ({"strategy": {"name": "none"}}, "strategy.name", "evolution"),
        ({"strategy": {"name": "evolution", "size": 3}}, "strategy.size", "population"),
        ({"strategy": {"name": "evolution", "population": 4, "sample": 5}}, "strategy", "cannot be larger"),
        *(
            ({"strategy": {"name": name, "population": 30}}, "strategy.population", "a population of at most 3")
            for name in ("evolution", "nsga2")
        ),
        ({"budget": {"trials": 0}}, "budget.trials", "greater than or equal to 1"),
        ({"budget": {"trials": 5, "hours": -1}}, "budget.hours", "greater than 0"),
        ({"budgets": {}}, "budgets", "keys: name, space, task"),
        ({"workers": {"parallel": 1, "threads": 2}}, "workers.threads", "keys: parallel, cpus"),
        ({"objective": {"cost": "latency_ms", "target": 1}}, "device", "objective.cost"),
        ({"objective": {"reward": "metric"}}, "device", "objective.cost"),
        (
            {"device": {"name": "pi"}, "objective": {"target": 1}},
            "device.name",
            "nas device profile pi --threads 1 --for SPEC.yaml",
        ),
        (
            {"device": {"name": "pi", "threads": "all", "precision": "int8"}, "objective": {"target": 1}},
            "device.name",
            "with all threads, int8; measure one with: nas device profile pi --threads all --precision int8",
        ),
        ({"device": {"threads": 0}}, "device.threads", "1 to 256, or all"),
        ({"device": {"precision": "int4"}}, "device.precision", "float32, fp32, int8"),
        ({"device": {"provider": "gpu"}}, "device.provider", "such as CPUExecutionProvider"),
        (
            {"objective": {"cost": "macs", "limits": {"macs": 10}}},
            "objective.limits.macs",
            "none of 200 sampled architectures",
        ),
        (
            {"objective": {"cost": "macs", "limits": {"macs": 300_000, "params": 10}}},
            "objective.limits.params",
            "the lowest params among them is",
        ),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
    ],
)
def test_refusals(parts: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        admit(spec() | parts, TABLES)
    assert refused.value.field == field
    assert says in refused.value.detail


def test_a_population_that_nobody_asked_for_does_not_refuse_a_small_budget() -> None:
    filled = admit(spec(5, strategy={"name": "evolution"}), TABLES).filled_in
    assert filled["strategy"]["population"] == 24


@pytest.mark.parametrize("data", [None, [], "job", 3, {}])
def test_what_is_no_spec_at_all(data: Any) -> None:
    with pytest.raises(InvalidSpec):
        admit(data, TABLES)


@pytest.mark.parametrize("strategy", sorted(strategy_classes()))
def test_defaults_are_filled_in_and_stay_as_they_are(strategy: str) -> None:
    search = admit(spec(1000, strategy={"name": strategy}) | _ground(strategy), TABLES)
    filled = search.filled_in
    assert JobSpec.model_validate(filled).model_dump(mode="json") == filled
    assert admit(filled, TABLES).filled_in == filled
    assert filled["space"]["options"].keys() > search.spec.space.options.keys()
    assert filled["task"].keys() > {"name", "metric"}


def _ground(strategy: str) -> dict[str, Any]:
    """A space that grows, for a strategy that needs one; a network to start from, for one that cuts."""
    if strategy == "netadapt":
        widest = {"choices": [n - 1 for n in admit(spec(), TABLES).bound.choices]}
        return {"strategy": {"name": strategy, "seed_network": widest}, "task": {"name": "landscape", "epochs": 4}}
    if strategy_classes()[strategy].needs is BoundWann:
        objective = {"reward": "metric", "cost": "params"}
        return {"space": {"name": "wann"}, "task": {"name": "cartpole-swingup"}, "objective": objective}
    return {}


def test_a_budget_without_a_result_in_full_is_refused() -> None:
    wanted = {"strategy": {"name": "wann", "population": 30}} | _ground("wann")
    assert admit(spec(31) | wanted, TABLES).spec.budget.trials == 31
    with pytest.raises(InvalidSpec, match=r"nothing in full before trial 31.*30 are too few") as refusal:
        admit(spec(30) | wanted, TABLES)
    assert refusal.value.field == "budget.trials"


def test_what_the_job_depends_on_is_noted() -> None:
    noted = admit(spec(), TABLES).fingerprints
    assert set(noted) == {"space", "task", "data", "table"}
    assert noted["table"] is None


def test_equal_trials_have_equal_keys_and_others_do_not() -> None:
    search = admit(spec(), TABLES)
    noisy = admit(spec(task={"name": "landscape", "noise": 0.1}), TABLES)
    genotype = {"choices": [0] * len(search.bound.positions)}
    a = search.bound.architecture(genotype)
    b = search.bound.architecture({"choices": [n - 1 for n in search.bound.choices]})
    full, half = search.task.fidelity, type(search.task.fidelity)(1, 0.5)
    keys = [
        search.trial_key(a, full, 0),
        search.trial_key(b, full, 0),
        search.trial_key(a, half, 0),
        search.trial_key(a, full, 1),
        noisy.trial_key(a, full, 0),
    ]
    assert len(set(keys)) == len(keys)
    assert admit(spec(trials=3), TABLES).trial_key(a, full, 0) == keys[0]


def test_limits_that_exclude_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every limit alone is met by some samples; no sample meets both."""
    costs = iter([{"macs": 1.0, "params": 9.0}, {"macs": 9.0, "params": 1.0}] * 100)
    monkeypatch.setattr(Search, "costs", lambda _, __: next(costs))
    with pytest.raises(InvalidSpec, match="all together by none"):
        admit(spec(objective={"cost": "macs", "limits": {"macs": 5, "params": 5}}), TABLES)
