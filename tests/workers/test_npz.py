"""Task `npz`: what a file may hold, what is refused and how, and that it trains."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_sets import CLASSES, nobody, pictures, trial, write_npz

from workers.failures import TrialError
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task
from workers.tasks.npz import Npz

X, Y = pictures(30)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))


def task(path: Path, **options: Any) -> Npz:
    made = get_task("npz", path=path, **options)
    assert isinstance(made, Npz)
    return made


def test_the_signature_is_read_from_the_file(tmp_path: Path) -> None:
    made = task(write_npz(tmp_path / "bars.npz"))
    assert (made.signature.channels, made.signature.outputs) == (3, 3)
    assert made.signature.sizes == (8, 64)
    assert made.facts.classes == CLASSES
    assert made.options.content == made.facts.content


def test_parts_that_are_missing_are_split_off_alike_in_every_class(tmp_path: Path) -> None:
    data = task(write_npz(tmp_path / "bars.npz", 60), val_share=0.2, test_share=0.1).load()
    counts = [np.bincount(split.labels).tolist() for split in (data.train, data.validation, data.test)]
    assert counts == [[14] * 3, [4] * 3, [2] * 3]
    rows = np.concatenate([split.images.reshape(len(split), -1) for split in (data.train, data.validation, data.test)])
    assert len(np.unique(rows, axis=0)) == 60
    assert data.train.images.shape[1:] == (3, 16, 16)


def test_parts_that_are_given_stay_as_they_are(tmp_path: Path) -> None:
    parts = {name: pictures(count, seed=count) for name, count in (("train", 30), ("val", 9), ("test", 12))}
    arrays = {f"{axis}_{name}": array for name, both in parts.items() for axis, array in zip("xy", both, strict=True)}
    data = task(write_npz(tmp_path / "parts.npz", **arrays)).load()
    assert [len(data.train), len(data.validation), len(data.test)] == [30, 9, 12]
    assert np.array_equal(data.test.images, parts["test"][0].transpose(0, 3, 1, 2))
    assert data.classes == ("0", "1", "2")


def test_a_test_part_alone_leaves_validation_to_the_training_images(tmp_path: Path) -> None:
    data = task(write_npz(tmp_path / "parts.npz", x_train=X, y_train=Y, x_test=X[:6], y_test=Y[:6])).load()
    assert [len(data.train), len(data.validation), len(data.test)] == [24, 6, 6]


@pytest.mark.parametrize(
    ("images", "labels", "channels", "pixel_max"),
    [
        (X, Y, 3, 255),
        (X[..., 0], Y, 1, 255),
        (X[..., :1].astype(np.float64) / 255, Y[:, None].astype(np.uint8), 1, 1),
        (X.astype(np.float16), Y, 3, 1),
    ],
)
def test_gray_and_colour_whole_numbers_and_floats(
    tmp_path: Path, images: Any, labels: Any, channels: int, pixel_max: float
) -> None:
    made = task(write_npz(tmp_path / "any.npz", x=images, y=labels))
    assert made.signature.channels == channels
    assert made.options.flip == (channels == 3)
    data = made.load()
    assert data.pixel_max == pixel_max
    assert len(data.mean) == channels
    scaled = data.train.images.astype(np.float64) / pixel_max
    assert data.mean == pytest.approx(scaled.mean((0, 2, 3)))
    assert data.std == pytest.approx(scaled.std((0, 2, 3)), rel=1e-4)


NOT_A_NUMBER = X.astype(np.float32)
NOT_A_NUMBER[7, 3, 3, 0] = np.nan
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"images": X, "labels": Y}, "no training images; expected x and y"),
    ({"x": X}, "only one of x and y"),
    ({"x": X, "y": Y, "x_train": X, "y_train": Y}, "both x and x_train"),
    ({"x": X[:0], "y": Y[:0]}, "x is empty"),
    ({"x": X, "y": Y[:-1]}, "30 images, but y has 29 labels"),
    ({"x": X.transpose(0, 3, 1, 2), "y": Y}, r"\(30, 3, 16, 16\).*move the channels last"),
    ({"x": X.reshape(30, -1), "y": Y}, r"\(30, 768\); expected"),
    ({"x": X.astype(np.int32), "y": Y}, "of type int32; expected uint8"),
    ({"x": NOT_A_NUMBER, "y": Y}, r"x\[7\] holds NaN"),
    ({"x": X, "y": np.eye(3)[Y]}, r"shape \(30, 3\).*number of its class from 0"),
    ({"x": X, "y": np.array(CLASSES)[Y]}, "whole number for each of the images"),
    ({"x": X, "y": Y - 1}, "labels run from -1 to 1"),
    ({"x": X, "y": Y, "classes": np.array(["a", "b"])}, "labels run from 0 to 2; with 2 classes"),
    ({"x": X, "y": Y + 1}, "none of the training images has label 0"),
    ({"x": X, "y": Y, "classes": np.eye(3)}, "expected a list of names"),
    ({"x": X, "y": Y * 0}, "one class only"),
    ({"x": X, "y": np.where(np.arange(30) == 0, 1, 0)}, r"'1' has 1; .*a class needs 3"),
    ({"x_train": X, "y_train": Y, "x_test": X[:, :8], "y_test": Y}, "part test are 8x16x3 uint8, those of train 16x16"),
    ({"x": X, "y": Y, "classes": np.array(["a", "b", "c", "d"])}, "'d' has 0"),
]


@pytest.mark.parametrize(("arrays", "said"), REFUSED, ids=[said[:24] for _, said in REFUSED])
def test_what_cannot_be_trained_on_is_refused_with_what_would_be_right(
    tmp_path: Path, arrays: dict[str, Any], said: str
) -> None:
    with pytest.raises(TaskError, match=said) as refused:
        task(write_npz(tmp_path / "bad.npz", **arrays))
    assert refused.value.field == "task.path"


def _truncated(path: Path) -> None:
    path.write_bytes(write_npz(path).read_bytes()[:5000])


def _flipped(path: Path) -> None:
    content = bytearray(write_npz(path).read_bytes())
    content[2000] ^= 255
    path.write_bytes(content)


def _pickled(path: Path) -> None:
    np.savez(path, x=np.array([{}]), y=Y)


def _single(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, X)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (_truncated, "damaged or cut off|no .npz"),
        (_flipped, "damaged or cut off"),
        (_pickled, "Python objects are not read"),
        (_single, "a single array, not an archive"),
        (lambda path: path.write_bytes(b""), "damaged or cut off"),
        (lambda path: path.write_text("x,y\n1,2\n"), "no .npz file"),
        (Path.mkdir, "Is a directory"),
        (Path.absolute, "No such file"),
    ],
)
def test_files_that_are_no_archives_are_refused(tmp_path: Path, write: Callable[[Path], Any], said: str) -> None:
    path = tmp_path / "bad.npz"
    write(path)
    with pytest.raises(TaskError, match=said) as refused:
        task(path)
    assert refused.value.field == "task.path"


def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "bars.npz")
    path.chmod(0)
    with nobody(), pytest.raises(TaskError, match="Permission denied; check the path and its permissions"):
        task(path)


def test_data_outside_the_roots_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("NAS_DATA_ROOTS", str(tmp_path / "data"))
    (tmp_path / "data" / "link.npz").symlink_to(write_npz(tmp_path / "private.npz"))
    for path in (tmp_path / "private.npz", tmp_path / "data" / "link.npz"):
        with pytest.raises(TaskError, match="outside the folders that tasks may read"):
            task(path)
    assert task(write_npz(tmp_path / "data" / "own.npz")).facts.images == 60


def test_a_relative_path_is_looked_up_below_the_roots_of_each_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for machine in ("coordinator", "worker"):
        (tmp_path / machine).mkdir()
        write_npz(tmp_path / machine / "bars.npz")
    monkeypatch.setenv("NAS_DATA_ROOTS", os.pathsep.join([str(tmp_path / "empty"), str(tmp_path / "coordinator")]))
    stored = {"name": "npz", **task(Path("bars.npz")).options.model_dump(mode="json")}
    assert stored["path"] == "bars.npz"
    monkeypatch.setenv("NAS_DATA_ROOTS", str(tmp_path / "worker"))
    (tmp_path / "coordinator" / "bars.npz").unlink()
    *_, last = reports_of(run, trial(stored, tmp_path), lambda: False)
    assert last.state == "completed", last.message
    with pytest.raises(TaskError, match="outside the folders"):
        task(Path("..") / "worker.npz")


def test_the_content_counts_not_the_place_or_the_time(tmp_path: Path) -> None:
    first = task(write_npz(tmp_path / "one.npz"))
    (tmp_path / "two.npz").write_bytes((tmp_path / "one.npz").read_bytes())
    assert task(tmp_path / "two.npz").fingerprint == first.fingerprint
    assert task(tmp_path / "two.npz", val_share=0.3).fingerprint != first.fingerprint
    assert task(write_npz(tmp_path / "two.npz", 63)).fingerprint != first.fingerprint


def test_a_file_is_read_again_only_when_it_was_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_npz(tmp_path / "bars.npz")
    facts = task(path).facts
    monkeypatch.setattr(Npz, "inspect", lambda *_: pytest.fail("read again"))
    assert task(path).facts == facts


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_npz(tmp_path / "bars.npz")
    monkeypatch.chdir(tmp_path)
    assert task(Path("bars.npz")).options.path == tmp_path / "bars.npz"


@pytest.fixture
def submitted(tmp_path: Path) -> dict[str, Any]:
    """The task as a stored job carries it: with the hash of its data."""
    made = task(write_npz(tmp_path / "bars.npz"), epochs=1)
    return {"name": "npz", **made.options.model_dump(mode="json")}


def test_it_trains_with_every_metric_and_balanced_classes(submitted: dict[str, Any], tmp_path: Path) -> None:
    spec = submitted | {"class_weights": "balanced", "metric": "val_macro_f1", "batch_size": 8, "flip": False}
    last = list(reports_of(run, trial(spec, tmp_path, epochs=8), lambda: False))[-1]
    assert last.state == "completed", last.message
    assert last.metrics["val_macro_f1"] > 0.6
    assert {metric.name for metric in get_task(**spec).metrics} <= last.metrics.keys()


def test_data_that_changed_after_submission_fails_the_trial(submitted: dict[str, Any], tmp_path: Path) -> None:
    request = trial(submitted, tmp_path)
    write_npz(Path(submitted["path"]), 63)
    (only,) = reports_of(run, request, lambda: False)
    assert (only.state, only.cause) == ("failed", "error")
    assert "changed since the job was submitted" in only.message


def test_data_that_vanished_fails_the_trial(submitted: dict[str, Any], tmp_path: Path) -> None:
    request = trial(submitted, tmp_path)
    Path(submitted["path"]).unlink()
    (only,) = reports_of(run, request, lambda: False)
    assert "No such file or directory; it could be read when the job was submitted" in only.message
    assert not only.message.startswith("TaskError")


def test_data_is_held_to_its_hash_between_two_trials(tmp_path: Path) -> None:
    made = task(write_npz(tmp_path / "bars.npz"))
    before = made.load()
    os.utime(tmp_path / "bars.npz")
    assert made.load() is before
    write_npz(tmp_path / "bars.npz", 63)
    with pytest.raises(TrialError, match="changed since"):
        made.load()


def test_changed_data_is_refused_at_submission_by_the_field(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"submit the job again without task\.content") as refused:
        task(write_npz(tmp_path / "bars.npz"), content="0" * 32)
    assert refused.value.field == "task.content"


def test_top_5_is_offered_for_more_than_5_classes_only(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="reports val_accuracy"):
        task(write_npz(tmp_path / "few.npz"), metric="val_top5_accuracy")
    many = write_npz(tmp_path / "many.npz", x=X, y=np.arange(30) % 6)
    assert task(many, metric="val_top5_accuracy").metrics[3].range == (0.0, 1.0)
