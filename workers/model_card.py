"""The model card of images: what a stranger needs to use an exported file, and to know where it came from. Markdown."""

from __future__ import annotations

import json
from typing import Any

from .card_sections import Card, architecture, results, shape_text, shortened, training
from .int8_comparison import comparison
from .markdown import joined
from .onnx_file import Labels, preprocessing
from .origin import origin, version_table
from .quantisation import CALIBRATION_IMAGES
from .tasks.image_classification import ImageClassification
from .tasks.image_data import Fit

ImageCard = Card[ImageClassification]


def render(card: ImageCard) -> str:
    """The card as Markdown."""
    sections = (_head, results, _int8, _usage, architecture, training, _checks)
    own = [section(card) for section in sections]
    return joined([*own, origin(card.options), version_table(card.task)])


def _head(card: ImageCard) -> str:
    data, shape = card.task.load(), shape_text(card.architecture.input_shape)
    return (
        f"# Image classifier for `{card.task.name}`: {card.results['test_accuracy']:.2%} in "
        f"{card.results['latency_ms']:.3g} ms\n\n"
        f"A convolutional network with {card.architecture.params:,} parameters that sorts images of {shape} into "
        f"{len(data.classes)} classes: {shortened(data.classes)}. A hardware-aware architecture search found it for "
        "the target device; accuracy and latency below were measured on the very file that this card belongs to.\n\n"
        f"Task: {card.task.summary}."
    )


def _int8(card: ImageCard) -> str:
    if not card.options.int8:
        return ""
    return comparison(card.results, min(CALIBRATION_IMAGES, len(card.task.load().train)))


def _usage(card: ImageCard) -> str:
    steps = preprocessing(Labels(card.task, card.architecture, card.options.normalise))
    channels, height, width = card.architecture.input_shape
    return f"""## Use

`python run.py IMAGE` says what a picture, or the pixels in a `.npy` file, show; it needs onnxruntime and numpy, and
Pillow for pictures.

The input `input` is float32 of shape (1, {channels}, {height}, {width}); the output `output` holds one logit a class.
{_input(steps)}

```python
import json
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
facts = session.get_modelmeta().custom_metadata_map
classes = json.loads(facts["classes"])
{_code(steps)}
    return classes[int(session.run(None, {{"input": x[None]}})[0].argmax())]
```

Preprocessing, as in the file's metadata: `{json.dumps(steps)}`"""


_SQUARED: dict[Fit, str] = {
    "stretch": "Resize an image to {height}x{width}",
    "crop": "Scale the shorter side of an image to {height}, cut out its middle of {height}x{width}",
    "pad": "Scale the longer side of an image to {height}, fill up to {height}x{width} with black",
}


def _input(steps: dict[str, Any]) -> str:
    height, width = steps["size"]
    resize = _SQUARED[steps["fit"]].format(height=height, width=width) + " (bilinear)"
    if steps["normalised_inside"]:
        return f"{resize}; its pixels, 0 to {steps['pixel_max']:g}, are the input: the file normalises them itself."
    return f"{resize}, then `x = (pixel / {steps['pixel_max']:g} - mean) / std` by channel:"


def _code(steps: dict[str, Any]) -> str:
    """The part of the example that says how pixels become the input."""
    height, width = steps["size"]
    head = f"def classify(pixels):  # ({steps['channels']}, {height}, {width}), 0 to {steps['pixel_max']:g}"
    if steps["normalised_inside"]:
        return f"\n{head}\n    x = pixels.astype(np.float32)"
    return f"""steps = json.loads(facts["preprocessing"])

{head}
    mean, std = (np.array(steps[key], np.float32).reshape(-1, 1, 1) for key in ("mean", "std"))
    x = ((pixels / steps["pixel_max"] - mean) / std).astype(np.float32)"""


def _checks(card: ImageCard) -> str:
    return (
        "## Checks\n\n"
        "The file was offered because all of these passed: onnx's checker with shape inference; the logits of torch "
        f"and onnxruntime on all test images differ by at most {card.results['parity_max_abs']:.2g}; both have "
        f"exactly the same test accuracy.{_normalised(card)}{_unchecked(card)}"
    )


def _normalised(card: ImageCard) -> str:
    if not card.options.normalise:
        return ""
    return " onnxruntime was given plain pixels, torch the normalised images that it was trained on."


def _unchecked(card: ImageCard) -> str:
    if not card.options.int8:
        return ""
    return " The int8 file passed onnx's checker; its answers may differ, which is what the table above is for."
