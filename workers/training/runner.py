"""The runner of classification tasks: a trial becomes a training, its epochs reports, its weights an artifact."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import suppress

import torch

from search_spaces import Architecture

from ..artifacts import ArtifactError, ArtifactStore
from ..requests import EvaluationRequest, Fidelity, Report, Resources, ShouldStop, State, TrialRequest
from ..tasks.classification import Classification
from ..tasks.image_classification import ImageClassification
from ..tasks.image_data import Augmentation
from ..trial_runner import TrialRunner
from ..weights import load_weights, save_weights
from .initial import inherit, seeded_module
from .inputs import Inputs, prepare, subset
from .trainer import EpochResult, Trainer, class_weights

KEPT_INPUTS = 4  # resolutions whose tensors stay in a worker's memory,
KEPT_BYTES = 2_000_000_000  # unless they are larger together; the one in use stays


class ClassificationRunner(TrialRunner):
    """Trains one architecture after another on a task's data. The test split is never touched here.

    `patient` trains to the end what the task would give up.
    """

    def __init__(self, task: Classification, *, patient: bool = False) -> None:
        self._recipe = task
        self._patient = patient

    @property
    @abstractmethod
    def augmentation(self) -> Augmentation:
        """How far training samples may be moved."""

    @abstractmethod
    def inputs(self, architecture: Architecture, fidelity: Fidelity, device: str) -> Inputs:
        """Training and validation samples as this architecture takes them, at the fidelity of a trial."""

    def run_trial(self, request: EvaluationRequest, trial: TrialRequest, should_stop: ShouldStop) -> Iterator[Report]:
        store = ArtifactStore(request.artifacts)
        trainer, inherited = self.trainer(trial, request.resources, store)
        last, given_up = None, ""
        for last in trainer.run(should_stop, trial.fidelity.epochs):
            yield _report(request, trial, "progress", last)
            given_up = "" if self._patient else self._recipe.stop_reason(last.epoch, last.metrics)
            if given_up:
                break
        if last is not None and (given_up or last.epoch == trial.fidelity.epochs):
            files = {"weights": save_weights(store, trainer.evaluated.state_dict())}
            if trial.fidelity.schedule is not None:
                files["checkpoint"] = save_weights(store, trainer.checkpoint())
            yield _report(request, trial, "completed", last, files, inherited, given_up)

    def trainer(self, trial: TrialRequest, resources: Resources, store: ArtifactStore) -> tuple[Trainer, int]:
        """A trainer where this trial begins, and how many of its tensors start from the trial's initial weights."""
        device = "cuda" if resources.gpus > 0 and torch.cuda.is_available() else "cpu"
        torch.set_num_threads(max(1, int(resources.cpus)))
        architecture = Architecture.from_json(trial.architecture)
        module = seeded_module(architecture, trial.seed)
        inherited = inherit(module, load_weights(store, trial.initial_weights)) if trial.initial_weights else 0
        options = self._recipe.options
        inputs = self.inputs(architecture, trial.fidelity, device)
        balanced = options.class_weights == "balanced"
        weights = class_weights(inputs.train.labels, self._recipe.signature.outputs) if balanced else None
        epochs, moves = trial.fidelity.schedule or trial.fidelity.epochs, self.augmentation
        trainer = Trainer(module, inputs, options, moves, epochs=epochs, seed=trial.seed, weights=weights)
        if trial.checkpoint is not None:
            with suppress(ArtifactError):  # collected meanwhile: the same training, from its first epoch
                trainer.load(load_weights(store, trial.checkpoint))
        return trainer, inherited


class ImageRunner(ClassificationRunner):
    """Keeps images at the resolutions that it was asked for last, as tensors."""

    def __init__(self, task: ImageClassification, *, patient: bool = False) -> None:
        super().__init__(task, patient=patient)
        self.task = task
        self._inputs: dict[tuple[tuple[int, int], float, str], Inputs] = {}

    @property
    def augmentation(self) -> Augmentation:
        return self.task.load().augmentation

    def inputs(self, architecture: Architecture, fidelity: Fidelity, device: str) -> Inputs:
        height, width = (max(1, round(side * fidelity.input_scale)) for side in architecture.input_shape[1:])
        key = ((height, width), fidelity.data_fraction, device)
        if key not in self._inputs:
            while self._inputs and (len(self._inputs) >= KEPT_INPUTS or self._kept_bytes() > KEPT_BYTES):
                self._inputs.pop(next(iter(self._inputs)))
            data = self.task.load()
            train = prepare(data, subset(data.train, fidelity.data_fraction), key[0], device)
            self._inputs[key] = Inputs(train, prepare(data, data.validation, key[0], device))
        return self._inputs[key]

    def _kept_bytes(self) -> int:
        return sum(kept.train.nbytes + kept.validation.nbytes for kept in self._inputs.values())


def _report(
    request: EvaluationRequest,
    trial: TrialRequest,
    state: State,
    result: EpochResult,
    artifacts: dict[str, str] | None = None,
    inherited: int = 0,
    message: str = "",
) -> Report:
    who = (request.request_id, request.attempt, trial.trial_id)
    details = {"inherited_tensors": inherited} if inherited else {}
    return Report(*who, state, result.epoch, result.metrics, artifacts or {}, details, message=message)
