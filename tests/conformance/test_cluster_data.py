"""A job's data on a real cluster: a coordinator's node without processors, and two machines that run trials."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copy
from typing import Any

import httpx
import pytest
from image_sets import write_npz
from ray.cluster_utils import Cluster

from nas_service.app import create_app
from nas_service.settings import Settings
from workers.dispatchers import DataCheck, ray_dispatcher
from workers.dispatchers.data_check import check_data
from workers.dispatchers.ray_dispatcher import RayDispatcher
from workers.requests import Resources
from workers.tasks import Task, get_task

Post = Callable[[str, dict[str, Any]], httpx.Response]

EVERYWHERE, ODD_ONLY, NOWHERE = Resources(1), Resources(2), Resources(4)
PATIENCE_S = 120  # the first answer of a machine waits for a worker process to start
ODD = f"{os.uname().nodename} (odd): "


@dataclass(frozen=True)
class Machines:
    """`good` (a CPU, a GPU) reads below `here`, as this process does; `odd` (two CPUs) below `there` only."""

    dispatcher: RayDispatcher
    here: Path
    there: Path


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    root = tmp_path_factory.mktemp("machines")
    here, there = root / "here", root / "there"
    here.mkdir()
    there.mkdir()
    elsewhere = {"NAS_DATA_ROOTS": str(there)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAS_DATA_ROOTS", str(here))
        patch.setenv("NAS_CACHE", str(root / "cache"))
        patch.setattr(ray_dispatcher, "check_data", partial(check_data, answer_s=PATIENCE_S))
        cluster = Cluster()
        bare = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}  # starts sooner
        cluster.add_node(num_cpus=0, env_vars=elsewhere, **bare)
        cluster.add_node(num_cpus=1, num_gpus=1, node_name="good")
        cluster.add_node(num_cpus=2, node_name="odd", env_vars=elsewhere)
        dispatcher = RayDispatcher(cluster.address)
        yield Machines(dispatcher, here, there)
        dispatcher.close()
        cluster.shutdown()


@pytest.fixture
def post(machines: Machines, tmp_path: Path) -> Iterator[Post]:
    """Posts to the API over these machines. Its coordinator rests, so that jobs stay as they were submitted."""
    app = create_app(Settings(home=tmp_path, page=False), dispatcher=machines.dispatcher)

    async def sent(path: str, body: dict[str, Any]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/api/v1") as client:
            return await client.post(path, json=body)

    yield lambda path, body: asyncio.run(sent(path, body))
    app.state.service.store.close()


def npz(path: Path | str) -> Task:
    return get_task("npz", path=str(path))


def job(path: Path | str, gpus: int = 0) -> dict[str, Any]:
    options = {"backbone": [{"width": 8, "stride": 2}, {"width": 16, "stride": 2}], "resolution": [16], "hidden": 32}
    return {
        "space": {"name": "mobilenetv3", "options": options},
        "task": {"name": "npz", "path": str(path)},
        "objective": {"cost": "macs", "target": 500_000},
        "budget": {"trials": 5},
        "workers": {"gpus": gpus},
    }


def test_a_job_whose_data_a_machine_may_not_read_is_refused_with_its_name(machines: Machines, post: Post) -> None:
    path = write_npz(machines.here / "bars.npz")
    for answer in (post("/jobs", job(path)), post("/jobs/preview", job(path))):
        problem = answer.json()
        assert (answer.status_code, problem["field"]) == (422, "task.path")
        assert f"{ODD}{path} lies outside the folders that tasks may read ({machines.there})" in problem["detail"]
        assert "(good)" not in problem["detail"]
        assert "NAS_DATA_ROOTS before `ray start`" in problem["detail"]


def test_only_machines_that_could_run_the_job_are_asked_and_a_clone_asks_again(machines: Machines, post: Post) -> None:
    made = post("/jobs", job(write_npz(machines.here / "wide.npz"), gpus=1))
    assert made.status_code == 201
    copied = post(f"/jobs/{made.json()['id']}/clone", {"workers": {"gpus": 0}})
    assert (copied.status_code, copied.json()["field"]) == (422, "task.path")
    assert ODD in copied.json()["detail"]


def test_a_copy_below_a_machines_own_root_will_do_until_it_is_another_data_set(machines: Machines, post: Post) -> None:
    copy(write_npz(machines.here / "copied.npz"), machines.there)
    made = post("/jobs", job("copied.npz"))
    assert made.status_code == 201
    extension = f"/jobs/{made.json()['id']}/extend"
    assert post(extension, {"trials": 1}).status_code == 200
    write_npz(machines.there / "copied.npz", 90)
    for answer in (post("/jobs", job("copied.npz")), post(extension, {"trials": 1})):
        assert (answer.status_code, answer.json()["field"]) == (422, "task.path")
        assert f"{ODD}what lies at copied.npz there is other data" in answer.json()["detail"]


def test_missing_data_is_told_with_the_place_where_it_was_looked_for(machines: Machines) -> None:
    (problem,) = machines.dispatcher.check_data(npz(write_npz(machines.here / "gone.npz").name), EVERYWHERE).problems
    assert problem.startswith(f"{ODD}cannot read {machines.there}/gone.npz")


def test_threads_may_ask_at_once_while_another_polls(machines: Machines) -> None:
    task = npz(write_npz(machines.here / "asked.npz"))
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(machines.dispatcher.check_data, task, EVERYWHERE) for _ in range(6)]
        while not all(one.done() for one in asked):
            assert machines.dispatcher.poll(0.01) == []
    assert {len(one.result().problems) for one in asked} == {1}


def test_a_machine_that_says_nothing_is_unanswered(machines: Machines) -> None:
    task = npz(write_npz(machines.here / "slow.npz").name)
    os.mkfifo(machines.there / "slow.npz")  # whoever opens it for reading waits
    found = check_data(task, ODD_ONLY, {}, answer_s=0.2)
    with (machines.there / "slow.npz").open("wb"):
        assert found == DataCheck((), (f"{ODD.removesuffix(': ')} did not answer in 0.2 s",))


def test_a_machine_of_another_version_could_not_look(machines: Machines) -> None:
    task = npz(write_npz(machines.here / "newer.npz"))
    found = check_data(task, ODD_ONLY, {"nas-service": "99"}, PATIENCE_S)
    assert found.problems == ()
    assert "could not look: the worker has nas-service" in found.unanswered[0]


def test_nobody_is_asked_where_no_machine_could_run_it_or_ray_is_this_process_own(machines: Machines) -> None:
    task = npz(write_npz(machines.here / "own.npz"))
    assert machines.dispatcher.check_data(task, NOWHERE) == DataCheck()
    assert machines.dispatcher.check_data(task, EVERYWHERE).problems
    assert RayDispatcher().check_data(task, EVERYWHERE) == DataCheck()
