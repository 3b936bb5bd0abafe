"""From a spec to a checked ONNX file, with the commands that the README names."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import yaml
from digits_search import SEARCH
from exported_digits import accuracy
from processes import Server

from latency_tables import LatencyTable
from nas_service.client import Client
from workers.tasks.digits import Digits

EPOCHS = 3


@dataclass(frozen=True)
class Journey:
    """A job that was waited for, and the folder that its winner was exported into."""

    job: dict[str, Any]
    export: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def journey(
    server: Server,
    written: Callable[[Mapping[str, Any]], Path],
    limit_ms: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> Journey:
    objective = SEARCH["objective"] | {"limits": {"latency_ms": limit_ms}}
    job = server.nas_json("submit", written(SEARCH | {"objective": objective}), "--wait")
    folder = tmp_path_factory.mktemp("winner") / "new"
    return Journey(job, server.nas_json("export", job["id"], "-o", folder, "--epochs", EPOCHS), folder)


def test_the_search_spends_its_budget_and_breeds_from_what_it_found(journey: Journey, client: Client) -> None:
    """How many generations there are depends on which trials end first, and on how fast this machine is today."""
    found = list(client.candidates(journey.job["id"]))
    trained = {c.id for c in found if c.state == "completed"}
    assert (journey.job["state"], journey.job["completed"], journey.job["failed"]) == ("finished", 10, 0)
    assert any(trained.intersection(c.parents) for c in found)
    assert all(set(c.parents) <= {earlier.id for earlier in found[:at]} for at, c in enumerate(found))


def test_the_limit_holds_before_any_training(journey: Journey, client: Client, limit_ms: float) -> None:
    found = list(client.candidates(journey.job["id"]))
    over = [c for c in found if c.latency_ms + c.latency_error_ms > limit_ms]
    assert over
    assert {c.state for c in over} == {"infeasible"}
    assert all(not client.candidate(c.id).trials for c in over)
    assert {c.state for c in found if c not in over} == {"completed"}


def test_jobs_lists_it(journey: Journey, server: Server) -> None:
    listed = {job["id"]: job["state"] for job in server.nas_json("jobs")}
    assert listed[journey.job["id"]] == "finished"
    assert journey.job["id"] in server.nas("jobs")


def test_show_tells_the_limit_and_the_front(journey: Journey, server: Server, client: Client, limit_ms: float) -> None:
    shown = server.nas("show", journey.job["id"])
    assert f"latency_ms {limit_ms:g}" in shown
    assert all(candidate.id in shown for candidate in client.pareto(journey.job["id"]))


def test_watch_replays_every_event_of_a_job_that_is_over(journey: Journey, server: Server) -> None:
    events = [json.loads(line) for line in server.nas("watch", journey.job["id"], "--json").splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert sum(event["type"] == "trial" and event["data"]["state"] == "completed" for event in events) == 10
    assert "finished" in server.nas("watch", journey.job["id"])


def test_the_export_is_the_best_by_the_jobs_own_rule(journey: Journey, client: Client) -> None:
    best = max((c for c in client.candidates(journey.job["id"]) if c.reward is not None), key=lambda c: c.reward)
    assert journey.export["candidate_id"] == best.id == journey.job["incumbent"]
    assert journey.export["epochs"] == EPOCHS


def test_the_file_classifies_the_test_images_exactly_as_well_as_reported(journey: Journey) -> None:
    assert accuracy(journey.folder / "model.onnx") == journey.export["metrics"]["test_accuracy"]


def test_the_file_says_where_it_came_from(journey: Journey, client: Client) -> None:
    facts = onnxruntime.InferenceSession(journey.folder / "model.onnx").get_modelmeta().custom_metadata_map
    assert facts["architecture_hash"] == client.candidate(journey.export["candidate_id"]).hash
    assert json.loads(facts["classes"]) == list("0123456789")


def test_the_latency_was_measured_beside_its_estimate(journey: Journey, client: Client) -> None:
    metrics = journey.export["metrics"]
    assert metrics["latency_ms"] > 0
    assert metrics["estimated_ms"] == client.candidate(journey.export["candidate_id"]).latency_ms


def test_the_card_tells_accuracy_table_and_lineage(journey: Journey, table: LatencyTable) -> None:
    card = (journey.folder / "model_card.md").read_text()
    assert f"{journey.export['metrics']['test_accuracy']:.4f}" in card
    assert table.hash in card
    assert journey.export["candidate_id"] in card


def test_any_candidate_comes_as_int8_that_takes_pixels_in_a_zip_that_runs(
    journey: Journey, server: Server, client: Client, tmp_path: Path
) -> None:
    """Even one over the limit, which no trial ever trained."""
    over = next(c for c in client.candidates(journey.job["id"]) if c.state == "infeasible")
    form = ("--candidate", over.id, "--int8", "--normalise", "--epochs", EPOCHS)
    export = server.nas_json("export", journey.job["id"], "-o", tmp_path / "files", *form)
    metrics = export["metrics"]
    assert (export["candidate_id"], export["int8"], export["normalise"]) == (over.id, True, True)
    assert metrics["int8_latency_ms"] > 0
    assert metrics["int8_accuracy_drop"] == metrics["test_accuracy"] - metrics["int8_test_accuracy"]
    assert metrics["int8_file_bytes"] < metrics["file_bytes"]
    alone = tmp_path / "alone"
    zipfile.ZipFile(tmp_path / "files" / "bundle.zip").extractall(alone)
    written = {key: value for key, value in journey.job["spec"].items() if key != "webhook"}  # may hold a secret
    assert yaml.safe_load((alone / "spec.yaml").read_text()) == written
    test = Digits().load().test
    for name, metric in (("model.onnx", "test_accuracy"), ("model_int8.onnx", "int8_test_accuracy")):
        network = onnxruntime.InferenceSession(alone / name, providers=["CPUExecutionProvider"])
        images = torch.nn.functional.interpolate(torch.from_numpy(test.images.astype(np.float32)), 16, mode="bilinear")
        answers = np.array([network.run(None, {"input": image[None]})[0].argmax() for image in images.numpy()])
        assert (answers == test.labels).mean() == pytest.approx(metrics[metric], abs=0.01)
        np.save(alone / "image.npy", test.images[0])
        command = [sys.executable, "run.py", "image.npy", name]
        said = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=True).stdout
        assert said.strip() == str(answers[0])


def test_a_second_profile_of_the_same_space_measures_nothing(
    server: Server, written: Callable[[Mapping[str, Any]], Path], table: LatencyTable
) -> None:
    server.nas("device", "profile", "local", "--for", written(SEARCH))
    assert [row["hash"] for row in server.nas_json("device", "list") if row.get("device") == "local"] == [table.hash]
