"""An exported network on the test images of `digits`, in onnxruntime alone, as whoever took the file home runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from workers.tasks.digits import Digits


def accuracy(model: Path) -> float:
    """On the whole test part, with the preprocessing that the file itself tells."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    steps = json.loads(session.get_modelmeta().custom_metadata_map["preprocessing"])
    test = Digits().load().test
    images = torch.from_numpy(test.images.astype(np.float32)) / steps["pixel_max"]
    images = torch.nn.functional.interpolate(images, steps["size"], mode=steps["resize"]).numpy()
    mean, std = (np.array(steps[key], np.float32).reshape(1, -1, 1, 1) for key in ("mean", "std"))
    answers = [int(session.run(None, {"input": (image[None] - mean) / std})[0].argmax()) for image in images]
    return float((answers == test.labels).mean())
