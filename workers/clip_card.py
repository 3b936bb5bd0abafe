"""The model card of a network that takes clips. Markdown."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from .card_sections import Card, architecture, results, shape_text, shortened, training
from .clip_files import clip_preprocessing
from .markdown import joined
from .origin import origin, version_table
from .tasks.clip_classification import ClipClassification
from .tasks.image_data import Fit

ClipCard = Card[ClipClassification]


def render(card: ClipCard) -> str:
    """The card as Markdown."""
    sections = (_head, _results, _usage, architecture, partial(training, samples="videos"), _checks)
    own = [section(card) for section in sections]
    return joined([*own, origin(card.options), version_table(card.task)])


def _head(card: ClipCard) -> str:
    data, steps = card.task.load(), clip_preprocessing(card.task, card.architecture)
    return (
        f"# Video classifier for `{card.task.name}`: {card.results['test_accuracy']:.2%} in "
        f"{card.results['latency_ms']:.3g} ms\n\n"
        f"A convolutional network with {card.architecture.params:,} parameters that sorts clips of {_clip(steps)} into "
        f"{len(data.classes)} classes: {shortened(data.classes)}. A hardware-aware architecture search found it for "
        "the target device; accuracy and latency below were measured on the very file that this card belongs to.\n\n"
        f"Task: {card.task.summary}."
    )


def _clip(steps: dict[str, Any]) -> str:
    size = shape_text(steps["size"])
    if steps["frames"] == 1:
        return f"a single frame of {size}"
    return f"{steps['frames']} frames of {size}, {steps['frame_rate']:g} a second"


def _results(card: ClipCard) -> str:
    count, accuracy = card.results["test_clips"], card.results["multi_clip_test_accuracy"]
    if count == 1:
        return results(card)
    return results(card, (f"test accuracy, logits of {count:.0f} clips a video averaged", f"{accuracy:.4f}"))


_SQUARED: dict[Fit, str] = {
    "stretch": "resize each to {height}x{width}",
    "crop": "scale the shorter side of each to {height} and cut out its middle of {height}x{width}",
    "pad": "scale the longer side of each to {height} and fill up to {height}x{width} with black",
}


def _usage(card: ClipCard) -> str:
    steps = clip_preprocessing(card.task, card.architecture)
    channels, frames, height, width = card.architecture.input_shape
    squared = _SQUARED[steps["fit"]].format(height=height, width=width)
    return f"""## Use

`python run.py VIDEO` says what a video file, or the frames in a `.npy` file, show; it needs onnxruntime and numpy, and
PyAV (`pip install av`) for files.

The input `input` is float32 of shape (1, {channels}, {frames}, {height}, {width}); the output `output` holds one logit
a class.{_of_frames(card)} From the middle of a video take {_clip(steps)}, and repeat a video that is too short;
{squared} (bilinear), then `x = (pixel / 255 - mean) / std` by channel:

```python
import json
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
facts = session.get_modelmeta().custom_metadata_map
classes, steps = json.loads(facts["classes"]), json.loads(facts["preprocessing"])

def classify(frames):  # ({frames}, {height}, {width}, {channels}), 0 to 255
    x = (frames / steps["pixel_max"] - np.array(steps["mean"])) / np.array(steps["std"])
    x = x.transpose(3, 0, 1, 2)[None].astype(np.float32)
    return classes[int(session.run(None, {{"input": x}})[0].argmax())]
```

Preprocessing, as in the file's metadata: `{json.dumps(steps)}`"""


def _of_frames(card: ClipCard) -> str:
    channels, frames, height, width = card.architecture.input_shape
    if frames == 1:
        return ""
    return (
        f"\n`model_frames.onnx` is the same network with an input of shape ({frames}, {channels}, {height}, {width}), "
        "one frame after another."
    )


def _checks(card: ClipCard) -> str:
    both = (
        ""
        if "frames_parity_max_abs" not in card.results
        else (f" For the file that takes frames that is {card.results['frames_parity_max_abs']:.2g}.")
    )
    return (
        "## Checks\n\n"
        "The file was offered because all of these passed: onnx's checker with shape inference; the logits of torch "
        "and onnxruntime on the clip in the middle of every test video differ by at most "
        f"{card.results['parity_max_abs']:.2g}; both have exactly the same test accuracy.{both}"
    )
