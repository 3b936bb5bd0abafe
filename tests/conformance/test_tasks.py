"""Every registered task through one suite: light on the coordinator, honest on the worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clip_sets import clip_networks, write_clips
from image_sets import pictures, write_folders, write_npz
from video_files import write_video_folders

from search_spaces import Architecture, get_space
from workers.requests import EvaluationRequest, Fidelity, Report, TrialRequest
from workers.run import reports_of, run
from workers.tasks import Task, TaskError, get_task, task_classes, task_of

SPACE: dict[str, Any] = {
    "backbone": [{"width": 8, "depth": 1, "stride": 2}, {"width": 16, "depth": 1, "stride": 2}],
    "resolution": [16],
    "ops": ["mbconv"],
    "hidden": 32,
}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def image_networks() -> list[Architecture]:
    space = get_space("mobilenetv3", **SPACE).bind(get_task("landscape").signature)
    rng = np.random.default_rng(0)
    return [space.architecture(space.sample(rng)) for _ in range(3)]


@pytest.fixture
def architectures(task: Task, image_networks: list[Architecture]) -> list[Architecture]:
    """Networks that fit the task."""
    if task.signature.kind == "image":
        return image_networks
    if task.signature.kind == "clip":
        return clip_networks(task.signature)
    space = get_space("wann").bind(task.signature)
    rng = np.random.default_rng(0)
    return [space.architecture(space.sample(rng)) for _ in range(3)]


@pytest.fixture
def specs(image_networks: list[Architecture], tmp_path: Path) -> dict[str, dict[str, Any]]:
    """How a job would name each task; a task without an entry here is tried with its defaults."""
    table = tmp_path / "table.json"
    rows = [{"hash": a.hash, "val_accuracy": 0.5 + i / 10, "joules": 3.0} for i, a in enumerate(image_networks)]
    table.write_text(json.dumps(rows))
    arrays = write_npz(tmp_path / "bars.npz", x=pictures(180, channels=1)[0], y=np.arange(180) % 10)
    gray = {"channels": 1, "size": 16, "epochs": 1}
    return {
        "bipedal-walker": {"repetitions": 1, "max_steps": 20},
        "digits": {"epochs": 1},
        "imagefolder": {"path": str(write_folders(tmp_path / "bars"))} | gray,
        "mnist16": {"path": str(arrays)},
        "moving-digits": {"epochs": 1, "batch_size": 256},
        "npz": {"path": str(arrays), "epochs": 1},
        "npz-clips": {"path": str(write_clips(tmp_path / "clips.npz")), "epochs": 1},
        "videofolder": {"path": str(write_video_folders(tmp_path / "videos")), "frames": 8, "size": 16, "epochs": 1},
        "tabular": {"path": str(table)},
    }


@pytest.fixture(params=sorted(task_classes()))
def spec(request: pytest.FixtureRequest, specs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"name": request.param} | specs.get(request.param, {})


@pytest.fixture
def task(spec: dict[str, Any]) -> Task:
    return task_of(spec)


def evaluate(spec: dict[str, Any], architectures: list[Architecture], folder: Path) -> list[Report]:
    depth = task_of(spec).fidelity
    trials = tuple(TrialRequest(f"t{i}", a.to_json(), depth, seed=i) for i, a in enumerate(architectures))
    request = EvaluationRequest("r", 3, "evaluate", spec, trials, folder.as_uri())
    return list(reports_of(run, request, lambda: False))


def test_describes_itself(task: Task) -> None:
    assert task.summary
    assert task.version >= 1
    assert task.fidelity.epochs >= 1
    assert task.options.metric in {metric.name for metric in task.metrics}
    assert task.signature.sizes[0] <= task.signature.sizes[1]


def test_every_trial_completes_with_the_metrics_that_were_announced(
    spec: dict[str, Any], task: Task, architectures: list[Architecture], tmp_path: Path
) -> None:
    reports = evaluate(spec, architectures, tmp_path)
    completed = [report for report in reports if report.state == "completed"]
    assert [report.trial_id for report in completed] == ["t0", "t1", "t2"]
    for report in completed:
        for metric in task.metrics:
            low, high = metric.range or (float("-inf"), float("inf"))
            assert low <= report.metrics[metric.name] <= high
        assert report.epoch == task.fidelity.epochs
        json.dumps(report.metrics)


def test_same_request_same_result(spec: dict[str, Any], architectures: list[Architecture], tmp_path: Path) -> None:
    names = {metric.name for metric in task_of(spec).metrics}

    def results() -> list[dict[str, float]]:
        return [{k: r.metrics[k] for k in names} for r in evaluate(spec, architectures, tmp_path) if r.metrics]

    assert results() == results()


def test_a_trial_that_tells_its_epochs_tells_the_last_one_too(
    spec: dict[str, Any], task: Task, architectures: list[Architecture], tmp_path: Path
) -> None:
    trials = (TrialRequest("t0", architectures[0].to_json(), Fidelity(2), 0),)
    request = EvaluationRequest("r", 1, "evaluate", spec, trials, tmp_path.as_uri())
    *told, result = reports_of(run, request, lambda: False)
    assert result.state == "completed"
    assert [(report.state, report.epoch) for report in told] in ([], [("progress", 1), ("progress", 2)])
    assert all(report.metrics == result.metrics for report in told[1:])


def test_stops_when_told(spec: dict[str, Any], task: Task, architectures: list[Architecture], tmp_path: Path) -> None:
    trials = (TrialRequest("t0", architectures[0].to_json(), task.fidelity, 0),)
    request = EvaluationRequest("r", 1, "evaluate", spec, trials, tmp_path.as_uri())
    (only,) = reports_of(run, request, lambda: True)
    assert (only.state, only.cause) == ("failed", "cancelled")


def test_a_broken_architecture_fails_its_own_trial_only(
    spec: dict[str, Any], task: Task, architectures: list[Architecture], tmp_path: Path
) -> None:
    broken = {"input_shape": [1, 16, 16], "nodes": [{"kind": "teleport", "inputs": [-1]}]}
    trials = tuple(
        TrialRequest(name, drawing, task.fidelity, 0)
        for name, drawing in (("bad", broken), ("good", architectures[0].to_json()))
    )
    request = EvaluationRequest("r", 1, "evaluate", spec, trials, tmp_path.as_uri())
    ended = {r.trial_id: r.state for r in reports_of(run, request, lambda: False) if r.state != "progress"}
    assert ended == {"bad": "failed", "good": "completed"}


def test_fingerprint_is_stable_and_free_of_the_fidelity(spec: dict[str, Any], task: Task) -> None:
    assert task.fingerprint == task_of(spec).fingerprint
    if "epochs" in task.Options.model_fields:
        assert task.fingerprint == task_of(spec | {"epochs": 7}).fingerprint
        assert task_of(spec | {"epochs": 7}).fidelity == Fidelity(7)


def test_unknown_options_are_refused_by_name(spec: dict[str, Any]) -> None:
    with pytest.raises(TaskError, match="options: metric") as refused:
        task_of(spec | {"epoch": 3})
    assert refused.value.field == "task.epoch"


def test_a_metric_that_the_task_does_not_report_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(TaskError, match=r"reports .*(val_accuracy|mean_reward)") as refused:
        task_of(spec | {"metric": "happiness"})
    assert refused.value.field == "task.metric"


def test_an_unknown_task_is_refused_with_those_that_exist() -> None:
    with pytest.raises(TaskError, match=r"digits.*imagefolder, landscape.*npz, .*tabular") as refused:
        get_task("imagenet")
    assert refused.value.field == "task.name"


def test_describing_tasks_loads_neither_torch_nor_data() -> None:
    code = (
        "import sys; from workers.tasks import get_task; import workers.run; t = get_task('digits', epochs=2);"
        "t.signature, t.metrics, t.fingerprint;"
        "sys.exit(str(sorted({'torch', 'sklearn', 'ray', 'onnx', 'numba', 'gymnasium'} & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"
