"""Exports of networks that take clips: two checked files, and enough said of them to be used by a stranger."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from clip_sets import clip_network, clip_trial, videos, write_clips
from video_files import write_video

from device_agent.setting import Setting
from search_spaces import Architecture
from search_spaces.ops import ClipConv
from workers.artifacts import ArtifactStore
from workers.clip_export import ClipExporter
from workers.clip_files import as_frames, clip_file, clip_preprocessing, frames_file
from workers.failures import TrialError
from workers.measuring import Measurement
from workers.onnx_file import compare
from workers.requests import Report
from workers.run import reports_of, run
from workers.tasks import get_task, task_of
from workers.tasks.clip_classification import ClipClassification
from workers.tasks.npz_clips import NpzClips
from workers.training import clips_of, evaluate, seeded_module
from workers.weights import load_weights


class Reading:
    latency_ms = 0.5
    spread_ms = 0.01


def stopwatch(model: bytes, *, setting: Setting) -> Measurement:
    """Stands in for a measurement on the device."""
    onnx.checker.check_model(model)
    return Reading()


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    x, y = videos(90, frames=8)
    path = write_clips(tmp_path_factory.mktemp("data") / "bars.npz", x=x, y=y, classes=np.array(["left", "right"]))
    return {"name": "npz-clips", "path": str(path), "flip": False, "batch_size": 8, "frame_rate": 8, "test_clips": 3}


@pytest.fixture(scope="module")
def network(spec: dict[str, Any]) -> Architecture:
    return clip_network(task_of(spec).signature, frames=3, side=12, frame_rate=4.0)


@pytest.fixture(scope="module")
def offer(
    spec: dict[str, Any], network: Architecture, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Report, ArtifactStore]:
    folder = tmp_path_factory.mktemp("artifacts")
    options = {"estimated_ms": 0.4, "spec": {"name": "bars"}}
    request = clip_trial(spec, folder, epochs=3, network=network, kind="export", options=options)
    task = task_of(spec)
    assert isinstance(task, ClipClassification)
    *progress, last = reports_of(ClipExporter(task, stopwatch), request, lambda: False)
    assert last.state == "completed", last.message
    assert [report.epoch for report in progress] == [1, 2, 3]
    return last, ArtifactStore(request.artifacts)


@pytest.fixture
def bundle(offer: tuple[Report, ArtifactStore], tmp_path: Path) -> Path:
    """A folder with the files of the export."""
    report, store = offer
    for name, artifact in report.artifacts.items():
        (tmp_path / name).write_bytes(store.get(artifact))
    return tmp_path


def test_what_is_offered_and_what_was_found_out(offer: tuple[Report, ArtifactStore]) -> None:
    report, _ = offer
    files = {"model.onnx", "model_frames.onnx", "model_card.md", "spec.yaml", "run.py", "bundle.zip", "weights"}
    assert report.artifacts.keys() == files
    m = report.metrics
    assert (m["latency_ms"], m["latency_spread_ms"], m["estimated_ms"], m["test_clips"]) == (0.5, 0.01, 0.4, 3)
    assert max(m["parity_max_abs"], m["frames_parity_max_abs"]) < 1e-4
    assert 0 <= m["test_accuracy"] <= 1
    assert "val_accuracy" in m


def test_accuracies_are_those_of_the_network_on_the_test_videos(
    offer: tuple[Report, ArtifactStore], spec: dict[str, Any], network: Architecture
) -> None:
    report, store = offer
    module = seeded_module(network, 5)
    module.load_state_dict(load_weights(store, report.artifacts["weights"]), strict=False)
    data = task_of(spec).load()
    test = clips_of(data, data.test, network)
    assert report.metrics["test_accuracy"] == evaluate(module, test)["accuracy"]
    with torch.inference_mode():
        logits = [module.eval()(torch.cat(list(test.starting(start).batches()))) for start in (0, 2, 3)]
    mean = torch.stack(logits).mean(0)
    assert report.metrics["multi_clip_test_accuracy"] == (mean.argmax(1) == test.labels).float().mean().item()


def test_both_files_take_what_they_say(bundle: Path, network: Architecture) -> None:
    clip = np.random.default_rng(0).normal(size=(3, 3, 12, 12)).astype(np.float32)
    answers = []
    for name, feed, shape in (
        ("model.onnx", clip[None], [1, 3, 3, 12, 12]),
        ("model_frames.onnx", clip.transpose(1, 0, 2, 3), [3, 3, 12, 12]),
    ):
        session = onnxruntime.InferenceSession(bundle / name)
        assert session.get_inputs()[0].shape == shape
        answers.append(session.run(None, {"input": feed})[0])
    assert answers[0].shape == (1, 2)
    assert answers[0] == pytest.approx(answers[1], abs=1e-5)


def test_files_describe_their_preprocessing(bundle: Path, spec: dict[str, Any], network: Architecture) -> None:
    for name, layout in (("model.onnx", "NCTHW"), ("model_frames.onnx", "TCHW")):
        facts = {entry.key: entry.value for entry in onnx.load(bundle / name).metadata_props}
        steps = json.loads(facts["preprocessing"])
        assert steps == clip_preprocessing(task_of(spec), network, layout)
        assert (steps["layout"], steps["frames"], steps["frame_rate"], steps["frame_stride"]) == (layout, 3, 4.0, 2.0)
        assert (steps["size"], steps["pixel_max"], len(steps["mean"])) == ([12, 12], 255, 3)
        assert json.loads(facts["classes"]) == ["left", "right"]
        assert Architecture.from_json(json.loads(facts["architecture"])) == network


def test_the_script_gives_the_stated_accuracy_with_either_file(
    bundle: Path, offer: tuple[Report, ArtifactStore], spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bundle)
    scope: dict[str, Any] = {"__name__": "run"}
    exec((bundle / "run.py").read_text(), scope)  # noqa: S102 - what a stranger would run
    data = task_of(spec).load()
    for model in ("model.onnx", "model_frames.onnx"):
        answers = []
        for row in data.test.rows:
            np.save("video.npy", data.test.videos[row])
            answers.append(scope["main"]("video.npy", model))
        right = np.array(answers) == np.array(data.classes)[data.test.labels]
        assert right.mean() == pytest.approx(offer[0].metrics["test_accuracy"])


def test_the_script_reads_video_files(bundle: Path) -> None:
    x, _ = videos(1, frames=16, side=32)
    write_video(bundle / "clip.mp4", x[0], 8)
    done = subprocess.run(
        [sys.executable, "run.py", "clip.mp4"], cwd=bundle, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() in ("left", "right"), done.stderr


def test_the_card_s_own_code_gives_the_stated_accuracy(
    bundle: Path, offer: tuple[Report, ArtifactStore], spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = (bundle / "model_card.md").read_text()
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert code is not None
    monkeypatch.chdir(bundle)
    scope: dict[str, Any] = {}
    exec(code.group(1), scope)  # noqa: S102 - this is what the reader of the card would do
    data = task_of(spec).load()
    clips = data.test.videos[data.test.rows][:, 1:6:2]  # the middle three of eight, every second one
    small = torch.nn.functional.interpolate(
        torch.tensor(clips).flatten(0, 1).permute(0, 3, 1, 2).float(), (12, 12), mode="bilinear", antialias=True
    ).permute(0, 2, 3, 1)
    frames = small.view(len(clips), 3, 12, 12, 3).numpy()
    right = [scope["classify"](f) == data.classes[label] for f, label in zip(frames, data.test.labels, strict=True)]
    assert np.mean(right) == pytest.approx(offer[0].metrics["test_accuracy"])


def test_the_card_tells_what_a_clip_is(bundle: Path) -> None:
    card = (bundle / "model_card.md").read_text()
    for told in (
        "# Video classifier for `npz-clips`",
        "clips of 3 frames of 12x12, 4 a second",
        "test accuracy, logits of 3 clips a video averaged",
        "shape (1, 3, 3, 12, 12)",
        "`model_frames.onnx` is the same network with an input of shape (3, 3, 12, 12)",
        "on 62 videos",
        "For the file that takes frames",
    ):
        assert told in card


def test_a_single_frame_needs_no_second_file(spec: dict[str, Any], tmp_path: Path) -> None:
    single = clip_network(task_of(spec).signature, frames=1, side=12)
    request = clip_trial(spec, tmp_path, network=single, kind="export")
    *_, last = reports_of(ClipExporter(get_task(**spec), stopwatch), request, lambda: False)
    assert "model_frames.onnx" not in last.artifacts
    assert "a single frame of 12x12" in ArtifactStore(request.artifacts).get(last.artifacts["model_card.md"]).decode()


def test_final_training_gives_nothing_up_and_latency_is_measured(spec: dict[str, Any], tmp_path: Path) -> None:
    request = clip_trial(spec | {"stop_after": 1, "stop_below": 1.0}, tmp_path, epochs=2, kind="export")
    *progress, last = reports_of(run, request, lambda: False)
    assert [report.epoch for report in (*progress, last)] == [1, 2, 2]
    assert last.metrics["latency_ms"] > 0


@pytest.mark.parametrize("option", ["int8", "normalise"])
def test_what_is_not_made_of_clips_is_refused(spec: dict[str, Any], tmp_path: Path, option: str) -> None:
    request = clip_trial(spec, tmp_path, kind="export", options={option: True})
    *_, last = reports_of(ClipExporter(get_task(**spec), stopwatch), request, lambda: False)
    assert "neither quantised nor normalised inside" in last.message
    assert not NpzClips.export_form.images


def test_files_that_compute_something_else_are_not_offered(spec: dict[str, Any], network: Architecture) -> None:
    task = task_of(spec)
    test = clips_of(task.load(), task.load().test, network)
    ours, other = seeded_module(network, 1), seeded_module(network, 2)
    for model, feed in (
        (clip_file(task, network, other), {}),
        (frames_file(task, network, other), {"feed": as_frames}),
    ):
        with pytest.raises(TrialError, match="torch and onnxruntime disagree"):
            compare(ours, model, test, **feed)


def test_a_file_of_frames_leaves_the_network_as_it_was(spec: dict[str, Any], network: Architecture) -> None:
    module = seeded_module(network, 0)
    frames_file(task_of(spec), network, module)
    assert module(torch.zeros(2, *network.input_shape)).shape == (2, 2)
    assert any(isinstance(op, ClipConv) for op in network.ops)
