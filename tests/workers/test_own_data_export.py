"""Exports of networks that were trained on own images: the job's metric on the test part, and how to feed the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from image_sets import trial, write_folders, write_npz
from sklearn.metrics import f1_score

from workers.artifacts import ArtifactStore
from workers.requests import Report
from workers.run import reports_of
from workers.tasks import task_of
from workers.training import prepare


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))


def exported(spec: dict[str, Any], folder: Path) -> tuple[Report, ArtifactStore]:
    request = trial(spec, folder, epochs=3, kind="export")
    last = list(reports_of(task_of(spec).exporter(), request, lambda: False))[-1]
    assert last.state == "completed", last.message
    return last, ArtifactStore(request.artifacts)


def test_the_job_s_metric_on_the_test_part_is_that_of_the_file(tmp_path: Path) -> None:
    spec = {"name": "npz", "path": str(write_npz(tmp_path / "bars.npz", 120)), "metric": "val_macro_f1", "flip": False}
    last, store = exported(spec | {"batch_size": 8}, tmp_path)
    data = task_of(spec).load()
    test = prepare(data, data.test, (16, 16))
    session = onnxruntime.InferenceSession(store.get(last.artifacts["model.onnx"]))
    answers = [session.run(None, {"input": image[None].contiguous().numpy()})[0].argmax() for image in test.images]
    assert last.metrics["test_macro_f1"] == pytest.approx(f1_score(data.test.labels, answers, average="macro"))
    assert last.metrics["test_accuracy"] == pytest.approx(np.mean(answers == data.test.labels))
    card = store.get(last.artifacts["model_card.md"]).decode()
    assert f"| test macro f1, which the search optimised | {last.metrics['test_macro_f1']:.4f} |" in card


def test_file_and_card_say_how_images_were_made_square(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "bars", 60)
    last, store = exported({"name": "imagefolder", "path": str(root), "size": 16, "fit": "pad"}, tmp_path)
    proto = onnx.load_from_string(store.get(last.artifacts["model.onnx"]))
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    assert json.loads(facts["preprocessing"])["fit"] == "pad"
    assert "Scale the longer side" in store.get(last.artifacts["model_card.md"]).decode()
