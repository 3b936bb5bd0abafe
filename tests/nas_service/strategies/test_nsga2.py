"""NSGA-II: constrained domination, who lives, what a child takes from whom, and populations that fit the budget."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from searches import TABLES, spec

from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.strategies import Outcome, State, get_strategy
from nas_service.strategies import nsga2 as module
from nas_service.strategies.nsga2 import Nsga2
from nas_service.strategies.ranking import constrained_order
from search_spaces import Genotype, Signature, get_space
from search_spaces.choice_space import ChoiceSpace


def nsga2(space: ChoiceSpace, **options: object) -> Nsga2:
    strategy = get_strategy("nsga2", {"population": 4, **options}, space, seed=0)
    assert isinstance(strategy, Nsga2)
    return strategy


def within(number: int, value: float, cost: float, genotype: Genotype | None = None) -> Outcome:
    return Outcome(number, "completed", genotype or {}, reward=value, point=(value, cost))


def beyond(number: int, violation: float, genotype: Genotype | None = None) -> Outcome:
    return Outcome(number, "infeasible", genotype or {}, violation=violation)


def fill(strategy: Nsga2, points: Sequence[tuple[float, float]]) -> list[Genotype]:
    """Tell an outcome at each of these points; the genotypes, by number."""
    genotypes = [proposal.genotype for proposal in strategy.ask(len(points), None)]  # type: ignore[arg-type]
    strategy.tell(
        [within(i, *point, genotype) for i, (point, genotype) in enumerate(zip(points, genotypes, strict=True))]
    )
    return genotypes


def living(strategy: Nsga2) -> list[int]:
    numbers: list[int] = strategy.state().data["population"]
    return numbers


def dominates(a: Outcome, b: Outcome) -> bool:
    """Constrained domination as the paper defines it."""
    if a.point is None or b.point is None:
        return (a.point is not None and b.point is None) or (
            a.point is None and b.point is None and a.violation < b.violation
        )
    no_worse = a.point[0] >= b.point[0] and a.point[1] <= b.point[1]
    return no_worse and a.point != b.point


@pytest.mark.parametrize("seed", range(20))
def test_nobody_ranks_before_one_that_dominates_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    members = [
        within(i, *rng.integers(4, size=2).tolist()) if rng.random() < 0.6 else beyond(i, float(rng.integers(1, 4)))
        for i in range(15)
    ]
    order = constrained_order(members)
    assert sorted(order) == list(range(15))
    for place, i in enumerate(order):
        assert not any(dominates(members[later], members[i]) for later in order[place + 1 :])


def test_a_small_violation_ranks_before_a_large_and_an_unknown_one() -> None:
    assert constrained_order([beyond(0, math.inf), beyond(1, 0.5), within(2, 0, 9), beyond(3, 0.1)]) == [2, 3, 1, 0]


def test_proposals_are_random_until_the_population_is_full(space: ChoiceSpace) -> None:
    strategy = nsga2(space)
    fill(strategy, [(0.5, 3), (0.6, 4), (0.7, 5)])
    assert strategy.ask(1, None)[0].parents == ()  # type: ignore[arg-type]
    (last,) = strategy.ask(1, None)  # type: ignore[arg-type]
    strategy.tell([within(3, 0.8, 6, last.genotype)])
    assert all(child.parents for child in strategy.ask(20, None))  # type: ignore[arg-type]


def test_the_last_in_rank_leaves(space: ChoiceSpace) -> None:
    strategy = nsga2(space)
    fill(strategy, [(0.5, 3), (0.6, 4), (0.7, 5), (0.4, 9), (0.8, 6), (0.3, 9)])
    assert sorted(living(strategy)) == [0, 1, 2, 4]


def test_members_within_the_limits_push_out_those_beyond(space: ChoiceSpace) -> None:
    strategy = nsga2(space, population=2)
    drawn = [proposal.genotype for proposal in strategy.ask(4, None)]  # type: ignore[arg-type]
    strategy.tell([beyond(0, 0.5, drawn[0]), beyond(1, 0.1, drawn[1]), beyond(2, 0.9, drawn[2])])
    assert living(strategy) == [1, 0]
    strategy.tell([within(3, 0.1, 9, drawn[3])])
    assert living(strategy) == [3, 1]


@pytest.mark.parametrize("status", ["failed", "stopped", "cancelled"])
def test_what_brought_no_result_does_not_join(space: ChoiceSpace, status: str) -> None:
    strategy = nsga2(space)
    (proposal,) = strategy.ask(1, None)  # type: ignore[arg-type]
    strategy.tell([Outcome(0, status, proposal.genotype)])  # type: ignore[arg-type]
    assert living(strategy) == []


def test_an_architecture_lives_once(space: ChoiceSpace) -> None:
    strategy = nsga2(space)
    (genotype, *_) = fill(strategy, [(0.5, 3), (0.6, 4)])
    strategy.tell([Outcome(2, "reused", genotype, reward=0.5, point=(0.5, 3))])
    assert sorted(living(strategy)) == [0, 1]


def test_children_are_no_copies_of_the_living(space: ChoiceSpace) -> None:
    strategy = nsga2(space, crossover=0, mutation=0)
    alive = {space.architecture(g).hash for g in fill(strategy, [(0.5, 3), (0.6, 4), (0.7, 5), (0.8, 6)])}
    assert alive.isdisjoint(space.architecture(p.genotype).hash for p in strategy.ask(40, None))  # type: ignore[arg-type]


def test_a_child_takes_its_choices_from_its_parents(space: ChoiceSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOVELTY_ATTEMPTS", 0)
    strategy = nsga2(space, crossover=1, mutation=0)
    genotypes = fill(strategy, [(0.5, 3), (0.6, 4), (0.7, 5), (0.8, 6)])
    crossed = [child for child in strategy.ask(40, None) if len(child.parents) == 2]  # type: ignore[arg-type]
    assert len(crossed) > 10
    for child in crossed:
        first, second = (genotypes[number]["choices"] for number in child.parents)
        assert all(own in pair for own, *pair in zip(child.genotype["choices"], first, second, strict=True))


def test_without_crossover_a_child_is_a_mutated_parent(space: ChoiceSpace) -> None:
    strategy = nsga2(space, crossover=0, mutation=1)
    genotypes = fill(strategy, [(0.5, 3), (0.6, 4), (0.7, 5), (0.8, 6)])
    changes = set()
    for child in strategy.ask(40, None):  # type: ignore[arg-type]
        (parent,) = child.parents
        pairs = zip(child.genotype["choices"], genotypes[parent]["choices"], strict=True)
        changes.add(sum(own != inherited for own, inherited in pairs))
    assert changes == {1}


def test_a_tournament_of_many_is_won_by_the_first_in_rank(space: ChoiceSpace) -> None:
    strategy = nsga2(space, crossover=0, tournament=200)
    fill(strategy, [(0.5, 3), (0.4, 9), (0.3, 9), (0.2, 9)])
    assert {child.parents for child in strategy.ask(20, None)} == {(0,)}  # type: ignore[arg-type]


def test_the_state_is_the_numbers_of_the_living_best_first(space: ChoiceSpace) -> None:
    strategy = nsga2(space)
    genotypes = fill(strategy, [(0.2, 9), (0.5, 3), (0.4, 8), (0.3, 7)])
    state = strategy.state()
    assert state.data["population"] == [1, 2, 3, 0]
    assert set(state.data) == {"rng", "population"}

    class Past:
        def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
            return [within(n, 0, 0, genotypes[n]) for n in numbers]

    again = nsga2(space)
    again.restore(State(state.data), Past())  # type: ignore[arg-type]
    assert again.ask(20, None) == strategy.ask(20, None)  # type: ignore[arg-type]


def test_a_population_that_the_budget_cannot_fill_is_refused() -> None:
    admit(spec(30, strategy={"name": "nsga2", "population": 30}), TABLES)
    with pytest.raises(InvalidSpec, match=r"first 31 proposals.*at most 5.*raise budget\.trials") as refused:
        admit(spec(30, strategy={"name": "nsga2", "population": 31}), TABLES)
    assert refused.value.field == "strategy.population"


def test_a_space_without_choices_is_refused_and_what_fits_is_named() -> None:
    growing = get_space("wann").bind(Signature("vector", 4, 2, (1, 1)))
    with pytest.raises(InvalidSpec, match=r"needs a ChoiceSpace.*those that fit: .*wann") as refused:
        get_strategy("nsga2", {}, growing, seed=0)
    assert refused.value.field == "strategy.name"
