"""The model card: what a stranger needs to use an exported file, and to know where it came from. Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces import Architecture, Op

from .export_options import ExportOptions
from .int8_comparison import comparison
from .markdown import joined, size_text, table
from .onnx_file import Labels, preprocessing
from .origin import origin, version_table
from .quantisation import CALIBRATION_IMAGES
from .requests import TrialRequest
from .tasks.image_classification import ImageClassification
from .tasks.image_data import Fit


@dataclass(frozen=True)
class Card:
    """What a card is written from: `results` are the metrics that the export reports."""

    task: ImageClassification
    architecture: Architecture
    trial: TrialRequest
    options: ExportOptions
    results: dict[str, float]

    @property
    def preprocessing(self) -> dict[str, Any]:
        return preprocessing(Labels(self.task, self.architecture, self.options.normalise))


def render(card: Card) -> str:
    """The card as Markdown."""
    sections = (_head, _results, _int8, _usage, _architecture, _training, _checks)
    own = [section(card) for section in sections]
    return joined([*own, origin(card.options), version_table(card.task)])


def _head(card: Card) -> str:
    data, shape = card.task.load(), _shape(card.architecture.input_shape)
    return (
        f"# Image classifier for `{card.task.name}`: {card.results['test_accuracy']:.2%} in "
        f"{card.results['latency_ms']:.3g} ms\n\n"
        f"A convolutional network with {card.architecture.params:,} parameters that sorts images of {shape} into "
        f"{len(data.classes)} classes: {_shortened(data.classes)}. A hardware-aware architecture search found it for "
        "the target device; accuracy and latency below were measured on the very file that this card belongs to.\n\n"
        f"Task: {card.task.summary}."
    )


def _results(card: Card) -> str:
    r, o = card.results, card.options
    rows = [
        ("test accuracy (in onnxruntime)", f"{r['test_accuracy']:.4f}"),
        ("latency, measured", f"{r['latency_ms']:.4f} ms (interquartile range {r['latency_spread_ms']:.4f} ms)"),
        ("threads", str(o.threads)),
    ]
    if "val_accuracy" in r:
        rows.insert(1, ("validation accuracy", f"{r['val_accuracy']:.4f}"))
    score = card.task.options.metric.removeprefix("val_")
    if score != "accuracy":
        rows.insert(1, (f"test {score.replace('_', ' ')}, which the search optimised", f"{r[f'test_{score}']:.4f}"))
    if o.estimated_ms is not None:
        error = f" ± {o.estimated_error_ms:.4f} ms" if o.estimated_error_ms is not None else " ms"
        without = ", without normalisation" if o.normalise else ""
        rows.append((f"latency, estimated from the table{without}", f"{o.estimated_ms:.4f}{error}"))
    rows += [(f"limit: {name}", f"{limit:g}") for name, limit in _limits(o).items()]
    rows += [
        ("parameters", f"{card.architecture.params:,}"),
        ("multiply-accumulates", f"{card.architecture.macs:,}"),
        ("file size", size_text(r["file_bytes"])),
    ]
    return "## Results\n\n" + table(("", "value"), rows)


def _int8(card: Card) -> str:
    if not card.options.int8:
        return ""
    return comparison(card.results, min(CALIBRATION_IMAGES, len(card.task.load().train)))


def _usage(card: Card) -> str:
    steps = card.preprocessing
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


def _architecture(card: Card) -> str:
    rows = [
        (str(i), op.kind, _shape(op.in_shape), _shape(op.out_shape), _settings(op), f"{op.params:,}", f"{op.macs:,}")
        for i, op in enumerate(card.architecture.ops)
    ]
    head = ("", "op", "input", "output", "settings", "parameters", "MACs")
    return f"## Architecture\n\nHash `{card.architecture.hash}`.\n\n" + table(head, rows)


def _training(card: Card) -> str:
    data = card.task.load()
    fidelity, recipe = card.trial.fidelity, card.task.options.model_dump(mode="json", exclude={"metric", "epochs"})
    how = f"Trained for {fidelity.epochs} epochs" if fidelity.epochs else "Exported with the weights of the search"
    start = f", starting from weights `{card.trial.initial_weights}`" if card.trial.initial_weights else ""
    return (
        f"## Training\n\n{how}{start}, seed {card.trial.seed}, on {len(data.train)} images; validated on "
        f"{len(data.validation)}; the {len(data.test)} test images were used for this card only. The weights are an "
        f"exponential moving average.\n\nData fingerprint `{card.task.fingerprint}`. Recipe: "
        f"`{json.dumps(recipe)}`"
    )


def _checks(card: Card) -> str:
    return (
        "## Checks\n\n"
        "The file was offered because all of these passed: onnx's checker with shape inference; the logits of torch "
        f"and onnxruntime on all test images differ by at most {card.results['parity_max_abs']:.2g}; both have "
        f"exactly the same test accuracy.{_normalised(card)}{_unchecked(card)}"
    )


def _normalised(card: Card) -> str:
    if not card.options.normalise:
        return ""
    return " onnxruntime was given plain pixels, torch the normalised images that it was trained on."


def _unchecked(card: Card) -> str:
    if not card.options.int8:
        return ""
    return " The int8 file passed onnx's checker; its answers may differ, which is what the table above is for."


def _limits(options: ExportOptions) -> dict[str, float]:
    return dict(options.spec.get("objective", {}).get("limits", {}))


def _settings(op: Op) -> str:
    fields = {k: v for k, v in op.to_json().items() if k not in ("kind", "in_shape", "skip") and v not in (0, "none")}
    skip = op.to_json().get("skip", "none")
    return ", ".join(f"{k} {v}" for k, v in (fields | ({"skip": skip} if skip != "none" else {})).items())


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _shortened(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
