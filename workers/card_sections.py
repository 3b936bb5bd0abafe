"""The sections that every model card of a trained classifier has, whatever it classifies. Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from device_agent.setting import CPU, Setting
from search_spaces import Architecture, Op

from .export_options import ExportOptions
from .markdown import size_text, table
from .measuring import runnable
from .requests import TrialRequest
from .tasks.classification import Classification

AnyTask = TypeVar("AnyTask", bound=Classification)


@dataclass(frozen=True)
class Card(Generic[AnyTask]):
    """What a card is written from: `results` are the metrics that the export reports."""

    task: AnyTask
    architecture: Architecture
    trial: TrialRequest
    options: ExportOptions
    results: dict[str, float]


def results(card: Card[Any], *further: tuple[str, str]) -> str:
    """The table of what was measured, with `further` rows after the accuracy."""
    r, o = card.results, card.options
    rows = [
        ("test accuracy (in onnxruntime)", f"{r['test_accuracy']:.4f}"),
        ("latency, measured", f"{r['latency_ms']:.4f} ms (interquartile range {r['latency_spread_ms']:.4f} ms)"),
        ("threads", str(o.setting.threads)),
        *_provider(o.setting),
    ]
    if "val_accuracy" in r:
        rows.insert(1, ("validation accuracy", f"{r['val_accuracy']:.4f}"))
    rows[1:1] = further
    score = card.task.options.metric.removeprefix("val_")
    if score != "accuracy":
        rows.insert(1, (f"test {score.replace('_', ' ')}, which the search optimised", f"{r[f'test_{score}']:.4f}"))
    if o.estimated_ms is not None:
        error = f" ± {o.estimated_error_ms:.4f} ms" if o.estimated_error_ms is not None else " ms"
        without = ", without normalisation" if o.normalise else ""
        of = " of the int8 file" if o.setting.precision == "int8" else ""
        rows.append((f"latency{of}, estimated from the table{without}", f"{o.estimated_ms:.4f}{error}"))
    rows += [(f"limit: {name}", f"{limit:g}") for name, limit in _limits(o).items()]
    rows += [
        ("parameters", f"{card.architecture.params:,}"),
        ("multiply-accumulates", f"{card.architecture.macs:,}"),
        ("file size", size_text(r["file_bytes"])),
    ]
    return "## Results\n\n" + table(("", "value"), rows)


def architecture(card: Card[Any]) -> str:
    """The table of ops."""
    rows = [
        (
            str(i),
            op.kind,
            shape_text(op.in_shape),
            shape_text(op.out_shape),
            _settings(op),
            f"{op.params:,}",
            f"{op.macs:,}",
        )
        for i, op in enumerate(card.architecture.ops)
    ]
    head = ("", "op", "input", "output", "settings", "parameters", "MACs")
    return f"## Architecture\n\nHash `{card.architecture.hash}`.\n\n" + table(head, rows)


def training(card: Card[Any], samples: str = "images") -> str:
    """How it was trained and on what."""
    data = card.task.load()
    fidelity, recipe = card.trial.fidelity, card.task.options.model_dump(mode="json", exclude={"metric", "epochs"})
    how = f"Trained for {fidelity.epochs} epochs" if fidelity.epochs else "Exported with the weights of the search"
    start = f", starting from weights `{card.trial.initial_weights}`" if card.trial.initial_weights else ""
    return (
        f"## Training\n\n{how}{start}, seed {card.trial.seed}, on {len(data.train)} {samples}; validated on "
        f"{len(data.validation)}; the {len(data.test)} test {samples} were used for this card only. The weights are an "
        f"exponential moving average.\n\nData fingerprint `{card.task.fingerprint}`. Recipe: "
        f"`{json.dumps(recipe)}`"
    )


def _provider(setting: Setting) -> list[tuple[str, str]]:
    """What measured, where it is not the CPU, or was to be something else."""
    if setting.provider == CPU:
        return []
    used = runnable(setting).provider
    return [("execution provider", used if used == setting.provider else f"{used}, for there is no {setting.provider}")]


def _limits(options: ExportOptions) -> dict[str, float]:
    return dict(options.spec.get("objective", {}).get("limits", {}))


def _settings(op: Op) -> str:
    fields = {k: v for k, v in op.to_json().items() if k not in ("kind", "in_shape", "skip") and v not in (0, "none")}
    skip = op.to_json().get("skip", "none")
    return ", ".join(f"{k} {v}" for k, v in (fields | ({"skip": skip} if skip != "none" else {})).items())


def shape_text(shape: Sequence[int]) -> str:
    """Sizes with crosses between them."""
    return "x".join(map(str, shape))


def shortened(names: Sequence[str], most: int = 12) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
