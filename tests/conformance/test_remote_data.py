"""A job's data on a real cluster of several nodes: a coordinator without processors, and machines that run trials."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from image_sets import write_npz
from ray.cluster_utils import Cluster

from workers.dispatchers import DataCheck
from workers.dispatchers.data_check import check_data
from workers.dispatchers.ray_dispatcher import RayDispatcher
from workers.requests import Resources
from workers.tasks import Task, get_task

ONE_CPU, TWO_CPUS, A_GPU = Resources(1), Resources(2), Resources(1, 1)


@dataclass(frozen=True)
class Machines:
    """`good` (1 CPU) reads below `here`, as the coordinator does, `odd` (2 CPUs) below `there` only."""

    dispatcher: RayDispatcher
    here: Path
    there: Path


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    root = tmp_path_factory.mktemp("machines")
    here, there = root / "here", root / "there"
    here.mkdir()
    there.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAS_DATA_ROOTS", str(here))
        patch.setenv("NAS_CACHE", str(root / "cache"))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        cluster.add_node(num_cpus=1, node_name="good")
        cluster.add_node(num_cpus=2, node_name="odd", env_vars={"NAS_DATA_ROOTS": str(there)})
        dispatcher = RayDispatcher(cluster.address)
        yield Machines(dispatcher, here, there)
        dispatcher.close()
        cluster.shutdown()


def npz(path: Path | str) -> Task:
    return get_task("npz", path=str(path), epochs=1)


def test_a_machine_that_may_not_read_the_path_is_named(machines: Machines) -> None:
    task = npz(write_npz(machines.here / "bars.npz"))
    found = machines.dispatcher.check_data(task, ONE_CPU)
    (problem,) = found.problems
    assert f"{os.uname().nodename} (odd): {machines.here}/bars.npz lies outside the folders" in problem
    assert str(machines.there) in problem
    assert not found.unanswered
