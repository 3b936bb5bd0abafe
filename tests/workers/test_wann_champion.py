"""The champion of the published code for the swing-up (github.com/google/brain-tokyo-workshop): what it scores there.

Its file `champions/swing.out`, converted to a genotype; scores by the published environment, each the mean of 40
episodes.
"""

from __future__ import annotations

import numpy as np
import pytest

from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.expression import express
from search_spaces.wann.genome import Genome
from search_spaces.wann.genotype import from_json
from search_spaces.wann.out_file import read_out, write_out
from workers.tasks import get_task
from workers.wann.evaluator import Evaluator
from workers.wann.figures import random_shared, random_weights
from workers.wann.scoring import scoring_of

GENOTYPE = {
    "inputs": 5,
    "outputs": 1,
    "nodes": " ".join("1" * 22),
    "activations": "17751554173913795439717",
    "grid": "000000",
    "innovations": " ".join("1" * 56),
    "sources": "0 1 1 1 2 2 2 3 3 3 3 4 4 4 5 7 8 9 9 10 11 12 13 13 13 13 13 13 13 13 13 14 14 14 14 14 15 16 17 18 "
    "19 20 20 21 21 21 21 22 23 24 25 25 25 26 27 28",
    "targets": "11 7 8 13 7 12 13 9 11 13 22 10 13 27 13 6 6 26 6 6 13 13 14 15 16 17 20 21 26 27 6 18 19 22 25 27 20 "
    "27 21 25 22 24 26 23 24 25 27 25 25 26 27 28 6 6 6 6",
    "enabled": "11111101101111111101111111111111111111111111111111110111",
}
PUBLISHED = {1.0: (701.5, 7), -1.0: (681.5, 89), 0.5: (521.5, 4), -0.5: (521.5, 5)}  # mean and deviation
EPISODES = 40


@pytest.fixture(scope="module")
def champion() -> Genome:
    return from_json(GENOTYPE)


@pytest.fixture(scope="module")
def network(champion: Genome) -> SharedWeightNetwork:
    return express(champion, published_disabled=True).network


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return get_task("cartpole-swingup").evaluator()


def test_it_has_the_published_size(network: SharedWeightNetwork) -> None:
    assert (network.node_count, network.hidden_count, network.params) == (29, 22, 52)


def test_its_file_says_the_same(champion: Genome, network: SharedWeightNetwork) -> None:
    again = read_out(write_out(champion))
    assert express(again).network == network
    assert again.enabled.count(False) == 10


@pytest.mark.parametrize("weight", PUBLISHED)
def test_it_scores_what_was_published(network: SharedWeightNetwork, evaluator: Evaluator, weight: float) -> None:
    """Within three standard errors of the difference of two means of so many episodes."""
    mean, deviation = PUBLISHED[weight]
    scores = evaluator.shared(network, np.array([weight]), EPISODES, 0)[0]
    assert abs(scores.mean() - mean) < 3 * deviation * (2 / EPISODES) ** 0.5


def test_its_wiring_counts_and_not_its_weights(network: SharedWeightNetwork, evaluator: Evaluator) -> None:
    """Published over 100 trials: 515 +- 58 or 488 +- 241 under one random weight, about 60 under random ones."""
    scoring = scoring_of(network, evaluator)
    assert 420 < random_shared(scoring, seed=0, trials=100).mean < 620
    assert random_weights(scoring, seed=0, trials=100).mean < 120
