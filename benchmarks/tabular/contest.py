"""One seed's accuracies of a table as the world of many searches, and what these are judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nas_service.objective import Objective
from nas_service.pareto import hypervolume
from nas_service.spec import ObjectiveSpec
from search_spaces import Architecture, Genotype
from search_spaces.choice_space import ChoiceSpace
from search_spaces.mobilenetv3.space import BoundMobileNetV3

from .networks import Network, Row
from .rungs import RungWorld
from .world import ACCURACY, COSTS, World, objective

COST = "latency_ms"
Reward = Literal["mnasnet", "pareto"]
PATIENCE = 100  # proposals in a row without a new network, after which a search has converged
PROPOSALS = 1500  # of a search in all: what repeats itself grows slow, Optuna's samplers with the square of these


class Listed(BoundMobileNetV3):
    """A small space whose architectures are all at hand, so that a genotype's costs a look-up."""

    def __init__(self, space: BoundMobileNetV3, networks: Sequence[Network]) -> None:
        super().__init__(space.options, space.signature)
        self._known = {tuple(network.genotype["choices"]): network.architecture for network in networks}

    def architecture(self, genotype: Genotype) -> Architecture:
        return self._known[tuple(genotype["choices"])]


class Contest:
    """Searches on the accuracies that one seed's trainings ended with.

    The cost is latency; strategies of one objective maximise MnasNet's reward with the median latency as target. Both
    measures stand for every search: the hypervolume of all that it trained, as a share of that of the whole table, down
    to the table's worst accuracy and up to its largest latency; and simple regret, by how much the best reward of the
    table exceeds the best found.
    """

    def __init__(self, space: ChoiceSpace, rows: Sequence[Row], seed: int) -> None:
        self.space = space
        self.metrics: Mapping[str, dict[str, float]] = {
            row["hash"]: {ACCURACY: row["curves"][seed][-1]} | {name: row[name] for name in COSTS} for row in rows
        }
        self.curves = {row["hash"]: row["curves"][seed] for row in rows}
        latencies = [row[COST] for row in rows]
        self.target = float(np.median(latencies))
        self.reference = min(found[ACCURACY] for found in self.metrics.values()), max(latencies)
        self.whole = self.hypervolume(list(self.metrics))
        self.best = max(map(self.reward, self.metrics))

    def world(self, reward: Reward) -> World:
        """A job that has just begun."""
        return World(self.space, self.metrics, self._objective(reward), PATIENCE, PROPOSALS)

    def rungs(self, reward: Reward, epochs: int) -> RungWorld:
        """The same with trials of some epochs, until so many have been spent."""
        rule = self._objective(reward)
        return RungWorld(self.space, self.metrics, rule, PATIENCE, curves=self.curves, epochs=epochs)

    def judged(self, trained: Sequence[str], trials: int) -> NDArray[np.float64]:
        """Hypervolume and regret, (2, trials), after each trial of a search that trained these networks in this order.

        One that ended early keeps what it has.
        """
        volumes = [self.hypervolume(trained[:count]) / self.whole for count in range(1, len(trained) + 1)]
        regrets = [self.best - best for best in accumulate(map(self.reward, trained), max)]
        return np.array([np.pad(found, (0, trials - len(found)), mode="edge") for found in (volumes, regrets)])

    def hypervolume(self, hashes: Sequence[str]) -> float:
        return hypervolume([(self.metrics[key][ACCURACY], self.metrics[key][COST]) for key in hashes], *self.reference)

    def reward(self, key: str) -> float:
        return self._objective("mnasnet").reward(self.metrics[key])

    def _objective(self, reward: Reward) -> Objective:
        target: dict[str, Any] = {"target": self.target} if reward == "mnasnet" else {}
        return objective(ObjectiveSpec(reward=reward, cost=COST, **target))
