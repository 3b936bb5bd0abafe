"""Who is better, and what a network is worth beside the best so far."""

from __future__ import annotations

import pytest

from nas_service.strategies import Outcome
from nas_service.strategies.ranking import Elite, best_first


def outcome(number: int, value: float | None, cost: float = 1.0, violation: float = 0.0) -> Outcome:
    point = None if value is None or violation else (value, cost)
    status = "failed" if value is None else "completed"
    return Outcome(number, status, {"choices": [cost]}, reward=value, point=point, violation=violation)


def test_by_reward_what_breaks_a_limit_comes_last_and_of_equals_the_first_one_first() -> None:
    listed = [outcome(0, 0.5), outcome(1, 0.9, violation=0.2), outcome(2, 0.7), outcome(3, 0.5), outcome(4, None)]
    assert best_first(listed, front=False) == [2, 0, 3, 4, 1]


def test_for_a_front_the_ends_come_first_and_the_dominated_last() -> None:
    listed = [outcome(0, 0.4, 4.0), outcome(1, 0.9, 3.0), outcome(2, 0.8, 2.9), outcome(3, 0.2, 1.0)]
    assert best_first(listed, front=True) == [1, 3, 2, 0]


@pytest.fixture
def elite() -> Elite:
    """Of two members; networks are told apart by their cost."""
    return Elite(2, lambda each: str(each.genotype["choices"][0]))


def test_the_standing_falls_by_equal_steps_from_the_best(elite: Elite) -> None:
    told = [outcome(0, 0.4, 4.0), outcome(1, 0.9, 3.0), outcome(2, None), outcome(3, 0.2, 1.0), outcome(4, 0.8, 2.9)]
    assert elite.standings(told) == [0.25, 1.0, None, 0.75, 0.5]
    assert [member.number for member in elite.members] == [1, 3]


def test_new_networks_are_measured_against_the_elite(elite: Elite) -> None:
    elite.standings([outcome(0, 0.9, 3.0), outcome(1, 0.2, 1.0)])
    assert elite.standings([outcome(2, 0.1, 2.0), outcome(3, 0.95, 2.5)]) == [0.25, 0.75]
    assert [member.number for member in elite.members] == [1, 3]


def test_what_is_known_is_worth_nothing(elite: Elite) -> None:
    assert elite.standings([outcome(0, 0.9, 3.0), outcome(1, 0.9, 3.0)]) == [1.0, 0.0]
    assert elite.standings([outcome(2, 0.9, 3.0), outcome(3, 0.1, 2.0)]) == [0.0, 0.5]
