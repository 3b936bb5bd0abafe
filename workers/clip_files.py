"""ONNX files of networks that take clips: how a clip goes in, and what they say of that."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from search_spaces import Architecture
from search_spaces.modules import export_onnx

from .onnx_checker import checked
from .onnx_file import properties
from .tasks.clip_classification import ClipClassification
from .tasks.clip_data import PIXEL_MAX

CLIP_LAYOUT, FRAMES_LAYOUT = "NCTHW", "TCHW"


def clip_file(task: ClipClassification, architecture: Architecture, module: nn.Module) -> bytes:
    """The file that takes (1, channels, frames, height, width). Raises TrialError where onnx's checker refuses it."""
    return _described(export_onnx(module, architecture.input_shape), task, architecture, CLIP_LAYOUT)


def frames_file(task: ClipClassification, architecture: Architecture, module: nn.Module) -> bytes:
    """The file that takes (frames, channels, height, width), and so frames as decoders hand them out."""
    channels, frames, height, width = architecture.input_shape
    model = export_onnx(module, (channels, height, width), batch=frames)
    return _described(model, task, architecture, FRAMES_LAYOUT)


def as_frames(clip: NDArray[np.float32]) -> NDArray[np.float32]:
    """(channels, frames, height, width) as the second file takes it."""
    return np.ascontiguousarray(clip.transpose(1, 0, 2, 3))


def clip_preprocessing(
    task: ClipClassification, architecture: Architecture, layout: str = CLIP_LAYOUT
) -> dict[str, Any]:
    """How a video becomes the input.

    From its middle take `frames` frames, `frame_rate` a second, which is one of `frame_stride` at the rate of the
    training data; repeat a video that is too short; resize each; then `(x / pixel_max - mean) / std` by channel.
    """
    data = task.load()
    channels, frames, height, width = architecture.input_shape
    rate = architecture.frame_rate or data.frame_rate
    return {
        "layout": layout,
        "channels": channels,
        "frames": frames,
        "frame_rate": round(rate, 6),
        "frame_stride": round(data.frame_rate / rate, 6),
        "clip": "middle",
        "short_video": "repeat",
        "size": [height, width],
        "resize": "bilinear",
        "fit": data.fit,
        "normalised_inside": False,
        "pixel_max": PIXEL_MAX,
        "mean": [round(value, 6) for value in data.mean],
        "std": [round(value, 6) for value in data.std],
    }


def _described(model: bytes, task: ClipClassification, architecture: Architecture, layout: str) -> bytes:
    return checked(model, properties(task, architecture, clip_preprocessing(task, architecture, layout)))
