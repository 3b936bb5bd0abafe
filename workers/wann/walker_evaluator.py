"""Scores of networks on the two-legged walker: one episode after another, for Box2D's worlds have no lanes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

import numpy as np

from search_spaces.ops import SharedWeightNetwork

from .evaluator import Environment, Floats, in_each
from .lanes import lane_rows
from .program import per_connection, program_of
from .walker import INPUTS, MAX_STEPS, OUTPUTS, Walker
from .walker_policy import act

WORST = -400.0  # full torque all the time costs 179, a fall 100, and the way back to the edge of the terrain 20

Policy = Callable[[Floats, Floats], bool]  # observation, action to fill; whether it is finite


class WalkerEvaluator:
    """Rewards are sums over an episode; a run whose network gives a number that is not finite scores `worst`."""

    worst = WORST

    def __init__(self, max_steps: int = MAX_STEPS, *, published_reward: bool = False) -> None:
        self._max_steps = max_steps
        self._published_reward = published_reward

    def shared(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        runs = in_each(weights, repetitions).reshape(-1, 1)
        return self._rewards(network, runs, repetitions, seed, shared=True)

    def individual(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        runs = np.repeat(per_connection(network, weights), repetitions, axis=0)
        return self._rewards(network, runs, repetitions, seed, shared=False)

    def environment(self) -> Environment:
        return Walker(self._max_steps, published_reward=self._published_reward)

    @cached_property
    def _walker(self) -> Environment:
        return self.environment()

    def _rewards(
        self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int, *, shared: bool
    ) -> Floats:
        """Of all runs, whose `weights` (runs, n) come repetition by repetition: (runs / repetitions, repetitions)."""
        runs = [
            self._reward(_policy(network, row, shared=shared), seed + i % repetitions) for i, row in enumerate(weights)
        ]
        return np.array(runs, dtype=np.float64).reshape(-1, repetitions)

    def _reward(self, policy: Policy, seed: int) -> float:
        observation, ended, total = self._walker.reset(seed), False, 0.0
        action = np.empty(OUTPUTS)
        while not ended:
            if not policy(observation, action):
                return WORST
            observation, reward, ended = self._walker.step(action)
            total += reward
        return total


def _policy(network: SharedWeightNetwork, weights: Floats, *, shared: bool) -> Policy:
    if network.in_shape != (INPUTS,) or network.outputs != OUTPUTS:
        raise ValueError(
            f"the walker needs {INPUTS} inputs and {OUTPUTS} outputs; this network has {network.in_shape[0]} and "
            f"{network.outputs}"
        )
    program = program_of(network)
    lanes, values = lane_rows(len(weights)), lane_rows(program.nodes)
    lanes[:, 0], values[0] = weights, 1
    return partial(act, program.offsets, program.sources, program.activations, program.inputs, shared, lanes, values)
