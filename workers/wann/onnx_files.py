"""The ONNX files of one network, each beside what it should compute and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from search_spaces import Architecture
from search_spaces.modules.shared_weight_onnx import ensemble_onnx, shared_weight_onnx, tuned_onnx
from search_spaces.ops import SharedWeightNetwork

from ..onnx_checker import checked
from ..tasks.weight_agnostic import WeightAgnosticTask
from ..versions import versions
from .ensembles import mean_action, mean_probability
from .evaluator import Floats
from .reference import on_all


@dataclass(frozen=True)
class OnnxFile:
    """`figure` names what its weights are in the figures, `prefix` the metrics that tell of this file.

    `reference` computes what its `output` should be under its `weights` (members, connections): (samples, outputs) for
    (samples, inputs).
    """

    name: str
    figure: str
    prefix: str
    content: bytes
    weights: Floats
    reference: Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Subject:
    """What is exported: a network of a task, with the names of its classes if it sorts into any."""

    task: WeightAgnosticTask
    network: SharedWeightNetwork
    classes: tuple[str, ...]

    @property
    def architecture(self) -> Architecture:
        return Architecture.chain([self.network])


def onnx_files(
    subject: Subject, weight: float, weights: Floats | None, ensemble: Sequence[float]
) -> Iterator[OnnxFile]:
    """A file for any shared weight, by default `weight`; one for the `ensemble`; one for tuned `weights`, if any.

    Raises TrialError where onnx's checker refuses one.
    """
    network = subject.network
    content = shared_weight_onnx(network, weight)
    yield OnnxFile(
        "model.onnx",
        "tuned_shared",
        "",
        checked(content, _properties(subject, {"shared_weight": weight})),
        on_all(network, weight)[None],
        partial(mean_action, network),
    )
    content = ensemble_onnx(network, ensemble, classification=bool(subject.classes))
    yield OnnxFile(
        "model_ensemble.onnx",
        "ensemble",
        "ensemble_",
        checked(content, _properties(subject, {"ensemble_weights": list(ensemble)})),
        np.stack([on_all(network, member) for member in ensemble]),
        partial(mean_probability if subject.classes else mean_action, network),
    )
    if weights is not None:
        yield OnnxFile(
            "model_tuned.onnx",
            "tuned_weights",
            "tuned_",
            checked(tuned_onnx(network, weights), _properties(subject, {})),
            weights[None],
            partial(mean_action, network),
        )


def _properties(subject: Subject, weights: dict[str, float | list[float]]) -> dict[str, str]:
    task, architecture = subject.task, subject.architecture
    return {
        "task": f"{task.name} v{task.version}",
        "data_fingerprint": task.fingerprint,
        "classes": json.dumps(subject.classes),
        "precision": "float32",
        "architecture_hash": architecture.hash,
        "architecture": json.dumps(architecture.to_json()),
        "versions": json.dumps(versions()),
    } | {name: json.dumps(value) for name, value in weights.items()}
