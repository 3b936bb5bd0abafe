"""Every guide is followed word by word, with the service that the quick start starts."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import onnxruntime
import pytest
from guides import follow, steps
from processes import Server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Server]:
    """What `nas serve &` starts, with its state where the reader's commands keep theirs, and the reader's data root."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAS_DATA_ROOTS", str(folder / "data"))
        running = Server(folder / "nas-data")
        running.start()
        yield running
        running.stop()


@pytest.fixture(scope="module")
def environment(service: Server) -> dict[str, str]:
    """`nas` on the path, at the port of this service; COLUMNS so that no id is wrapped."""
    return surroundings(service)


def surroundings(service: Server) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return service.environment | {"PATH": path, "NAS": service.url}


def test_quick_start(folder, service, environment):
    for step in steps("quickstart.md"):
        if step.text.startswith("nas serve"):
            continue  # it runs already
        follow(step, folder, environment | _newest_job(service))
    assert (folder / "winner" / "model.onnx").stat().st_size > 1000
    assert "# Image classifier for `digits`" in (folder / "winner" / "model_card.md").read_text()


def test_http(folder, service, environment):
    said = [
        follow(step, folder, environment | _newest_job(service))
        for step in steps("http-api.md")
        if step.language == "console"
    ]
    shown = next(step for step in steps("http-api.md") if step.language == "json")
    assert json.loads(said[-1]) == json.loads(shown.text)


def test_python(folder, service, environment):
    said = [follow(step, folder, environment) for step in steps("python-client.md")]
    assert "finished" in said[0]
    assert said[1].startswith("404 ")


def test_weight_agnostic_networks(folder, service, environment):
    said = {}
    for step in steps("wann.md"):
        if not step.text.startswith("nas serve"):
            said[step.text] = follow(step, folder, environment | _newest_job(service))
    assert float(said["cd winner && python run.py 0,0,-1,0,0"]) != 0
    winner = folder / "winner"
    assert {"model_tuned.onnx", "model_ensemble.onnx", "curve.svg"} <= {path.name for path in winner.iterdir()}
    assert "<svg" in (folder / "network.svg").read_text()
    assert (folder / "again.out").read_text().count("nan") == (winner / "network.out").read_text().count("nan")


def test_netadapt(folder, service, environment):
    for step in steps("netadapt.md"):
        follow(step, folder, environment)
    refined, cut = service.nas_json("jobs")[:2]
    assert {job["state"] for job in (refined, cut)} == {"finished"}
    assert all("is reached" in job["reason"] for job in (refined, cut))


def test_video(folder, service, environment):
    said = {}
    for step in steps("video.md"):
        if not step.text.startswith("nas serve"):
            said[step.text] = follow(step, folder, environment | _newest_job(service))
    assert "feasible" in said["nas preview moving.yaml"]
    winner = folder / "winner"
    card = (winner / "model_card.md").read_text()
    assert float(re.search(r"Video classifier for `videofolder`: ([\d.]+)%", card)[1]) > 60  # a guess has 33
    (answer,) = (text for command, text in said.items() if "run.py" in command)
    assert answer.strip() == "left"
    frames = onnxruntime.InferenceSession(winner / "model_frames.onnx").get_inputs()[0].shape
    assert frames[0] in (2, 4)
    assert frames[1] == 1


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Server]:
    """A service that asks for keys from the first one on: the other guides are followed without."""
    running = Server(tmp_path / "nas-data", ("--inline", "1"))
    running.start()
    yield running
    running.stop()


def test_access(tmp_path, shared):
    said, ids = {}, {}
    for step in steps("access.md"):
        said[step.text] = follow(step, tmp_path, surroundings(shared) | ids)
        if step.text == "nas key list":
            ids = {"ID": shared.nas_json("key", "list")[1]["id"]}
    assert "ann" in said["nas key list"]
    assert [key["state"] for key in shared.nas_json("key", "list")] == ["valid", "revoked"]
    assert "send a key that holds" in shared.nas("jobs", code=2)
    assert all((tmp_path / name).read_text().strip() not in shared.log for name in ("ops.key", "ann.key"))


def test_choosing_a_strategy(folder, service, environment):
    for step in steps("strategies.md"):
        follow(step, folder, environment)
    with service.client() as client:
        job = client.job(_newest_job(service)["JOB"])
        best = client.candidate(job.incumbent)
    assert job.trials == 14
    assert [trial.fidelity["epochs"] for trial in best.trials] == [1, 2, 4]


def test_operations(folder, service, environment):
    for used in ("artifacts", "tables"):  # of a service that somebody worked with
        (service.home / used).mkdir(exist_ok=True)
    said = {}
    for step in steps("operations.md"):
        if not step.text.startswith("nas serve"):
            said[step.text] = follow(step, folder, environment)
    assert json.loads(said["curl -sf $NAS/readyz"])["ready"]
    assert said["nas db check"] == said["NAS_HOME=restored nas db check"] == "the database is sound\n"
    assert "already" in said["nas db upgrade"]
    assert "not in it: artifacts" in said["nas db backup monday.backup"]


def _newest_job(service: Server) -> dict[str, str]:
    """JOB as a reader would set it from what `submit` printed, once it has ended, and BEST, its best candidate."""
    with service.client() as client:
        newest = client.jobs_page(limit=1).items
        if not newest:
            return {}
        job = client.wait(newest[0].id)
        return {"JOB": job.id, "BEST": job.incumbent or ""}
