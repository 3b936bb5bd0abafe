"""How good answers are: the loss and the scores of a classifier, from its logits. Needs no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOP = 5  # right if the label is among so many best answers; says nothing where there are no more classes than that


def scores_of(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> dict[str, float]:
    """`loss` (mean cross-entropy), `accuracy`, `balanced_accuracy`, `macro_f1` and, for more than 5 classes, top-5.

    `logits` (n, classes), `labels` (n,). Balanced accuracy is the mean recall of the classes that occur; macro F1 the
    mean F1 of those that occur or were answered.
    """
    exact = logits.astype(np.float64)
    own = np.take_along_axis(exact, labels[:, None], axis=1)
    answers = exact.argmax(1)
    found = {
        "loss": float((_log_sum_exp(exact) - own[:, 0]).mean()),
        "accuracy": float((answers == labels).mean()),
        **_by_class(answers, labels, exact.shape[1]),
    }
    if exact.shape[1] > TOP:
        found["top5_accuracy"] = float(((~(exact < own)).sum(1) <= TOP).mean())  # a tie counts against the answer
    return found


def _by_class(answers: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> dict[str, float]:
    right = np.bincount(labels[answers == labels], minlength=classes)
    occurs, answered = np.bincount(labels, minlength=classes), np.bincount(answers, minlength=classes)
    f1 = 2 * right / np.maximum(1, occurs + answered)
    return {
        "balanced_accuracy": float((right[occurs > 0] / occurs[occurs > 0]).mean()),
        "macro_f1": float(f1[occurs + answered > 0].mean()),
    }


def _log_sum_exp(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    top = logits.max(1, keepdims=True)
    return np.asarray(np.log(np.exp(logits - top).sum(1)) + top[:, 0])
