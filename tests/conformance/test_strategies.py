"""Every registered strategy keeps the contract: complete state, any order, every outcome, and better than chance."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from statistics import median
from typing import Any

import numpy as np
import pytest
from past import Past
from searches import SPACE

from nas_service.strategies import Context, Outcome, Proposal, State, Strategy, get_strategy, strategy_classes
from nas_service.strategies.base import Status
from search_spaces import Architecture, BoundSpace, ChoiceSpace, Genotype, Signature, get_space
from workers.tasks import get_task
from workers.tasks.landscape import score

NAMES = sorted(strategy_classes())
ADAPTING = {"netadapt"}  # cuts one given network, draws nothing, and ends: test_netadapt.py has what is its own
SEARCHING = [name for name in NAMES if name not in ADAPTING]
LEARNING = [name for name in SEARCHING if name != "random"]
STATUSES: tuple[Status, ...] = ("completed", "infeasible", "failed", "stopped", "cancelled", "reused")


@dataclass(frozen=True)
class Ground:
    """Where a strategy is tried: a space that it can search, how good a network is there, and its options.

    `seeds` is how many searches are compared with as many of random search.
    """

    space: BoundSpace
    reward: Callable[[Architecture], float]
    options: dict[str, Any] = field(default_factory=dict)
    seeds: int = 9

    def costs(self, genotype: Genotype) -> dict[str, float]:
        architecture = self.space.architecture(genotype)
        return {"params": architecture.params, "macs": architecture.macs}


@cache
def grounds() -> tuple[Ground, ...]:
    """A space of choices, and one whose genotypes grow: what is best there is reached by growing only."""
    growing = get_space("wann").bind(Signature("vector", 4, 2, (1, 1)))
    generations = {"population": 16, "check_every": 2, "tournament": 4}
    return choices(**SPACE["options"]), Ground(growing, lambda network: min(1.0, network.params / 30), generations)


@cache
def special_grounds() -> dict[str, Ground]:
    """Fewer choices: for samplers to whom each of them is work, and where 150 trials can find a front."""
    many = choices(**SPACE["options"])
    few = choices(resolution=[16, 24], backbone=[{"width": 16, "depth": 2, "stride": 2}])
    return {
        "netadapt": replace(few, options={"seed_network": widest(few), "target_share": 0.1, "delta": 0.001, "step": 1}),
        "nsga2": few,
        "optuna": replace(few, options={"sampler": "nsga2", "population": 10}, seeds=5),
        "ppo": replace(many, seeds=5),
        "reinforce": replace(many, options={"batch": 5, "learning_rate": 0.05}, seeds=5),
        "tpe": replace(few, options={"candidates": 8, "window": 60}, seeds=5),
    }


def widest(ground: Ground) -> Genotype:
    """The last option of every choice."""
    assert isinstance(ground.space, ChoiceSpace)
    return {"choices": [n - 1 for n in ground.space.choices]}


def choices(**options: Any) -> Ground:
    space = get_space(SPACE["name"], **options).bind(get_task("landscape").signature)
    return Ground(space, score)


def ground(name: str) -> Ground:
    """The strategy's own, or the first that it can search."""
    needs = strategy_classes()[name].needs
    fitting = next(each for each in grounds() if isinstance(each.space, needs))
    return special_grounds().get(name, fitting)


class World(Past):
    """Numbers proposals and remembers outcomes, as the coordinator and its database do."""

    def __init__(self, strategy: Strategy, ground: Ground, *, wants_front: bool = False) -> None:
        super().__init__(ground.space)
        self.wants_front = wants_front
        self.strategy = strategy
        self.ground = ground

    def ask(self, n: int = 1) -> list[Outcome]:
        """Outcomes of up to `n` proposals, completed, still to be told."""
        first = len(self.asked)
        proposals = self.strategy.ask(n, self)
        assert len(proposals) <= n
        self.asked += proposals
        return [self._completed(first + i, proposal) for i, proposal in enumerate(proposals)]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        self.told |= {outcome.number: outcome for outcome in outcomes}
        self.strategy.tell(outcomes)

    def search(self, trials: int) -> list[float]:
        """The rewards of so many trials, one after another."""
        rewards = []
        for _ in range(trials):
            outcomes = self.ask()
            self.tell(outcomes)
            rewards += [outcome.reward for outcome in outcomes]
        return rewards

    def genotypes(self, n: int) -> list[Genotype]:
        """The next `n` proposals of a search that goes on."""
        before = len(self.asked)
        self.search(n)
        return [proposal.genotype for proposal in self.asked[before:]]

    def _completed(self, number: int, proposal: Proposal) -> Outcome:
        genotype, metrics = proposal.genotype, self.ground.costs(proposal.genotype)
        reward = self.ground.reward(self.ground.space.architecture(genotype))
        place = (reward, metrics["params"])
        return Outcome(number, "completed", genotype, proposal.parents, proposal.token, metrics, reward, place)


