"""Scores of a classifier, beside scikit-learn's on answers that leave classes out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, top_k_accuracy_score

from workers.scores import scores_of


@pytest.fixture(params=[2, 8])
def answered(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels of a skewed set; with 8 classes, one never occurs."""
    rng = np.random.default_rng(request.param)
    labels = np.minimum(rng.geometric(0.4, 300) - 1, request.param - (1 if request.param == 2 else 2))
    logits = rng.normal(size=(300, request.param)).astype(np.float32)
    logits[np.arange(300), labels] += 0.7
    return logits, labels.astype(np.int64)


def test_they_are_those_of_scikit_learn(answered: tuple[np.ndarray, np.ndarray]) -> None:
    logits, labels = answered
    found, answers = scores_of(logits, labels), logits.argmax(1)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    every = range(logits.shape[1])
    assert found["accuracy"] == pytest.approx((answers == labels).mean())
    assert found["macro_f1"] == pytest.approx(f1_score(labels, answers, average="macro"))
    assert found["loss"] == pytest.approx(log_loss(labels, chances, labels=every), rel=1e-4)
    recalls = [(answers[labels == c] == c).mean() for c in np.unique(labels)]
    assert found["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    if len(every) > 5:
        assert found["top5_accuracy"] == pytest.approx(top_k_accuracy_score(labels, logits, k=5, labels=every))


def test_top_5_is_left_out_where_it_is_always_right(answered: tuple[np.ndarray, np.ndarray]) -> None:
    logits, labels = answered
    assert ("top5_accuracy" in scores_of(logits, labels)) == (logits.shape[1] > 5)


def test_rare_classes_count_as_much_in_balanced_accuracy() -> None:
    labels = np.array([0] * 9 + [1])
    always_0 = np.tile([1.0, 0.0], (10, 1))
    found = scores_of(always_0, labels)
    assert (found["accuracy"], found["balanced_accuracy"]) == (0.9, 0.5)
    assert found["macro_f1"] == pytest.approx(2 * 9 / 19 / 2)


def test_logits_that_all_agree_are_not_in_the_top_5() -> None:
    assert scores_of(np.zeros((3, 8)), np.array([0, 1, 2]))["top5_accuracy"] == 0
