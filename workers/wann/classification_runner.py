"""The runner of classification tasks for weight agnostic networks: each trial's network under every weight."""

from __future__ import annotations

from collections.abc import Iterator

from search_spaces.ops import SharedWeightNetwork

from ..requests import EvaluationRequest, Fidelity, Report, ShouldStop, TrialRequest
from ..trial_runner import TrialRunner
from .classification import Classification
from .control import network_of, summary
from .evaluator import Floats
from .shared_weights import SharedWeights


class ClassificationRunner(TrialRunner):
    """A trial's `fidelity.epochs` counts batches, the first drawn by the trial's seed.

    One of `full` or more is judged on the whole training split, where every network meets the same samples, and its
    accuracy is that on the validation split.
    """

    def __init__(self, evaluator: Classification, weights: SharedWeights, full: int) -> None:
        self._evaluator = evaluator
        self._weights = weights
        self._full = full

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:  # noqa: ARG002
        """Stops between trials only: one takes milliseconds."""
        rewards, accuracies = self._judged(network_of(trial.architecture), trial.fidelity, trial.seed)
        metrics = summary(rewards, self._weights.centres, self._evaluator.worst) | _accuracies(accuracies)
        yield Report(request.request_id, request.attempt, trial.trial_id, "completed", trial.fidelity.epochs, metrics)

    def _judged(self, network: SharedWeightNetwork, fidelity: Fidelity, seed: int) -> tuple[Floats, Floats]:
        """Rewards and accuracies, both (W, repetitions)."""
        repetitions = fidelity.epochs
        if repetitions < self._full:
            weights = self._weights.tried(repetitions, seed, fidelity.data_fraction)
            judged = self._evaluator.on_batches(network, weights, repetitions, seed)
            return judged.rewards, judged.accuracies
        weights = self._weights.tried(1, seed)[:, 0]
        train, validation = (self._evaluator.on_split(network, weights, split) for split in ("train", "validation"))
        return train.rewards, validation.accuracies


def _accuracies(accuracies: Floats) -> dict[str, float]:
    means = accuracies.mean(axis=1)
    return {"val_accuracy": float(means.mean()), "best_val_accuracy": float(means.max())}
