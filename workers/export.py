"""Requests of kind `export`: final training, ONNX, checks, latency, model card; offered only if every check passes."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from search_spaces import Architecture
from search_spaces.modules import export_onnx

from .artifacts import ArtifactStore
from .export_options import ExportOptions
from .failures import TrialError
from .model_card import Card, render
from .onnx_file import compare, described
from .requests import EvaluationRequest, Report, ShouldStop, TrialRequest
from .tasks import Task
from .tasks.image_classification import ImageClassification
from .training import ImageRunner, inherit, prepare, seeded_module
from .trial_runner import TrialRunner
from .weights import load_weights


class Measurement(Protocol):
    """Milliseconds for one sample and their spread, as `latency_tables.measure_network` gives them."""

    @property
    def latency_ms(self) -> float: ...
    @property
    def spread_ms(self) -> float: ...


class Measure(Protocol):
    def __call__(self, model: bytes, input_shape: Sequence[int], *, threads: int) -> Measurement: ...


@dataclass(frozen=True)
class _Trained:
    """The weights to export and what their training reported."""

    weights: str
    metrics: dict[str, float]


def export(task: Task, request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
    """The reports of an export: progress of the final training, then the checked files as artifacts.

    Raises TrialError for a task that trains no network.
    """
    if not isinstance(task, ImageClassification):
        raise TrialError("error", f"task {task.name!r} trains no network, so there is nothing to export")
    from latency_tables.measure import measure_network  # only exports need onnxruntime

    return Exporter(task, measure_network)(request, should_stop)


class Exporter(TrialRunner):
    """Exports the trials of a request; a trial of 0 epochs exports its initial weights as they are.

    The last report's artifacts are `model.onnx`, `model_card.md` and `weights`.
    """

    def __init__(self, task: ImageClassification, measure: Measure) -> None:
        self._task = task
        self._measure = measure

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        options = ExportOptions.of(request.options)
        trained = yield from self._trained(request, trial, should_stop)
        if trained is None or should_stop():
            return
        store = ArtifactStore(request.artifacts)
        architecture = Architecture.from_json(trial.architecture)
        model, results = self._checked_model(architecture, store, trained, options)
        card = render(Card(self._task, architecture, trial, options, results, len(model)))
        artifacts = {
            "model.onnx": store.put(model, ".onnx"),
            "model_card.md": store.put(card.encode(), ".md"),
            "weights": trained.weights,
        }
        yield Report(
            request.request_id,
            request.attempt,
            trial.trial_id,
            "completed",
            trial.fidelity.epochs,
            results,
            artifacts,
        )

    def _trained(
        self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop
    ) -> Generator[Report, None, _Trained | None]:
        """Train as long as the trial says, passing progress on. None where the training was stopped."""
        if trial.fidelity.epochs == 0:
            if trial.initial_weights is None:
                raise TrialError("error", "nothing to export: the trial has neither epochs nor initial weights")
            return _Trained(trial.initial_weights, {})
        for report in ImageRunner(self._task).run_trial(request, trial, should_stop):
            if report.state == "completed":
                return _Trained(report.artifacts["weights"], report.metrics)
            yield report
        return None

    def _checked_model(
        self, architecture: Architecture, store: ArtifactStore, trained: _Trained, options: ExportOptions
    ) -> tuple[bytes, dict[str, float]]:
        """The ONNX file and what was found out about it. Raises TrialError where a check fails."""
        module = _module(architecture, store, trained.weights)
        model = described(export_onnx(module, architecture.input_shape), self._task, architecture)
        data = self._task.load()
        height, width = architecture.input_shape[1:]
        parity = compare(module, model, prepare(data, data.test, (height, width)))
        measured = self._measure(model, architecture.input_shape, threads=options.threads)
        validated = {name: value for name, value in trained.metrics.items() if name.startswith("val_")}
        tested = {f"test_{name}": value for name, value in parity.scores.items()}
        results = (
            validated
            | tested
            | {
                "parity_max_abs": parity.max_abs,
                "latency_ms": measured.latency_ms,
                "latency_spread_ms": measured.spread_ms,
            }
        )
        if options.estimated_ms is not None:
            results["estimated_ms"] = options.estimated_ms
        return model, results


def _module(architecture: Architecture, store: ArtifactStore, weights: str) -> nn.Module:
    module = seeded_module(architecture, seed=0)
    fitting, needed = inherit(module, load_weights(store, weights)), len(module.state_dict())
    if fitting < needed:
        raise TrialError(
            "error", f"weights {weights} fit {fitting} of the architecture's {needed} tensors; train it first"
        )
    return module
