"""ONNX files of trained networks: what they say of themselves, and whether they compute what torch computed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from torch import nn

from search_spaces import Architecture

from .failures import TrialError
from .onnx_checker import checked
from .scores import scores_of
from .tasks.classification import Classification
from .tasks.image_classification import ImageClassification
from .tasks.image_data import ImageData, Split
from .training import Labelled, Samples, logits_of, prepare
from .versions import versions

Precision = Literal["float32", "int8"]
Feed = Callable[[NDArray[np.float32]], NDArray[np.float32]]

LARGEST_DIFFERENCE = 1e-3  # of a logit, relative to the largest one; float32 rounding stays below 1e-5


@dataclass(frozen=True)
class Parity:
    """torch beside onnxruntime on real inputs: largest difference of a logit, equal answers, scores of the file."""

    max_abs: float
    agreement: float
    scores: dict[str, float]


@dataclass(frozen=True)
class Labels:
    """What a file says of itself: who made it for what, what it takes, and how exact it computes.

    A file that is `normalised_inside` takes pixels from 0 to the task's `pixel_max`; another one normalised values.
    """

    task: ImageClassification
    architecture: Architecture
    normalised_inside: bool = False
    precision: Precision = "float32"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the input."""
        _, height, width = self.architecture.input_shape
        return height, width


def described(model: bytes, labels: Labels) -> bytes:
    """The file with its metadata. Raises TrialError where onnx's checker refuses it."""
    return checked(model, _properties(labels))


def preprocessing(labels: Labels) -> dict[str, Any]:
    """How an image becomes the file's input: resize; then, unless the file does it, `(x / pixel_max - mean) / std`."""
    data = labels.task.load()
    return {
        "layout": "NCHW",
        "channels": len(data.mean),
        "size": list(labels.size),
        "resize": "bilinear",
        "fit": data.fit,
        "normalised_inside": labels.normalised_inside,
        "pixel_max": data.pixel_max,
        "mean": [round(value, 6) for value in data.mean],
        "std": [round(value, 6) for value in data.std],
    }


def taken(data: ImageData, split: Split, size: tuple[int, int], *, normalised_inside: bool) -> Labelled:
    """A split as a file takes it, at (height, width) = `size`: normalised, or plain pixels."""
    if normalised_inside:
        channels = len(data.mean)
        data = replace(data, pixel_max=1.0, mean=(0.0,) * channels, std=(1.0,) * channels)
    return prepare(data, split, size)


def alone(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """One sample as a batch of its own: how files take it, unless they take something else."""
    return sample[None]


def compare(module: nn.Module, model: bytes, test: Samples, fed: Samples | None = None, feed: Feed = alone) -> Parity:
    """Run both on the test samples, the file on `fed` where it takes other values. Raises TrialError if they differ.

    So a file that normalises inside is held to what the network, as it was trained, says of normalised images. `feed`
    makes the file's input of one sample.
    """
    ours, theirs = logits_of(module, test).numpy(), _onnx_logits(model, fed or test, feed)
    labels = test.labels.numpy()
    max_abs = float(np.abs(ours - theirs).max())
    right, right_onnx = ((logits.argmax(1) == labels).mean() for logits in (ours, theirs))
    agreement = float((ours.argmax(1) == theirs.argmax(1)).mean())
    if not max_abs <= LARGEST_DIFFERENCE * float(np.abs(ours).max()) or right != right_onnx:
        raise TrialError(
            "error",
            f"torch and onnxruntime disagree: logits differ by up to {max_abs:.2g}, {agreement:.2%} of the answers are "
            f"equal, test accuracy {right:.4f} and {right_onnx:.4f}; the file is not offered. Another version of "
            "onnxruntime may help",
        )
    return Parity(max_abs, agreement, scores_of(theirs, labels))


def scores(model: bytes, fed: Samples) -> dict[str, float]:
    """How good a file's answers are, by name of the score."""
    return scores_of(_onnx_logits(model, fed, alone), fed.labels.numpy())


def _onnx_logits(model: bytes, test: Samples, feed: Feed) -> NDArray[np.float32]:
    """One sample at a time, as the file is meant to be used."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    samples = (sample for batch in test.batches() for sample in batch.contiguous().numpy())
    return np.concatenate([session.run(None, {"input": feed(sample)})[0] for sample in samples])


def _properties(labels: Labels) -> dict[str, str]:
    return properties(labels.task, labels.architecture, preprocessing(labels), labels.precision)


def properties(
    task: Classification, architecture: Architecture, steps: dict[str, Any], precision: Precision = "float32"
) -> dict[str, str]:
    """What a file says of itself; `steps` is its preprocessing."""
    return {
        "task": f"{task.name} v{task.version}",
        "data_fingerprint": task.fingerprint,
        "classes": json.dumps(task.load().classes),
        "preprocessing": json.dumps(steps),
        "precision": precision,
        "architecture_hash": architecture.hash,
        "architecture": json.dumps(architecture.to_json()),
        "versions": json.dumps(versions()),
    }
