"""A job spec with everything it names: space, task, objective and latency table, checked against each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from latency_tables import LatencyTable, TableError, load, table_path
from search_spaces import Architecture, BoundSpace, SearchSpace, SpaceError, get_space
from workers.requests import Fidelity
from workers.tasks import Task, TaskError, get_task, variant

from .composition import chosen, compose, refiner
from .early_stopping import ladder_of
from .errors import InvalidSpec
from .objective import Objective
from .spec import DeviceSpec, JobSpec
from .strategies import Strategy


@dataclass(frozen=True)
class Search:
    """What a job means. Built at submission to refuse what does not fit, and by the coordinator to run it."""

    spec: JobSpec
    space: SearchSpace
    bound: BoundSpace
    task: Task
    objective: Objective
    table: LatencyTable | None

    @classmethod
    def prepare(cls, spec: JobSpec, tables: Path) -> Search:
        """Resolve every name in the spec. Raises InvalidSpec, which names the field and what would be right."""
        space, task, bound = parts(spec)
        objective = Objective.of(spec.objective, task.metrics, task.options.metric)
        table = _table(spec.device, tables) if "latency_ms" in objective.names else None
        if spec.measure is not None and table is None:
            raise InvalidSpec(
                "finalists are measured to judge their estimates, and this objective reads no latency_ms; give it a "
                "cost or a limit of that name, or leave measure out",
                "measure",
            )
        return cls(spec, space, bound, task, objective, table)

    def strategy(self) -> Strategy:
        """A fresh strategy, as the job starts with it."""
        return compose(self.spec, self.bound, self.task.fidelity)

    @property
    def parallel(self) -> int:
        """Trials under way at once: as the spec says, or as the strategy wants."""
        return self.spec.workers.parallel or self.strategy().parallel

    def costs(self, architecture: Architecture) -> dict[str, float]:
        """`params`, `macs` and, with a device, `latency_ms` and `latency_error_ms`.

        Raises InvalidSpec where the table lacks an op, naming the command that measures it.
        """
        costs: dict[str, float] = {"params": architecture.params, "macs": architecture.macs}
        if self.table is not None:
            estimate = self.table.estimate(architecture)
            if estimate.missing:
                raise InvalidSpec(self._missing(estimate.missing), "device.name")
            costs |= {"latency_ms": estimate.latency_ms, "latency_error_ms": estimate.error_ms}
        return costs

    def trial_key(self, architecture: Architecture, fidelity: Fidelity, seed: int) -> str:
        """What has to be equal for the result of a trial that began afresh to be used again."""
        text = f'["{architecture.hash}", {self._evaluator}, {_fidelity_text(fidelity)}, {seed}]'
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def written_task(self) -> dict[str, Any]:
        """The task as a worker gets it: its name and all options. Shared by all requests; nobody may change it."""
        return {"name": self.task.name, **self.task.options.model_dump(mode="json")}

    @cached_property
    def _evaluator(self) -> str:
        """What stands in a trial's key for the space and the task, the same for all trials of a search."""
        space = [self.space.name, self.space.version]
        return f"{json.dumps(space)}, {json.dumps([self.task.name, self.task.version, self.task.fingerprint])}"

    @property
    def filled_in(self) -> dict[str, Any]:
        """The spec as JSON with every default in its place, so that a later default changes nothing of an old job."""
        spec = self.spec.model_dump(mode="json")
        spec["objective"] = self.objective.spec.model_dump(mode="json")
        spec["space"]["options"] = self.space.options.model_dump(mode="json")
        spec["task"] = dict(self.written_task)
        options = chosen(self.spec, self.bound).options
        spec["strategy"] = {"name": self.spec.strategy.name, **options.model_dump(mode="json")}
        if (refine := self.spec.refine) is not None:
            options = refiner(refine, self.bound, self.spec.seed).options
            spec["refine"] = {"name": refine.name, "trials": refine.trials, **options.model_dump(mode="json")}
        spec["workers"]["parallel"] = self.parallel
        if self.spec.early_stopping is not None:
            spec["early_stopping"]["rungs"] = len(ladder_of(self.spec.early_stopping, self.task.fidelity).rungs)
        return spec

    @property
    def fingerprints(self) -> Mapping[str, Any]:
        """Versions and hashes of what the job depends on, noted when it is submitted."""
        return {
            "space": self.space.version,
            "task": self.task.version,
            "data": self.task.fingerprint,
            "table": self.table.hash if self.table else None,
        }

    def _missing(self, keys: tuple[str, ...]) -> str:
        device = self.spec.device.name if self.spec.device else "local"
        return (
            f"the latency table of {device!r} lacks {len(keys)} op(s) of this space, for example {keys[0]}; "
            f"measure them on the device with: nas device profile {device} --for SPEC.yaml"
        )


@lru_cache(maxsize=64)
def _fidelity_text(fidelity: Fidelity) -> str:
    return json.dumps(fidelity.as_json(), sort_keys=True)


def parts(spec: JobSpec) -> tuple[SearchSpace, Task, BoundSpace]:
    """The space of a spec, its task, and the space as it is for that task. Raises InvalidSpec."""
    try:
        space = get_space(spec.space.name, **spec.space.options)
        task = get_task(variant(spec.task.name, space.kinds), **spec.task.options)
        return space, task, space.bind(task.signature)
    except (SpaceError, TaskError) as error:
        raise InvalidSpec(str(error), error.field) from None


def _table(device: DeviceSpec | None, tables: Path) -> LatencyTable:
    if device is None:
        raise InvalidSpec(
            "this objective reads latency_ms, so the job needs a device, for example {name: local, threads: 1}; "
            "without one, set objective.cost to macs or params",
            "device",
        )
    try:
        path = table_path(tables, device.name, device.setting)
    except TableError as error:
        raise InvalidSpec(str(error), "device.name") from None
    profile = f"nas device profile {device.name} {device.setting.options} --for SPEC.yaml"
    if not path.exists():
        raise InvalidSpec(
            f"no latency table for {device.name!r} with {device.setting.words}; measure one with: {profile}",
            "device.name",
        )
    try:
        table = load(path)
    except TableError as error:
        raise InvalidSpec(f"{error}; measure it again with: {profile}", "device.name") from None
    if mismatch := table.mismatch(setting=device.setting, allow=device.allow):
        raise InvalidSpec(
            f"{mismatch}; measure it again with: {profile}, or name under device.allow what may differ", "device.name"
        )
    return table
