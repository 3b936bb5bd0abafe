"""How a network's weights are judged after a search: episodes of a control task, accuracy of a classification."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from search_spaces.ops import SharedWeightNetwork

from .evaluator import ClassificationEvaluator, DataSplit, Evaluator, Floats
from .reference import forward

Curves = dict[str, list[float]]


class Scoring(ABC):
    """One network under a task's evaluator. Scores are floats, more is better; starts are seeds of repetitions."""

    quantity: str  # what a score is, as a reader knows it

    def __init__(self, network: SharedWeightNetwork) -> None:
        self.network = network

    @abstractmethod
    def trials(self, weights: Floats, start: int) -> Floats:
        """The score of each of `weights` (trials, connections) in a trial of its own: scores (trials,)."""

    @abstractmethod
    def repeated(self, weights: Floats, trials: int, start: int) -> Floats:
        """The scores of the same `weights` (connections,) in up to `trials` trials; one where all would be equal."""

    @abstractmethod
    def selection(self, shared: Floats, repetitions: int, start: int) -> Floats:
        """What a shared weight is chosen by, for each of `shared` (W,): scores (W,) that know no test data."""

    @abstractmethod
    def objective(self, weights: Floats, repetitions: int, start: int) -> Floats:
        """What tuning maximises, for each of `weights` (N, connections): scores (N,) that know no test data."""

    @abstractmethod
    def curves(self, shared: Floats, repetitions: int, start: int) -> Curves:
        """Scores over the shared weights (W,), by the name of what is scored; the first one is the whole."""


class ControlScoring(Scoring):
    """Scores are rewards of episodes."""

    quantity = "reward"

    def __init__(self, network: SharedWeightNetwork, evaluator: Evaluator) -> None:
        super().__init__(network)
        self._evaluator = evaluator

    def trials(self, weights: Floats, start: int) -> Floats:
        evaluate = self._evaluator.individual
        scores = [evaluate(self.network, one[None], 1, start + i)[0, 0] for i, one in enumerate(weights)]
        return np.array(scores, dtype=np.float64)

    def repeated(self, weights: Floats, trials: int, start: int) -> Floats:
        return np.asarray(self._evaluator.individual(self.network, weights[None], trials, start)[0])

    def selection(self, shared: Floats, repetitions: int, start: int) -> Floats:
        return np.asarray(self._evaluator.shared(self.network, shared, repetitions, start).mean(1))

    def objective(self, weights: Floats, repetitions: int, start: int) -> Floats:
        return np.asarray(self._evaluator.individual(self.network, weights, repetitions, start).mean(1))

    def curves(self, shared: Floats, repetitions: int, start: int) -> Curves:
        return {"reward": self.selection(shared, repetitions, start).tolist()}


class ClassificationScoring(Scoring):
    """Scores are accuracies on the test split; shared weights are chosen on the training split, others tuned there."""

    quantity = "test accuracy"

    def __init__(self, network: SharedWeightNetwork, evaluator: ClassificationEvaluator) -> None:
        super().__init__(network)
        self._evaluator = evaluator

    def trials(self, weights: Floats, start: int) -> Floats:  # noqa: ARG002 - every trial sees the whole test split
        inputs, labels = self._evaluator.inputs("test"), self._evaluator.labels("test")
        return np.array([_accuracy(forward(self.network, one, inputs), labels) for one in weights])

    def repeated(self, weights: Floats, trials: int, start: int) -> Floats:  # noqa: ARG002 - all would be equal
        return self.trials(weights[None], start)

    def selection(self, shared: Floats, repetitions: int, start: int) -> Floats:  # noqa: ARG002 - the whole split
        right = self._right(shared, "train")
        return np.asarray(right.mean(1))

    def objective(self, weights: Floats, repetitions: int, start: int) -> Floats:
        return np.asarray(self._evaluator.individual(self.network, weights, repetitions, start).mean(1))

    def curves(self, shared: Floats, repetitions: int, start: int) -> Curves:  # noqa: ARG002 - the whole split
        right, labels = self._right(shared, "test"), self._evaluator.labels("test")
        classes = {str(label): right[:, labels == label].mean(1).tolist() for label in np.unique(labels)}
        return {"all classes": right.mean(1).tolist()} | classes

    def _right(self, shared: Floats, split: DataSplit) -> NDArray[np.bool_]:
        """(W, samples); one weight at a time, for the class scores of all would not fit into memory."""
        labels = self._evaluator.labels(split)
        answers = (self._evaluator.outputs(self.network, shared[i : i + 1], split)[0] for i in range(len(shared)))
        return np.stack([one.argmax(1) == labels for one in answers])


def scoring_of(network: SharedWeightNetwork, evaluator: Evaluator) -> Scoring:
    """How this evaluator's task judges weights."""
    if isinstance(evaluator, ClassificationEvaluator):
        return ClassificationScoring(network, evaluator)
    return ControlScoring(network, evaluator)


def _accuracy(outputs: Floats, labels: NDArray[np.integer]) -> float:
    return float((outputs.argmax(1) == labels).mean())
