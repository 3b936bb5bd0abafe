"""Exports of weight agnostic networks: tuning, the paper's figures, ONNX files, checks, pictures, model card."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np

from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.out_file import write_network
from search_spaces.wann.picture import picture

from ..artifacts import ArtifactStore
from ..bundle import bundled
from ..export_options import ExportOptions
from ..failures import TrialError
from ..measuring import Measure, costs
from ..requests import EvaluationRequest, Report, ShouldStop, TrialRequest
from ..tasks.weight_agnostic import WeightAgnosticTask
from ..trial_runner import TrialRunner
from .card import Card, render
from .control import network_of
from .curves import weight_curve
from .ensembles import voted_accuracy
from .evaluator import ClassificationEvaluator, Evaluator, Floats
from .figures import TRIALS, figures
from .findings import Findings
from .onnx_checks import Session, parity, tried
from .onnx_files import OnnxFile, Subject, onnx_files
from .scoring import Scoring, scoring_of
from .starts import Purpose, first_start
from .tuning import best_shared_weight, tuned
from .tuning_options import TuningOptions

SCRIPT = Path(__file__).with_name("standalone.py")


def wann_exporter(task: WeightAgnosticTask) -> WannExporter:
    """The exporter that measures latency here, where it runs."""
    from device_agent.measure import measure_network  # only exports need onnxruntime

    return WannExporter(task, measure_network)


@dataclass(frozen=True)
class _Tuned:
    """The best shared weight, and weights (connections,) if any were asked for, after so many generations."""

    weight: float
    weights: Floats | None = None
    generations: int = 0


class WannExporter(TrialRunner):
    """Exports the trials of a request. A trial's epochs are generations of tuning; with 0 no weights are tuned.

    The last report's artifacts are the files of the bundle, each by its name. `trials` are those of a figure.
    """

    def __init__(
        self, task: WeightAgnosticTask, measure: Measure, tuning: TuningOptions | None = None, trials: int = TRIALS
    ) -> None:
        self._task = task
        self._measure = measure
        self._tuning = tuning or TuningOptions(repetitions=task.tuning_repetitions)
        self._trials = trials

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        options = _fitting(request.options)
        network, evaluator = network_of(trial.architecture), self._task.evaluator()
        scoring = scoring_of(network, evaluator)
        found = yield from self._weights(request, trial, scoring, should_stop)
        if should_stop():
            return
        findings, models = self._findings(scoring, evaluator, found, trial.seed, options)
        files = self._files(network, findings, models, trial, options)
        store = ArtifactStore(request.artifacts)
        yield Report(
            request.request_id,
            request.attempt,
            trial.trial_id,
            "completed",
            found.generations,
            findings.metrics,
            {name: store.put(content, PurePath(name).suffix) for name, content in files.items()},
        )

    def _weights(
        self, request: EvaluationRequest, trial: TrialRequest, scoring: Scoring, should_stop: ShouldStop
    ) -> Generator[Report, None, _Tuned]:
        """The best shared weight; then tune for as many generations as the trial says, passing progress on."""
        found = _Tuned(best_shared_weight(scoring, trial.seed))
        options = replace(self._tuning, generations=trial.fidelity.epochs)
        for now in tuned(scoring, found.weight, options, trial.seed):
            if should_stop():
                break
            found = _Tuned(found.weight, now.weights, now.number)
            metrics = {"best_draw": now.best_draw, "best_mean": now.score}
            yield Report(request.request_id, request.attempt, trial.trial_id, "progress", now.number, metrics)
        return found

    def _findings(
        self, scoring: Scoring, evaluator: Evaluator, found: _Tuned, seed: int, options: ExportOptions
    ) -> tuple[Findings, dict[str, bytes]]:
        """All figures, and the ONNX files by name. Raises TrialError where a file fails its check."""
        network, ensemble = scoring.network, self._task.shared_weights.centres
        subject = Subject(self._task, network, _classes(evaluator))
        models: dict[str, bytes] = {}
        measured: dict[str, float] = {}
        for file in onnx_files(subject, found.weight, found.weights, ensemble):
            models[file.name] = file.content
            measured |= self._checked(file, evaluator, seed, options)
        findings = Findings(
            figures(scoring, found.weight, found.weights, seed, self._trials),
            weight_curve(scoring, self._task.tuning_repetitions, seed),
            ensemble,
            _voted(network, ensemble, evaluator),
            found.generations,
            measured,
        )
        return findings, models

    def _checked(self, file: OnnxFile, evaluator: Evaluator, seed: int, options: ExportOptions) -> dict[str, float]:
        """What was measured of a file that computes what its network computes."""
        session = Session(file.content)
        trial = tried(session, evaluator, first_start(seed, Purpose.REPORT))
        found = {"parity_max_abs": parity(file, session, trial.inputs)}
        found |= costs(self._measure, file.content, options.setting)
        return {f"onnx_{file.figure}": float(trial.scores.mean())} | {
            f"{file.prefix}{name}": value for name, value in found.items()
        }

    def _files(
        self,
        network: SharedWeightNetwork,
        findings: Findings,
        models: dict[str, bytes],
        trial: TrialRequest,
        options: ExportOptions,
    ) -> dict[str, bytes]:
        """Everything that is offered, by name."""
        weights = None if findings.figures.weights is None else findings.figures.weights.tolist()
        texts = {
            "network.svg": picture(network, weights, self._task.name),
            "network.out": write_network(network, weights),
            "curve.svg": findings.curve.to_svg(f"{self._task.name}: {findings.curve.quantity} over the shared weight"),
            "figures.json": json.dumps(findings.to_json(), indent=1),
        }
        if options.genotype:
            texts["genotype.json"] = json.dumps(options.genotype)
        card = render(Card(self._task, network, trial, options, findings))
        return bundled(models | {name: text.encode() for name, text in texts.items()}, card, options.spec, SCRIPT)


def _fitting(options: dict[str, object]) -> ExportOptions:
    """The options of a request. Raises TrialError for those that only exports of images know."""
    wanted = ExportOptions.of(options)
    if wanted.int8 or wanted.normalise:
        raise TrialError(
            "error", "a weight agnostic network has no int8 file and takes no pixels; export without int8 and normalise"
        )
    return wanted


def _classes(evaluator: Evaluator) -> tuple[str, ...]:
    if not isinstance(evaluator, ClassificationEvaluator):
        return ()
    return tuple(str(label) for label in range(int(evaluator.labels("train").max()) + 1))


def _voted(network: SharedWeightNetwork, weights: tuple[float, ...], evaluator: Evaluator) -> float | None:
    if not isinstance(evaluator, ClassificationEvaluator):
        return None
    return voted_accuracy(network, np.array(weights), evaluator)
