"""One network under several shared weights at once: a vote a weight where it classifies, the mean where it acts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search_spaces.ops import SharedWeightNetwork

from .evaluator import ClassificationEvaluator, Floats
from .reference import forward


def vote(outputs: Floats) -> NDArray[np.intp]:
    """The class of each sample by class scores (W, samples, classes): most votes, then the highest mean probability."""
    votes = outputs.argmax(-1)[..., None] == np.arange(outputs.shape[-1])
    return np.asarray((votes.sum(0) + _probabilities(outputs).mean(0)).argmax(-1))


def voted_accuracy(network: SharedWeightNetwork, weights: Floats, evaluator: ClassificationEvaluator) -> float:
    """Test accuracy of the vote of the network under each of `weights` (W,)."""
    answers = vote(evaluator.outputs(network, weights, "test"))
    return float((answers == evaluator.labels("test")).mean())


def mean_action(network: SharedWeightNetwork, weights: Floats, observations: Floats) -> Floats:
    """The mean of the actions under each of `weights` (W, connections).

    (samples, outputs) for observations (samples, inputs).
    """
    return np.asarray(_under_each(network, weights, observations).mean(0))


def mean_probability(network: SharedWeightNetwork, weights: Floats, inputs: Floats) -> Floats:
    """The mean of the softmax under each of `weights` (W, connections).

    (samples, classes) for inputs (samples, inputs).
    """
    return np.asarray(_probabilities(_under_each(network, weights, inputs)).mean(0))


def _under_each(network: SharedWeightNetwork, weights: Floats, inputs: Floats) -> Floats:
    return np.stack([forward(network, one, inputs) for one in weights])


def _probabilities(outputs: Floats) -> Floats:
    likely = np.exp(outputs - outputs.max(-1, keepdims=True))
    return np.asarray(likely / likely.sum(-1, keepdims=True))
