"""Clips into training: which frames, what is moved, memory, several clips a video, and poor networks given up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from clip_sets import clip_network, clip_trial, videos, write_clips
from torch.nn import functional

from search_spaces import Signature
from workers.artifacts import ArtifactStore
from workers.failures import TrialError
from workers.requests import Fidelity, Resources
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task
from workers.tasks.clip_data import ClipData, ClipSplit, Sampling, clip_normalisation
from workers.tasks.image_data import Augmentation
from workers.training import ClipRunner, Clips, clips_of, evaluate, evaluate_clips, logits_of, seeded_module
from workers.training.augment import shifted

STILL = Augmentation()
SIGNATURE = Signature("clip", 3, 2, (6, 6))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def data() -> ClipData:
    """Twelve videos whose every pixel is the number of its frame, plus 20 times that of the video."""
    x = (np.arange(12)[:, None] * 20 + np.arange(8)).astype(np.uint8)
    x = np.broadcast_to(x[..., None, None, None], (12, 8, 6, 6, 3)).copy()
    y = np.arange(12) % 2
    parts = [ClipSplit(x, rows, y[rows]) for rows in (np.array([5, 0, 3, 8, 9]), np.array([1, 4]), np.array([2]))]
    return ClipData(*parts, ("a", "b"), 8.0, (0.0,) * 3, (1 / 255,) * 3, STILL)


@pytest.fixture
def spec(tmp_path: Path) -> dict[str, Any]:
    return {"name": "npz-clips", "path": str(write_clips(tmp_path / "bars.npz")), "flip": False, "batch_size": 8}


def shown(clips: torch.Tensor) -> list[list[int]]:
    """The pixel value of each frame of each clip."""
    assert clips.shape[1] == 3
    assert (clips == clips[:, :1, :, :1, :1]).all()
    return clips[:, 0, :, 0, 0].round().int().tolist()


@pytest.mark.parametrize(
    ("frames", "step", "length", "start", "times"),
    [
        (4, 1, 8, 2, [2, 3, 4, 5]),
        (4, 2.5, 16, 1, [1, 4, 6, 9]),
        (3, 2, 16, 13, [13, 15, 1]),  # past its end a video starts again
        (1, 7, 4, 3, [3]),
    ],
)
def test_frames_of_a_clip(frames: int, step: float, length: int, start: int, times: list[int]) -> None:
    assert Sampling(frames, step, length).times(start).tolist() == times


def test_clips_end_within_the_video_where_they_can() -> None:
    sampling = Sampling(4, 2.5, 16)
    assert sampling.last_start == 7
    assert sampling.times(7).max() == 15
    assert sampling.centre == 3
    assert sampling.spread(3) == (0, 4, 7)
    assert sampling.spread(100) == tuple(range(8))
    assert sampling.spread(1) == (3,)
    assert Sampling(4, 6, 16).spread(5) == (0,)
    assert Sampling(1, 1, 16).last_start == 15


def test_evaluation_takes_the_middle_at_the_rate_of_the_network(data: ClipData) -> None:
    network = clip_network(SIGNATURE, frames=3, side=6, frame_rate=4.0)
    clips = clips_of(data, data.validation, network)
    assert shown(torch.cat(list(clips.batches()))) == [[21, 23, 25], [81, 83, 85]]
    assert clips.labels.tolist() == [1, 0]


def test_without_a_rate_frames_follow_each_other(data: ClipData) -> None:
    network = clip_network(SIGNATURE, frames=4, side=6)
    assert shown(next(clips_of(data, data.test, network).batches())) == [[42, 43, 44, 45]]


def test_more_frames_a_second_than_the_videos_have_fail_the_trial(data: ClipData) -> None:
    network = clip_network(SIGNATURE, frames=4, side=6, frame_rate=12.5)
    with pytest.raises(TrialError, match=r"takes 12.5 frames a second, and the videos have 8; raise task\.frame_rate"):
        clips_of(data, data.train, network)


def test_training_draws_where_a_clip_starts(data: ClipData) -> None:
    clips = Clips(data.train, Sampling(2, 2, 8), (6, 6), data.mean, data.std)
    generator = torch.Generator().manual_seed(0)
    drawn = [shown(clips.drawn(torch.tensor([0, 3]), STILL, generator)) for _ in range(60)]
    assert {first[0] for first, _ in drawn} == set(range(100, 106))
    assert all(clip[1] == clip[0] + 2 for pair in drawn for clip in pair)
    assert shown(clips.drawn(torch.tensor([0, 3]), None, generator)) == [[102, 104], [162, 164]]


def test_the_frames_of_a_clip_move_together_and_by_no_more_than_their_share() -> None:
    still = torch.zeros(64, 3, 21, 21, 1, dtype=torch.uint8)
    still[:, :, 10, 10] = 255
    moved = shifted(still, Augmentation(shift=0.1), torch.Generator().manual_seed(0))
    assert (moved == moved[:, :1]).all()
    rows, columns = moved[:, 0, ..., 0].amax(2).argmax(1), moved[:, 0, ..., 0].amax(1).argmax(1)
    assert set(rows.tolist()) == set(columns.tolist()) == {8, 9, 10, 11, 12}


def test_flips_mirror_whole_clips_about_half_of_the_time() -> None:
    x = torch.arange(4, dtype=torch.uint8).view(1, 1, 1, 4, 1).repeat(64, 2, 3, 1, 1)
    moved = shifted(x, Augmentation(flip=True), torch.Generator().manual_seed(0))
    mirrored = [torch.equal(clip, x[0].flip(2)) for clip in moved]
    assert 16 < sum(mirrored) < 48
    assert all(m or torch.equal(clip, x[0]) for m, clip in zip(mirrored, moved, strict=True))


def test_frames_are_scaled_and_normalised_and_lie_as_the_ops_take_them(data: ClipData) -> None:
    x, y = videos(6, side=16)
    split = ClipSplit(x, np.arange(6), y)
    mean, std = clip_normalisation(split)
    clips = next(Clips(split, Sampling(6, 1, 6), (8, 8), mean, std).batches())
    assert clips.shape == (6, 3, 6, 8, 8)
    assert clips.mean().abs() < 0.05
    assert clips.transpose(1, 2).flatten(0, 1).is_contiguous(memory_format=torch.channels_last)
    whole = next(Clips(split, Sampling(6, 1, 6), (16, 16), mean, std).batches())
    expected = (torch.tensor(x).float() / 255 - torch.tensor(mean)) / torch.tensor(std)
    assert torch.allclose(whole, expected.permute(0, 4, 1, 2, 3), atol=1e-5)


def test_batches_of_evaluation_are_bounded_by_their_pixels(data: ClipData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.training.clip_inputs.EVALUATION_PIXELS", 2 * 4 * 6 * 6)
    clips = Clips(data.train, Sampling(4, 1, 8), (6, 6), data.mean, data.std)
    assert [len(batch) for batch in clips.batches()] == [2, 2, 1]


def test_videos_count_as_large_as_they_are(data: ClipData, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network on large videos: what is read for a batch is bounded, and what of it becomes floats at once."""
    small = Clips(data.train, Sampling(4, 1, 8), (3, 3), data.mean, data.std)
    whole = torch.cat(list(small.batches()))
    scaled: list[int] = []
    interpolate = functional.interpolate

    def counted(images: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
        scaled.append(len(images))
        return interpolate(images, *rest, **options)

    monkeypatch.setattr("workers.training.clip_inputs.EVALUATION_PIXELS", 2 * 4 * 6 * 6)
    monkeypatch.setattr("workers.training.clip_inputs.SCALED_PIXELS", 3 * 6 * 6)
    monkeypatch.setattr(functional, "interpolate", counted)
    batches = list(small.batches())
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert torch.equal(torch.cat(batches), whole)
    assert scaled == [3, 3, 2, 3, 3, 2, 3, 1]


def test_videos_in_a_device_s_memory_give_the_same_clips(data: ClipData) -> None:
    mapped = Clips(data.train, Sampling(3, 2, 8), (6, 6), data.mean, data.std)
    resident = replace(mapped, resident=torch.from_numpy(data.train.videos))
    ours, theirs = (
        clips.drawn(torch.arange(5), STILL, torch.Generator().manual_seed(1)) for clips in (mapped, resident)
    )
    assert torch.equal(ours, theirs)
    assert (mapped.nbytes, resident.nbytes) == (0, data.train.videos.nbytes)


def test_several_clips_of_a_video_are_averaged(data: ClipData) -> None:
    network = clip_network(SIGNATURE, frames=2, side=6)
    module = seeded_module(network, 0)
    clips = clips_of(data, data.train, network)
    starts = clips.sampling.spread(3)
    assert starts == (0, 3, 6)
    logits = torch.stack([logits_of(module, clips.starting(start)) for start in starts]).mean(0)
    found = evaluate_clips(module, clips, 3)
    assert found["accuracy"] == pytest.approx((logits.argmax(1) == clips.labels).float().mean().item())
    assert evaluate_clips(module, clips, 1) == evaluate(module, clips)


def test_same_seed_same_weights(spec: dict[str, Any], tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        *_, last = reports_of(run, clip_trial(spec, tmp_path, epochs=2), _never)
        names.append(last.artifacts["weights"])
    assert names[0] == names[1]


def test_a_share_of_the_data_is_a_fidelity_and_the_size_is_not(spec: dict[str, Any], tmp_path: Path) -> None:
    runner = ClipRunner(get_task(**spec))
    network = clip_network(runner.task.signature)
    assert len(runner.inputs(network, Fidelity(1, data_fraction=0.5), "cpu").train) == 14
    (only,) = reports_of(run, clip_trial(spec, tmp_path, fidelity={"input_scale": 0.5}), _never)
    assert "input_scale has to be 1" in only.message


def test_a_poor_network_is_given_up_and_counts_with_what_it_reached(spec: dict[str, Any], tmp_path: Path) -> None:
    x, y = videos(60)
    write_clips(Path(spec["path"]), x=x, y=np.random.default_rng(0).permutation(y))  # nothing to learn
    request = clip_trial(spec | {"stop_after": 2, "stop_below": 1.0}, tmp_path, epochs=9)
    first, second, last = reports_of(run, request, _never)
    assert [(r.state, r.epoch) for r in (first, second, last)] == [("progress", 1), ("progress", 2), ("completed", 2)]
    assert last.metrics == second.metrics
    assert last.message.startswith("stopped after epoch 2: validation accuracy 0.")
    assert ArtifactStore(request.artifacts).get(last.artifacts["weights"])


def test_a_network_above_the_bar_trains_to_the_end(spec: dict[str, Any], tmp_path: Path) -> None:
    *_, last = reports_of(run, clip_trial(spec | {"stop_after": 1, "stop_below": 0.01}, tmp_path, epochs=2), _never)
    assert (last.epoch, last.message) == (2, "")


def test_whatever_changes_a_result_changes_the_fingerprint(spec: dict[str, Any]) -> None:
    plain = get_task(**spec).fingerprint
    assert get_task(**spec | {"stop_after": 2}).fingerprint != plain
    assert get_task(**spec | {"test_clips": 9}).fingerprint == plain


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"stop_after": 0}, "task.stop_after"),
        ({"stop_below": 0}, "task.stop_below"),
        ({"test_clips": 0}, "task.test_clips"),
    ],
)
def test_options_out_of_bounds_are_refused_by_name(options: dict[str, Any], field: str) -> None:
    with pytest.raises(TaskError) as refused:
        get_task("moving-digits", **options)
    assert refused.value.field == field


def test_gpus_that_are_not_there_leave_the_training_on_the_cpu(spec: dict[str, Any], tmp_path: Path) -> None:
    *_, last = reports_of(run, clip_trial(spec, tmp_path, resources=Resources(cpus=1, gpus=1)), _never)
    assert last.state == "completed"


def _never() -> bool:
    return False
