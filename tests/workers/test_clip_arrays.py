"""Videos in .npz files: what a file may hold, what is refused and how, folds, and that they train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clip_sets import CLASSES, clip_network, clip_trial, videos, write_clips

from search_spaces import SpaceError, get_space
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task
from workers.tasks.npz_clips import NpzClips
from workers.tasks.registry import variant

X, Y = videos(20)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))


def task(path: Path, **options: Any) -> NpzClips:
    made = get_task(variant("npz", ("clip",)), path=path, **options)
    assert isinstance(made, NpzClips)
    return made


def test_the_signature_is_read_from_the_file(tmp_path: Path) -> None:
    made = task(write_clips(tmp_path / "bars.npz"), frame_rate=10)
    assert made.signature.kind == "clip"
    assert (made.signature.channels, made.signature.outputs) == (3, 2)
    assert (made.signature.frames, made.signature.frame_rates) == ((1, 6), (2.0, 10.0))
    assert made.facts.classes == CLASSES


def test_parts_that_are_missing_are_split_off_alike_in_every_class(tmp_path: Path) -> None:
    data = task(write_clips(tmp_path / "bars.npz"), val_share=0.2, test_share=0.1).load()
    assert [np.bincount(split.labels).tolist() for split in (data.train, data.validation, data.test)] == [
        [14, 14],
        [4, 4],
        [2, 2],
    ]
    rows = np.concatenate([data.train.rows, data.validation.rows, data.test.rows])
    assert sorted(rows.tolist()) == list(range(40))
    expected = videos(40)
    for split in (data.train, data.validation, data.test):
        assert np.array_equal(split.videos[split.rows], expected[0][split.rows])
        assert np.array_equal(split.labels, expected[1][split.rows])


def test_parts_that_are_given_stay_as_they_are(tmp_path: Path) -> None:
    x, y = videos(8, seed=1)
    data = task(write_clips(tmp_path / "parts.npz", x_train=X, y_train=Y, x_test=x, y_test=y)).load()
    assert len(data.test) == 8
    assert np.array_equal(data.test.videos[data.test.rows], x)
    assert len(data.train) + len(data.validation) == 20


def test_a_fold_is_the_test_part(tmp_path: Path) -> None:
    fold = np.arange(20) // 2 % 5
    path = write_clips(tmp_path / "folds.npz", x=X, y=Y, fold=fold.astype(np.uint8))
    data = task(path, test_fold=3).load()
    assert sorted(data.test.rows.tolist()) == np.flatnonzero(fold == 3).tolist()
    assert not set(data.test.rows) & {*data.train.rows, *data.validation.rows}
    assert len(data.train) + len(data.validation) == 16
    assert task(path, test_fold=2).fingerprint != task(path, test_fold=3).fingerprint


def test_a_fold_that_is_not_there_is_refused_even_after_the_file_was_read(tmp_path: Path) -> None:
    path = write_clips(tmp_path / "folds.npz", x=X, y=Y, fold=np.arange(20) // 2 % 5)
    task(path)
    with pytest.raises(TaskError, match="no video is in fold 7; there are: 0, 1, 2, 3, 4") as refused:
        task(path, test_fold=7)
    assert refused.value.field == "task.test_fold"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": X, "y": Y}, "no array `fold`"),
        (
            {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y, "fold": np.zeros(20, int)},
            "no array `fold` beside x; leave test_fold out",
        ),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y, "fold": np.zeros(20, int)}, "has a test part of its own"),
    ],
)
def test_a_fold_of_a_file_without_folds_is_refused(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(TaskError, match=said) as refused:
        task(write_clips(tmp_path / "whole.npz", **arrays), test_fold=0)
    assert refused.value.field == "task.test_fold"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"videos": X, "y": Y}, "only one of x and y"),
    ({"labels": Y}, "no training videos; expected x and y"),
    ({"x": X, "y": Y[:-1]}, "20 videos, but y has 19 labels"),
    ({"x": X.transpose(0, 4, 1, 2, 3), "y": Y}, r"\(20, 3, 6, 16, 16\).*move the channels last"),
    ({"x": X.transpose(0, 1, 4, 2, 3), "y": Y}, "move the channels last"),
    ({"x": X[:, 0], "y": Y}, r"\(20, 16, 16, 3\); expected \(videos, frames, height, width, channels\)"),
    ({"x": X[:, :1], "y": Y}, r"1 frame\(s\) of 16x16; a video needs two frames"),
    ({"x": X.astype(np.float32), "y": Y}, "of type float32; expected uint8"),
    ({"x": X, "y": np.array(CLASSES)[Y]}, "whole number for each of the videos"),
    ({"x": X, "y": Y + 1}, "none of the training videos has label 0"),
    ({"x": X, "y": Y * 0}, "one class only"),
    ({"x": X[:5], "y": np.array([0, 0, 0, 0, 1])}, r"too few training videos: '1' has 1"),
    ({"x": X, "y": Y, "fold": np.zeros(3, int)}, r"fold has shape \(3,\).*each of the 20 rows"),
    ({"x_train": X, "y_train": Y, "x_test": X[:, :4], "y_test": Y}, "part test are 4x16x16x3 uint8, those of train 6x"),
]


@pytest.mark.parametrize(("arrays", "said"), REFUSED, ids=[said[:24] for _, said in REFUSED])
def test_what_cannot_be_trained_on_is_refused_with_what_would_be_right(
    tmp_path: Path, arrays: dict[str, Any], said: str
) -> None:
    with pytest.raises(TaskError, match=said) as refused:
        task(write_clips(tmp_path / "bad.npz", **arrays))
    assert refused.value.field == "task.path"


def test_images_are_refused_where_videos_are_needed_and_the_other_way_round(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="expected \\(images, height, width\\)"):
        get_task(variant("npz", ("image",)), path=write_clips(tmp_path / "bars.npz"))


@pytest.mark.parametrize(
    ("options", "said", "field"),
    [
        ({"frames": [8]}, "delivers 1 to 6 frames, but 8 is asked for", "space.options.frames"),
        ({"frame_rate": [50]}, "delivers 5.0 to 25.0 frames a second, but 50", "space.options.frame_rate"),
        ({"resolution": [128]}, "delivers a side of 8 to 64 px", "space.options.resolution"),
    ],
)
def test_what_the_videos_do_not_have_is_refused_by_the_space(
    tmp_path: Path, options: dict[str, Any], said: str, field: str
) -> None:
    with pytest.raises(SpaceError, match=said) as refused:
        get_space("tvn", **options).bind(task(write_clips(tmp_path / "bars.npz")).signature)
    assert refused.value.field == field


def test_they_train_and_single_frames_do_not(tmp_path: Path) -> None:
    spec = {"name": "npz-clips", "path": str(write_clips(tmp_path / "bars.npz", 120)), "flip": False, "batch_size": 8}
    signature = task(Path(spec["path"])).signature
    reached = []
    for frames in (4, 1):
        request = clip_trial(spec, tmp_path, epochs=6, network=clip_network(signature, frames=frames))
        *_, last = reports_of(run, request, lambda: False)
        assert last.state == "completed", last.message
        reached.append(last.metrics["val_accuracy"])
    assert reached[0] > 0.85
    assert reached[1] < 0.75


def test_videos_that_changed_after_submission_fail_the_trial(tmp_path: Path) -> None:
    made = task(write_clips(tmp_path / "bars.npz"))
    spec = {"name": "npz-clips", **made.options.model_dump(mode="json")}
    request = clip_trial(spec, tmp_path)
    write_clips(tmp_path / "bars.npz", 44)
    (only,) = reports_of(run, request, lambda: False)
    assert "changed since the job was submitted" in only.message
