"""Optuna's samplers: the study mirrors our proposals, and one rebuilt from the rows goes on as the old one would."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from searches import SPACE, Lab, spec
from sqlalchemy import select

from nas_service.errors import InvalidSpec
from nas_service.store import Store
from nas_service.store.schema import proposals
from nas_service.strategies import Outcome, Proposal, State, get_strategy
from nas_service.strategies import optuna_sampler as module
from nas_service.strategies.optuna_sampler import KINDS, OptunaStrategy
from search_spaces import Genotype, Signature, get_space
from search_spaces.choice_space import ChoiceSpace, Position
from workers.dispatchers import InlineDispatcher
from workers.tasks import get_task
from workers.tasks.landscape import score

FAST = {"candidates": 4}
CASES: list[dict[str, Any]] = [
    {"name": "tpe", **FAST},
    {"name": "tpe", **FAST, "window": 10},
    {"name": "optuna", "sampler": "tpe", **FAST},
    {"name": "optuna", "sampler": "nsga2", "population": 6},
    {"name": "optuna", "sampler": "nsga3", "population": 6},
    {"name": "optuna", "sampler": "cmaes", "population": 6},
    {"name": "optuna", "sampler": "qmc"},
    {"name": "optuna", "sampler": "random"},
]


@pytest.fixture(scope="module")
def space() -> ChoiceSpace:
    bound = get_space(SPACE["name"], resolution=[16, 24], backbone=[{"width": 16, "stride": 2}]).bind(
        get_task("landscape").signature
    )
    assert isinstance(bound, ChoiceSpace)
    return bound


class Past:
    """What a strategy may look up: the rows of one search."""

    def __init__(self, space: ChoiceSpace, *, wants_front: bool) -> None:
        self.space = space
        self.wants_front = wants_front
        self.asked: list[Proposal] = []
        self.told: dict[int, Outcome] = {}

    trials_left = 10_000

    @property
    def next_number(self) -> int:
        return len(self.asked)

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        return [self.told[number] for number in numbers if number in self.told]

    def awaited(self) -> dict[int, Proposal]:
        return {number: each for number, each in enumerate(self.asked) if number not in self.told}

    def costs(self, _: Genotype) -> Mapping[str, float]:
        raise AssertionError("not looked up by these strategies")

    def feasible(self, _: Genotype) -> bool:
        raise AssertionError("not looked up by these strategies")

    def ended(self, number: int) -> Outcome:
        """Every fifth is infeasible, every seventh fails."""
        genotype, token = self.asked[number].genotype, json.loads(json.dumps(self.asked[number].token))
        if number % 5 == 4:
            return Outcome(number, "infeasible", genotype, token=token, violation=0.5)
        if number % 7 == 6:
            return Outcome(number, "failed", genotype, token=token)
        network = self.space.architecture(genotype)
        value = score(network)
        return Outcome(number, "completed", genotype, (), token, {}, value, (value, float(network.params)))

    def search(self, strategy: OptunaStrategy, asks: int, rng: np.random.Generator) -> list[Genotype]:
        """Ask one by one with about three open at a time, which end in any order."""
        before = len(self.asked)
        for _ in range(asks):
            self.asked += strategy.ask(1, self)
            waiting = list(self.awaited())
            while len(waiting) > 3:
                outcome = self.ended(waiting.pop(int(rng.integers(len(waiting)))))
                self.told[outcome.number] = outcome
                strategy.tell([outcome])
        return [proposal.genotype for proposal in self.asked[before:]]


def made(space: ChoiceSpace, case: Mapping[str, Any], seed: int = 0) -> OptunaStrategy:
    options = {name: value for name, value in case.items() if name != "name"}
    strategy = get_strategy(case["name"], options, space, seed)
    assert isinstance(strategy, OptunaStrategy)
    return strategy


def restored(space: ChoiceSpace, case: Mapping[str, Any], strategy: OptunaStrategy, past: Past) -> OptunaStrategy:
    again = made(space, case, seed=99)
    again.restore(State(json.loads(json.dumps(strategy.state().data))), past)
    return again


def twin(past: Past) -> Past:
    copy = Past(past.space, wants_front=past.wants_front)
    copy.asked, copy.told = list(past.asked), dict(past.told)
    return copy


@pytest.mark.parametrize("wants_front", [False, True])
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_a_rebuilt_study_goes_on_as_the_old_one(space: ChoiceSpace, case: dict[str, Any], wants_front: bool) -> None:
    """Open proposals and all: after 20, at the window's edge, and after the window has moved."""
    strategy, past = made(space, case), Past(space, wants_front=wants_front)
    for asks in (20, 9):
        past.search(strategy, asks, np.random.default_rng(asks))
        other, copy = restored(space, case, strategy, past), twin(past)
        expected = past.search(strategy, 12, np.random.default_rng(1))
        assert copy.search(other, 12, np.random.default_rng(1)) == expected


