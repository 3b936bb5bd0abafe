"""Who is better: the one order in which strategies rank what came back, for one reward as for a whole front."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nas_service.pareto import nsga2_order

from .base import Outcome


def best_first(outcomes: Sequence[Outcome], *, front: bool) -> list[int]:
    """Positions of the outcomes, best first; of equals the first one comes first.

    A job that is after its front ranks by `constrained_order`, another one by reward, what breaks a limit last.
    """
    if front:
        return constrained_order(outcomes)
    return sorted(range(len(outcomes)), key=lambda i: (outcomes[i].violation, -_reward(outcomes[i])))


def constrained_order(outcomes: Sequence[Outcome]) -> list[int]:
    """NSGA-II's: those within the limits by front, the roomiest of a front first; then by rising violation."""
    within = [i for i, outcome in enumerate(outcomes) if outcome.point is not None]
    points = np.array([outcomes[i].point for i in within], dtype=float).reshape(-1, 2)
    ranked = [within[i] for i in nsga2_order(points * (1, -1))]
    beyond = [i for i, outcome in enumerate(outcomes) if outcome.point is None]
    return ranked + sorted(beyond, key=lambda i: outcomes[i].violation)


def _reward(outcome: Outcome) -> float:
    return outcome.reward if outcome.reward is not None else float("-inf")


class Elite:
    """The best networks so far of a job that is after its front, against which new ones are measured.

    At most `size` of them, each once, best first. `network` gives what outcomes of one network have in common.
    """

    def __init__(self, size: int, network: Callable[[Outcome], str]) -> None:
        self.members: list[Outcome] = []
        self._size = size
        self._network = network

    def standings(self, told: Sequence[Outcome]) -> list[float | None]:
        """What each outcome is worth beside the others and the elite, in [0, 1], and the best of all become the elite.

        The best is worth 1, and each place after it an equal step less; what is known already adds nothing to a front
        and is worth 0. None for outcomes without a reward.
        """
        known = {self._network(member) for member in self.members}
        new: dict[str, Outcome] = {}
        for outcome in told:
            if outcome.reward is not None and (network := self._network(outcome)) not in known:
                new.setdefault(network, outcome)
        pool = [*self.members, *new.values()]
        order = constrained_order(pool)
        worth = {pool[position].number: 1 - place / len(pool) for place, position in enumerate(order)}
        self.members = [pool[position] for position in order[: self._size]]
        return [None if outcome.reward is None else worth.get(outcome.number, 0.0) for outcome in told]
