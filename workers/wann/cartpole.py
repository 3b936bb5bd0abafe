"""Swinging up a pole on a cart, as in the published WANN code (arXiv 1906.04358): constants, starts, one episode.

The angle is 0 with the pole upright; observations are position, velocity, cos and sin of the angle, angular velocity.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin

import numpy as np

from .evaluator import Floats

INPUTS, OUTPUTS = 5, 1
MAX_STEPS = 1000
GRAVITY = 9.82
POLE_MASS = 0.5
TOTAL_MASS = 1.0
POLE_LENGTH = 0.6
POLE_MOMENT = POLE_MASS * POLE_LENGTH
FORCE = 10.0
STEP_SECONDS = 0.01
FRICTION = 0.1
POSITION_LIMIT = 2.4
START_DEVIATION = 0.2


@lru_cache(maxsize=4096)
def start(seed: int) -> tuple[float, float, float, float]:
    """Position, velocity, angle and angular velocity at the start of episode `seed`: the pole hangs, nearly at rest."""
    drawn = np.random.default_rng(seed).normal((0.0, 0.0, pi, 0.0), START_DEVIATION)
    return (float(drawn[0]), float(drawn[1]), float(drawn[2]), float(drawn[3]))


class CartPole:
    """One episode, step by step, in double precision."""

    def __init__(self, max_steps: int = MAX_STEPS) -> None:
        self._max_steps = max_steps
        self._steps = 0
        self._state = start(0)

    def reset(self, seed: int) -> Floats:
        self._steps = 0
        self._state = start(seed)
        return self._observation()

    def step(self, action: Floats) -> tuple[Floats, float, bool]:
        x, x_speed, angle, angular_speed = self._state
        x_acceleration, angular_acceleration = _accelerations(self._state, FORCE * float(np.clip(action[0], -1, 1)))
        self._state = (
            x + x_speed * STEP_SECONDS,
            x_speed + x_acceleration * STEP_SECONDS,
            angle + angular_speed * STEP_SECONDS,
            angular_speed + angular_acceleration * STEP_SECONDS,
        )
        self._steps += 1
        done = not abs(self._state[0]) <= POSITION_LIMIT or self._steps >= self._max_steps
        return self._observation(), self._reward(), done

    def _observation(self) -> Floats:
        x, x_speed, angle, angular_speed = self._state
        return np.array([x, x_speed, cos(angle), sin(angle), angular_speed])

    def _reward(self) -> float:
        """1 with the pole upright in the middle, falling to 0 as it hangs or at the limits of the position."""
        x, _, angle, _ = self._state
        return (cos(angle) + 1) / 2 * cos(pi / 2 * x / POSITION_LIMIT)


def _accelerations(state: tuple[float, float, float, float], force: float) -> tuple[float, float]:
    """Of cart and pole, under `force` and friction."""
    _, x_speed, angle, angular_speed = state
    s, c = sin(angle), cos(angle)
    push = force - FRICTION * x_speed
    swing = POLE_MOMENT * angular_speed**2 * s
    x_acceleration = (-2 * swing + 3 * POLE_MASS * GRAVITY * s * c + 4 * push) / (4 * TOTAL_MASS - 3 * POLE_MASS * c**2)
    angular_acceleration = (-3 * swing * c + 6 * TOTAL_MASS * GRAVITY * s + 6 * push * c) / (
        4 * POLE_LENGTH * TOTAL_MASS - 3 * POLE_MOMENT * c**2
    )
    return x_acceleration, angular_acceleration