def test_every_sampler_is_tried() -> None:
    assert {case.get("sampler", case["name"]) for case in CASES} | {"gp"} == set(KINDS)


def test_gaussian_processes(space: ChoiceSpace) -> None:
    """Apart from the others, for each of its asks takes a second."""
    pytest.importorskip("torch")
    case = {"name": "optuna", "sampler": "gp", "startup": 2}
    strategy, past = made(space, case), Past(space, wants_front=False)
    past.search(strategy, 6, np.random.default_rng(0))
    assert restored(space, case, strategy, past).ask(1, past) == strategy.ask(1, past)


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_given_networks_are_in_a_rebuilt_study_too(space: ChoiceSpace, case: dict[str, Any]) -> None:
    strategy, past = made(space, case), Past(space, wants_front=False)
    given = [space.sample(np.random.default_rng(seed)) for seed in range(8)]
    past.asked += strategy.begin_with(given, past)
    assert [proposal.genotype for proposal in past.asked] == given
    past.search(strategy, 4, np.random.default_rng(0))
    copy = twin(past)
    again = restored(space, case, strategy, copy)
    searched = [each.search(of, 12, np.random.default_rng(1)) for each, of in ((past, strategy), (copy, again))]
    assert searched[0] == searched[1]


@pytest.mark.parametrize("case", CASES[:4], ids=lambda case: "-".join(map(str, case.values())))
def test_the_state_is_a_generator_and_a_few_numbers(space: ChoiceSpace, case: dict[str, Any]) -> None:
    strategy, past = made(space, case), Past(space, wants_front=False)
    past.search(strategy, 30, np.random.default_rng(0))
    assert set(strategy.state().data) == {"rng", "asked", "window", "sequence"}
    assert strategy.state().data["asked"] == 30


