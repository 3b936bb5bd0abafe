"""Task `moving-digits`: the data itself, and that only motion tells the class."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from clip_sets import clip_network, clip_trial
from sklearn.linear_model import RidgeClassifier

from search_spaces import get_space
from workers.run import reports_of, run
from workers.tasks import get_task
from workers.tasks.clip_data import ClipSplit
from workers.tasks.moving_digits import CONTENT, DIRECTIONS, VIDEOS_EACH, MovingDigits, load

CHANCE = 1 / len(DIRECTIONS)


def pixels(split: ClipSplit) -> np.ndarray:
    """(videos, frames, side, side) on the scale of 0 to 1."""
    return split.videos[split.rows, ..., 0].astype(np.float32) / 255


def spectrum_shift(frames: np.ndarray, step: int) -> np.ndarray:
    """Phase correlation of frames `step` apart: where each video's content went, summed over time."""
    spectra = np.fft.rfft2(frames - frames.mean((2, 3), keepdims=True))
    cross = (spectra[:, :-step].conj() * spectra[:, step:]).sum(1)
    return np.fft.irfft2(cross / (np.abs(cross) + 1e-6)).reshape(len(frames), -1)


def accuracy(train: np.ndarray, test: np.ndarray) -> float:
    data = load()
    fitted = RidgeClassifier(alpha=10.0).fit(train, data.train.labels)
    return float(fitted.score(test, data.validation.labels))


def test_the_content_hash_is_that_of_what_is_made() -> None:
    data = load()
    labels = [split.labels for split in (data.train, data.validation, data.test)]
    content = data.train.videos.tobytes() + np.concatenate(labels).tobytes()
    assert blake2b(content, digest_size=16).hexdigest() == CONTENT


def test_the_videos_of_one_digit_are_all_in_one_split() -> None:
    data = load()
    sources = [set(split.rows // VIDEOS_EACH) for split in (data.train, data.validation, data.test)]
    assert sum(map(len, sources)) == len(set.union(*sources)) == 1797
    assert sum(map(len, (data.train, data.validation, data.test))) == VIDEOS_EACH * 1797
    for split in (data.train, data.validation, data.test):
        assert np.bincount(split.labels) / len(split) == pytest.approx(CHANCE, abs=0.03)


@pytest.mark.parametrize("time", [0, 7, 15])
def test_a_single_frame_tells_nothing(time: int) -> None:
    data = load()
    train, test = (pixels(split)[:, time].reshape(len(split), -1) for split in (data.train, data.validation))
    assert accuracy(train, test) < CHANCE + 0.05


def test_the_mean_place_of_any_frame_is_the_same_for_all_classes() -> None:
    data = load()
    frames = pixels(data.train).mean(axis=0)  # a torus: no place is brighter than another
    assert np.ptp(frames.mean(0)) < 0.03


def test_the_motion_between_frames_tells_the_class() -> None:
    data = load()
    train, test = (spectrum_shift(pixels(split), 4) for split in (data.train, data.validation))
    assert accuracy(train, test) > 0.7


def test_it_offers_what_the_space_of_tiny_video_networks_asks_for() -> None:
    task = get_task("moving-digits")
    bound = get_space("tvn").bind(task.signature)
    shapes = [bound.architecture(bound.sample(np.random.default_rng(seed))).input_shape for seed in range(20)]
    assert {shape[0] for shape in shapes} == {1}
    assert {shape[2] for shape in shapes} == {32, 64}
    assert max(shape[1] for shape in shapes) <= 16


def test_a_small_network_learns_some_of_it_and_its_single_frame_self_does_not(tmp_path: Path) -> None:
    signature = MovingDigits().signature
    reached = []
    for frames in (2, 1):
        network = clip_network(signature, frames=frames, frame_rate=6.25 if frames > 1 else None)
        spec = {"name": "moving-digits", "epochs": 2}
        *_, last = reports_of(run, clip_trial(spec, tmp_path, epochs=2, network=network), lambda: False)
        assert last.state == "completed", last.message
        reached.append(last.metrics["val_accuracy"])
    assert reached[0] > CHANCE + 0.1
    assert reached[1] < CHANCE + 0.05
