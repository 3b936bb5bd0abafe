"""The two-legged walker of gymnasium (BipedalWalker-v3), the same to the bit in little more than half the time.

The published code (arXiv 1906.04358) used version 2, which differs in what the lidar returns, with a reward of its own.
"""

from __future__ import annotations

import math
from typing import Any

import Box2D
import numpy as np
from gymnasium.envs.box2d import bipedal_walker as published
from gymnasium.envs.box2d.bipedal_walker import BipedalWalker

from .evaluator import Floats
from .lidar import cast_rays

INPUTS, OUTPUTS = 24, 4
MAX_STEPS = 1600
FALL = -100.0
SPEEDS = (published.SPEED_HIP, published.SPEED_KNEE, published.SPEED_HIP, published.SPEED_KNEE)
TORQUE_COST = 0.00035 * published.MOTORS_TORQUE
PIXELS = (published.VIEWPORT_W / published.SCALE, published.VIEWPORT_H / published.SCALE)
GOAL = (published.TERRAIN_LENGTH - published.TERRAIN_GRASS) * published.TERRAIN_STEP
RIGHT = np.array([math.sin(1.5 * i / 10.0) * published.LIDAR_RANGE for i in range(10)])  # where each ray ends
DOWN = np.array([math.cos(1.5 * i / 10.0) * published.LIDAR_RANGE for i in range(10)])


class FastWalker(BipedalWalker):  # type: ignore[misc]
    """Plain Python numbers and compiled rays in the step, where gymnasium spends half its time on numpy and callbacks.

    Every episode gets a world of its own: Box2D keeps traces of former bodies, so that equal seeds would not give
    equal episodes.
    """

    world: Any
    terrain: Any
    prev_shaping: Any

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self.world.contactListener = None
        self.terrain = []
        self.world = Box2D.b2World()
        start: tuple[Any, dict[str, Any]] = super().reset(seed=seed, options=options)
        return start

    def _generate_terrain(self, hardcore: bool) -> None:
        super()._generate_terrain(hardcore)
        self._heights = np.array(self.terrain_y, np.float32)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        shares = [float(share) for share in action]
        torques = [min(abs(share), 1.0) for share in shares]
        for joint, speed, share, torque in zip(self.joints, SPEEDS, shares, torques, strict=True):
            joint.motorSpeed = float(speed * ((share > 0) - (share < 0)))
            joint.maxMotorTorque = published.MOTORS_TORQUE * torque
        self.world.Step(1.0 / published.FPS, 6 * 30, 2 * 30)
        x = self.hull.position[0]
        shaping = 130 * x / published.SCALE - 5.0 * abs(self.hull.angle)
        reward = 0.0 if self.prev_shaping is None else shaping - self.prev_shaping
        self.prev_shaping = shaping
        for torque in torques:
            reward -= TORQUE_COST * torque
        return self._observation(), reward, self.fallen or x > GOAL, False, {}

    @property
    def fallen(self) -> bool:
        """Whether the hull touches the ground, or the walker left the terrain backwards."""
        return bool(self.game_over or self.hull.position[0] < 0)

    def _observation(self) -> Any:
        hull, speed = self.hull, self.hull.linearVelocity
        state = [
            hull.angle,
            2.0 * hull.angularVelocity / published.FPS,
            0.3 * speed.x * PIXELS[0] / published.FPS,
            0.3 * speed.y * PIXELS[1] / published.FPS,
        ]
        for hip, knee, foot in ((0, 1, 1), (2, 3, 3)):
            upper, lower = self.joints[hip], self.joints[knee]
            state += [upper.angle, upper.speed / published.SPEED_HIP]
            state += [lower.angle + 1.0, lower.speed / published.SPEED_KNEE]
            state.append(1.0 if self.legs[foot].ground_contact else 0.0)
        observation = np.empty(INPUTS, np.float32)
        observation[: len(state)] = state
        x, y = hull.position
        cast_rays(self._heights, published.TERRAIN_STEP, x, y, RIGHT, DOWN, observation[len(state) :])
        return observation


class Walker:
    """One episode, step by step, of up to `max_steps` steps. A fall ends it and costs 100.

    With `published_reward` it costs nothing, as in the published code, and ends it all the same.
    """

    def __init__(self, max_steps: int = MAX_STEPS, *, published_reward: bool = False) -> None:
        self._max_steps = max_steps
        self._fall_is_free = published_reward
        self._body = FastWalker()
        self._steps = 0

    def reset(self, seed: int) -> Floats:
        self._steps = 0
        observation: Floats = self._body.reset(seed=seed)[0]
        return observation

    def step(self, action: Floats) -> tuple[Floats, float, bool]:
        observation, reward, ended, _, _ = self._body.step(action)
        self._steps += 1
        if self._body.fallen and not self._fall_is_free:
            reward = FALL
        return observation, reward, ended or self._steps >= self._max_steps
