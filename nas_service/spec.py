"""The job spec, as people write it in YAML, JSON or Python, and as the database keeps it, defaults filled in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from device_agent.setting import (
    CPU,
    MOST_THREADS,
    PROVIDER,
    USUAL,
    Precision,
    Setting,
    Threads,
    precision_of,
    provider_of,
    threads_of,
)

Count = Annotated[int, Field(ge=1, le=10_000_000)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
ThreadCount = Annotated[
    Threads,
    BeforeValidator(threads_of, json_schema_input_type=Annotated[int, Field(ge=1, le=MOST_THREADS)] | Literal["all"]),
]
PrecisionName = Annotated[
    Precision, BeforeValidator(precision_of, json_schema_input_type=Literal["float32", "fp32", "int8"])
]
ProviderName = Annotated[
    str, BeforeValidator(provider_of, json_schema_input_type=Annotated[str, Field(pattern=f"^{PROVIDER}$")])
]
Genotypes = Annotated[list[dict[str, Any]], Field(max_length=500)]  # in the job's row, which every step reads
LARGEST_SPEC_BYTES = 2_000_000  # of a file: reading YAML takes a thousand times its size in memory and seconds a MB


class Part(BaseModel):
    """A part of the spec in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OpenPart(BaseModel):
    """A part whose other keys belong to whatever `name` names; that one checks them."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: Name

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class SpaceSpec(Part):
    name: Name
    options: dict[str, Any] = {}


class TaskSpec(OpenPart):
    """A task's name, with its options beside it (`epochs`, `metric`, `path`)."""


class StrategySpec(OpenPart):
    """A strategy's name, with its options beside it (`population`, `sample`)."""


class WarmStartSpec(Part):
    """What the search begins with: the best `top` networks of each of these jobs of the same space, and `genotypes`.

    `resolved` is what the jobs' networks were when this job was submitted; it is filled in then.
    """

    jobs: Annotated[list[Name], Field(max_length=10)] = []
    top: Annotated[int, Field(ge=1, le=50)] = 10
    genotypes: Genotypes = []
    resolved: Genotypes | None = None

    @property
    def networks(self) -> Genotypes:
        """All of them, in the order in which they are proposed."""
        return [*self.genotypes, *(self.resolved or [])]


class ControlSpec(Part):
    """Random candidates that get a share of the trials, so that the job shows what its search adds."""

    name: Literal["random"] = "random"
    share: Annotated[float, Field(gt=0, lt=1)] = 0.2

    @staticmethod
    def read(data: Any) -> Any:
        """The name alone stands for the whole. Raises ValueError for what is no control."""
        if isinstance(data, str):
            return {"name": data}
        if data is None or isinstance(data, dict | ControlSpec):
            return data
        raise ValueError("expected random, or {name: random, share: 0.2}")


Control = Annotated[
    ControlSpec | None,
    BeforeValidator(ControlSpec.read, json_schema_input_type=ControlSpec | Literal["random"] | None),
]


class RefineSpec(OpenPart):
    """A second stage: `trials` of the budget go to `name`, which starts from the best network that the search found."""

    trials: Count


class DeviceSpec(Part):
    """The device whose latency table prices candidates, and how inference will run there.

    `threads` is their number, or `all`: as many as the device has cores. `precision` is float32 (or fp32) or int8,
    `provider` an execution provider of the device's onnxruntime. Each combination has a table of its own.

    A table that was made with another onnxruntime, exporter or precision than the service has, or on another CPU where
    the device is this machine, is refused unless `allow` names what may differ.
    """

    name: Name = "local"
    threads: ThreadCount = 1
    precision: PrecisionName = "float32"
    provider: ProviderName = CPU
    allow: list[Literal["onnxruntime", "exporter", "precision", "cpu"]] = []

    @property
    def setting(self) -> Setting:
        return Setting(self.threads, self.precision, self.provider)


class Exponents(Part):
    """MnasNet's w: `under` applies up to the target, `over` above it (arXiv 1807.11626, eq. 2 and 3)."""

    under: Annotated[float, Field(ge=-10, le=0)] = -0.07
    over: Annotated[float, Field(ge=-10, le=0)] = -0.07


