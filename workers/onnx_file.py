"""ONNX files of trained networks: what they say of themselves, and whether they compute what torch computed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from search_spaces import Architecture

from .failures import TrialError
from .scores import scores_of
from .tasks.image_classification import ImageClassification
from .training import Labelled
from .versions import versions

LARGEST_DIFFERENCE = 1e-3  # of a logit, relative to the largest one; float32 rounding stays below 1e-5


@dataclass(frozen=True)
class Parity:
    """torch beside onnxruntime on real inputs: largest difference of a logit, equal answers, scores of the file."""

    max_abs: float
    agreement: float
    scores: dict[str, float]


def described(model: bytes, task: ImageClassification, architecture: Architecture) -> bytes:
    """The file with its metadata. Raises TrialError where onnx's checker refuses it."""
    proto = onnx.load_from_string(model)
    proto.producer_name = "nas-service"
    onnx.helper.set_model_props(proto, _properties(task, architecture))
    try:
        onnx.checker.check_model(proto, full_check=True)
    except onnx.checker.ValidationError as error:
        raise TrialError("error", f"onnx's checker refuses the exported file: {error}") from None
    return bytes(proto.SerializeToString())


def preprocessing(task: ImageClassification, architecture: Architecture) -> dict[str, Any]:
    """How an image becomes the file's input: resize, divide by `pixel_max`, subtract `mean`, divide by `std`."""
    data = task.load()
    channels, height, width = architecture.input_shape
    return {
        "layout": "NCHW",
        "channels": channels,
        "size": [height, width],
        "resize": "bilinear",
        "pixel_max": data.pixel_max,
        "mean": [round(value, 6) for value in data.mean],
        "std": [round(value, 6) for value in data.std],
    }


def compare(module: nn.Module, model: bytes, test: Labelled) -> Parity:
    """Run both on the test images. Raises TrialError where they do not agree."""
    ours, theirs = _torch_logits(module, test), _onnx_logits(model, test)
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


def _torch_logits(module: nn.Module, test: Labelled) -> NDArray[np.float32]:
    module.eval()
    with torch.inference_mode():
        return np.concatenate([module(batch).numpy() for batch in torch.split(test.images, 256)])


def _onnx_logits(model: bytes, test: Labelled) -> NDArray[np.float32]:
    """One image at a time, as the file is meant to be used."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    images = test.images.contiguous().numpy()
    return np.concatenate([session.run(None, {"input": image[None]})[0] for image in images])


def _properties(task: ImageClassification, architecture: Architecture) -> dict[str, str]:
    return {
        "task": f"{task.name} v{task.version}",
        "data_fingerprint": task.fingerprint,
        "classes": json.dumps(task.load().classes),
        "preprocessing": json.dumps(preprocessing(task, architecture)),
        "architecture_hash": architecture.hash,
        "architecture": json.dumps(architecture.to_json()),
        "versions": json.dumps(versions()),
    }
