"""Early stopping by prediction: how many go on, and that they are the ones that end well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rungs import World, rung_of

from nas_service.strategies import predicting
from search_spaces import Architecture
from search_spaces.choice_space import ChoiceSpace
from workers.tasks.landscape import score


class Misleading(World):
    """Early epochs say next to nothing."""

    def value(self, network: Architecture, epochs: int) -> float:
        told = {1: 0.05, 3: 0.3, 9: 1.0}[epochs]
        noise = np.random.default_rng(int(network.hash[:8], 16)).normal()
        return told * score(network) + (1 - told) * 0.3 * noise


@pytest.mark.parametrize("wants_front", [False, True])
@pytest.mark.parametrize("factor", [2, 3])
def test_of_every_rung_one_in_so_many_goes_on(space: ChoiceSpace, wants_front: bool, factor: int) -> None:
    world = World(space, method="predicted", factor=factor, rungs=3, wants_front=wants_front)
    for _ in range(130):
        (number,) = world.ask()
        world.tell(number)
        counts = [sum(rung_of(each) == rung for each in world.asked) for rung in range(3)]
        assert counts[1] <= counts[0] // factor
        assert counts[2] <= counts[1] // factor
    assert counts[2] >= 130 // factor**2 // 2


def test_choices_tell_what_early_epochs_do_not(space: ChoiceSpace) -> None:
    def ended(method: str) -> list[float]:
        """The true worth of the networks that reach the top once there is something to learn from."""
        world = Misleading(space, method=method)
        world.search(400, flying=0)
        top = [each for each in world.asked if rung_of(each) == 2]
        return [score(space.architecture(each.genotype)) for each in top[8:]]

    assert np.mean(ended("predicted")) > np.mean(ended("asha")) + 0.05


def test_what_breaks_a_limit_waits(space: ChoiceSpace) -> None:
    class Limited(World):
        def evaluated(self, number: int) -> Any:
            found = super().evaluated(number)
            return found if number % 3 else replace(found, point=None, violation=0.1)

    world = Limited(space, method="predicted", factor=2, rungs=2)
    world.search(120, flying=0)
    going = [each.resumes for each in world.asked if each.resumes is not None]
    assert len(going) > 30
    assert sum(number % 3 == 0 for number in going) <= 1


def test_where_nothing_is_expected_to_be_better_the_best_goes_on(
    space: ChoiceSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(space, method="predicted", factor=2, rungs=2)
    world.search(60, flying=0)
    monkeypatch.setattr(predicting, "expected_gain", lambda means, *_: np.zeros_like(means))
    monkeypatch.setattr(predicting, "predicted", lambda _steps, results, _features: (results, 1.0))
    world.search(20, flying=0)
    promoted = [each.resumes for each in world.asked[60:] if each.resumes is not None]
    assert promoted
    for number in promoted:
        later = next(place for place, each in enumerate(world.asked) if each.resumes == number)
        gone = {each.resumes for each in world.asked[:later]}
        rest = [n for n, o in world.told.items() if n < later and rung_of(world.asked[n]) == 0 and n not in gone]
        assert world.told[number].reward == max(world.told[n].reward or 0.0 for n in rest)
