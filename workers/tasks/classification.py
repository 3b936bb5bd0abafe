"""Classification by a trained network: the options and metrics that every such task shares, whatever it classifies."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sized
from hashlib import blake2b
from typing import Annotated, ClassVar, Literal, Protocol

from pydantic import Field

from ..requests import Fidelity
from ..scores import TOP
from .base import Metric, Task, TaskOptions

Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class ClassificationOptions(TaskOptions):
    """The training recipe. The defaults suit networks of a million MACs and trainings of some epochs."""

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 4
    batch_size: Annotated[int, Field(ge=2, le=65_536)] = 32
    learning_rate: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 0.01
    weight_decay: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.02
    warmup: Annotated[Share, Field(description="share of all steps in which the learning rate rises")] = 0.1
    label_smoothing: Share = 0.05
    class_weights: Annotated[
        Literal["none", "balanced"], Field(description="balanced: rare classes weigh as much in the loss as others")
    ] = "none"
    augment: bool = True
    ema_decay: Annotated[Share, Field(description="of the averaged weights, a step; 0 evaluates the last ones")] = 0.98
    dropout: Share = 0.1


class LabelledData(Protocol):
    """What a task has to classify: three disjoint splits, and the names of the classes by label."""

    @property
    def train(self) -> Sized: ...
    @property
    def validation(self) -> Sized: ...
    @property
    def test(self) -> Sized: ...
    @property
    def classes(self) -> tuple[str, ...]: ...


class Classification(Task):
    """One label a sample. Subclasses supply `signature`, `content` and the data; training is the same for all."""

    Options: ClassVar[type[TaskOptions]] = ClassificationOptions
    NO_RECIPE: ClassVar[frozenset[str]] = frozenset({"metric", "epochs"})  # options that change no trial's result
    options: ClassificationOptions

    @property
    def metrics(self) -> tuple[Metric, ...]:
        names = ["val_accuracy", "val_balanced_accuracy", "val_macro_f1"]
        if self.signature.outputs > TOP:
            names.append("val_top5_accuracy")
        return (*(Metric(name, "maximize", (0.0, 1.0)) for name in names), Metric("val_loss", "minimize"))

    @property
    def fidelity(self) -> Fidelity:
        return Fidelity(self.options.epochs)

    @property
    def fingerprint(self) -> str:
        recipe = self.options.model_dump(mode="json", exclude=set(self.NO_RECIPE))
        text = json.dumps([self.name, self.version, self.content, recipe], sort_keys=True)
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    @abstractmethod
    def content(self) -> str:
        """Hash of the data's content."""

    @abstractmethod
    def load(self) -> LabelledData:
        """The data. Called on workers, more than once: keep what is slow to read."""

    def stop_reason(self, epoch: int, metrics: Mapping[str, float]) -> str:  # noqa: ARG002 - what a task may look at
        """Why a trial with these metrics after this epoch is not worth going on with; empty where it is."""
        return ""
