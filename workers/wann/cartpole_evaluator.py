"""Scores of networks in cart-pole swing-up, each run in a lane of a compiled kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search_spaces.ops import SharedWeightNetwork

from . import cartpole
from .cartpole import CartPole
from .cartpole_kernel import ALIVE, STATES, TOTAL, run_episodes
from .evaluator import Environment, Floats, in_each
from .lanes import WIDTH, lane_rows
from .program import Program, per_connection, program_of

Lanes = NDArray[np.float32]  # (rows, WIDTH)


class CartPoleEvaluator:
    """Rewards are sums over an episode of up to `max_steps` steps, each at most 1. A run's lane does not change it."""

    worst = 0.0

    def __init__(self, max_steps: int = cartpole.MAX_STEPS) -> None:
        self._max_steps = max_steps

    def shared(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        runs = in_each(weights, repetitions).reshape(-1, 1)
        return self._rewards(network, runs, repetitions, seed, shared=True)

    def individual(self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int) -> Floats:
        runs = np.repeat(per_connection(network, weights), repetitions, axis=0)
        return self._rewards(network, runs, repetitions, seed, shared=False)

    def environment(self) -> Environment:
        return CartPole(self._max_steps)

    def _rewards(
        self, network: SharedWeightNetwork, weights: Floats, repetitions: int, seed: int, *, shared: bool
    ) -> Floats:
        """Of all runs, whose `weights` (runs, n) come repetition by repetition: (runs / repetitions, repetitions)."""
        program = _checked(network)
        starts = np.array([cartpole.start(seed + i) for i in range(repetitions)])
        rewards = np.empty(len(weights))
        for first in range(0, len(weights), WIDTH):
            part = weights[first : first + WIDTH]
            repetition = np.arange(first, first + len(part)) % repetitions
            rewards[first : first + WIDTH] = self._run(program, part, starts[repetition], shared=shared)
        return np.where(np.isnan(rewards), self.worst, rewards).reshape(-1, repetitions)

    def _run(self, program: Program, weights: Floats, starts: Floats, *, shared: bool) -> Lanes:
        """The rewards of up to WIDTH runs; NaN where one diverged."""
        runs = len(weights)
        lanes, state = lane_rows(weights.shape[1]), lane_rows(STATES)
        lanes[:, :runs] = weights.T
        state[: starts.shape[1], :runs] = starts.T
        state[ALIVE, :runs] = 1
        run_episodes(
            program.offsets,
            program.sources,
            program.activations,
            program.inputs,
            lanes,
            shared,
            lane_rows(program.nodes),
            state,
            self._max_steps,
        )
        return state[TOTAL, :runs]


def _checked(network: SharedWeightNetwork) -> Program:
    if network.in_shape != (cartpole.INPUTS,) or network.outputs != cartpole.OUTPUTS:
        raise ValueError(
            f"cart-pole swing-up needs {cartpole.INPUTS} inputs and {cartpole.OUTPUTS} output; this network has "
            f"{network.in_shape[0]} and {network.outputs}"
        )
    return program_of(network)
