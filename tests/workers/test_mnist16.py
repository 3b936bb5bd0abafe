"""Task `mnist16`: scaling and straightening of images, the files it reads, and the trials it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_sets import pictures, write_npz
from wann_networks import drawn

from search_spaces import Architecture
from workers.requests import EvaluationRequest, Fidelity, TrialRequest
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task
from workers.tasks.mnist16 import Mnist16
from workers.wann.deskew import deskewed, resized

X, Y = pictures(40, side=28, channels=1)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))


def task(path: Path, **options: Any) -> Mnist16:
    made = get_task("mnist16", path=path, **options)
    assert isinstance(made, Mnist16)
    return made


def bar(lean: float, side: int = 16) -> np.ndarray:
    """A bright line through the middle that moves `lean` pixels to the right with every row down."""
    image = np.zeros((side, side))
    for y in range(2, side - 2):
        place = side / 2 + lean * (y - side / 2)
        left = int(np.floor(place))
        image[y, left], image[y, left + 1] = 1 - (place - left), place - left
    return image


def skew(image: np.ndarray) -> float:
    y, x = np.mgrid[: len(image), : len(image)]
    x, y = (axis - (image * axis).sum() / image.sum() for axis in (x, y))
    return float((image * x * y).sum() / (image * y * y).sum())


def bilinear(image: np.ndarray, x: float, y: float) -> float:
    """The image between its pixels' centres, continued beyond its edge: one pixel at a time."""
    x, y = (min(max(place, 0), len(image) - 1) for place in (x, y))
    left, top = min(int(x), len(image) - 2), min(int(y), len(image) - 2)
    across, down = x - left, y - top
    upper = image[top, left] * (1 - across) + image[top, left + 1] * across
    lower = image[top + 1, left] * (1 - across) + image[top + 1, left + 1] * across
    return float(upper * (1 - down) + lower * down)


def test_scaling_is_bilinear_about_pixel_centres() -> None:
    image = np.random.default_rng(0).uniform(0, 1, (28, 28))
    places = (np.arange(16) + 0.5) * 28 / 16 - 0.5
    expected = [[bilinear(image, x, y) for x in places] for y in places]
    assert resized(image[None], 16)[0] == pytest.approx(np.array(expected))


def test_scaling_to_the_same_size_or_a_flat_image_changes_nothing() -> None:
    image = np.random.default_rng(0).uniform(0, 1, (1, 16, 16))
    assert resized(image, 16) == pytest.approx(image)
    assert resized(np.full((1, 20, 28), 0.7), 16) == pytest.approx(0.7)
    assert resized(np.full((1, 28, 28), 0.7), 40) == pytest.approx(0.7)


@pytest.mark.parametrize("lean", [-0.6, -0.25, 0.25, 0.5])
def test_leaning_bars_are_set_upright(lean: float) -> None:
    assert skew(bar(lean)) == pytest.approx(lean, abs=0.02)
    upright = deskewed(bar(lean)[None])[0]
    assert abs(skew(upright)) < 0.05
    assert upright[:, 7:10].sum() == pytest.approx(bar(lean).sum(), rel=0.01)


def test_an_upright_bar_and_an_empty_image_stay() -> None:
    images = np.stack([bar(0), np.zeros((16, 16))])
    assert deskewed(images) == pytest.approx(images)


def test_an_image_in_one_row_has_no_lean() -> None:
    image = np.zeros((1, 16, 16))
    image[0, 5, 2:14] = 1
    assert np.array_equal(deskewed(image), image)


def test_what_is_drawn_in_from_outside_is_dark() -> None:
    framed = bar(0.5) + 0.01 * (np.arange(16) % 15 == 0)
    sheared = deskewed(framed[None])[0]
    assert sheared[2, :2].tolist() == sheared[13, 14:].tolist() == [0, 0]
    assert sheared[:, 2:14].min() >= 0


def test_each_image_is_its_own() -> None:
    images = np.stack([bar(lean, 28) for lean in (0.3, -0.4, 0)])
    together = deskewed(resized(images, 16))
    assert np.array_equal(together[1:2], deskewed(resized(images[1:2], 16)))


