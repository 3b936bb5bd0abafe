"""The search of weight agnostic networks: what a generation is made of, and what is evaluated in full."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nas_service.errors import InvalidSpec
from nas_service.strategies import Outcome, Proposal, State, get_strategy
from nas_service.strategies.wann import WannEvolution, lowest, ranked
from search_spaces import Genotype, Signature, get_space
from workers.requests import Fidelity

SPACE = get_space("wann").bind(Signature("vector", 3, 2, (1, 1)))
CULLED, ELITES = 4, 3  # of twenty, a fifth; of the sixteen that are left, a fifth
SMALL = {"population": 20, "tournament": 3, "check_every": 3, "finalists": 4}


class World:
    """Numbers proposals, and tells how good they are: the more connections the better, with a taste of the seed."""

    def __init__(self, seed: int = 0, **options: Any) -> None:
        self.strategy = get_strategy("wann", SMALL | options, SPACE, seed)
        self.asked: list[Proposal] = []
        self.told: dict[int, Outcome] = {}

    def costs(self, genotype: Genotype) -> dict[str, float]:
        return {"params": SPACE.architecture(genotype).params}

    def feasible(self, genotype: Genotype) -> bool:
        return bool(genotype)

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        return [self.told[number] for number in numbers]

    def ask(self, n: int) -> list[Outcome]:
        first = len(self.asked)
        self.asked += self.strategy.ask(n, self)
        return [self.evaluated(number) for number in range(first, len(self.asked))]

    def evaluated(self, number: int) -> Outcome:
        asked = self.asked[number]
        params = self.costs(asked.genotype)["params"]
        noise = np.random.default_rng([asked.seed or 0, int(params)]).random()
        metrics = {"params": params, "best_reward": params * noise}
        return Outcome(number, "completed", asked.genotype, asked.parents, asked.token, metrics, params + noise)

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        self.told |= {outcome.number: outcome for outcome in outcomes}
        self.strategy.tell(outcomes)

    def generations(self, n: int) -> list[list[tuple[Proposal, Outcome]]]:
        """The members of so many generations, each with its outcome."""
        found = []
        for _ in range(n):
            first = len(self.asked)
            while outcomes := self.ask(1000):
                self.tell(outcomes)
                if sum("check" not in p.token for p in self.asked[first:]) == 20:
                    break
            pairs = [(self.asked[i], self.told[i]) for i in range(first, len(self.asked))]
            found.append([(p, o) for p, o in pairs if "check" not in p.token])
        return found

    def restored(self) -> World:
        """The same search after a restart: its state went through JSON, its past is looked up by number."""
        again = World(seed=99)
        again.strategy = WannEvolution(SPACE, self.strategy.options, 99)
        again.asked, again.told = list(self.asked), dict(self.told)
        saved = self.strategy.state()
        again.strategy.restore(State(json.loads(json.dumps(saved.data)), saved.blob), again)
        return again


def test_the_first_generation_is_sampled_and_a_generation_shares_its_seed() -> None:
    generations = World().generations(4)
    assert [len(members) for members in generations] == [20] * 4
    assert all(not p.parents and p.genotype["nodes"] == World().ask(1)[0].genotype["nodes"] for p, _ in generations[0])
    seeds = [{p.seed for p, _ in members} for members in generations]
    assert all(len(seed) == 1 for seed in seeds)
    assert len(set.union(*seeds)) == 4
    assert all(0 <= seed < 1000 for seed in set.union(*seeds))
    assert {p.fidelity for members in generations for p, _ in members} == {Fidelity(3)}
    assert [p.token for members in generations for p, _ in members[:1]] == [{"generation": g} for g in range(4)]


def test_elites_are_copied_and_the_worst_have_no_children() -> None:
    first, second = World(moo_probability=1.0, crowding="range").generations(2)
    order = ranked([outcome for _, outcome in first], by_connections=True)
    copied, bred = second[:ELITES], second[ELITES:]
    assert [p.parents for p, _ in copied] == [(member.number,) for member in order[:ELITES]]
    assert [p.genotype for p, _ in copied] == [member.genotype for member in order[:ELITES]]
    parents = Counter(p.parents[0] for p, _ in bred)
    assert parents.keys() <= {member.number for member in order[:-CULLED]}
    assert all(len(p.parents) == 1 for p, _ in bred)
    assert any(p.genotype != first[p.parents[0]][0].genotype for p, _ in bred)


def test_two_tournaments_of_many_leave_the_best_only() -> None:
    first, second = World(tournament=500, moo_probability=1.0).generations(2)
    best = ranked([outcome for _, outcome in first], by_connections=True)[0]
    assert {p.parents for p, _ in second[ELITES:]} == {(best.number,)}


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_one_draw_a_generation_decides_what_counts_beside_the_mean(probability: float) -> None:
    first, second = World(moo_probability=probability, crowding="range").generations(2)
    order = ranked([outcome for _, outcome in first], by_connections=probability == 1.0)
    other = ranked([outcome for _, outcome in first], by_connections=probability == 0.0)
    elites = [p.parents[0] for p, _ in second[:ELITES]]
    assert elites == [member.number for member in order[:ELITES]]
    assert elites != [member.number for member in other[:ELITES]]


def test_crossover_has_two_parents() -> None:
    _, second = World(crossover=1.0).generations(2)
    assert {len(p.parents) for p, _ in second[ELITES:]} == {2}


def test_new_nodes_have_numbers_of_their_own() -> None:
    """Two that split the same connection make two different nodes: one record numbers those of the whole search."""
    _, second = World().generations(2)
    new = [node for p, _ in second for node in SPACE.genome(p.genotype).hidden]
    assert len(new) == len(set(new)) > 1


def outcome(number: int, mean: float | None, params: float, best: float) -> Outcome:
    status = "failed" if mean is None else "completed"
    return Outcome(number, status, {}, metrics={"params": params, "best_reward": best}, reward=mean)


def test_ranking() -> None:
    """By connections: 0 and 1 dominate, 2 is dominated by both; without a reward, last, in their order."""
    members = [outcome(0, 9, 50, 10), outcome(5, None, 1, 0), outcome(1, 5, 3, 6), outcome(2, 4, 60, 99)]
    members += [outcome(6, None, 1, 0)]
    assert [m.number for m in ranked(members, by_connections=True)] == [0, 1, 2, 5, 6]
    assert [m.number for m in ranked(members, by_connections=False)][:2] == [0, 2]


def test_room_between_rewards_counts_for_more_by_the_lowest_value() -> None:
    """In shares of the ranges 1 has 0.65 + 0.82 of room, 2 has 0.92 + 0.49; of the lowest, 6.5 + 0.8 and 9.3 + 0.5."""
    members = [outcome(0, 10, 1, 0), outcome(1, 17.5, 2, 0), outcome(2, 75, 5, 0), outcome(3, 110, 50, 0)]
    by_range = [m.number for m in ranked(members, by_connections=True)]
    by_lowest = [m.number for m in ranked(members, by_connections=True, span=lowest)]
    assert by_range == [0, 3, 1, 2]
    assert by_lowest == [0, 3, 2, 1]
    assert lowest(np.array([10.0, 100.0])) == pytest.approx(9.99)


def test_no_connection_counts_as_one() -> None:
    members = [outcome(0, 1, 0, 0), outcome(1, 2, 1, 0)]
    assert [m.number for m in ranked(members, by_connections=True)] == [1, 0]


def test_only_failures_rank_by_number() -> None:
    members = [outcome(n, None, 1, 0) for n in (3, 4, 5)]
    assert ranked(members, by_connections=True) == members


def checks(world: World) -> list[Proposal]:
    return [p for p in world.asked if "check" in p.token]


def test_the_best_of_the_first_and_every_third_generation_is_evaluated_in_full() -> None:
    world = World()
    generations = world.generations(7)
    full = checks(world)
    assert [(p.fidelity, p.seed) for p in full] == [(None, None)] * 3
    for check, members in zip(full, (generations[0], generations[2], generations[5]), strict=True):
        best = max((o for _, o in members), key=lambda o: o.reward)
        assert check.parents == (best.number,)
        assert check.genotype == best.genotype


def test_finalists_are_distinct_and_end_the_search() -> None:
    world = World(generations=3)
    members = world.generations(3)[-1]
    assert world.strategy.done == ""
    world.tell(world.ask(3))
    world.tell(world.ask(3))
    finalists = checks(world)[1:]
    assert world.ask(5) == []
    assert world.strategy.done == "all 3 generations have ended"
    assert len({SPACE.architecture(p.genotype).hash for p in finalists}) == len(finalists) == 4
    rewards = [world.told[p.parents[0]].reward for p in finalists]
    assert rewards == sorted(rewards, reverse=True)
    assert rewards[0] == max(o.reward for _, o in members)


def test_without_generations_it_goes_on() -> None:
    world = World()
    world.generations(5)
    assert world.strategy.done == ""
    assert world.ask(1)


def test_a_generation_waits_for_its_last_member() -> None:
    world = World()
    waiting = world.ask(12) + world.ask(12)
    assert len(waiting) == world.strategy.parallel == 20
    world.tell(waiting[1:])
    assert world.ask(1) == []
    world.tell(waiting[:1])
    check, *members = world.ask(100)
    assert "check" in check.token
    assert len(members) == 20


def test_a_generation_of_failures_is_bred_from_all_the_same() -> None:
    world = World()
    world.tell([replace(one, status="failed", reward=None) for one in world.ask(20)])
    assert {p.parents for p in world.strategy.ask(ELITES, world)} == {(0,), (1,), (2,)}


@pytest.mark.parametrize("order_seed", range(5))
def test_the_order_of_outcomes_and_the_size_of_asks_change_nothing(order_seed: int) -> None:
    steady, hasty, rng = World(), World(), np.random.default_rng(order_seed)
    steady.generations(4)
    waiting: list[Outcome] = []
    while len(hasty.asked) < len(steady.asked):
        left = len(steady.asked) - len(hasty.asked)
        waiting += hasty.ask(min(left, int(rng.integers(1, 9))))
        rng.shuffle(waiting)
        hasty.tell(waiting[:6])
        waiting = waiting[6:]
    members = [[p for p in world.asked if "check" not in p.token] for world in (steady, hasty)]
    common = min(map(len, members))
    assert common > 60
    assert members[0][:common] == members[1][:common]


@pytest.mark.parametrize("members", [0, 1, 7, 19, 20, 21, 33, 60, 61])
def test_a_restart_at_any_point_of_a_generation_changes_nothing(members: int) -> None:
    """Some of what was asked is under way, and ends in another order after the restart."""
    world = World(generations=5)
    while len(world.asked) < members:
        outcomes = world.ask(min(7, members - len(world.asked)))
        world.tell(outcomes[:-1] if len(world.asked) == members else outcomes)
    again = world.restored()
    late = [world.evaluated(n) for n in range(len(world.asked)) if n not in world.told]
    world.tell(late)
    again.tell(late[::-1])
    for each in (world, again):
        while outcomes := each.ask(9):
            each.tell(outcomes)
    assert world.asked == again.asked
    assert world.strategy.state() == again.strategy.state()
    assert world.strategy.done


def test_a_space_of_choices_is_refused() -> None:
    choices = get_space("mobilenetv3").bind(Signature("image", 1, 10, (16, 512)))
    with pytest.raises(InvalidSpec, match=r"needs a BoundWann.*those that fit: evolution.*random"):
        get_strategy("wann", {}, choices, 0)


def test_the_first_generations_meet_the_middles_of_weight_ranges_alone() -> None:
    generations = World(narrow=2).generations(4)
    asked = [{proposal.fidelity for proposal, _ in members} for members in generations]
    assert asked == [{Fidelity(3, data_fraction=0)}] * 2 + [{Fidelity(3)}] * 2
