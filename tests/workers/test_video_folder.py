"""Task `videofolder`: class folders of video files, what is left out and what is refused, the cache, and no leaks."""

from __future__ import annotations

import builtins
import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clip_sets import CLASSES, clip_network, clip_trial
from video_files import counting, write_sound, write_video, write_video_folders

from search_spaces import Architecture
from workers.dispatchers import InlineDispatcher
from workers.failures import TrialError
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task, task_of, video_folder
from workers.tasks.clip_data import ClipData
from workers.tasks.video_folder import VideoFolder


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video_folders(tmp_path_factory.mktemp("videos") / "bars", 40)


@pytest.fixture
def root(written: Path, tmp_path: Path) -> Path:
    """A folder of 40 videos of 12 to 15 frames, 10 a second."""
    return Path(shutil.copytree(written, tmp_path / "bars"))


def task(root: Path, **options: Any) -> VideoFolder:
    made = get_task("videofolder", **{"path": root, "frames": 8, "frame_rate": 10, "size": 16} | options)
    assert isinstance(made, VideoFolder)
    return made


def splits(data: ClipData) -> list[np.ndarray]:
    return [data.train.rows, data.validation.rows, data.test.rows]


def test_the_signature_follows_from_folders_and_options(root: Path) -> None:
    signature = task(root).signature
    assert (signature.kind, signature.channels, signature.outputs) == ("clip", 3, 2)
    assert (signature.sizes, signature.frames) == ((8, 16), (1, 8))
    assert signature.frame_rates == (1.428, 10)
    assert task(root, channels=1).signature.channels == 1


