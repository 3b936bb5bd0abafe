"""Exports of trained classifiers: final training, ONNX, checks, latency, model card; offered if every check passes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from torch import nn

from search_spaces import Architecture
from search_spaces.modules import Normalised, export_onnx
from search_spaces.modules.quantisation import quantised

from .artifacts import ArtifactStore
from .bundle import IMAGE_SCRIPT, bundled
from .card_sections import Card
from .export_options import ExportOptions
from .failures import TrialError
from .measuring import Measure, costs
from .model_card import render
from .onnx_file import Labels, compare, described, scores, taken
from .quantisation import calibration_split
from .requests import EvaluationRequest, Report, ShouldStop, TrialRequest
from .tasks.image_classification import ImageClassification
from .training import ClassificationRunner, ImageRunner, inherit, seeded_module
from .trial_runner import TrialRunner
from .weights import load_weights


@dataclass(frozen=True)
class _Trained:
    """The weights to export and what their training reported."""

    weights: str
    metrics: dict[str, float]


def image_exporter(task: ImageClassification) -> Exporter:
    """The exporter that measures latency here, where it runs."""
    from device_agent.measure import measure_network  # only exports need onnxruntime

    return Exporter(task, measure_network)


class ClassifierExporter(TrialRunner):
    """Exports the trials of a request; a trial of 0 epochs exports its initial weights as they are.

    The last report's artifacts are `weights` and the files of `bundle`, each by its name.
    """

    script: Path  # how a stranger runs the file

    @abstractmethod
    def runner(self) -> ClassificationRunner:
        """What trains."""

    @abstractmethod
    def models(
        self, architecture: Architecture, module: nn.Module, options: ExportOptions
    ) -> tuple[dict[str, bytes], dict[str, float]]:
        """The ONNX files by name, and what was found out about them. Raises TrialError where a check fails."""

    @abstractmethod
    def card(
        self, architecture: Architecture, trial: TrialRequest, options: ExportOptions, results: dict[str, float]
    ) -> str:
        """The model card."""

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        options = ExportOptions.of(request.options)
        trained = yield from self._trained(request, trial, should_stop)
        if trained is None or should_stop():
            return
        store = ArtifactStore(request.artifacts)
        architecture = Architecture.from_json(trial.architecture)
        models, found = self.models(architecture, _module(architecture, store, trained.weights), options)
        results = {name: value for name, value in trained.metrics.items() if name.startswith("val_")} | found
        if options.estimated_ms is not None:
            results["estimated_ms"] = options.estimated_ms
        files = bundled(models, self.card(architecture, trial, options, results), options.spec, self.script)
        yield Report(
            request.request_id,
            request.attempt,
            trial.trial_id,
            "completed",
            trial.fidelity.epochs,
            results,
            {name: store.put(content, PurePath(name).suffix) for name, content in files.items()}
            | {"weights": trained.weights},
        )

    def _trained(
        self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop
    ) -> Generator[Report, None, _Trained | None]:
        """Train as long as the trial says, passing progress on. None where the training was stopped."""
        if trial.fidelity.epochs == 0:
            if trial.initial_weights is None:
                raise TrialError("error", "nothing to export: the trial has neither epochs nor initial weights")
            return _Trained(trial.initial_weights, {})
        for report in self.runner().run_trial(request, trial, should_stop):
            if report.state == "completed":
                return _Trained(report.artifacts["weights"], report.metrics)
            yield report
        return None


class Exporter(ClassifierExporter):
    """Exports of image classifiers, with an int8 file beside the float32 one where it is asked for."""

    script = IMAGE_SCRIPT

    def __init__(self, task: ImageClassification, measure: Measure) -> None:
        self._task = task
        self._measure = measure

    def runner(self) -> ClassificationRunner:
        return ImageRunner(self._task)

    def card(
        self, architecture: Architecture, trial: TrialRequest, options: ExportOptions, results: dict[str, float]
    ) -> str:
        return render(Card(self._task, architecture, trial, options, results))

    def models(
        self, architecture: Architecture, module: nn.Module, options: ExportOptions
    ) -> tuple[dict[str, bytes], dict[str, float]]:
        labels = Labels(self._task, architecture, options.normalise)
        model, results = self._checked(module, labels, options)
        if not options.int8:
            return {"model.onnx": model}, results
        int8, found = self._int8(model, replace(labels, precision="int8"), options)
        drop = results["test_accuracy"] - found["int8_test_accuracy"]
        return {"model.onnx": model, "model_int8.onnx": int8}, results | found | {"int8_accuracy_drop": drop}

    def _checked(self, module: nn.Module, labels: Labels, options: ExportOptions) -> tuple[bytes, dict[str, float]]:
        """The float32 file, which agrees with torch on all test images."""
        data, size = self._task.load(), labels.size
        whole = Normalised(module, data.pixel_max, data.mean, data.std) if options.normalise else module
        model = described(export_onnx(whole, labels.architecture.input_shape), labels)
        test = taken(data, data.test, size, normalised_inside=False)
        fed = taken(data, data.test, size, normalised_inside=True) if options.normalise else test
        parity = compare(module, model, test, fed)
        found = {f"test_{name}": value for name, value in parity.scores.items()}
        return model, found | {"parity_max_abs": parity.max_abs} | costs(self._measure, model, options.setting)

    def _int8(self, model: bytes, labels: Labels, options: ExportOptions) -> tuple[bytes, dict[str, float]]:
        """The int8 file made of a float32 one; nothing is asked of its accuracy and latency but that they be told."""
        data, size = self._task.load(), labels.size
        seen = taken(data, calibration_split(data), size, normalised_inside=options.normalise)
        int8 = described(quantised(model, seen.images.contiguous().numpy()), labels)
        fed = taken(data, data.test, size, normalised_inside=options.normalise)
        found = {f"test_{name}": value for name, value in scores(int8, fed).items()}
        found |= costs(self._measure, int8, options.setting)
        return int8, {f"int8_{name}": value for name, value in found.items()}


def _module(architecture: Architecture, store: ArtifactStore, weights: str) -> nn.Module:
    module = seeded_module(architecture, seed=0)
    fitting, needed = inherit(module, load_weights(store, weights)), len(module.state_dict())
    if fitting < needed:
        raise TrialError(
            "error", f"weights {weights} fit {fitting} of the architecture's {needed} tensors; train it first"
        )
    return module
