"""Reading video files: which frames are kept, at what size, and what is said of files that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from video_files import CODECS, counting, write_sound, write_video

from workers.tasks.video_decoding import VideoForm, decode_into
from workers.tasks.video_probe import Probe, VideoFileError, probe


def decoded(path: Path, seconds: float | None = None, **form: Any) -> np.ndarray:
    wanted = VideoForm(**{"frames": 4, "frame_rate": 10.0, "size": 16, "channels": 3, "fit": "crop"} | form)
    kept = np.zeros(wanted.shape, np.uint8)
    decode_into(kept, path, wanted, probe(path).seconds if seconds is None else seconds)
    return kept


def numbers(frames: np.ndarray) -> list[int]:
    """Which of the counting frames these are."""
    return ((frames.astype(float).mean((1, 2, 3)) - 5) / 10).round().astype(int).tolist()


@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_containers(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"clip{suffix}", counting(12))
    found = probe(path)
    assert not found.damaged
    assert found.frames == 12
    assert found.frame_rate == pytest.approx(10, rel=0.01)
    assert found.seconds == pytest.approx(1.2, rel=0.02)
    assert numbers(decoded(path)) == [4, 5, 6, 7]


def test_frames_come_from_the_middle_at_the_rate_asked_for(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", counting(24))
    assert numbers(decoded(path, frames=6, frame_rate=5)) == [7, 9, 11, 13, 15, 17]
    assert numbers(decoded(path, frames=24)) == list(range(24))
    assert numbers(decoded(path, frames=4, frame_rate=20)) == [11, 11, 12, 12]


def test_uneven_frames_are_taken_by_their_moments(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mkv", counting(4), stamps=[0, 1, 5, 6])
    assert probe(path).frame_rate == pytest.approx(5, rel=0.01)
    assert numbers(decoded(path, frames=7, seconds=0.7)) == [0, 1, 1, 1, 1, 2, 3]


def test_long_files_are_jumped_into(tmp_path: Path) -> None:
    frames = np.repeat(counting(20), 10, axis=0)
    path = write_video(tmp_path / "long.mp4", frames, g="10")
    assert numbers(decoded(path, frames=4, frame_rate=10)) == [9, 9, 10, 10]
    assert numbers(decoded(path, frames=4, frame_rate=1)) == [8, 9, 10, 11]


def test_raw_streams_without_stamps_are_read(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.y4m", counting(8), codec="rawvideo")
    assert probe(path).frames == 8
    assert numbers(decoded(path)) == [2, 3, 4, 5]


@pytest.mark.parametrize(("fit", "black"), [("crop", 0), ("pad", 8)])
def test_frames_become_square(tmp_path: Path, fit: str, black: int) -> None:
    wide = np.full((4, 32, 64, 3), 255, np.uint8)
    kept = decoded(write_video(tmp_path / "wide.mp4", wide), fit=fit)
    assert kept.shape == (4, 16, 16, 3)
    assert (kept[0].max((1, 2)) < 16).sum() == black


def test_grey_is_one_channel(tmp_path: Path) -> None:
    assert decoded(write_video(tmp_path / "clip.mp4", counting(6)), channels=1).shape == (4, 16, 16, 1)


def test_a_shorter_file_than_was_said_is_repeated(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mkv", counting(3))
    assert numbers(decoded(path, frames=8, seconds=0.8)) == [0, 1, 2, 2, 0, 1, 2, 2]


def _truncated(path: Path) -> None:
    path.write_bytes(write_video(path, counting(12)).read_bytes()[:900])


def _two_frames(path: Path) -> None:
    write_video(path, counting(2))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.touch, "is empty"),
        (write_sound, "has no pictures, only sound"),
        (lambda path: path.write_text("not a video"), "is no video, or a damaged one"),
        (lambda path: path.write_bytes(bytes(100_000)), "is no video, or a damaged one"),
        (_truncated, "is no video, or a damaged one"),
        (_two_frames, "holds 2 frame(s) only"),
    ],
)
def test_files_that_cannot_be_used_say_why(tmp_path: Path, make: Any, said: str) -> None:
    path = tmp_path / "clip.mp4"
    make(path)
    found = probe(path)
    assert len(found.content) == 32
    assert found == Probe(found.content, damaged=found.damaged)
    assert found.damaged.startswith(said)


def test_what_is_damaged_further_on_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mkv", np.random.default_rng(0).integers(0, 255, (20, 64, 64, 3), np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    kept = decoded(path, frames=20, seconds=2.0)
    assert all(frame.any() for frame in kept)


def test_a_file_that_vanished_is_named_by_its_reader(tmp_path: Path) -> None:
    with pytest.raises(VideoFileError, match="no frame that can be decoded"):
        decoded(tmp_path / "gone.mp4", seconds=1.0)
