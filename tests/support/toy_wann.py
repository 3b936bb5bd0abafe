"""Small networks, and evaluators in plain numpy whose best weights are known, for all that follows a WANN search."""

from __future__ import annotations

import numpy as np

from search_spaces.ops import SharedWeightNetwork
from workers.tasks.weight_agnostic import WeightAgnosticTask
from workers.wann.reference import forward, on_all

STEPS = 4


def two_gains(activation: int = 1) -> SharedWeightNetwork:
    """Output k is the weight of connection k times input k: bias 0, inputs 1 and 2, outputs 3 and 4."""
    return SharedWeightNetwork((2,), 2, (activation, activation), (1, 2), (3, 4))


def with_hidden() -> SharedWeightNetwork:
    """Two inputs, a sine and a tanh, two linear outputs, seven connections."""
    return SharedWeightNetwork((2,), 2, (3, 5, 1, 1), (0, 1, 2, 3, 3, 4, 4), (3, 3, 4, 4, 5, 5, 6))


class Reaching:
    """Actions should be (1.2, -0.4) times the observation's mean; the reward falls with the distance from there.

    Episodes have four steps with observations near (1, 1). One weight does best at 0.4, two at 1.2 and -0.4.
    """

    worst = -100.0
    target = np.array([1.2, -0.4])

    def shared(self, network, weights, repetitions, seed):
        return self.individual(network, np.stack([on_all(network, weight) for weight in weights]), repetitions, seed)

    def individual(self, network, weights, repetitions, seed):
        seen = np.concatenate([observations(seed + i) for i in range(repetitions)])
        gained = np.stack([reward(forward(network, one, seen)) for one in weights])
        return gained.reshape(len(weights), repetitions, STEPS).sum(2)

    def environment(self):
        return ReachingEpisode()


class ReachingEpisode:
    def reset(self, seed):
        self._left = list(observations(seed))
        return self._left.pop(0)

    def step(self, action):
        gained, ended = float(reward(action[None])[0]), not self._left
        return (np.zeros(2) if ended else self._left.pop(0)), gained, ended


def observations(seed):
    return 1 + np.random.default_rng(seed).normal(0, 0.05, (STEPS, 2))


def reward(actions):
    return np.maximum(1 - ((actions - Reaching.target) ** 2).sum(1), -25.0)


class Sorting:
    """Two classes of points (x, y): class 1 where y is larger. A gain of equal positive weights sorts them all."""

    worst = -50.0

    def inputs(self, split):
        return np.random.default_rng(len(split)).normal(0, 1, (200, 2))

    def labels(self, split):
        points = self.inputs(split)
        return (points[:, 1] > points[:, 0]).astype(np.int64)

    def outputs(self, network, weights, split):
        return np.stack([forward(network, on_all(network, weight), self.inputs(split)) for weight in weights])

    def shared(self, network, weights, repetitions, seed):
        return self.individual(network, np.stack([on_all(network, weight) for weight in weights]), repetitions, seed)

    def individual(self, network, weights, repetitions, seed):
        return np.array([[self._batch(network, one, seed + i) for i in range(repetitions)] for one in weights])

    def _batch(self, network, weights, seed):
        """The negative cross-entropy on half of the training split."""
        chosen = np.random.default_rng(seed).permutation(200)[:100]
        scores = forward(network, weights, self.inputs("train")[chosen])
        likelihood = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        return likelihood[np.arange(100), self.labels("train")[chosen]].mean()


class ReachingTask(WeightAgnosticTask):
    name = "reaching"
    version = 1
    summary = "reach a point with two gains"
    inputs = 2
    outputs = 2

    def evaluator(self):
        return Reaching()


class SortingTask(ReachingTask):
    name = "sorting"
    summary = "sort points by their larger coordinate"

    def evaluator(self):
        return Sorting()
