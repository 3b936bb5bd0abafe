"""Evolution: who joins, who makes room, who becomes a parent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from past import Past

from nas_service.errors import InvalidSpec
from nas_service.strategies import Outcome, Strategy, get_strategy
from search_spaces import BoundSpace, get_space
from workers.tasks import get_task


@pytest.fixture(scope="module")
def space() -> BoundSpace:
    return get_space("mobilenetv3", resolution=[16, 24]).bind(get_task("landscape").signature)


def evolution(space: BoundSpace, **options: object) -> Strategy:
    return get_strategy("evolution", {"population": 3, "sample": 3, **options}, space, seed=0)


class Front(Past):
    """A job that is after its front."""

    wants_front = True


def tell(strategy: Strategy, rewards: Sequence[float | None]) -> None:
    """Outcomes of the next proposals, one after another."""
    for number, reward in enumerate(rewards):
        genotype = strategy.ask(1, Past(strategy.space))[0].genotype
        status = "failed" if reward is None else "completed"
        strategy.tell([Outcome(number, status, genotype, reward=reward)])


@pytest.mark.parametrize(
    ("removes", "living"),
    [("oldest", [2, 3, 5]), ("worst", [0, 3, 5])],
)
def test_who_makes_room(space: BoundSpace, removes: str, living: list[int]) -> None:
    strategy = evolution(space, removes=removes)
    tell(strategy, [0.9, 0.1, 0.2, 0.5, None, 0.6])
    assert strategy.state().data["population"] == living


def test_of_equally_bad_members_the_oldest_leaves(space: BoundSpace) -> None:
    strategy = evolution(space, removes="worst")
    tell(strategy, [0.1, 0.1, 0.1, 0.1])
    assert strategy.state().data["population"] == [1, 2, 3]


def test_a_new_member_that_is_the_worst_leaves_at_once(space: BoundSpace) -> None:
    strategy = evolution(space, removes="worst")
    tell(strategy, [0.5, 0.6, 0.7, 0.1])
    assert strategy.state().data["population"] == [0, 1, 2]


def test_the_best_of_a_tournament_is_the_parent(space: BoundSpace) -> None:
    strategy = evolution(space, removes="worst")
    tell(strategy, [0.5, 0.9, 0.7])
    assert {p.parents for p in strategy.ask(20, Past(space))} == {(1,)}


def test_an_unknown_rule_is_refused(space: BoundSpace) -> None:
    with pytest.raises(InvalidSpec) as refused:
        evolution(space, removes="youngest")
    assert refused.value.field == "strategy.removes"


@pytest.mark.parametrize(("removes", "living"), [("oldest", [1, 2, 3]), ("worst", [0, 1, 2])])
def test_a_copy_joins_only_where_the_oldest_leaves(space: BoundSpace, removes: str, living: list[int]) -> None:
    strategy = evolution(space, removes=removes)
    tell(strategy, [0.9, 0.1, 0.2])
    best = strategy.ask(1, Past(space))[0].parents
    assert best == (0,)
    genotypes = [p.genotype for p in evolution(space).ask(3, Past(space))]
    strategy.tell([Outcome(3, "reused", genotypes[0], reward=0.9)])
    assert strategy.state().data["population"] == living


POINTS = [(0.9, 9.0), (0.5, 1.0), (0.8, 8.9), (0.7, 5.0)]  # the third is the crowded one of a front of four


def search_for_the_front(space: BoundSpace, **options: object) -> tuple[Strategy, Front]:
    """Population 3, told of four networks on one front."""
    strategy, past = evolution(space, **options), Front(space)
    for number, point in enumerate(POINTS):
        genotype = strategy.ask(1, past)[0].genotype
        past.told[number] = Outcome(number, "completed", genotype, reward=point[0], point=point)
        strategy.tell([past.told[number]])
    return strategy, past


def test_after_the_front_the_most_crowded_one_makes_room(space: BoundSpace) -> None:
    strategy, _ = search_for_the_front(space, removes="worst")
    assert strategy.state().data["population"] == [0, 1, 3]


def test_after_the_front_a_parent_wins_by_front_and_not_by_reward(space: BoundSpace) -> None:
    strategy, past = evolution(space, removes="oldest"), Front(space)
    for number, point in enumerate([(0.9, 5.0), (0.8, 6.0), (0.1, 1.0)]):
        genotype = strategy.ask(1, past)[0].genotype
        strategy.tell([Outcome(number, "completed", genotype, reward=point[0], point=point)])
    assert {p.parents for p in strategy.ask(20, past)} == {(0,)}


def test_the_aim_is_known_again_after_a_restart(space: BoundSpace) -> None:
    strategy, past = search_for_the_front(space, removes="worst")
    again = evolution(space, removes="worst")
    again.restore(strategy.state(), past)
    crowded = Outcome(4, "completed", {"choices": [0] * 9}, reward=0.95, point=(0.71, 5.1))
    for each in (strategy, again):
        each.tell([crowded])
    assert again.state() == strategy.state()
