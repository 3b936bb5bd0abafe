"""Successive halving: who is promoted, at which fidelity, and that a restart changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rungs import FULL, World, rung_of

from nas_service.early_stopping import ladder_of, stop_early
from nas_service.errors import InvalidSpec
from nas_service.spec import EarlyStoppingSpec
from nas_service.strategies import get_strategy
from search_spaces import get_space
from search_spaces.choice_space import ChoiceSpace
from workers.requests import Fidelity
from workers.tasks import get_task


def test_rungs_are_epochs_of_one_training(space: ChoiceSpace) -> None:
    world = World(space)
    world.search(60, flying=0)
    for proposal in world.asked:
        spent = proposal.fidelity
        assert spent == (None, Fidelity(3, schedule=9), Fidelity(1, schedule=9))[2 - rung_of(proposal)]
        assert (proposal.fidelity is None) == (rung_of(proposal) == 2)
        assert (proposal.resumes is None) == (rung_of(proposal) == 0)
    for proposal in world.asked:
        if proposal.resumes is not None:
            lower = world.asked[proposal.resumes]
            assert lower.genotype == proposal.genotype
            assert rung_of(lower) == rung_of(proposal) - 1


@pytest.mark.parametrize("flying", [0, 5])
def test_only_the_best_third_of_a_rung_goes_on_and_all_of_it_does(space: ChoiceSpace, flying: int) -> None:
    world = World(space)
    promoted: set[int] = set()
    rng = np.random.default_rng(1)
    for _ in range(120):
        (number,) = world.ask()
        ended = [o for o in world.told.values() if rung_of(world.asked[o.number]) == 0]
        ranked = sorted(ended, key=lambda outcome: (-(outcome.reward or 0), outcome.number))
        best = {outcome.number for outcome in ranked[: len(ranked) // 3]}
        if rung_of(world.asked[number]) == 1:
            assert world.asked[number].resumes in best - promoted
            promoted.add(world.asked[number].resumes or 0)
        elif rung_of(world.asked[number]) == 0:
            assert best <= promoted
        waiting = list(world.awaited())
        while len(waiting) > flying:
            world.tell(waiting.pop(int(rng.integers(len(waiting)))))
    assert len(promoted) >= 20


def test_with_several_objectives_the_front_goes_on(space: ChoiceSpace) -> None:
    """Nine networks with known places: three on the front, though not of the largest values."""
    world = World(space, wants_front=True)
    front = [(0.9, 9.0), (0.5, 2.0), (0.1, 0.5)]
    places = [*front, (0.89, 9.5), (0.88, 9.6), (0.49, 3.0), (0.87, 9.7), (0.05, 4.0), (0.0, 5.0)]
    world.ask(9)
    for number, place in enumerate(places):
        outcome = replace(world.evaluated(number), reward=place[0], point=place)
        world.told[number] = outcome
        world.strategy.tell([outcome])
    world.ask(4)
    assert {proposal.resumes for proposal in world.asked[9:]} == {0, 1, 2, None}


def test_what_breaks_a_limit_does_not_go_on_before_what_meets_it(space: ChoiceSpace) -> None:
    world = World(space)
    world.ask(3)
    for number in range(3):
        far = replace(world.evaluated(number), reward=0.9 - number / 10, point=None, violation=0.5 * (number == 0))
        world.told[number] = far
        world.strategy.tell([far])
    world.ask()
    assert world.asked[3].resumes == 1


@pytest.mark.parametrize("name", ["random", "evolution", "nsga2", "tpe", "ppo"])
@pytest.mark.parametrize("method", ["asha", "hyperband", "percentile", "predicted"])
def test_a_restored_search_makes_the_same_next_proposals(space: ChoiceSpace, name: str, method: str) -> None:
    world = World(space, name, method=method, wants_front=name == "nsga2" and method != "percentile")
    world.search(70)
    again = world.restored()
    assert again.search(50) == world.search(50)


def test_the_inner_strategy_learns_from_the_lowest_rung(space: ChoiceSpace) -> None:
    world = World(space, "evolution")
    world.search(150)
    saved = world.strategy.state().data
    assert {rung_of(world.asked[number]) for number in saved["inner"]["population"]} == {0}
    assert saved["population"] == saved["inner"]["population"]


def test_failures_are_never_promoted_and_the_search_goes_on(space: ChoiceSpace) -> None:
    world = World(space, "evolution")
    for number in world.ask(30):
        outcome = replace(world.evaluated(number), status="failed", reward=None, point=None)
        world.told[number] = outcome
        world.strategy.tell([outcome])
    assert {rung_of(each) for each in world.search(5)} == {0}


@pytest.mark.parametrize("flying", [0, 4])
def test_the_last_trials_bring_what_has_begun_to_the_top(space: ChoiceSpace, flying: int) -> None:
    world = World(space)
    while world.next_number < 13:
        world.trials_left = 13 - world.next_number
        if not world.ask():
            world.tell(next(iter(world.awaited())))
        while len(waiting := list(world.awaited())) > flying:
            world.tell(waiting[0])
    assert max(rung_of(proposal) for proposal in world.asked) == 2


def test_hyperband_shares_new_networks_out_over_its_brackets(space: ChoiceSpace) -> None:
    """Three rungs of factor 3: 9, 5 and 3 networks begin on them (arXiv 1603.06560, algorithm 1)."""
    world = World(space, method="hyperband")
    world.search(170)
    begun = [proposal.token["bracket"] for proposal in world.asked if not proposal.token["promoted"]]
    counts = [begun.count(bracket) for bracket in range(3)]
    assert [round(count / len(begun) * 17) for count in counts] == [9, 5, 3]
    assert all(each.fidelity is None for each in world.asked if each.token["bracket"] == 2)


@pytest.mark.parametrize("factor", [2, 4])
def test_what_is_not_as_good_as_the_best_that_ended_waits(space: ChoiceSpace, factor: int) -> None:
    world = World(space, method="percentile", factor=factor, rungs=2)
    for _ in range(80):
        (number,) = world.ask()
        top = [o for o in world.told.values() if rung_of(world.asked[o.number]) == 1]
        ended = [world.told[world.asked[o.number].resumes or 0].reward or 0.0 for o in top]
        going = {each.resumes for each in world.asked}
        waiting = [o.reward or 0.0 for o in world.told.values() if o.number not in going and o not in top]
        if len(ended) >= 5:
            bar = np.percentile(ended, 100 - 100 / factor)
            assert all(value < bar for value in waiting)
            if rung_of(world.asked[number]) == 1:
                assert (world.told[world.asked[number].resumes or 0].reward or 0.0) >= bar
        else:
            assert not waiting
        world.tell(number)
    assert 10 < len(top) < 40


def test_a_pruner_has_no_use_for_two_objectives(space: ChoiceSpace) -> None:
    with pytest.raises(InvalidSpec, match="compares one number") as refused:
        World(space, method="percentile", wants_front=True)
    assert refused.value.field == "early_stopping.method"


def test_a_network_that_is_proposed_again_takes_one_place_only(space: ChoiceSpace) -> None:
    world = World(space)
    world.ask(3)
    for number in range(3):
        same = replace(world.evaluated(number), genotype=world.asked[0].genotype)
        world.told[number] = same
        world.strategy.tell([same])
    world.ask()
    assert world.asked[3].resumes is None


@pytest.mark.parametrize(
    ("plan", "full", "expected"),
    [
        ({}, Fidelity(9), [1, 3, 9]),
        ({}, Fidelity(20), [2, 6, 20]),
        ({}, Fidelity(5), [1, 5]),
        ({"factor": 2, "rungs": 4}, Fidelity(8), [1, 2, 4, 8]),
    ],
)
def test_rungs_over_epochs(plan: dict[str, Any], full: Fidelity, expected: list[int]) -> None:
    ladder = ladder_of(EarlyStoppingSpec(**plan), full)
    assert [rung.epochs for rung in ladder.rungs] == expected
    assert [rung.schedule for rung in ladder.rungs] == [full.epochs] * ladder.top + [None]


def test_rungs_over_data_and_pixels_cost_a_factor_more_each() -> None:
    data = ladder_of(EarlyStoppingSpec(over="data_fraction"), FULL)
    assert [rung.data_fraction for rung in data.rungs] == pytest.approx([1 / 9, 1 / 3, 1])
    pixels = ladder_of(EarlyStoppingSpec(over="input_scale", factor=4, rungs=2), FULL)
    assert [rung.input_scale for rung in pixels.rungs] == [0.5, 1]
    assert not data.resumes
    assert not pixels.resumes


@pytest.mark.parametrize(
    ("plan", "epochs", "message"),
    [({}, 2, r"2 epochs.*1 rung.*task\.epochs to 3"), ({"rungs": 4}, 9, r"9 epochs.*3 rung.*task\.epochs to 27")],
)
def test_more_rungs_than_epochs_are_refused(plan: dict[str, Any], epochs: int, message: str) -> None:
    with pytest.raises(InvalidSpec, match=message) as refused:
        ladder_of(EarlyStoppingSpec(**plan), Fidelity(epochs))
    assert refused.value.field == "early_stopping.rungs"


def test_a_budget_that_never_reaches_the_top_is_refused(space: ChoiceSpace) -> None:
    world = World(space)
    strategy = world.strategy
    strategy.check(13, FULL, world)
    with pytest.raises(InvalidSpec, match=r"in trial 13, and a budget of 12 trials never gets there") as refused:
        strategy.check(12, FULL, world)
    assert refused.value.field == "early_stopping.rungs"


def test_the_inner_strategy_s_budget_is_what_begins(space: ChoiceSpace) -> None:
    world = World(space, "nsga2")
    strategy = world.strategy
    strategy.check(26, FULL, world)  # of 26 trials 18 begin, which a population of 16 fits into
    with pytest.raises(InvalidSpec, match=r"with 13 trials") as refused:
        strategy.check(19, FULL, world)
    assert refused.value.field == "strategy.population"


def test_what_decides_its_own_fidelity_is_refused() -> None:
    growing = get_space("wann").bind(get_task("digits-vector").signature)
    wann = get_strategy("wann", {}, growing, 0)
    with pytest.raises(InvalidSpec, match="decides itself how much") as refused:
        stop_early(EarlyStoppingSpec(), wann, growing, FULL, seed=0, front=False)
    assert refused.value.field == "early_stopping"