def ended(outcome: Outcome, status: Status) -> Outcome:
    """The outcome, had it ended so."""
    if status in ("completed", "reused"):
        return replace(outcome, status=status)
    return replace(outcome, status=status, reward=None, point=None, violation=0.5 * (status == "infeasible"))


def fresh(name: str, seed: int = 0, on: Ground | None = None, *, wants_front: bool = False) -> World:
    """A search that has just begun, on the strategy's own ground unless told."""
    chosen = on or ground(name)
    options = chosen.options if chosen is ground(name) else {}
    return World(get_strategy(name, options, chosen.space, seed), chosen, wants_front=wants_front)


def restored(world: World, name: str) -> World:
    """The same search after a restart: its state went through JSON, its past is looked up by number."""
    saved = world.strategy.state()
    again = fresh(name, seed=99, wants_front=world.wants_front)
    again.told, again.asked = dict(world.told), list(world.asked)
    context: Context = again
    again.strategy.restore(State(json.loads(json.dumps(saved.data)), saved.blob), context)
    return again


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_proposals(name: str) -> None:
    assert fresh(name, 7).genotypes(60) == fresh(name, 7).genotypes(60)
    assert (fresh(name, 7).genotypes(60) != fresh(name, 8).genotypes(60)) == (name not in ADAPTING)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("trials", "wants_front"), [(0, False), (1, False), (5, True), (24, False), (80, True)])
def test_a_restored_strategy_makes_the_same_next_proposals(name: str, trials: int, wants_front: bool) -> None:
    world = fresh(name, wants_front=wants_front)
    world.search(trials)
    again = restored(world, name)
    assert again.genotypes(50) == world.genotypes(50)


@pytest.mark.parametrize("name", NAMES)
def test_a_restart_with_proposals_under_way(name: str) -> None:
    world = fresh(name)
    world.search(30)
    open_ones = world.ask(8)
    again = restored(world, name)
    for each in (world, again):
        each.tell(open_ones)
    assert again.genotypes(50) == world.genotypes(50)


@pytest.mark.parametrize("name", NAMES)
def test_outcomes_in_any_order_of_any_status(name: str) -> None:
    world, rng = fresh(name), np.random.default_rng(0)
    waiting: list[Outcome] = []
    for step in range(120):
        waiting += world.ask(int(rng.integers(4)))
        rng.shuffle(waiting)
        told = [ended(outcome, STATUSES[(step + i) % len(STATUSES)]) for i, outcome in enumerate(waiting[:3])]
        world.tell(told)
        waiting = waiting[3:]
    assert restored(world, name).genotypes(50) == world.genotypes(50)


@pytest.mark.parametrize("name", SEARCHING)
def test_only_failures(name: str) -> None:
    world = fresh(name)
    for status in ("failed", "infeasible", "cancelled", "stopped"):
        for _ in range(30):
            world.tell([ended(outcome, status) for outcome in world.ask()])
    assert len(world.genotypes(10)) == 10


@pytest.mark.parametrize("name", SEARCHING)
def test_one_architecture_again_and_again(name: str) -> None:
    world = fresh(name)
    genotype = world.ground.space.sample(np.random.default_rng(3))
    for _ in range(40):
        world.tell([replace(ended(o, "reused"), genotype=genotype, reward=0.5) for o in world.ask()])
    assert restored(world, name).genotypes(20) == world.genotypes(20)


@pytest.mark.parametrize("name", NAMES)
def test_proposals_belong_to_the_space_and_name_real_parents(name: str) -> None:
    world = fresh(name)
    world.search(80)
    for number, proposal in enumerate(world.asked):
        world.ground.space.architecture(proposal.genotype)
        assert all(0 <= parent < number for parent in proposal.parents)


@pytest.mark.parametrize("name", NAMES)
def test_state_does_not_grow_with_the_job(name: str) -> None:
    world = fresh(name)
    world.search(100)
    early = len(json.dumps(world.strategy.state().data))
    world.search(400)
    assert len(json.dumps(world.strategy.state().data)) < 1.1 * early + 20


@pytest.mark.parametrize("name", LEARNING)
def test_beats_random_at_equal_trials(name: str) -> None:
    def best(strategy: str) -> list[float]:
        return [max(fresh(strategy, seed, ground(name)).search(150)) for seed in range(ground(name).seeds)]

    assert median(best(name)) > median(best("random")) + 0.02
