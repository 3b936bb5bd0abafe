"""Little sets of people's own images: arrays in an .npz file, and class folders of real files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from search_spaces import Architecture, Signature, get_space
from workers.requests import EvaluationRequest, Fidelity, TrialRequest
from workers.tasks import task_of

CLASSES = ("left", "middle", "right")


def pictures(count: int, *, side: int = 16, channels: int = 3, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    """`count` uint8 images (n, side, side, channels) with a bright bar whose place is the label, 0 to 2 in turn."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, side, side, channels), dtype=np.uint8)
    labels = np.arange(count) % len(CLASSES)
    third = side // 3
    for image, label in zip(images, labels, strict=True):
        image[:, label * third : (label + 1) * third] += 180
    return images, labels


def write_npz(path: Path, count: int = 60, **arrays: Any) -> Path:
    """A file with x, y and classes, or with these arrays instead."""
    x, y = pictures(count)
    np.savez(path, **(arrays or {"x": x, "y": y, "classes": np.array(CLASSES)}))
    return path


def write_folders(root: Path, count: int = 60, *, parts: tuple[str, ...] = ("",), suffix: str = ".png") -> Path:
    """Class folders below each of `parts`, with `count` files a part of many sizes and aspects."""
    for seed, part in enumerate(parts):
        images, labels = pictures(count, side=24, seed=seed)
        for number, (pixels, label) in enumerate(zip(images, labels, strict=True)):
            folder = root / part / CLASSES[label]
            folder.mkdir(parents=True, exist_ok=True)
            size = (24 + number % 7, 24 + number % 5)
            Image.fromarray(pixels).resize(size).save(folder / f"{number:03}{suffix}")
    return root


@contextmanager
def nobody() -> Iterator[None]:
    """As somebody without privileges: root may read everything."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def small_network(signature: Signature) -> Architecture:
    """A network at 16 px that learns the bars in seconds."""
    backbone = [{"width": 8, "depth": 1, "stride": 2}, {"width": 16, "depth": 1, "stride": 2}]
    space = get_space("mobilenetv3", backbone=backbone, resolution=[16], ops=["mbconv"], hidden=32).bind(signature)
    return space.architecture(space.sample(np.random.default_rng(0)))


def trial(spec: dict[str, Any], artifacts: Path, epochs: int = 1, **rest: Any) -> EvaluationRequest:
    """A request of one trial of the small network that fits the task."""
    network = small_network(task_of(spec).signature).to_json()
    trials = (TrialRequest("t0", network, Fidelity(epochs), 0),)
    return EvaluationRequest("r0", 1, rest.pop("kind", "evaluate"), spec, trials, artifacts.as_uri(), **rest)
