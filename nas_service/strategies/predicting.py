"""Early stopping by prediction: of a rung go on those whose final result promises most, not those that lead now."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from search_spaces.choice_space import ChoiceSpace

from .base import Outcome
from .halving import Rung, SuccessiveHalving
from .prediction import Regression, expected_area, expected_gain, predicted

Floats = NDArray[np.float64]


class PredictedStopping(SuccessiveHalving):
    """Of each rung 1 / `factor` go on, as in ASHA: the one next that is expected to better what has ended the most.

    That is its expected improvement of the best reward, or of the front's hypervolume. What a network will reach is
    predicted from its result so far and from its choices. The first `startup` networks to reach the top are chosen as
    ASHA orders them, and what breaks a limit waits until nothing else does.
    """

    startup = 5
    newest = 1000  # results that a regression rests on, and networks that are chosen from, so that neither grows

    def goes_on(self, rungs: Sequence[Rung], rung: int, *, front: bool) -> str | None:
        current = rungs[rung]
        if len(current.promoted) >= len(current.results) // self.ladder.factor:
            return None
        waiting = [network for network in _within(current) if network not in current.promoted][-self.newest :]
        if not waiting or any(len(_within(above)) < self.startup for above in rungs[rung + 1 :]):
            return current.best_waiting(front=front)
        return waiting[self._most_promising(rungs[rung:], waiting, front=front)]

    def _most_promising(self, rungs: Sequence[Rung], waiting: Sequence[str], *, front: bool) -> int:
        """Of these networks on the first of the rungs, the place of that which should better most what has ended.

        Where none should, it is the best of them.
        """
        results = [rungs[0].results[network] for network in waiting]
        steps = [self._step(below, above, front=front) for below, above in pairwise(rungs)]
        means, spread = predicted(steps, _values(results, front=front), self._features(results))
        ended = [rungs[-1].results[network] for network in _within(rungs[-1])]
        values = _values(ended, front=front)
        if front:
            gains = expected_area(means, spread, _costs(results), np.column_stack([values, _costs(ended)]))
        else:
            gains = expected_gain(means, spread, values.max())
        return int(np.lexsort((means, gains))[-1])

    def _step(self, below: Rung, above: Rung, *, front: bool) -> Regression:
        networks = _within(above)[-self.newest :]
        before, after = ([rung.results[network] for network in networks] for rung in (below, above))
        return Regression.fit(_values(before, front=front), _values(after, front=front), self._features(after))

    def _features(self, outcomes: Sequence[Outcome]) -> Floats:
        """(outcomes, features): which option was chosen at each position; nothing of a space without choices."""
        if not isinstance(self.space, ChoiceSpace):
            return np.zeros((len(outcomes), 0))
        chosen = np.array([outcome.genotype["choices"] for outcome in outcomes])
        options = enumerate(self.space.choices)
        return np.concatenate([np.eye(count)[chosen[:, place]] - 1 / count for place, count in options], axis=1)


def _within(rung: Rung) -> list[str]:
    """The networks of a rung that meet the limits, oldest first."""
    found = [network for network, outcome in rung.results.items() if outcome.point is not None]
    return sorted(found, key=lambda network: rung.results[network].number)


def _values(outcomes: Sequence[Outcome], *, front: bool) -> Floats:
    """(outcomes,): rewards, or the value to maximise where the job is after its front."""
    return np.array([outcome.point[0] if front and outcome.point else outcome.reward for outcome in outcomes], float)


def _costs(outcomes: Sequence[Outcome]) -> Floats:
    return np.array([outcome.point[1] for outcome in outcomes if outcome.point], float)
