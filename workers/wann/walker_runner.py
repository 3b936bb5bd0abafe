"""The runner of the walker task: as that of other control tasks, but its trials last minutes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..requests import EvaluationRequest, Report, ShouldStop, TrialRequest
from ..trial_runner import TrialRunner, reports_of_epoch
from .control import network_of, summary
from .evaluator import Evaluator
from .shared_weights import SharedWeights


class WalkerRunner(TrialRunner):
    """Tells the metrics after every repetition, and stops between two episodes."""

    def __init__(self, evaluator: Evaluator, weights: SharedWeights) -> None:
        self._evaluator = evaluator
        self._weights = weights

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        network, repetitions = network_of(trial.architecture), trial.fidelity.epochs
        tried = self._weights.tried(repetitions, trial.seed, trial.fidelity.data_fraction)
        rewards = np.empty(tried.shape)
        for done in range(repetitions):
            for row, weight in enumerate(tried[:, done]):
                if should_stop():
                    return
                rewards[row, done] = self._evaluator.shared(network, weight[None], 1, trial.seed + done)[0, 0]
            metrics = summary(rewards[:, : done + 1], self._weights.centres, self._evaluator.worst)
            yield from reports_of_epoch(request, trial, done + 1, metrics)
