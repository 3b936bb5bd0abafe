"""Searches on people's own images: what submission refuses, and what becomes of a job whose data is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import empty_stores
import numpy as np
import pytest
import searches
from image_sets import pictures, write_npz
from searches import Lab

from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.merge import changed_spec
from workers.dispatchers import InlineDispatcher

SPACE: dict[str, Any] = {
    "name": "mobilenetv3",
    "options": {"backbone": [{"width": 8, "stride": 2}, {"width": 16, "stride": 2}], "resolution": [16], "hidden": 32},
}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_npz(tmp_path / "bars.npz")


def job(path: Path, trials: int = 3, **task: Any) -> dict[str, Any]:
    task = {"name": "npz", "path": str(path), "epochs": 1, "batch_size": 8} | task
    return searches.spec(trials, space=SPACE, task=task)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    store, dispatcher = empty_stores.opened(tmp_path / "nas.sqlite"), InlineDispatcher()
    yield Lab(store, dispatcher)
    dispatcher.close()
    store.close()


def test_the_stored_job_holds_the_hash_of_its_data(path: Path) -> None:
    search = admit(job(path, metric="val_macro_f1"), searches.TABLES)
    assert search.filled_in["task"]["content"] == search.task.content
    assert search.objective.metric.name == "val_macro_f1"
    assert admit(search.filled_in, searches.TABLES).filled_in == search.filled_in


def test_a_clone_holds_to_the_same_data_unless_it_names_another_path_or_drops_the_hash(
    path: Path, tmp_path: Path
) -> None:
    stored = admit(job(path), searches.TABLES).filled_in
    other = write_npz(tmp_path / "other.npz", 90)
    moved = admit(changed_spec(stored, {"task": {"path": str(other)}}), searches.TABLES)
    assert moved.task.content != stored["task"]["content"]
    write_npz(path, 90)
    with pytest.raises(InvalidSpec, match=r"without task\.content") as refused:
        admit(changed_spec(stored, {"seed": 5}), searches.TABLES)
    assert refused.value.field == "task.content"
    assert admit(changed_spec(stored, {"task": {"content": None}}), searches.TABLES).spec.seed == 0


def test_what_cannot_be_trained_on_is_refused_at_submission_by_its_field(tmp_path: Path) -> None:
    x, y = pictures(30)
    one_class = write_npz(tmp_path / "one.npz", x=x, y=y * 0)
    wrong = {
        "task.path": job(one_class),
        "task.metric": job(write_npz(tmp_path / "few.npz"), metric="val_top5_accuracy"),
        "task.class_weights": job(tmp_path / "few.npz", class_weights="some"),
        "task.val_share": job(tmp_path / "few.npz", val_share=0.9),
        "space.options.resolution": job(tmp_path / "few.npz")
        | {"space": {"name": "mobilenetv3", "options": {"resolution": [224]}}},
    }
    for field, spec in wrong.items():
        with pytest.raises(InvalidSpec) as refused:
            admit(spec, searches.TABLES)
        assert refused.value.field == field


def test_a_search_on_an_own_file_finishes(lab: Lab, path: Path) -> None:
    assert lab.run(job(path)).state == "finished"


def test_a_job_whose_data_changed_fails_with_that_reason(lab: Lab, path: Path) -> None:
    lab.submit(job(path, trials=1000))
    lab.until(lambda job: job.completed >= 1)
    write_npz(path, x=np.zeros((60, 16, 16), np.uint8), y=np.arange(60) % 3)
    lab.hire()
    ended = lab.finish()
    assert ended.state == "failed"
    assert "changed since the job was submitted" in ended.reason


def test_trials_fail_by_name_while_their_data_is_away_and_go_on_when_it_is_back(lab: Lab, path: Path) -> None:
    lab.submit(job(path, trials=1000))
    lab.until(lambda job: job.completed >= 1)
    away = path.rename(path.with_suffix(".away"))
    failed = lab.until(lambda job: job.failed >= 1).completed
    away.rename(path)
    assert lab.until(lambda job: job.completed > failed).state == "running"
