"""What a task is: a light description that the coordinator reads without torch, and a runner that workers load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from search_spaces import Signature
from search_spaces.space import Kind

from ..requests import Fidelity, Runner


@dataclass(frozen=True)
class Metric:
    """A number that a task reports: which way is better, and its range where it has one."""

    name: str
    direction: Literal["maximize", "minimize"] = "maximize"
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class ExportForm:
    """What exports of a task may be asked for.

    `epochs` of final training where the request names none; None trains as long as a trial of the search. `images`:
    whether files are of images, which can be normalised inside a file and calibrate an int8 one.
    """

    epochs: int | None = None
    fewest_epochs: int = 1
    images: bool = True


class TaskOptions(BaseModel):
    """Base of every task's options, as they stand beside `name` in a job's `task`. `metric` is the one to optimise."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    metric: str = "val_accuracy"


class Task(ABC):
    """A task with its options. Construction is cheap, checks the data and needs no torch.

    Raises TaskError, which names the field at fault, for data that is missing or does not fit.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    summary: ClassVar[str]
    Options: ClassVar[type[TaskOptions]]
    variants: ClassVar[Mapping[Kind, str]] = {}  # by kind of network, the task that poses the same problem to it
    reads_path: ClassVar[bool] = False  # whether the data lies at the option `path`, where every worker has to see it
    export_form: ClassVar[ExportForm] = ExportForm()
    options: Any

    def __init__(self, **options: Any) -> None:
        self.options = self.Options(**options)

    @property
    def data_spec(self) -> dict[str, Any]:
        """The spec from which another machine makes this task with the data that it has itself, whatever that is."""
        return {"name": self.name, **self.options.model_dump(mode="json")}

    @property
    def note(self) -> str:
        """What whoever submits a job should know of the data, in a sentence; empty where that is nothing."""
        return ""

    @property
    @abstractmethod
    def signature(self) -> Signature: ...

    @property
    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """What a completed trial reports; `options.metric` is one of these."""

    @property
    @abstractmethod
    def fidelity(self) -> Fidelity:
        """The full fidelity: what a trial spends unless the strategy asks for less."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Hash of the data's content and of every option that changes a trial's result: part of the reuse key."""

    @property
    def batch(self) -> int:
        """The most trials that one request carries: above 1 for what evaluates several in less time than one by one."""
        return 1

    @abstractmethod
    def runner(self) -> Runner:
        """What evaluates a request of this task. Called on a worker only; may import torch."""

    def exporter(self) -> Runner:
        """What runs a request of kind `export`. Called on a worker only. Raises TaskError where there is none."""
        raise TaskError(f"task {self.name!r} trains no network, so there is nothing to export", "task.name")


class TaskError(ValueError):
    """Options or data that a task refuses. `field` is the offending path, for example `task.epochs`."""

    def __init__(self, message: str, field: str = "task") -> None:
        super().__init__(message)
        self.field = field
