"""Video classification: the options and runner that every such task shares; a task adds its data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import floor
from typing import Annotated, ClassVar

from pydantic import Field

from search_spaces import Signature

from ..requests import Runner
from .base import ExportForm, TaskOptions
from .classification import Classification, ClassificationOptions
from .clip_data import ClipData


class ClipOptions(ClassificationOptions):
    """The training recipe, when to give a poor network up, and how a finished one is evaluated.

    A trial is given up after epoch `stop_after` where its validation accuracy is below `stop_below`; it then counts
    with what it has reached.
    """

    stop_after: Annotated[
        int | None, Field(ge=1, le=10_000, description="epoch after which poor networks are given up; left out: never")
    ] = None
    stop_below: Annotated[
        float, Field(gt=0, le=1, allow_inf_nan=False, description="validation accuracy, 0 to 1, that is poor then")
    ] = 0.2
    test_clips: Annotated[
        int, Field(ge=1, le=64, description="clips of each test video whose logits exports average")
    ] = 5


class ClipClassification(Classification):
    """Videos with one label each, of which networks take clips."""

    Options: ClassVar[type[TaskOptions]] = ClipOptions
    NO_RECIPE: ClassVar[frozenset[str]] = Classification.NO_RECIPE | {"test_clips"}
    export_form: ClassVar[ExportForm] = ExportForm(images=False)
    options: ClipOptions

    @abstractmethod
    def load(self) -> ClipData:
        """The videos."""

    def stop_reason(self, epoch: int, metrics: Mapping[str, float]) -> str:
        options, accuracy = self.options, metrics["val_accuracy"]
        if epoch != options.stop_after or accuracy >= options.stop_below:
            return ""
        return f"stopped after epoch {epoch}: validation accuracy {accuracy:.4f} is below {options.stop_below:g}"

    def runner(self) -> Runner:
        from ..training import ClipRunner  # needs torch

        return ClipRunner(self)

    def exporter(self) -> Runner:
        from ..clip_export import clip_exporter  # needs torch

        return clip_exporter(self)


def clip_signature(channels: int, classes: int, sizes: tuple[int, int], *, frames: int, frame_rate: float) -> Signature:
    """Of videos of `frames` frames: a clip has up to so many, at their rate or a lower one down to the whole length."""
    slowest = floor(1000 * frame_rate / max(1, frames - 1)) / 1000
    return Signature("clip", channels, classes, sizes, (1, frames), (slowest, frame_rate))