def test_the_signature_is_read_from_the_file(tmp_path: Path) -> None:
    made = task(write_npz(tmp_path / "bars.npz", x_train=X, y_train=Y, x_test=X[:9], y_test=Y[:9]))
    signature = made.signature
    assert (signature.kind, signature.channels, signature.outputs) == ("vector", 256, 3)
    evaluator = made.evaluator()
    assert evaluator.inputs("test").shape == (9, 256)
    assert evaluator.labels("test").tolist() == Y[:9].tolist()
    assert len(evaluator.labels("train")) == 34  # the rest is for validation
    assert evaluator.inputs("test")[0].reshape(16, 16) == pytest.approx(
        deskewed(resized(X[:1, :, :, 0] / 255, 16))[0], abs=1e-6
    )


def test_floats_are_taken_as_they_are(tmp_path: Path) -> None:
    bytes_, floats = (
        task(write_npz(tmp_path / f"{kind}.npz", x=images, y=Y)).evaluator()
        for kind, images in (("bytes", X), ("floats", (X / 255).astype(np.float32)))
    )
    assert floats.inputs("train") == pytest.approx(bytes_.inputs("train"), abs=1e-5)


def _shape(*shape: int) -> Callable[[Path], Any]:
    return lambda path: np.savez(path, x=np.zeros(shape, np.uint8), y=np.arange(shape[0]) % 2)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (_shape(20, 28, 28, 3), r"28-pixel images with 3 channel\(s\); expected gray images of 16 to 64 pixels"),
        (_shape(20, 8, 8), "8-pixel images"),
        (_shape(20, 28, 100), "100-pixel images"),
        (_shape(20, 28), "expected .images, height, width."),
        (lambda path: path.write_bytes(b"PK"), "bad.npz"),
        (lambda path: np.savez(path, x=X, y=Y[:-1]), "40 images, but y has 39 labels"),
        (Path.absolute, "No such file"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, write: Callable[[Path], Any], said: str) -> None:
    path = tmp_path / "bad.npz"
    write(path)
    with pytest.raises(TaskError, match=said) as refused:
        task(path)
    assert refused.value.field == "task.path"


def test_data_outside_the_roots_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    path = write_npz(tmp_path / "private.npz", x=X, y=Y)
    monkeypatch.setenv("NAS_DATA_ROOTS", str(tmp_path / "data"))
    with pytest.raises(TaskError, match="outside the folders that tasks may read"):
        task(path)


def test_a_path_is_needed() -> None:
    with pytest.raises(TaskError) as refused:
        get_task("mnist16")
    assert refused.value.field == "task.path"


def test_the_content_counts_not_the_place(tmp_path: Path) -> None:
    first = task(write_npz(tmp_path / "one.npz", x=X, y=Y))
    (tmp_path / "two.npz").write_bytes((tmp_path / "one.npz").read_bytes())
    assert task(tmp_path / "two.npz").fingerprint == first.fingerprint
    assert task(tmp_path / "two.npz", val_share=0.3).fingerprint != first.fingerprint
    assert task(write_npz(tmp_path / "two.npz", x=X[::-1], y=Y)).fingerprint != first.fingerprint


def test_a_trial_runs_until_the_data_is_another(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "bars.npz", x=X, y=Y)
    spec = {"name": "mnist16", **task(path).options.model_dump(mode="json")}
    network = Architecture.chain([drawn(0, 10, 300, inputs=256, outputs=3)])
    trial = TrialRequest("t0", network.to_json(), Fidelity(1), 0)
    (done,) = reports_of(run, EvaluationRequest("r", 1, "evaluate", spec, (trial,), "memory://"), lambda: False)
    assert done.state == "completed", done.message
    assert {metric.name for metric in get_task(**spec).metrics} <= done.metrics.keys()
    write_npz(path, x=X[::-1], y=Y)
    with pytest.raises(TaskError, match="changed since the job was submitted"):
        get_task(**spec)
