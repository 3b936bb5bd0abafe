"""Task `imagefolder`: class folders of any files, decoded once for all workers; damage is named by its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_sets import CLASSES, nobody, trial, write_folders
from PIL import Image

from workers.failures import TrialError
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task
from workers.tasks.decoding import Form, ImageFileError, decode
from workers.tasks.image_folder import ImageFolder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_folders(tmp_path / "bars")


def task(path: Path, **options: Any) -> ImageFolder:
    made = get_task("imagefolder", path=path, **{"size": 16} | options)
    assert isinstance(made, ImageFolder)
    return made


def test_class_folders_become_three_parts(root: Path) -> None:
    made = task(root)
    assert made.signature.outputs == 3
    assert made.signature.sizes == (8, 16)
    data = made.load()
    assert data.classes == CLASSES
    assert [len(data.train), len(data.validation), len(data.test)] == [42, 9, 9]
    assert data.train.images.shape[1:] == (3, 16, 16)
    for split in (data.train, data.validation, data.test):
        bright = np.stack([split.images[:, 0, :, at : at + 5].mean((1, 2)) for at in (0, 5, 11)]).argmax(0)
        assert (bright == split.labels).all()


@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_parts_that_are_folders_stay_as_they_are(tmp_path: Path, val: str) -> None:
    root = write_folders(tmp_path / "parts", 12, parts=("train", val, "test"))
    (root / ".DS_Store").write_text("")
    (root / "train" / "left" / "notes.txt").write_text("")
    data = task(root).load()
    assert [len(data.train), len(data.validation), len(data.test)] == [12, 12, 12]


def test_two_folders_for_one_part_are_refused(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "parts", 12, parts=("train", "val", "valid"))
    with pytest.raises(TaskError, match="several folders for one part: train, val, valid"):
        task(root)


def test_a_class_called_train_is_a_class_where_others_stand_beside_it(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "vehicles")
    (root / "left").rename(root / "train")
    assert task(root).facts.classes == ("middle", "right", "train")


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_decoded_once_and_mapped(root: Path, channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    first = task(root, channels=channels).load()
    assert first.train.images.shape[1] == channels
    monkeypatch.setattr("workers.tasks.image_folder.decode", lambda *_: pytest.fail("decoded again"))
    again = task(root, channels=channels).load()
    assert np.array_equal(first.test.images, again.test.images)
    assert isinstance(again.train.images, np.memmap)
    assert not again.train.images.flags.writeable


@pytest.mark.parametrize(("fit", "corner"), [("crop", 200), ("pad", 0)])
def test_any_aspect_is_cropped_or_padded(tmp_path: Path, fit: Any, corner: int) -> None:
    Image.new("RGB", (90, 30), (200, 100, 50)).save(tmp_path / "wide.png")
    pixels = decode(tmp_path / "wide.png", Form(12, 3, fit))
    assert pixels.shape == (3, 12, 12)
    assert pixels[0, 0, 0] == corner
    assert pixels[:, 6, 6].tolist() == [200, 100, 50]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_mode_becomes_gray_or_colour(tmp_path: Path, mode: str, channels: Any) -> None:
    wide = np.full((20, 30), 60_000, dtype=np.uint16)
    image = Image.fromarray(wide) if mode == "I;16" else Image.new("L", (30, 20), 234).convert(mode)
    path = tmp_path / ("image.jpg" if mode == "CMYK" else "image.png")
    image.save(path)
    pixels = decode(path, Form(8, channels, "crop"))
    assert (pixels.shape, pixels.dtype) == ((channels, 8, 8), np.uint8)
    assert pixels.mean() == pytest.approx(234, abs=3)


def test_photographs_are_turned_as_the_camera_says(tmp_path: Path) -> None:
    half = np.zeros((20, 20), dtype=np.uint8)
    half[:10] = 255
    image = Image.fromarray(half)
    exif = image.getexif()
    exif[0x0112] = 3  # upside down
    image.save(tmp_path / "photo.png", exif=exif)
    pixels = decode(tmp_path / "photo.png", Form(8, 1, "crop"))
    assert pixels[0, 7].min() > pixels[0, 0].max()


def _no_folders(root: Path) -> None:
    for path in list(root.rglob("*.png")):
        path.rename(root / f"{path.parent.name}-{path.name}")
    for name in CLASSES:
        (root / name).rmdir()


def _no_images(root: Path) -> None:
    for path in root.rglob("*.png"):
        path.rename(path.with_suffix(".txt"))


def _one_empty(root: Path) -> None:
    for path in (root / "middle").iterdir():
        path.unlink()


def _one_class(root: Path) -> None:
    for name in ("middle", "right"):
        (root / name).rename(root.parent / name)


def _two_images(root: Path) -> None:
    for path in sorted((root / "right").iterdir())[2:]:
        path.unlink()


def _test_only(root: Path) -> None:
    (root.parent / "train").mkdir()
    for name in CLASSES:
        (root / name).rename(root.parent / "train" / name)
    (root / "test" / "extra").mkdir(parents=True)
    (root.parent / "train").rename(root / "train")


def _not_an_image(root: Path) -> None:
    next((root / "left").iterdir()).write_text("<html>404</html>")


def _cut_off(root: Path) -> None:
    path = next((root / "left").iterdir())
    path.write_bytes(path.read_bytes()[:300])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_folders, "no class folders in it; expected a folder for each class"),
        (_no_images, "no images in them"),
        (_one_empty, "'middle' has 0; .* a class needs 3"),
        (_one_class, "one class only"),
        (_two_images, "'right' has 2; .* a class needs 3"),
        (_test_only, "a class 'extra' that has no folder among the training images"),
        (_not_an_image, r"left/\d+\.png is no image, or a damaged one .*; replace or remove it"),
        (_cut_off, r"left/\d+\.png is no image, or a damaged one"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_by_name(root: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(root)
    with pytest.raises(TaskError, match=said) as refused:
        task(root)
    assert refused.value.field == "task.path"


def test_a_folder_that_is_not_there_or_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="No such file or directory; check the path"):
        task(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(TaskError, match="Not a directory"):
        task(tmp_path / "file")


def test_a_class_folder_without_permission_is_refused(root: Path) -> None:
    (root / "middle").chmod(0)
    with nobody(), pytest.raises(TaskError, match=r"cannot read .*(bars|middle).*: Permission denied; check the path"):
        task(root)


def test_links_may_not_lead_out_of_the_roots(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_DATA_ROOTS", str(root))
    assert task(root).facts.images == 60
    private = write_folders(tmp_path / "private")
    for link, target in ((root / "left" / "link.png", private / "left" / "000.png"), (root / "linked", private)):
        link.symlink_to(target)
        with pytest.raises(TaskError, match="outside the folders that tasks may read"):
            task(root)
        link.unlink()


def test_more_than_the_cache_may_hold_is_refused_at_submission(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE_GB", "0.00001")
    with pytest.raises(TaskError, match=r"raise NAS_CACHE_GB or lower task\.size") as refused:
        task(root)
    assert refused.value.field == "task.size"


def test_a_photograph_cut_off_in_mid_pixel_fails_by_its_name(tmp_path: Path, cache: Path) -> None:
    """Whether all pixels of a JPEG are there shows only when they are decoded."""
    root = write_folders(tmp_path / "photos", suffix=".jpg")
    path = root / "left" / "000.jpg"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TrialError, match=r"left/000\.jpg is no image, or a damaged one .*truncated"):
        task(root).load()
    assert list(cache.glob("*.npy")) == list(cache.glob("*.partial")) == []


def test_a_file_that_vanishes_while_others_are_decoded_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match=r"gone\.png cannot be read: No such file"):
        decode(tmp_path / "gone.png", Form(8, 3, "crop"))


def test_it_trains_and_says_how_images_were_fitted(root: Path, tmp_path: Path) -> None:
    spec = {"name": "imagefolder", "path": str(root), "size": 16, "channels": 1, "batch_size": 8, "fit": "pad"}
    *_, last = reports_of(run, trial(spec, tmp_path, epochs=8), lambda: False)
    assert last.state == "completed", last.message
    assert last.metrics["val_accuracy"] > 0.6


def test_an_image_that_was_added_after_submission_fails_the_trial(root: Path, tmp_path: Path) -> None:
    spec = {"name": "imagefolder", **task(root).options.model_dump(mode="json")}
    request = trial(spec, tmp_path)
    Image.new("RGB", (9, 9)).save(root / "left" / "late.png")
    (only,) = reports_of(run, request, lambda: False)
    assert "changed since the job was submitted" in only.message


def test_a_class_folder_that_was_added_is_noticed_though_it_is_empty(root: Path) -> None:
    made = task(root)
    (root / "nothing").mkdir()
    with pytest.raises(TrialError, match="'nothing' has 0"):
        made.load()


def test_touching_a_folder_costs_nothing_but_time(root: Path) -> None:
    made = task(root)
    data = made.load()
    for path in root.rglob("*.png"):
        path.touch()
    assert made.load() is data
    assert task(root).content == made.content
