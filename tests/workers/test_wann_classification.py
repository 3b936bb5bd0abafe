"""Scoring weight agnostic networks as classifiers: the compiled kernel against plain numpy, batches, divergence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from wann_networks import drawn

from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import NAMES
from workers.wann.classification import WORST, Classification
from workers.wann.evaluator import ClassificationEvaluator
from workers.wann.labelled_vectors import LabelledVectors
from workers.wann.reference import forward, on_all

WEIGHTS = np.array([-2, -1, -0.5, 0.5, 1, 2])
INPUTS, CLASSES, BATCH = 6, 4, 50


def samples(count: int, seed: int) -> LabelledVectors:
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(0, 1, (count, INPUTS)).astype(np.float32)
    return LabelledVectors(inputs, rng.integers(0, CLASSES, count))


TRAIN, VALIDATION, TEST = samples(170, 0), samples(40, 1), samples(71, 2)
EVALUATOR = Classification(TRAIN, VALIDATION, TEST, BATCH)


def network(seed: int, hidden: int = 15) -> SharedWeightNetwork:
    return drawn(seed, hidden, 50, INPUTS, CLASSES)


def each(activation: int) -> SharedWeightNetwork:
    """A hidden node with this activation for each class, fed by all inputs and the bias."""
    hidden = range(1 + INPUTS, 1 + INPUTS + CLASSES)
    pairs = [(node, source) for node in hidden for source in range(node - 3)]
    pairs += [(node + CLASSES, node) for node in hidden]
    activations = (*[activation] * CLASSES, *[1] * CLASSES)
    return SharedWeightNetwork((INPUTS,), CLASSES, activations, *(tuple(p[i] for p in pairs) for i in (1, 0)))


def overflowing() -> SharedWeightNetwork:
    """The first class scores the weight's 2^9th power: beyond float32 for 2, nearly 0 for 0.5."""
    first = 1 + INPUTS
    squares = range(first, first + 9)
    return SharedWeightNetwork((INPUTS,), CLASSES, (*[11] * 9, *[1] * CLASSES), (0, *squares), (*squares, first + 9))


def cross_entropy(scores: np.ndarray, labels: np.ndarray) -> float:
    likelihood = scores - np.log(np.exp(scores - scores.max(1, keepdims=True)).sum(1, keepdims=True))
    return float((scores.max(1) - likelihood[np.arange(len(labels)), labels]).mean())


def rows(batch: LabelledVectors) -> list[tuple[float, ...]]:
    return [tuple(row) for row in batch.inputs.tolist()]


