"""Episodes played step by step by any policy, such as an exported file, on the starts of an evaluator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .evaluator import Environment, Floats

Policy = Callable[[Floats], Floats]  # observations (samples, inputs) to actions (samples, outputs)


@dataclass(frozen=True)
class Episode:
    """Total reward, and the observations (steps, inputs) that led to an action each."""

    reward: float
    observations: Floats


def episode(environment: Environment, policy: Policy, start: int) -> Episode:
    """One episode from `start` to its end."""
    observation, reward, seen, ended = environment.reset(start), 0.0, [], False
    while not ended:
        seen.append(observation)
        observation, gained, ended = environment.step(policy(observation[None])[0])
        reward += gained
    return Episode(reward, np.stack(seen))


def rewards(environment: Environment, policy: Policy, episodes: int, start: int) -> Floats:
    """The rewards (episodes,) of episodes from `start`, `start + 1` and so on."""
    return np.array([episode(environment, policy, start + i).reward for i in range(episodes)])
