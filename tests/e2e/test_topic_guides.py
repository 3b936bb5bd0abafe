"""The guides to one topic each are followed word by word, with one service for all but those that ask for keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import onnxruntime
import pytest
from guides import follow, newest_job, steps, surroundings
from processes import Server


def test_weight_agnostic_networks(folder, service, environment):
    said = {}
    for step in steps("wann.md"):
        if not step.text.startswith("nas serve"):
            said[step.text] = follow(step, folder, environment | newest_job(service))
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
            said[step.text] = follow(step, folder, environment | newest_job(service))
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
        job = client.job(newest_job(service)["JOB"])
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