@pytest.mark.parametrize("activation", sorted(set(NAMES) - {2}))
def test_class_scores_are_those_of_the_reference(activation: int) -> None:
    made = each(activation)
    expected = [forward(made, on_all(made, weight), TEST.inputs) for weight in WEIGHTS]
    found = EVALUATOR.outputs(made, WEIGHTS, "test")
    assert found.shape == (6, 71, CLASSES)
    assert found == pytest.approx(np.stack(expected), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_rewards_are_the_negative_cross_entropy_and_accuracies_the_share_of_right_answers(seed: int) -> None:
    made = network(seed, hidden=5)
    scores = EVALUATOR.outputs(made, WEIGHTS, "train")
    judged = EVALUATOR.on_split(made, WEIGHTS, "train")
    assert judged.rewards[:, 0] == pytest.approx([-cross_entropy(one, TRAIN.labels) for one in scores], rel=1e-4)
    assert judged.accuracies[:, 0].tolist() == [(one.argmax(1) == TRAIN.labels).mean() for one in scores]


def test_equal_scores_answer_with_the_first_class() -> None:
    silent = SharedWeightNetwork((INPUTS,), CLASSES, (1,) * CLASSES, (), ())
    judged = EVALUATOR.on_split(silent, WEIGHTS, "test")
    assert judged.rewards == pytest.approx(-np.log(CLASSES))
    assert judged.accuracies[:, 0].tolist() == [(TEST.labels == 0).mean()] * 6


def test_repetition_i_is_the_batch_of_seed_plus_i() -> None:
    together = EVALUATOR.shared(network(0), WEIGHTS, 3, 5)
    assert together.shape == (6, 3)
    for i in range(3):
        assert np.array_equal(together[:, i : i + 1], EVALUATOR.shared(network(0), WEIGHTS, 1, 5 + i))
    assert len(set(together[0])) == 3


def test_results_depend_neither_on_other_weights_nor_on_the_process() -> None:
    fresh = Classification(TRAIN, VALIDATION, TEST, BATCH)
    together = EVALUATOR.shared(network(1), WEIGHTS, 1, 9)
    apart = [fresh.shared(network(1), WEIGHTS[i : i + 1], 1, 9)[0] for i in reversed(range(6))]
    assert np.array_equal(together, np.stack(apart[::-1]))


def test_a_batch_is_drawn_without_replacement_and_is_all_where_there_are_no_more() -> None:
    batch = TRAIN.batch(BATCH, 3)
    assert len(set(rows(batch))) == BATCH
    assert set(rows(batch)) < set(rows(TRAIN))
    assert rows(batch) == rows(TRAIN.batch(BATCH, 3)) != rows(TRAIN.batch(BATCH, 4))
    assert TRAIN.batch(170, 3) is TRAIN


def test_individual_weights_are_those_of_the_connections() -> None:
    made = network(2, hidden=5)
    weights = np.random.default_rng(0).normal(0, 1, (3, made.params))
    everything = Classification(TRAIN, VALIDATION, TEST, len(TRAIN))
    expected = [-cross_entropy(forward(made, one, TRAIN.inputs), TRAIN.labels) for one in weights]
    assert everything.individual(made, weights, 1, 0)[:, 0] == pytest.approx(expected, rel=1e-4)


def test_equal_individual_weights_score_as_a_shared_one() -> None:
    made = network(3, hidden=5)
    own = np.stack([on_all(made, weight) for weight in WEIGHTS])
    assert EVALUATOR.individual(made, own, 2, 1) == pytest.approx(EVALUATOR.shared(made, WEIGHTS, 2, 1), rel=1e-4)


def test_outputs_that_are_not_finite_score_worst_and_are_marked() -> None:
    judged = EVALUATOR.on_batches(overflowing(), np.array([0.5, 2.0]), 2, 0)
    assert judged.diverged
    assert judged.rewards[1].tolist() == [WORST, WORST]
    assert judged.accuracies[1].tolist() == [0, 0]
    assert judged.rewards[0] == pytest.approx(-np.log(CLASSES), rel=1e-3)
    assert not EVALUATOR.on_batches(overflowing(), np.array([0.5]), 2, 0).diverged


def test_certain_and_wrong_is_bad_but_finite() -> None:
    judged = EVALUATOR.on_split(overflowing(), np.array([1.08]), "train")
    assert not judged.diverged
    assert WORST < judged.rewards[0, 0] < -100


def test_what_a_kernel_could_not_read_is_refused() -> None:
    swapped = replace(each(1), sources=(*reversed(each(1).sources[:4]), *each(1).sources[4:]))
    mixed = SharedWeightNetwork((INPUTS,), CLASSES, (1,) * 5, (0, 7, 1), (7, 8, 8))
    assert EVALUATOR.shared(swapped, WEIGHTS, 1, 0) == pytest.approx(EVALUATOR.shared(each(1), WEIGHTS, 1, 0))
    with pytest.raises(ValueError, match="sorted by their source"):
        EVALUATOR.shared(mixed, WEIGHTS, 1, 0)
    with pytest.raises(ValueError, match="6 inputs and 4 outputs; this one has 5 and 1"):
        EVALUATOR.shared(drawn(0), WEIGHTS, 1, 0)
    with pytest.raises(ValueError, match=r"expected 50 weights for each candidate, not an array \(1, 49\)"):
        EVALUATOR.individual(network(0), np.ones((1, 49)), 1, 0)


def test_it_offers_what_figures_read() -> None:
    assert isinstance(EVALUATOR, ClassificationEvaluator)
    assert np.array_equal(EVALUATOR.labels("test"), TEST.labels)
    assert np.array_equal(EVALUATOR.inputs("train"), TRAIN.inputs)


def test_weights_of_each_repetition_are_those_of_its_column() -> None:
    weights = np.random.default_rng(0).uniform(-2, 2, (2, 3))
    together = EVALUATOR.shared(network(0), weights, 3, 5)
    apart = [EVALUATOR.shared(network(0), weights[:, i], 1, 5 + i)[:, 0] for i in range(3)]
    assert np.array_equal(together, np.stack(apart, axis=1))