def test_trials_stand_for_proposals_by_number(space: ChoiceSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Optuna's own numbers are: replaced repeats leave trials without a proposal behind."""
    neighbour = np.random.default_rng(0)
    monkeypatch.setattr(OptunaStrategy, "_unknown", lambda _, genotype: space.mutate(genotype, neighbour))
    strategy, past = made(space, CASES[0]), Past(space, wants_front=True)
    past.search(strategy, 25, np.random.default_rng(0))
    study = strategy._study
    assert study is not None
    trials = study._study.get_trials()
    assert len(trials) > 25
    states = {"completed": "COMPLETE", "infeasible": "PRUNED", "failed": "FAIL"}
    for number, proposal in enumerate(past.asked):
        trial = trials[study._trials[number]]
        assert [trial.params[name] for name in study.distributions] == [
            choice
            for choice, position in zip(proposal.genotype["choices"], space.positions, strict=True)
            if len(position.options) > 1
        ]
        outcome = past.told.get(number)
        assert trial.state.name == ("RUNNING" if outcome is None else states[outcome.status])
        if trial.state.name == "COMPLETE":
            assert outcome is not None
            assert tuple(trial.values) == outcome.point


@pytest.mark.parametrize(("wants_front", "values"), [(False, [0.5]), (True, [0.5, 7.0])])
def test_values_are_the_reward_or_the_point(space: ChoiceSpace, wants_front: bool, values: list[float]) -> None:
    strategy, past = made(space, CASES[0]), Past(space, wants_front=wants_front)
    (proposal,) = strategy.ask(1, past)
    strategy.tell([Outcome(0, "completed", proposal.genotype, reward=0.5, point=(0.5, 7.0))])
    assert strategy._study is not None
    assert strategy._study._study.get_trials()[0].values == values


def test_a_completed_network_beyond_a_limit_counts_as_infeasible(space: ChoiceSpace) -> None:
    strategy, past = made(space, CASES[0]), Past(space, wants_front=False)
    (proposal,) = strategy.ask(1, past)
    strategy.tell([Outcome(0, "completed", proposal.genotype, reward=0.9, violation=0.1)])
    assert strategy._study is not None
    assert strategy._study._study.get_trials()[0].state.name == "PRUNED"


def test_tpe_proposes_no_network_twice(space: ChoiceSpace) -> None:
    strategy, past = made(space, CASES[0]), Past(space, wants_front=False)
    networks = [space.architecture(g).hash for g in past.search(strategy, 60, np.random.default_rng(0))]
    assert len(set(networks)) == len(networks)


def test_a_study_holds_two_windows_at_most(space: ChoiceSpace) -> None:
    strategy, past = made(space, CASES[1]), Past(space, wants_front=False)
    for _ in range(45):
        past.search(strategy, 1, np.random.default_rng(0))
        assert strategy._study is not None
        assert len(strategy._study._trials) <= 20
    first = past.asked[0]
    strategy.tell([Outcome(0, "completed", first.genotype, reward=1.0)])  # one that left the window is no matter


def test_an_outcome_of_another_genotype_is_what_the_study_shows(space: ChoiceSpace) -> None:
    strategy, past = made(space, CASES[0]), Past(space, wants_front=False)
    (proposal,) = strategy.ask(1, past)
    other = space.mutate(proposal.genotype, np.random.default_rng(1))
    strategy.tell([Outcome(0, "completed", other, reward=0.5)])
    strategy.ask(1, past)
    assert strategy._study is not None
    params = strategy._study._study.get_trials()[0].params
    assert [params.get(p.name, 0) for p in space.positions] == other["choices"]


def test_optuna_says_nothing(space: ChoiceSpace, capfd: pytest.CaptureFixture[str]) -> None:
    for case in CASES:
        past = Past(space, wants_front=False)
        past.search(made(space, case), 12, np.random.default_rng(0))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "field", "says"),
    [
        ({"sampler": "brute"}, "strategy.sampler", "'tpe', 'gp'"),
        ({"sampler": "qmc", "population": 10}, "strategy", "'qmc' has no 'population'; it has: none"),
        ({"sampler": "nsga2", "startup": 10}, "strategy", "'nsga2' has no 'startup'; it has: population"),
        ({"window": 2}, "strategy.window", "greater than or equal to 10"),
    ],
)
def test_refused_options(space: ChoiceSpace, options: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        get_strategy("optuna", options, space, 0)
    assert refused.value.field == field
    assert says in refused.value.detail


@pytest.mark.parametrize("name", ["tpe", "optuna"])
def test_a_space_without_choices_is_refused_and_what_fits_is_named(name: str) -> None:
    growing = get_space("wann").bind(Signature("vector", 4, 2, (1, 1)))
    with pytest.raises(InvalidSpec, match=r"needs a ChoiceSpace.*those that fit: .*wann"):
        get_strategy(name, {}, growing, seed=0)


@pytest.mark.parametrize(("sampler", "extra"), [("gp", "worker"), ("cmaes", "wann")])
def test_a_missing_package_is_refused_with_the_remedy(
    space: ChoiceSpace, monkeypatch: pytest.MonkeyPatch, sampler: str, extra: str
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(InvalidSpec, match=rf"pip install 'nas-service\[{extra}\]'") as refused:
        get_strategy("optuna", {"sampler": sampler}, space, 0)
    assert refused.value.field == "strategy.sampler"


def test_cmaes_needs_numbers(space: ChoiceSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    words = tuple(Position(position.name, ("a", "b")) for position in space.positions)
    monkeypatch.setattr(space, "positions", words)
    with pytest.raises(InvalidSpec, match=r"rising order; choose tpe, nsga2 or nsga3"):
        get_strategy("optuna", {"sampler": "cmaes"}, space, 0)


def rows(store: Store) -> list[tuple[Any, ...]]:
    columns = (proposals.c.number, proposals.c.genotype, proposals.c.candidate_id, proposals.c.status)
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(select(*columns).order_by(proposals.c.number))]


def restart(lab: Lab) -> None:
    """What a new process has: the database, and workers that know of nothing."""
    lab.dispatcher.close()
    lab.dispatcher = InlineDispatcher()
    lab.hire()


@pytest.mark.parametrize(
    "strategy",
    [{"name": "tpe", "startup": 3, "window": 10, **FAST}, {"name": "nsga2", "population": 5}, CASES[3], CASES[5]],
    ids=lambda strategy: "-".join(map(str, strategy.values())),
)
def test_a_coordinator_replaced_after_every_trial_proposes_the_same(
    make_lab: Callable[..., Lab], strategy: dict[str, Any]
) -> None:
    """With infeasible proposals among them, whose distance from the limits comes back from the rows as well."""
    objective = {"reward": "pareto", "cost": "macs", "limits": {"macs": 900_000}}
    wanted = spec(12, strategy=strategy, objective=objective)
    through, shaken = make_lab(), make_lab()
    assert through.run(wanted).infeasible > 0
    shaken.submit(wanted)
    for completed in range(1, 12):
        shaken.until(lambda job, enough=completed: job.completed >= enough)  # type: ignore[misc]
        restart(shaken)
    shaken.finish()
    assert rows(shaken.store) == rows(through.store)
