"""Asking the machines of a Ray cluster whether they see the data of a task, before a job waits for them.

Each living node that could hold a trial is asked by a Ray task of no CPUs, which is pinned to it and so runs beside
whatever is under way there. Plain Ray tasks may be sent from any thread, so this may be called from the threads of the
API while the coordinator's thread works with the same Ray.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ..requests import Resources
from ..tasks import Task, TaskError, task_of
from ..versions import mismatch, versions
from .base import DataCheck

ANSWER_S = 15.0  # for all nodes together; a client waits 30 s for its own answer


@dataclass(frozen=True)
class _Seen:
    """What a node found: the task's fingerprint there, why there is none, or why it could not look."""

    fingerprint: str = ""
    problem: str = ""
    hindrance: str = ""


@dataclass(frozen=True)
class _Node:
    id: str
    name: str


def check_data(task: Task, resources: Resources, wanted: Mapping[str, str], answer_s: float = ANSWER_S) -> DataCheck:
    """What the nodes with room for `resources` say of the task's data.

    `wanted` are the versions that a worker needs for the task. A node that has others, that fails or that says nothing
    for `answer_s` is among the unanswered. What it was asked goes on there, and what it reads of the data is kept in
    its cache.
    """
    asked = {_ask(node, task.data_spec, wanted): node for node in _nodes(resources)}
    if not asked:
        return DataCheck()
    answered, silent = ray.wait(list(asked), num_returns=len(asked), timeout=answer_s)
    unanswered = [f"{asked[ref].name} did not answer in {answer_s:g} s" for ref in silent]
    problems = []
    for ref in answered:
        name, seen = asked[ref].name, _answer(ref)
        if seen.hindrance:
            unanswered.append(f"{name} could not look: {seen.hindrance}")
        elif seen.problem:
            problems.append(f"{name}: {seen.problem}")
        elif seen.fingerprint != task.fingerprint:
            problems.append(f"{name}: what lies at {task.options.path} there is other data")
    return DataCheck(tuple(sorted(problems)), tuple(sorted(unanswered)))


def _nodes(resources: Resources) -> list[_Node]:
    """The living nodes that could hold this; by host, and by the address or name that Ray knows it under."""
    return [
        _Node(node["NodeID"], f"{node['NodeManagerHostname']} ({node['NodeName']})")
        for node in ray.nodes()
        if node["Alive"]
        and node["Resources"].get("CPU", 0.0) >= resources.cpus
        and node["Resources"].get("GPU", 0.0) >= resources.gpus
    ]


def _ask(node: _Node, spec: Mapping[str, Any], wanted: Mapping[str, str]) -> Any:
    """The reference of the answer to come."""
    there = NodeAffinitySchedulingStrategy(node.id, soft=False)
    return ray.remote(_look).options(num_cpus=0, max_retries=0, scheduling_strategy=there).remote(spec, wanted)


def _look(spec: Mapping[str, Any], wanted: Mapping[str, str]) -> _Seen:
    """Runs on a node: make the task from its spec, which reads the data, or what is known of it since the last time."""
    if lacking := mismatch(wanted, versions()):
        return _Seen(hindrance=lacking)
    try:
        return _Seen(task_of(spec).fingerprint)
    except TaskError as error:
        return _Seen(problem=str(error))


def _answer(reference: Any) -> _Seen:
    try:
        seen: _Seen = ray.get(reference)
    except RayError as error:  # the node went away, or lacks our packages
        return _Seen(hindrance=str(error).strip().splitlines()[-1][:300])
    return seen
