"""Tasks that score a network under several shared weights (arXiv 1906.04358): what they have in common."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from search_spaces import Signature

from ..requests import Fidelity, Runner
from ..wann.evaluator import Evaluator
from ..wann.shared_weights import SharedWeights
from .base import ExportForm, Metric, Task, TaskError, TaskOptions

Weight = Annotated[float, Field(allow_inf_nan=False, ge=-100, le=100)]


def _in_order(given: tuple[float, float]) -> tuple[float, float]:
    if given[0] > given[1]:
        raise ValueError(f"a range is [lowest, highest]; {list(given)} is the other way round")
    return given


WeightRange = Annotated[tuple[Weight, Weight], AfterValidator(_in_order)]


@contextmanager
def installed(who_needs: str, extras: str) -> Iterator[None]:
    """Imports in the block may miss a package: a TaskError that begins with `who_needs` says which extras bring it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise TaskError(
            f"{who_needs} {error.name}, which is not installed; run: pip install 'nas-service[{extras}]'"
        ) from None


class WeightAgnosticOptions(TaskOptions):
    """`weights` are tried one by one on all connections; `repetitions` is the full fidelity.

    With `weight_ranges`, each [lowest, highest], every repetition draws one weight from each of these instead.
    """

    metric: str = "mean_reward"
    weights: Annotated[tuple[Weight, ...], Field(min_length=1, max_length=64)] = (-2, -1, -0.5, 0.5, 1, 2)
    weight_ranges: Annotated[tuple[WeightRange, ...], Field(max_length=64)] = ()
    repetitions: Annotated[int, Field(ge=1, le=1000)] = 20


class WeightAgnosticTask(Task):
    """A network of `inputs` numbers and `outputs` numbers.

    Fidelity counts repetitions, episodes or batches, as epochs; its data fraction is the share of each weight range,
    around the middle, that weights are drawn from.

    `best_weight` and, where a run diverged, `diverged` are reported besides `metrics`: nobody optimises them.
    """

    Options: ClassVar[type[TaskOptions]] = WeightAgnosticOptions
    NO_RESULT: ClassVar[frozenset[str]] = frozenset({"metric", "repetitions"})  # options that change no trial's result
    export_form: ClassVar[ExportForm] = ExportForm(epochs=400, fewest_epochs=0, images=False)  # of tuning
    tuning_repetitions: ClassVar[int] = 4  # in which weights are tried while they are tuned, and for a curve
    inputs: ClassVar[int]
    outputs: ClassVar[int]
    options: WeightAgnosticOptions

    @property
    def shared_weights(self) -> SharedWeights:
        options = self.options
        return SharedWeights(options.weight_ranges or [(weight, weight) for weight in options.weights])

    @property
    def signature(self) -> Signature:
        return Signature("vector", channels=self.inputs, outputs=self.outputs, sizes=(1, 1))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (Metric("mean_reward"), Metric("best_reward"))

    @property
    def fidelity(self) -> Fidelity:
        return Fidelity(self.options.repetitions)

    @property
    def fingerprint(self) -> str:
        recipe = self.options.model_dump(mode="json", exclude=set(self.NO_RESULT))
        text = json.dumps([self.name, self.version, recipe], sort_keys=True)
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def batch(self) -> int:
        return 24

    @abstractmethod
    def evaluator(self) -> Evaluator:
        """What scores networks. Called on workers; raises TaskError where a package for it is missing."""

    def runner(self) -> Runner:
        from ..wann.control import ControlRunner

        return ControlRunner(self.evaluator(), self.shared_weights)

    def exporter(self) -> Runner:
        with installed(f"exports of task {self.name} need", "worker,wann"):
            from ..wann.exporter import wann_exporter
        return wann_exporter(self)