class ObjectiveSpec(Part):
    """What to maximise, at which cost, under which limits (`latency_ms`, `params`, `macs`, or a metric of the task)."""

    reward: Literal["mnasnet", "metric", "pareto"] = "mnasnet"
    cost: Name = "latency_ms"
    target: Positive | None = None
    exponents: Exponents = Exponents()
    limits: dict[str, Positive] = {}


class EarlyStoppingSpec(Part):
    """Rungs: every network begins with a part of a trial, and of each rung the best 1 / `factor` go on to the next.

    `asha` is one ladder, `hyperband` has one for each rung to begin on; with `percentile` what is as good as the best
    1 / `factor` of the networks trained to the end goes on, by Optuna's pruner. With `predicted` those go on whose
    final result, predicted from their choices and their result so far, promises most. Without `rungs` there are up to
    three.
    """

    method: Literal["asha", "hyperband", "percentile", "predicted"] = "asha"
    over: Literal["epochs", "data_fraction", "input_scale"] = "epochs"
    factor: Annotated[int, Field(ge=2, le=10)] = 3
    rungs: Annotated[int | None, Field(ge=2, le=10)] = None


class BudgetSpec(Part):
    """When the search ends: after so many trials, or so many hours, whichever is first."""

    trials: Count
    hours: Positive | None = None


class WorkersSpec(Part):
    """How many trials are under way at once, and what the worker of one occupies. `timeout_s` ends a trial that hangs.

    Without `parallel` it is what the strategy wants: one trial, or a generation.
    """

    parallel: Annotated[int | None, Field(ge=1, le=10_000)] = None
    cpus: Annotated[float, Field(ge=0, le=1024)] = 1
    gpus: Annotated[float, Field(ge=0, le=64)] = 0
    timeout_s: Positive | None = None


class MeasureSpec(Part):
    """Once the search has ended, its best `finalists` are measured on its device, beside what was estimated."""

    finalists: Annotated[int, Field(ge=1, le=50)] = 5


class WebhookSpec(Part):
    """Where the end of the job is told, as a POST of JSON. Only hosts that the service's operator allows are called."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]


Priority = Annotated[int, Field(ge=-100, le=100, description="over other jobs of the same owner; higher goes first")]


class JobSpec(Part):
    """One search. `seed` decides every draw of the strategy and the seeds of its trials."""

    name: Name = "search"
    space: SpaceSpec
    task: TaskSpec
    device: DeviceSpec | None = None
    objective: ObjectiveSpec = ObjectiveSpec()
    strategy: StrategySpec = StrategySpec(name="evolution")
    warm_start: WarmStartSpec | None = None
    control: Control = None
    early_stopping: EarlyStoppingSpec | None = None
    refine: RefineSpec | None = None
    budget: BudgetSpec
    workers: WorkersSpec = WorkersSpec()
    priority: Priority = 0
    measure: MeasureSpec | None = None
    webhook: WebhookSpec | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @property
    def setting(self) -> Setting:
        """Of inference on the device: one thread of the CPU in float32, where the spec names none."""
        return self.device.setting if self.device else USUAL


def read_spec(path: Path) -> dict[str, Any]:
    """A spec file (YAML or JSON) as a dictionary, not yet validated. Raises OSError and ValueError with the reason."""
    size = path.stat().st_size
    if size > LARGEST_SPEC_BYTES:
        raise ValueError(f"{path} is no job spec: it holds {size:,} bytes, and a spec at most {LARGEST_SPEC_BYTES:,}")
    data = _parsed(path)
    if not isinstance(data, dict):
        raise ValueError(f"{path} holds no job spec: expected keys such as space, task and budget")
    return data


def _parsed(path: Path) -> Any:
    kind, parse = ("JSON", json.loads) if path.suffix == ".json" else ("YAML", yaml.safe_load)
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{path} is not valid {kind}: {error}") from None
    except RecursionError:
        raise ValueError(f"{path} is no job spec: it is nested too deeply") from None
