"""Classification by weight agnostic networks: the options, metrics and runner of such tasks; a task adds its data."""

from __future__ import annotations

from abc import abstractmethod
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..requests import Runner
from .base import Metric, TaskOptions
from .image_data import ImageData
from .weight_agnostic import WeightAgnosticOptions, WeightAgnosticTask, installed

if TYPE_CHECKING:
    from ..wann.classification import Classification

Vectors = NDArray[np.float32]


class VectorClassificationOptions(WeightAgnosticOptions):
    """A trial of fewer than `repetitions` is judged on as many batches, one of so many on the whole training split."""

    repetitions: Annotated[int, Field(ge=1, le=1000)] = 4
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = 1000


class VectorClassification(WeightAgnosticTask):
    """Rewards are negative mean cross-entropies on the training split; nothing but the topology is fitted to it.

    `val_accuracy` (mean over the weights) and `best_val_accuracy` are those on the validation split at full fidelity.
    A shorter trial tells those on its own batches of the training split instead, which cost nothing extra.
    """

    Options: ClassVar[type[TaskOptions]] = VectorClassificationOptions
    NO_RESULT: ClassVar[frozenset[str]] = frozenset({"metric"})
    options: VectorClassificationOptions

    @property
    def metrics(self) -> tuple[Metric, ...]:
        accuracies = (Metric(name, "maximize", (0.0, 1.0)) for name in ("val_accuracy", "best_val_accuracy"))
        return (*super().metrics, *accuracies)

    @property
    def fingerprint(self) -> str:
        return blake2b(f"{super().fingerprint}{self.content}".encode(), digest_size=16).hexdigest()

    @property
    @abstractmethod
    def content(self) -> str:
        """Hash of the data's content."""

    @abstractmethod
    def images(self) -> ImageData:
        """The labelled images of the three splits."""

    @abstractmethod
    def vectors(self, images: NDArray[np.generic], pixel_max: float) -> Vectors:
        """What a network is fed of `images` (n, 1, height, width), whose pixels go up to `pixel_max`: (n, inputs)."""

    def evaluator(self) -> Classification:
        with installed(f"task {self.name} needs", "wann"):
            from ..wann.classification import Classification
            from ..wann.labelled_vectors import LabelledVectors
        data = self.images()
        train, validation, test = (
            LabelledVectors(self.vectors(split.images, data.pixel_max), split.labels)
            for split in (data.train, data.validation, data.test)
        )
        return Classification(train, validation, test, self.options.batch_size)

    def runner(self) -> Runner:
        evaluator = self.evaluator()
        from ..wann.classification_runner import ClassificationRunner

        return ClassificationRunner(evaluator, self.shared_weights, self.options.repetitions)
