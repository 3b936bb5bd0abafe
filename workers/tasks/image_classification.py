"""Image classification: the options, metrics and runner that every such task shares; a task adds its data."""

from __future__ import annotations

import json
from abc import abstractmethod
from hashlib import blake2b
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..requests import Fidelity, Runner
from ..scores import TOP
from .base import Metric, Task, TaskOptions
from .image_data import ImageData

Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class ImageOptions(TaskOptions):
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


class ImageClassification(Task):
    """Images with one label each. Subclasses supply `signature`, `content` and `load`; training is the same for all."""

    Options: ClassVar[type[TaskOptions]] = ImageOptions
    NO_RECIPE: ClassVar[frozenset[str]] = frozenset({"metric", "epochs"})  # options that change no trial's result
    options: ImageOptions

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
    def load(self) -> ImageData:
        """The images. Called on workers, more than once: keep what is slow to read."""

    def runner(self) -> Runner:
        from ..training import ImageRunner  # needs torch

        return ImageRunner(self)

    def exporter(self) -> Runner:
        from ..export import image_exporter  # needs torch

        return image_exporter(self)
