"""Warm starts and controls: whose turn it is, what the search learns from, and what is saved."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from past import Past
from searches import SPACE, TABLES, spec

from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.strategies import Outcome, Proposal, State, Strategy, get_strategy, strategy_classes
from nas_service.strategies.composite import in_part, part_of
from nas_service.strategies.control import PATIENCE, Control
from nas_service.strategies.warm_start import WarmStart
from search_spaces import Architecture, BoundSpace, Genotype, Signature, get_space
from search_spaces.choice_space import ChoiceSpace
from workers.requests import Fidelity
from workers.tasks import get_task
from workers.tasks.landscape import score

OPTIONS: dict[str, dict[str, Any]] = {
    "evolution": {"population": 6, "sample": 3},
    "nsga2": {"population": 6},
    "tpe": {"startup": 4, "candidates": 4},
    "optuna": {"sampler": "nsga2", "population": 6},
    "ppo": {"batch": 4, "hidden": 4},
    "reinforce": {"batch": 4, "hidden": 4},
    "wann": {"population": 6, "tournament": 2, "check_every": 1},
}
FULL = Fidelity(1)
LEARNERS = ["evolution", "nsga2", "tpe", "optuna", "ppo"]


def space_of(name: str) -> BoundSpace:
    if issubclass(ChoiceSpace, strategy_classes()[name].needs):
        return get_space(SPACE["name"], **SPACE["options"]).bind(get_task("landscape").signature)
    return get_space("wann").bind(Signature("vector", 4, 2, (1, 1)))


def search(name: str, seed: int = 0) -> Strategy:
    return get_strategy(name, OPTIONS.get(name, {}), space_of(name), seed)


def sampled(space: BoundSpace, n: int) -> list[Genotype]:
    rng = np.random.default_rng(42)
    return [space.sample(rng) for _ in range(n)]


class World(Past):
    """Numbers proposals, ends them and remembers how, as the coordinator and its database do."""

    def __init__(self, strategy: Strategy) -> None:
        super().__init__(strategy.space)
        self.strategy = strategy

    def ask(self, n: int = 1) -> list[Outcome]:
        """How up to `n` new proposals will end, still to be told."""
        first, asked = len(self.asked), self.strategy.ask(n, self)
        assert len(asked) <= n
        self.asked += asked
        return [self._completed(first + i, proposal) for i, proposal in enumerate(asked)]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        self.told |= {outcome.number: outcome for outcome in outcomes}
        self.strategy.tell(outcomes)

    def run(self, trials: int) -> list[Genotype]:
        """So many trials, one after another; what was proposed."""
        before = len(self.asked)
        while len(self.asked) < before + trials:
            self.tell(self.ask())
        return [proposal.genotype for proposal in self.asked[before:]]

    def continued(self, strategy: Strategy) -> World:
        """The same search after a restart, by a fresh strategy and what was saved."""
        again, saved = World(strategy), self.strategy.state()
        again.asked, again.told = list(self.asked), dict(self.told)
        strategy.restore(State(json.loads(json.dumps(saved.data)), saved.blob), again)
        return again

    def of(self, part: str) -> list[int]:
        return [number for number, proposal in enumerate(self.asked) if in_part(proposal.token, part)]

    def _completed(self, number: int, proposal: Proposal) -> Outcome:
        token = json.loads(json.dumps(proposal.token))
        network = self.strategy.space.architecture(proposal.genotype)
        value, metrics = reward(network), dict(self.costs(proposal.genotype))
        place = (value, float(network.params))
        return Outcome(number, "completed", proposal.genotype, proposal.parents, token, metrics, value, place)


def reward(network: Architecture) -> float:
    return score(network) if len(network.ops) > 1 else min(1.0, network.params / 30)


def unspent(outcome: Outcome, **parts: Any) -> Outcome:
    """The outcome, had it been screened out."""
    return replace(outcome, status="infeasible", reward=None, point=None, violation=0.5, spent=False, **parts)


def both(name: str, seed: int = 0, share: float = 0.3) -> Strategy:
    """A warm start within a control, as a job composes them."""
    inner = search(name, seed)
    return Control(WarmStart(inner, sampled(inner.space, 5)), share, seed)


@pytest.mark.parametrize("name", [*LEARNERS, "wann"])
def test_same_seed_same_proposals_and_a_restart_changes_none(name: str) -> None:
    first, second, other = World(both(name)), World(both(name)), World(both(name, seed=1))
    assert first.run(23) == second.run(23) != other.run(23)
    again = first.continued(both(name, seed=99))
    assert again.run(50) == first.run(50)
    assert again.asked == first.asked


@pytest.mark.parametrize("name", ["evolution", "nsga2", "tpe", "ppo"])
@pytest.mark.parametrize("asked", [3, 16])
def test_a_restart_amid_outcomes_in_any_order(name: str, asked: int) -> None:
    """In the midst of the warm start, and after it; a third of the proposals is screened out, four are open."""
    world, rng = World(both(name)), np.random.default_rng(0)
    waiting: list[Outcome] = []
    for _ in range(asked):
        waiting += world.ask(2)
        rng.shuffle(waiting)
        while len(waiting) > 4:
            outcome = waiting.pop()
            world.tell([unspent(outcome) if outcome.number % 3 == 2 else outcome])
    again = world.continued(both(name, seed=99))
    for each in (world, again):
        each.tell(waiting)
    assert again.run(50) == world.run(50)


@pytest.mark.parametrize("share", [0.1, 0.29, 0.5, 0.97])
@pytest.mark.parametrize("at_once", [1, 7])
def test_the_control_gets_its_share_of_the_trials_whatever_is_screened_out(share: float, at_once: int) -> None:
    world, rng = World(Control(search("evolution"), share, 0)), np.random.default_rng(1)
    spent = {"search": 0, "control": 0}
    while sum(spent.values()) < 100:
        outcomes = world.ask(min(at_once, 100 - sum(spent.values())))
        ended = [unspent(o) if rng.random() < (0.6 if part_of(o.token) == "control" else 0.2) else o for o in outcomes]
        rng.shuffle(ended)
        world.tell(ended)
        for outcome in ended:
            spent[part_of(outcome.token) or ""] += outcome.spent
        if at_once == 1 and ended[0].spent:
            assert spent["control"] == math.floor(round(100 * share) * sum(spent.values()) / 100)
    assert spent["control"] == round(100 * share)


def test_what_is_under_way_counts() -> None:
    world = World(Control(search("random"), 0.25, 0))
    for _ in range(40):
        world.ask()  # nothing ends
    assert world.of("control") == [3, 7, 11, 15, 19, 23, 27, 31, 35, 39]


def test_a_control_without_luck_lets_the_search_go_on() -> None:
    """None of its candidates takes a trial. Restarts do not make it more patient."""
    world = World(Control(search("evolution"), 0.5, 0))
    for step in range(3 * PATIENCE):
        world.tell([unspent(o) if part_of(o.token) == "control" else o for o in world.ask()])
        if step % 37 == 0:
            world = world.continued(Control(search("evolution"), 0.5, 99))
    searched = world.of("search")
    assert searched == [0, PATIENCE + 1, 2 * PATIENCE + 2]
    luck = world.ask()
    assert part_of(luck[0].token) == "control"


def test_a_search_that_waits_keeps_its_control_within_its_share() -> None:
    """The population of six is under way, so the search has no more to propose; the control has a third of the nine."""
    world = World(Control(search("wann"), 0.33, 0))
    outcomes = [outcome for _ in range(5) for outcome in world.ask(4)]
    assert (len(world.of("search")), len(world.of("control"))) == (6, 2)
    world.tell(outcomes)
    assert world.ask(1)


@pytest.mark.parametrize("name", ["evolution", "tpe"])
def test_a_search_does_not_learn_from_its_control(name: str) -> None:
    """Beside it, it proposes what it would alone."""
    alone, beside = World(search(name)), World(Control(search(name), 0.3, 0))
    alone.run(30)
    beside.run(50)
    assert [beside.asked[n].genotype for n in beside.of("search")][:30] == [each.genotype for each in alone.asked]


@pytest.mark.parametrize("name", ["random", *OPTIONS])
def test_a_warm_start_begins_with_its_networks_and_goes_on(name: str) -> None:
    inner = search(name)
    given = sampled(inner.space, 5)
    world = World(WarmStart(inner, given))
    assert [part_of(o.token) for o in world.ask(3)] == ["search"] * 3
    world.tell(world.ask(9))
    assert [proposal.genotype for proposal in world.asked] == given
    world.tell([world._completed(n, each) for n, each in world.awaited().items()])
    assert len(world.run(40)) == 40


@pytest.mark.parametrize("name", [*LEARNERS, "reinforce", "wann"])
def test_a_search_learns_from_the_given_networks(name: str) -> None:
    """What it proposes next depends on how they did: another start, had the best of them been the worst."""

    def following(sign: int) -> list[Genotype]:
        inner = search(name)
        world = World(WarmStart(inner, sampled(inner.space, 6)))
        outcomes = world.ask(6)
        rewards = sorted(sign * (o.reward or 0.0) for o in outcomes)
        ranked = sorted(outcomes, key=lambda o: o.reward or 0.0)
        world.tell([replace(o, reward=r, point=(r, 1.0)) for o, r in zip(ranked, rewards[::sign], strict=True)])
        return world.run(12)

    assert following(1) == following(1)
    assert following(1) != following(-1)


@pytest.mark.parametrize("name", ["evolution", "nsga2"])
def test_the_given_networks_are_parents(name: str) -> None:
    inner = search(name)
    world = World(WarmStart(inner, sampled(inner.space, 6)))
    world.run(6)
    parents = {parent for _ in range(20) for outcome in world.ask() for parent in outcome.parents}
    assert parents
    assert parents <= set(range(6))
    assert set(world.strategy.state().data["population"]) == set(range(6))


def test_the_log_probabilities_of_a_given_network_are_those_of_a_drawn_one() -> None:
    world = World(search("ppo"))
    drawn = world.strategy.ask(3, world)
    again = world.strategy.begin_with([proposal.genotype for proposal in drawn], world)
    for first, second in zip(drawn, again, strict=True):
        assert second.token["log_probs"] == pytest.approx(first.token["log_probs"], abs=2e-6)


def test_new_nodes_are_numbered_behind_those_of_the_given_networks() -> None:
    inner = search("wann")
    rng, grown = np.random.default_rng(0), inner.space.sample(np.random.default_rng(0))
    for _ in range(40):
        grown = inner.space.mutate(grown, rng)
    world = World(WarmStart(inner, [grown]))
    world.run(1)
    genome, counters = inner.space.genome(grown), inner.state().data["innovations"]
    assert genome.hidden
    assert counters["next_node"] == max(genome.hidden) + 1
    assert counters["next_innovation"] == max(genome.innovations) + 1


def test_a_control_of_no_trial_is_refused() -> None:
    control = Control(search("evolution"), 0.1, 0)
    with pytest.raises(InvalidSpec, match=r"raise budget.trials to 10 or more") as refusal:
        control.check(9, FULL, Past(control.space))
    assert refusal.value.field == "control.share"
    control.check(10, FULL, Past(control.space))


@pytest.mark.parametrize("share", [0.1, 0.2, 0.29, 0.5, 0.9])
def test_the_search_has_to_get_the_trials_that_it_needs(share: float) -> None:
    inner = search("wann")  # nothing in full before trial 7
    control = Control(inner, share, 0)
    left = [n - math.floor(round(100 * share) * n / 100) for n in (control.fewest_trials - 1, control.fewest_trials)]
    assert left[0] < inner.fewest_trials <= left[1]


def test_a_budget_is_checked_by_what_the_control_leaves() -> None:
    control = Control(search("nsga2"), 0.5, 0)  # its population is 6
    control.check(12, FULL, Past(control.space))
    with pytest.raises(InvalidSpec, match="with 5 trials nothing would be bred"):
        control.check(10, FULL, Past(control.space))


@pytest.mark.parametrize(("name", "trials", "says"), [("evolution", 6, "budget.trials"), ("wann", 50, "population")])
def test_more_networks_than_can_be_tried_are_refused(name: str, trials: int, says: str) -> None:
    inner = search(name)
    with pytest.raises(InvalidSpec, match=says) as refusal:
        WarmStart(inner, sampled(inner.space, 7)).check(trials, FULL, Past(inner.space))
    assert refusal.value.field == "warm_start"
    WarmStart(inner, sampled(inner.space, 6)).check(trials, FULL, Past(inner.space))


def test_a_part_is_found_however_it_was_wrapped() -> None:
    token = {"rung": 1, "token": {"part": "search", "token": {"part": "control", "token": None}}}
    assert in_part(token, "control")
    assert in_part(token, "search")
    assert not in_part({"part": "search", "token": {"log_probs": [0.1], "policy": 3}}, "control")
    assert not in_part(None, "control")
    assert not in_part("control", "control")


def test_what_cuts_one_network_does_not_begin_with_others() -> None:
    seed = {"choices": [0] * len(search("random").space.choices)}
    wanted = spec(strategy={"name": "netadapt", "seed_network": seed}, warm_start={"genotypes": [seed]})
    with pytest.raises(InvalidSpec, match=r"give the network as strategy\.seed_network") as refusal:
        admit(wanted, TABLES)
    assert refusal.value.field == "warm_start"
