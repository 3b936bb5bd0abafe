"""The runner of control tasks: each trial's network under every weight of the task, in its repetitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from search_spaces import Architecture
from search_spaces.ops import SharedWeightNetwork

from ..failures import TrialError
from ..requests import EvaluationRequest, Report, ShouldStop, TrialRequest
from ..trial_runner import TrialRunner
from .evaluator import Evaluator, Floats
from .shared_weights import SharedWeights


class ControlRunner(TrialRunner):
    """A trial's `fidelity.epochs` is its number of repetitions, and `seed` that of the first one."""

    def __init__(self, evaluator: Evaluator, weights: SharedWeights) -> None:
        self._evaluator = evaluator
        self._weights = weights

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:  # noqa: ARG002
        """Stops between trials only: one takes milliseconds."""
        network = network_of(trial.architecture)
        repetitions = trial.fidelity.epochs
        tried = self._weights.tried(repetitions, trial.seed, trial.fidelity.data_fraction)
        rewards = self._evaluator.shared(network, tried, repetitions, trial.seed)
        metrics = summary(rewards, self._weights.centres, self._evaluator.worst)
        yield Report(request.request_id, request.attempt, trial.trial_id, "completed", repetitions, metrics)


def network_of(architecture: Mapping[str, Any]) -> SharedWeightNetwork:
    """The network of an architecture (JSON) of a weight agnostic space. Raises TrialError for any other."""
    ops = Architecture.from_json(dict(architecture)).ops
    if len(ops) == 1 and isinstance(ops[0], SharedWeightNetwork):
        return ops[0]
    raise TrialError(
        "error", f"this task runs weight agnostic networks, not {ops[-1].kind} layers; choose the space wann"
    )


def summary(rewards: Floats, weights: Sequence[float], worst: float) -> dict[str, float]:
    """The metrics of `rewards` (W, repetitions) under each of W `weights`, or of what was drawn around it.

    `diverged` is 1 where some run scored `worst`, and absent otherwise.
    """
    means = rewards.mean(axis=1)
    best = int(means.argmax())
    metrics = {
        "mean_reward": float(means.mean()),
        "best_reward": float(means[best]),
        "best_weight": float(weights[best]),
    }
    return metrics | ({"diverged": 1.0} if np.any(rewards == worst) else {})
