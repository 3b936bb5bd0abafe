"""A candidate's architecture for people: rebuilt from its genotype, with what the device's table says of each op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latency_tables import Between, LatencyTable, TableError, load, table_path
from nas_service.errors import Conflict
from nas_service.spec import DeviceSpec, JobSpec
from nas_service.store import Candidate, Job
from search_spaces import Architecture, BoundSpace, Op, SpaceError, get_space
from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.picture import picture as draw
from workers.tasks import TaskError, get_task, variant

from .views import ArchitectureView, OpView


def of_candidate(job: Job, candidate: Candidate, tables: Path) -> ArchitectureView:
    """Raises Conflict where the space or the task is no longer what it was when the job was submitted."""
    return view(rebuilt(job, candidate), _table(JobSpec.model_validate(job.spec).device, tables))


def picture(job: Job, candidate: Candidate) -> str:
    """The network as SVG. Raises Conflict for what is no weight agnostic network, and as `of_candidate` does."""
    network = rebuilt(job, candidate).ops[0]
    if not isinstance(network, SharedWeightNetwork):
        raise Conflict(
            f"candidate {candidate.id} is a network of space {job.spec['space']['name']!r}; there are pictures only of "
            "weight agnostic networks, space 'wann'"
        )
    return draw(network, title=f"{job.name}, {candidate.id}".removeprefix(", "))


def rebuilt(job: Job, candidate: Candidate) -> Architecture:
    """What the genotype means. Raises Conflict where space or task are no longer what they were."""
    with as_conflict():
        return bound_space(job).architecture(candidate.genotype)


def bound_space(job: Job) -> BoundSpace:
    """The job's space for its task. Raises Conflict where either is no longer what it was."""
    spec = JobSpec.model_validate(job.spec)
    with as_conflict():
        space = get_space(spec.space.name, **spec.space.options)
        return space.bind(get_task(variant(spec.task.name, space.kinds), **spec.task.options).signature)


@contextmanager
def as_conflict() -> Iterator[None]:
    try:
        yield
    except (SpaceError, TaskError) as error:
        raise Conflict(f"the architecture cannot be rebuilt: {error}", error.field) from None


def view(architecture: Architecture, table: LatencyTable | None) -> ArchitectureView:
    """The graph with shapes, counts and, where the table knows something of the op, its latency."""
    ops = [_op_view(node.op, node.inputs, table.cost_of(node.op) if table else None) for node in architecture.nodes]
    return ArchitectureView(
        input_shape=list(architecture.input_shape),
        output_shape=list(architecture.output_shape),
        frame_rate=architecture.frame_rate,
        ops=ops,
    )


def _table(device: DeviceSpec | None, tables: Path) -> LatencyTable | None:
    """The table of the job's device, if it is still there: an old job can be looked at without."""
    if device is None:
        return None
    try:
        return load(table_path(tables, device.name, device.setting))
    except TableError:
        return None


def _op_view(op: Op, inputs: Sequence[int], cost: Between | None) -> OpView:
    return OpView(
        kind=op.kind,
        inputs=list(inputs),
        in_shape=list(op.in_shape),
        out_shape=list(op.out_shape),
        params=op.params,
        macs=op.macs,
        latency_ms=cost.cost_ms if cost else None,
        latency_error_ms=cost.cost_ms * cost.relative_error if cost else None,
        fields=_fields(op),
    )


def _fields(op: Op) -> dict[str, Any]:
    return {name: value for name, value in op.to_json().items() if name not in ("kind", "in_shape")}
