"""Compiled episodes against plain float64, step by step; runs that share nothing; refusals of malformed networks."""

from __future__ import annotations

import numpy as np
import pytest
from slow_cartpole import rewards
from wann_networks import biased, drawn, exploding, idle

from search_spaces.ops import SharedWeightNetwork
from workers.wann.cartpole_evaluator import CartPoleEvaluator
from workers.wann.program import program_of

WEIGHTS = np.array([-2, -1, -0.5, 0.5, 1, 2])


@pytest.mark.parametrize("seed", range(6))
def test_rewards_agree_with_plain_float64_step_by_step(seed: int) -> None:
    network = drawn(seed)
    expected = {w: np.cumsum(rewards(network, [w] * network.params, seed, 50)) for w in (-2, 0.5, 1)}
    for steps in (*range(1, 11), 20, 35, 50):
        scores = CartPoleEvaluator(steps).shared(network, np.array(list(expected)), 1, seed)[:, 0]
        slow = [sums[min(steps, len(sums)) - 1] for sums in expected.values()]
        np.testing.assert_allclose(scores, slow, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_weights_of_their_own_agree_with_plain_float64(seed: int) -> None:
    network = drawn(seed, hidden=8, connections=25)
    weights = np.random.default_rng(seed).uniform(-2, 2, (40, network.params))
    scores = CartPoleEvaluator(30).individual(network, weights, 2, seed=7)
    slow = [[sum(rewards(network, row.tolist(), 7 + i, 30)) for i in range(2)] for row in weights]
    np.testing.assert_allclose(scores, slow, rtol=1e-4, atol=1e-5)


def test_a_pole_left_alone_swings_as_in_float64_to_the_last_step() -> None:
    scores = CartPoleEvaluator().shared(idle(), np.ones(1), 4, seed=3)[0]
    slow = [sum(rewards(idle(), [], 3 + i, 1000)) for i in range(4)]
    np.testing.assert_allclose(scores, slow, rtol=2e-3)


def test_an_episode_ends_where_the_cart_leaves_its_track() -> None:
    slow = rewards(biased(), [0.5], 0, 1000)
    assert len(slow) < 200
    scores = CartPoleEvaluator().shared(biased(), np.array([0.5, 0.0]), 1, 0)[:, 0]
    assert scores[0] == pytest.approx(sum(slow), rel=1e-4)
    assert scores[1] > scores[0]


def test_long_episodes_of_a_working_network_score_alike_on_average() -> None:
    network = drawn(2, hidden=6, connections=14)
    seeds = range(16)
    scores = CartPoleEvaluator(400).shared(network, np.array([1.0]), len(seeds), 0)[0]
    slow = [sum(rewards(network, [1.0] * network.params, seed, 400)) for seed in seeds]
    assert scores.mean() == pytest.approx(np.mean(slow), abs=2 + 2 * np.std(slow) / 4)


def test_a_run_is_the_same_in_any_company() -> None:
    network = drawn(1)
    evaluator = CartPoleEvaluator(300)
    together = evaluator.shared(network, WEIGHTS, 9, seed=5)
    alone = [[evaluator.shared(network, np.array([w]), 1, 5 + i)[0, 0] for i in range(9)] for w in WEIGHTS]
    assert np.array_equal(together, alone)
    assert np.array_equal(together, evaluator.shared(network, WEIGHTS, 9, seed=5))
    assert len(np.unique(together)) > 40


def test_equal_weights_of_their_own_are_a_shared_weight() -> None:
    network = drawn(4)
    evaluator = CartPoleEvaluator(100)
    own = evaluator.individual(network, np.repeat(WEIGHTS[:, None], network.params, axis=1), 3, 0)
    np.testing.assert_allclose(own, evaluator.shared(network, WEIGHTS, 3, 0), rtol=1e-3)


def test_a_run_that_diverges_scores_worst_and_disturbs_no_other() -> None:
    evaluator = CartPoleEvaluator(100)
    scores = evaluator.shared(exploding(), np.array([0.5, 2.0, -0.5]), 2, 0)
    assert scores[1].tolist() == [evaluator.worst, evaluator.worst] == [0, 0]
    assert np.all(scores[[0, 2]] > 0)
    assert np.array_equal(scores[:1], evaluator.shared(exploding(), np.array([0.5]), 2, 0))


def test_networks_of_the_wrong_size_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 5 inputs and 1 output; this network has 4 and 1"):
        CartPoleEvaluator().shared(idle(4), WEIGHTS, 1, 0)
    with pytest.raises(ValueError, match="expected 1 weights for each candidate"):
        CartPoleEvaluator().individual(biased(), np.ones((3, 2)), 1, 0)


@pytest.mark.parametrize(
    ("outputs", "activations", "sources", "targets", "reason"),
    [
        (1, (1, 1), (7, 6), (6, 7), "cycle"),
        (1, (1, 1), (6,), (6,), "cycle"),
        (1, (1, 1), (-1,), (6,), "cycle"),
        (1, (1, 1), (0, 0), (7, 6), "sorted by target"),
        (1, (1, 1), (0, 0), (6,), "a source and a target each"),
        (1, (1, 1), (0,), (3,), "hidden node or an output"),
        (1, (1, 1), (0,), (8,), "hidden node or an output"),
        (1, (1, 12), (0,), (6,), "no activation 12"),
        (3, (1, 1), (0,), (6,), "cannot have 3 outputs"),
        (0, (1, 1), (0,), (6,), "cannot have 0 outputs"),
    ],
)
def test_malformed_networks_never_reach_the_kernel(
    outputs: int, activations: tuple[int, ...], sources: tuple[int, ...], targets: tuple[int, ...], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        program_of(SharedWeightNetwork((5,), outputs, activations, sources, targets))


def test_weights_of_each_repetition_are_those_of_its_column() -> None:
    evaluator, network = CartPoleEvaluator(200), drawn(1)
    weights = np.random.default_rng(0).uniform(-2, 2, (3, 20))  # more than one vector of lanes
    together = evaluator.shared(network, weights, 20, seed=5)
    apart = [evaluator.shared(network, weights[:, i], 1, 5 + i)[:, 0] for i in range(20)]
    assert np.array_equal(together, np.stack(apart, axis=1))
