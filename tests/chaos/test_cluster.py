"""A Ray cluster of several nodes that come and go, and jobs with and without GPUs beside each other on it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import ray
from ray_nodes import RayNodes
from searches import Lab, spec
from sqlalchemy import select

from nas_service.store import Job, Store, events
from nas_service.store.invariants import broken
from nas_service.store.schema import requests
from workers.dispatchers import nodes as cluster_nodes
from workers.dispatchers.ray_dispatcher import RayDispatcher
from workers.requests import EvaluationRequest, Report, ShouldStop
from workers.run import run

ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test

TRIALS = 8
PATIENCE_STEPS = 6000  # of a hundredth of a second and more


def gated(folder: Path, request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
    """Notes where a request runs, and evaluates it once the gate of its job is open."""
    (folder / f"{request.request_id}.{request.attempt}").write_text(ray.get_runtime_context().get_node_id())
    gate = folder / request.request_id.partition(".")[0]
    while not gate.exists():
        if should_stop():
            return
    yield from run(request, should_stop)


@dataclass(frozen=True)
class Machines:
    """A cluster, and the folder in which requests note their nodes and find their gates."""

    nodes: RayNodes
    dispatcher: RayDispatcher
    gates: Path

    def placed(self, job_id: str) -> dict[str, str]:
        """Where requests of a job have begun: `request.attempt` to node."""
        return {path.name: path.read_text() for path in self.gates.glob(f"{job_id}.*")}


@pytest.fixture(scope="module")
def nodes() -> Iterator[RayNodes]:
    made = RayNodes()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def first(nodes: RayNodes) -> str:
    """The node that is there from the beginning."""
    return nodes.add(num_cpus=1)


@pytest.fixture
def machines(nodes: RayNodes, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setattr(cluster_nodes, "AGE_S", 0.2)
    dispatcher = RayDispatcher(nodes.address, runner=partial(gated, tmp_path))
    yield Machines(nodes, dispatcher, tmp_path)
    dispatcher.close()
    for node in nodes.ids:
        if node != first:
            nodes.kill(node)


@pytest.fixture
def lab(machines: Machines, tmp_path: Path) -> Iterator[Lab]:
    store = Store(f"sqlite:///{tmp_path}/nas.sqlite")
    store.migrate()
    yield Lab(store, machines.dispatcher)
    store.close()


def search(trials: int, seed: int = 0, **workers: Any) -> dict[str, Any]:
    """Of two seeds none reuses what the other has found."""
    return spec(trials, strategy={"name": "random"}, workers=workers, seed=seed)


def until(lab: Lab, condition: Callable[[], bool]) -> None:
    for _ in range(PATIENCE_STEPS):
        if condition():
            return
        lab.step()
    pytest.fail("waited in vain")


def assert_each_trial_ended_once(lab: Lab, job: Job, trials: int) -> None:
    assert (job.state, job.trials, job.completed, job.failed) == ("finished", trials, trials, 0)
    with lab.store.read() as conn:
        told = [event.data["trial"] for event in events.after(conn, job.id, 0) if event.type == "trial"]
        assert list(broken(conn)) == []
    assert sorted(told) == sorted(f"{job.id}.t{n}" for n in range(trials))


def attempts(lab: Lab) -> dict[str, int]:
    with lab.store.read() as conn:
        return {row.id: row.attempt for row in conn.execute(select(requests.c.id, requests.c.attempt))}


def test_a_node_that_joins_takes_trials_and_what_a_killed_one_had_runs_on_another(
    lab: Lab, machines: Machines, first: str
) -> None:
    lab.submit(search(TRIALS, parallel=2))
    until(lab, lambda: machines.dispatcher.waiting_reason("j.r1") == "no free slot: 1 of 1 CPUs in use")
    until(lab, lambda: list(machines.placed("j")) == ["j.r0.1"])

    second = machines.nodes.add(num_cpus=1)
    until(lab, lambda: len(machines.placed("j")) == 2)
    assert machines.placed("j") == {"j.r0.1": first, "j.r1.1": second}
    assert machines.dispatcher.cluster().total.cpus == 2

    machines.nodes.kill(second)
    until(lab, lambda: attempts(lab) == {"j.r0": 1, "j.r1": 2})
    (machines.gates / "j").touch()
    assert_each_trial_ended_once(lab, lab.finish(), TRIALS)
    placed = machines.placed("j")
    assert placed.pop("j.r1.1") == second
    assert set(placed.values()) == {first}
    assert "j.r1.2" in placed


def test_jobs_with_and_without_gpus_side_by_side(lab: Lab, machines: Machines, first: str) -> None:
    lab.submit(search(3, 0, parallel=2, gpus=1), "gpu")
    lab.until(lambda job: job.reason == "1 GPUs asked for, the cluster has 0", "gpu")
    for name in ("early", "meanwhile", "endless"):
        (machines.gates / name).touch()
    lab.submit(search(3, 1, parallel=2), "early")
    assert_each_trial_ended_once(lab, lab.finish("early"), 3)
    assert machines.placed("gpu") == {}

    second = machines.nodes.add(num_cpus=1, num_gpus=1)
    until(lab, lambda: machines.dispatcher.waiting_reason("gpu.r1") == "no free slot: 1 of 1 GPUs in use")
    lab.submit(search(3, 2, parallel=2), "meanwhile")
    assert_each_trial_ended_once(lab, lab.finish("meanwhile"), 3)
    (machines.gates / "gpu").touch()
    assert_each_trial_ended_once(lab, lab.finish("gpu"), 3)
    assert set(machines.placed("gpu").values()) == {second}
    assert set(machines.placed("meanwhile").values()) == {first}

    lab.submit(search(100_000, 3, parallel=4), "endless")
    until(lab, lambda: set(machines.placed("endless").values()) == {first, second})
    (machines.gates / "late").touch()
    lab.submit(search(3, 4, parallel=1, gpus=1), "late")
    assert_each_trial_ended_once(lab, lab.finish("late"), 3)
    assert set(machines.placed("late").values()) == {second}
    assert lab.job("endless").state == "running"
