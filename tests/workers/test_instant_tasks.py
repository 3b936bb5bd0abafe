"""Tasks that read no images: `landscape` and `tabular`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces import Architecture, get_space
from workers.requests import EvaluationRequest, Fidelity
from workers.run import reports_of, run
from workers.tasks import Task, TaskError, get_task
from workers.tasks.landscape import LandscapeOptions, LandscapeRunner, score

MakeRequest = Callable[..., EvaluationRequest]


def accuracy(request: EvaluationRequest) -> list[float]:
    return [r.metrics["val_accuracy"] for r in reports_of(run, request, lambda: False)]


def test_the_landscape_can_be_learnt() -> None:
    """A hill climber that mutates gets further than random sampling with the same number of looks."""
    space = get_space("mobilenetv3", resolution=(32,)).bind(get_task("landscape").signature)
    rng = np.random.default_rng(0)
    at = space.sample(rng)
    best = score(space.architecture(at))
    for _ in range(150):
        child = space.mutate(at, rng)
        if (found := score(space.architecture(child))) > best:
            at, best = child, found
    assert best > max(score(space.architecture(space.sample(rng))) for _ in range(150))


def test_scores_lie_between_0_and_1_and_differ() -> None:
    space = get_space("mobilenetv3", resolution=(16, 64)).bind(get_task("landscape").signature)
    rng = np.random.default_rng(1)
    scores = [score(space.architecture(space.sample(rng))) for _ in range(50)]
    assert min(scores) > 0
    assert max(scores) < 1
    assert len(set(scores)) == 50


def test_accuracy_rises_with_epochs_to_the_score(make_request: MakeRequest, architecture: Architecture) -> None:
    seen = accuracy(make_request({"name": "landscape", "epochs": 4}, epochs=4))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(score(architecture))


def test_less_fidelity_says_less(make_request: MakeRequest) -> None:
    task = {"name": "landscape", "epochs": 8}
    assert accuracy(make_request(task, epochs=2))[-1] < accuracy(make_request(task, epochs=8))[-1]


def test_noise_follows_from_the_trial_s_seed(make_request: MakeRequest) -> None:
    task = {"name": "landscape", "noise": 0.05}
    first, second = accuracy(make_request(task, trials=2))
    assert first != second
    assert accuracy(make_request(task, trials=2)) == [first, second]


def test_simulated_work_stops_when_told(make_request: MakeRequest) -> None:
    slept: list[float] = []
    runner = LandscapeRunner(LandscapeOptions(seconds=1), sleep=slept.append, clock=lambda: sum(slept))
    assert list(runner(make_request({"name": "landscape"}), lambda: len(slept) >= 3)) == []
    assert len(slept) == 3
    slept.clear()
    assert len(list(runner(make_request({"name": "landscape"}), lambda: False))) == 1
    assert sum(slept) == pytest.approx(1)


def test_it_takes_any_signature() -> None:
    task = get_task("landscape", kind="clip", channels=3, outputs=400, sizes=(112, 224))
    assert (task.signature.kind, task.signature.outputs, task.signature.sizes) == ("clip", 400, (112, 224))


def _table(path: Path, architecture: Architecture) -> Task:
    if path.suffix == ".csv":
        path.write_text(f"hash,val_accuracy,joules\n{architecture.hash},0.75,12.5\n{'0' * 32},0.5,3\n")
    else:
        rows = [{"hash": architecture.hash, "val_accuracy": 0.75, "joules": 12.5}]
        path.write_text(json.dumps([*rows, {"hash": "0" * 32, "val_accuracy": 0.5, "joules": 3}]))
    return get_task("tabular", path=path, minimize=("joules",))


@pytest.mark.parametrize("name", ["table.csv", "table.json"])
def test_tables_give_metrics_with_range_and_direction(name: str, tmp_path: Path, architecture: Architecture) -> None:
    task = _table(tmp_path / name, architecture)
    listed = {metric.name: (metric.direction, metric.range) for metric in task.metrics}
    assert listed == {"val_accuracy": ("maximize", (0.0, 1.0)), "joules": ("minimize", None)}


def test_a_table_is_looked_up_by_hash(tmp_path: Path, architecture: Architecture, make_request: MakeRequest) -> None:
    _table(tmp_path / "table.csv", architecture)
    (only,) = reports_of(run, make_request({"name": "tabular", "path": str(tmp_path / "table.csv")}), lambda: False)
    assert only.metrics == {"val_accuracy": 0.75, "joules": 12.5}


def test_an_architecture_that_is_not_listed_fails_by_name(tmp_path: Path, make_request: MakeRequest) -> None:
    (tmp_path / "table.csv").write_text(f"hash,val_accuracy\n{'0' * 32},0.5\n")
    request = make_request({"name": "tabular", "path": str(tmp_path / "table.csv")}, fidelity=Fidelity(1))
    (only,) = reports_of(run, request, lambda: False)
    assert only.cause == "error"
    assert "table.csv has no row for architecture" in only.message


def test_the_fingerprint_is_that_of_the_content(tmp_path: Path, architecture: Architecture) -> None:
    before = _table(tmp_path / "table.csv", architecture).fingerprint
    assert _table(tmp_path / "table.csv", architecture).fingerprint == before
    (tmp_path / "table.csv").write_text("hash,val_accuracy\nabc,0.5\n")
    assert get_task("tabular", path=tmp_path / "table.csv").fingerprint != before


@pytest.mark.parametrize(
    "content",
    ["", "hash,val_accuracy\n", "name,val_accuracy\nx,1\n", "hash,val_accuracy\nx,high\n", "hash\nx\n", "\x00\x01"],
)
def test_what_is_no_table_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content)
    with pytest.raises(TaskError, match="no table of metrics") as refused:
        get_task("tabular", path=path)
    assert refused.value.field == "task.path"


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"hash": "x"}]', "nonsense", '[{"hash": "x", "a": [1]}]'])
def test_json_that_is_no_table_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "table.json").write_text(content)
    with pytest.raises(TaskError, match="no table of metrics"):
        get_task("tabular", path=tmp_path / "table.json")


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    options: dict[str, Any] = {"path": tmp_path / "missing.csv"}
    with pytest.raises(TaskError, match="No such file"):
        get_task("tabular", **options)


def test_tables_outside_the_data_roots_are_refused(
    tmp_path: Path, architecture: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, outside = tmp_path / "data", tmp_path / "private"
    inside.mkdir()
    outside.mkdir()
    monkeypatch.setenv("NAS_DATA_ROOTS", str(inside))
    _table(inside / "table.csv", architecture)
    with pytest.raises(TaskError, match="outside the folders that tasks may read") as refused:
        _table(inside / ".." / "private" / "table.csv", architecture)
    assert refused.value.field == "task.path"