def test_videos_are_split_alike_in_every_class_and_none_is_in_two_parts(root: Path) -> None:
    data = task(root).load()
    assert data.train.videos.shape == (40, 8, 16, 16, 3)
    assert [np.bincount(s.labels).tolist() for s in (data.train, data.validation, data.test)] == [
        [14, 14],
        [3, 3],
        [3, 3],
    ]
    assert sorted(np.concatenate(splits(data)).tolist()) == list(range(40))
    for split in (data.train, data.validation, data.test):
        assert np.array_equal(split.labels, split.rows // 20)  # files stand class after class


def test_clips_of_one_source_stay_together(root: Path) -> None:
    for path in sorted(root.rglob("*.mp4")):
        number = int(path.stem)
        path.rename(path.with_name(f"tape{number // 4 * 2 + number % 2:02}_clip{number}.mp4"))
    data = task(root, group="_clip", val_share=0.3).load()
    names = [path.stem.split("_clip")[0] for path in sorted(root.rglob("*.mp4"))]
    sources = [{names[row] for row in rows} for rows in splits(data)]
    assert len(set.union(*sources)) == sum(map(len, sources)) == 20
    assert sorted(np.concatenate(splits(data)).tolist()) == list(range(40))
    loose = [{names[row] for row in rows} for rows in splits(task(root, val_share=0.3).load())]
    assert len(set.union(*loose)) < sum(map(len, loose))


def test_parts_that_are_given_stay_as_they_are(tmp_path: Path) -> None:
    for part, count in (("train", 12), ("test", 4)):
        write_video_folders(tmp_path / "parts" / part, count)
    data = task(tmp_path / "parts").load()
    assert sorted(data.test.rows.tolist()) == [12, 13, 14, 15]
    assert data.test.labels.tolist() == [0, 0, 1, 1]
    assert len(data.train) + len(data.validation) == 12


def test_videos_are_decoded_once_whatever_is_asked_for_later(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = task(root).load()
    monkeypatch.setattr(video_folder, "decode_into", lambda *_: pytest.fail("decoded again"))
    again = task(root, val_share=0.3, epochs=9, flip=False).load()
    assert len(again.validation) > len(first.validation)
    assert np.array_equal(again.train.videos, first.train.videos)
    assert isinstance(first.train.videos.base, np.memmap) or isinstance(first.train.videos, np.memmap)


def test_decoding_holds_a_small_part_of_what_it_makes(root: Path) -> None:
    made = task(root, frames=12, size=128)
    files = made._usable().files
    tracemalloc.start()
    videos = made._decoded(files)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert videos.nbytes == 40 * 12 * 128 * 128 * 3
    assert peak < videos.nbytes / 10


def test_files_are_looked_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = task(root).facts
    monkeypatch.setattr(video_folder, "probe", lambda *_: pytest.fail("read again"))
    assert task(root, frames=4).facts == facts


def test_a_changed_file_is_other_data(root: Path) -> None:
    before = task(root)
    write_video(root / "left" / "000.mp4", counting(12))
    assert task(root).fingerprint != before.fingerprint
    with pytest.raises(TrialError, match="changed since the job was submitted"):
        before.load()


@pytest.fixture
def spoiled(root: Path) -> Path:
    """Four of 44 files cannot be used."""
    (root / "left" / "broken.mp4").write_bytes(b"\0" * 5000)
    (root / "left" / "empty.avi").touch()
    write_sound(root / "right" / "silent.mp4")
    write_video(root / "right" / "blink.mp4", counting(2))
    return root


def test_unusable_files_are_left_out_by_name_within_the_tolerance(spoiled: Path) -> None:
    made = task(spoiled, tolerance=0.1)
    for said in (
        "4 of 44 videos are left out",
        "left/broken.mp4 is no video, or a damaged one",
        "left/empty.avi is empty",
        "right/silent.mp4 has no pictures, only sound",
        "right/blink.mp4 holds 2 frame(s) only",
    ):
        assert said in made.note
    data = made.load()
    assert len(data.train.videos) == 40
    assert sorted(np.concatenate(splits(data)).tolist()) == list(range(40))
    assert not task_of({"name": "digits"}).note


def test_more_of_them_than_tolerated_are_refused_by_name(spoiled: Path) -> None:
    with pytest.raises(TaskError, match=r"4 of 44 videos.*left/broken\.mp4.*replace them.*task\.tolerance") as refused:
        task(spoiled)
    assert refused.value.field == "task.path"


@pytest.mark.parametrize(
    ("options", "said", "field"),
    [
        ({"frames": 40}, "has 12 of 40 frames, at 10 a second.*lower task.frames to 12", "task.frames"),
        ({"frames": 8, "frame_rate": 5}, "has 6 of 8 frames, at 5 a second.*lower task.frames to 6", "task.frames"),
        ({"frame_rate": 25}, "has 10 frames a second, not 25.*lower task.frame_rate to 10,", "task.frame_rate"),
        ({"frames": 1}, "greater than or equal to 2", "task.frames"),
        ({"size": 4}, "greater than or equal to 8", "task.size"),
    ],
)
def test_more_than_the_files_have_is_refused_with_what_they_have(
    root: Path, options: dict[str, Any], said: str, field: str
) -> None:
    with pytest.raises(TaskError, match=said) as refused:
        task(root, **options)
    assert refused.value.field == field


def test_the_value_that_a_refusal_names_is_accepted(root: Path) -> None:
    assert task(root, frames=12).signature.frames == (1, 12)
    assert task(root, frames=6, frame_rate=5).signature.frames == (1, 6)


def test_short_files_are_left_out_within_the_tolerance(root: Path) -> None:
    assert "10 of 40 videos are left out: left/000.mp4 has 12 of 13 frames" in task(root, frames=13, tolerance=0.3).note


def test_one_class_is_refused(root: Path) -> None:
    shutil.rmtree(root / "right")
    with pytest.raises(TaskError, match=r"one class only \(left\)") as refused:
        task(root)
    assert refused.value.field == "task.path"


def test_a_class_with_too_few_sources_is_refused(root: Path) -> None:
    for path in sorted((root / "right").iterdir())[2:]:
        path.unlink()
    with pytest.raises(TaskError, match="too few training videos: 'right' has 2"):
        task(root)


def test_folders_without_videos_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bars" / "left").mkdir(parents=True)
    (tmp_path / "bars" / "left" / "notes.txt").touch()
    with pytest.raises(TaskError, match=r"but no videos in them \(\.3gp, \.asf, \.avi"):
        task(tmp_path / "bars")


def test_more_than_the_cache_holds_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE_GB", "0.0001")
    with pytest.raises(TaskError, match="raise NAS_CACHE_GB or lower") as refused:
        task(root)
    assert refused.value.field == "task.size"


def test_without_pyav_it_is_refused_with_the_command_that_helps(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_av(name: str, *args: Any, **rest: Any) -> Any:
        if name == "av":
            raise ModuleNotFoundError(name="av")
        return real(name, *args, **rest)

    monkeypatch.setattr(builtins, "__import__", without_av)
    with pytest.raises(TaskError, match=r"pip install 'nas-service\[video\]'"):
        task(root)


def network(signature: Any) -> Architecture:
    return clip_network(signature, frames=4, frame_rate=10.0)


def test_it_trains_at_every_size_from_one_cache(tmp_path: Path) -> None:
    made = task(write_video_folders(tmp_path / "many", 160), flip=False, batch_size=8)
    spec = {"name": "videofolder", **made.options.model_dump(mode="json")}
    *_, last = reports_of(run, clip_trial(spec, tmp_path, epochs=8, network=network(made.signature)), lambda: False)
    assert last.state == "completed", last.message
    assert last.metrics["val_accuracy"] > 0.8
    small = clip_network(made.signature, frames=2, side=8, frame_rate=2.0)
    *_, last = reports_of(run, clip_trial(spec, tmp_path, network=small), lambda: False)
    assert last.state == "completed", last.message
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 1


def test_what_is_left_out_is_told_where_a_job_is_submitted(spoiled: Path) -> None:
    from nas_service.remote_data import refuse_unseen
    from nas_service.spec import WorkersSpec

    made = task(spoiled, tolerance=0.1)
    dispatcher = InlineDispatcher()
    assert refuse_unseen(made, WorkersSpec(), dispatcher) == made.note
    dispatcher.close()


def test_the_classes_are_the_folders(root: Path) -> None:
    assert task(root).load().classes == CLASSES
